/** Cancel from another process, with a real daemon: off the server at once, and never anybody else's prompt. */
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { smallWorkflow } from "../support/backend-rig.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

/** Promised is one second; a machine that does other things as well gets more, and still less than the 5 s of a lease. */
const BOUND_MS = 3_000;

let comfyui: Comfyui;
let project: TestProject;
beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 20, previews: false });
  project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, workflow: small }]
`);
  mkdirSync(join(project.root, "workflows"));
  writeFileSync(join(project.root, "workflows/small.json"), JSON.stringify(smallWorkflow()));
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

const put = async (name: string, seed: number) =>
  writeFileSync(join(project.inbox, name), await sceneImage(96, 64, seed).png().toBuffer());

type Queue = Record<"queue_running" | "queue_pending", [number, string][]>;
const queued = async () => {
  const { queue_running, queue_pending } = (await (await fetch(`${comfyui.url}/queue`)).json()) as Queue;
  return { running: queue_running.map(([, id]) => id), pending: queue_pending.map(([, id]) => id) };
};

/** Somebody else's prompt on the same server: it waits at its saver while the server holds. */
async function strangers(): Promise<string> {
  const id = randomUUID();
  const prompt = {
    "1": { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 0 } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: `theirs-${id}` } },
  };
  await fetch(`${comfyui.url}/prompt`, { method: "POST", body: JSON.stringify({ prompt, prompt_id: id }) });
  return id;
}

/** Ms from the end of `hotgrade cancel` until the server is as `wanted`; below 0 when it was so before the command ended. */
async function cancelled(args: readonly string[], wanted: () => boolean): Promise<number> {
  const seen = comfyui.until(wanted).then(() => Date.now());
  expect((await project.run("cancel", ...args)).code).toBe(0);
  const saidAt = Date.now();
  return (await seen) - saidAt;
}

test("a running prompt of ours is interrupted, those that wait are deleted, and somebody else's stay", async ({
  annotate,
}) => {
  comfyui.hold();
  const daemon = await project.start();
  await put("a.png", 1);
  await comfyui.until(({ renders }) => renders.length === 1);
  await put("b.png", 2);
  await comfyui.until(() => comfyui.remaining() === 2);
  const theirs = await strangers();
  const ms = await cancelled(["--all"], () => comfyui.remaining() === 1);
  await annotate(`${ms} ms from the end of the command until both were off the server`);
  expect(ms).toBeLessThan(BOUND_MS);
  // Theirs is the next to run, and runs to its end.
  await comfyui.until(({ renders }) => renders.some(({ promptId }) => promptId === theirs));
  expect(await queued()).toEqual({ running: [theirs], pending: [] });
  comfyui.release();
  await comfyui.until(() => comfyui.remaining() === 0);
  const entry = (await (await fetch(`${comfyui.url}/history/${theirs}`)).json()) as Record<string, { status: object }>;
  expect(entry[theirs]?.status).toMatchObject({ status_str: "success" });
  expect(comfyui.prompts).toHaveLength(3);
  await daemon.kill("SIGTERM");
});

test("a prompt of ours that waits behind somebody else's is deleted, and theirs is not touched", async ({
  annotate,
}) => {
  comfyui.hold();
  const theirs = await strangers();
  await comfyui.until(({ renders }) => renders.length === 1);
  const daemon = await project.start();
  await put("a.png", 1);
  await comfyui.until(() => comfyui.remaining() === 2);
  const ms = await cancelled(["--all"], () => comfyui.remaining() === 1);
  await annotate(`${ms} ms from the end of the command until it was off the queue`);
  expect(ms).toBeLessThan(BOUND_MS);
  expect(await queued()).toEqual({ running: [theirs], pending: [] });
  expect(comfyui.requests.get("POST /interrupt") ?? 0).toBe(0);
  await daemon.kill("SIGTERM");
});

test("a stage at work on it stops, long before the server's time is over", async ({ annotate }) => {
  const daemon = await project.start();
  await put("a.png", 1);
  await daemon.line(({ message }) => message === "photo done");
  const views = () => comfyui.requests.get("HEAD /view") ?? 0;
  const before = views();
  comfyui.misbehave("stall");
  await put("b.png", 2);
  await comfyui.until(() => views() > before);
  const stopped = daemon.line(({ code }) => code === "lease-lost").then(() => Date.now());
  await project.run("cancel", "--all");
  const saidAt = Date.now();
  const ms = (await stopped) - saidAt;
  await annotate(`${ms} ms from the end of the command until the upload had stopped`);
  expect(ms).toBeLessThan(BOUND_MS);
  await daemon.kill("SIGTERM");
});
