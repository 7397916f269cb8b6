/** Older and newer ComfyUIs: what the stand-in makes of a version, and how our client tells them apart and handles each. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Backend, Submission } from "../../src/ports.ts";
import { openRig, type Rig, smallWorkflow, use } from "../support/backend-rig.ts";
import { clientOf } from "../support/comfyui/client.ts";
import { type ComfyuiOptions, startComfyui } from "../support/comfyui.ts";

const POLL = { timeout: 15_000, interval: 10 };

/** Each kind of server, and the requests that cancelling on it may take besides looking. */
const KINDS: readonly (readonly [string, ComfyuiOptions, "left" | "interrupted" | "cancelled"])[] = [
  ["before 0.3.45", { version: "0.3.40" }, "left"],
  ["before 0.3.57", { version: "0.3.56" }, "left"],
  ["of 0.3.57", { version: "0.3.57" }, "interrupted"],
  ["of 0.3.64", { version: "0.3.64" }, "interrupted"],
  ["with jobs to read", { version: "0.4.0", jobs: "read" }, "interrupted"],
  ["with jobs to cancel", { version: "0.4.0" }, "cancelled"],
  ["of unknown version, as 0.3.64", { versionless: true }, "left"],
  ["of unknown version, with jobs to cancel", { versionless: true, jobs: "cancel" }, "cancelled"],
];

const becomes = (backend: Backend, submission: Submission, kind: string) =>
  expect.poll(() => backend.progress(submission), POLL).toMatchObject({ kind });
const asked = ({ server }: Rig, ...keys: readonly string[]) =>
  keys.map((key) => [...server.requests].reduce((sum, [each, n]) => sum + (each.startsWith(key) ? n : 0), 0));

/** Somebody else's prompt, that runs until `release`; gives its id. */
async function occupied(rig: Rig, graph: unknown): Promise<string> {
  rig.server.hold();
  const { json } = await clientOf(rig.server.url).post("/prompt", { prompt: graph });
  await rig.server.until(({ renders }) => renders.length > 0);
  return (json as { prompt_id: string }).prompt_id;
}

async function someone(rig: Rig): Promise<unknown> {
  const graph = smallWorkflow();
  graph["4"]!.inputs.image = (await rig.submission()).placement;
  return graph;
}

describe.each(KINDS)("a server %s", (_, server, way) => {
  test("takes a prompt, runs it and gives its picture", async () => {
    await using rig = await openRig({ server });
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    const progress = await rig.backend.progress(submission);
    const to = join(rig.folder, "result.png") as PathText;
    if (progress.kind === "finished") await rig.backend.picture(submission, progress.pictures[0]!, to);
    expect(rig.server.prompts.length).toBe(1);
    expect((await rig.backend.check([use("small")])).filter(({ level }) => level === "error")).toEqual([]);
  });

  test("lets go of a running prompt only where that can hit no other", async () => {
    await using rig = await openRig({ server });
    rig.server.hold();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await rig.server.until(({ renders }) => renders.length === 1);
    await rig.backend.cancel(submission.ticket);
    expect(rig.server.remaining()).toBe(way === "left" ? 1 : 0);
    expect(asked(rig, "POST /interrupt")).toEqual([way === "interrupted" ? 1 : 0]);
    rig.server.release();
    await becomes(rig.backend, submission, way === "left" ? "finished" : "cancelled");
  });

  test("lets go of a waiting prompt, and somebody else's that runs goes on to its end", async () => {
    await using rig = await openRig({ server });
    const theirs = await occupied(rig, await someone(rig));
    const ours = await rig.submission({ seed: 9 });
    await rig.backend.submit(ours);
    await rig.backend.cancel(ours.ticket);
    expect(rig.server.remaining()).toBe(1);
    expect(asked(rig, "POST /interrupt")).toEqual([0]);
    rig.server.release();
    await rig.server.until((each) => each.remaining() === 0);
    const entry = await clientOf(rig.server.url).history(theirs);
    expect(entry?.status).toMatchObject({ status_str: "success" });
    expect(await rig.backend.progress(ours)).toMatchObject({ kind: "unknown" });
  });
});

test("our picture, opened and run again by somebody, is their run: not taken for ours, and not cancelled", async () => {
  await using rig = await openRig();
  const ours = await rig.submission();
  await rig.backend.submit(ours);
  await becomes(rig.backend, ours, "finished");
  const done = (await clientOf(rig.server.url).history(ours.ticket)) as { prompt: [number, string, unknown] };
  const again = structuredClone(done.prompt[2]) as ReturnType<typeof smallWorkflow>;
  for (const { inputs } of Object.values(again)) if ("seed" in inputs) inputs.seed = 99;
  await rig.server.until((each) => each.remaining() === 0);
  rig.server.hold();
  await clientOf(rig.server.url).post("/prompt", { prompt: again });
  await rig.server.until(({ renders }) => renders.length === 2);
  expect(await rig.backend.progress(ours)).toMatchObject({ kind: "finished" });
  await rig.reopen().cancel(ours.ticket);
  expect(rig.server.remaining()).toBe(1);
  rig.server.release();
});

test("a server that cannot cancel jobs is asked for it once a connection; an older one, by its version, never", async () => {
  for (const [server, times] of [
    [{ version: "0.4.0", jobs: "read" }, 1],
    [{ versionless: true }, 1],
    [{ version: "0.3.64" }, 0],
  ] as const) {
    await using rig = await openRig({ server });
    rig.backend.onNudge(() => {});
    await rig.server.until((each) => each.socketCount() === 1);
    await occupied(rig, await someone(rig));
    for (const seed of [1, 2]) {
      const submission = await rig.submission({ seed });
      await rig.backend.submit(submission);
      await rig.backend.cancel(submission.ticket);
    }
    expect(asked(rig, "POST /jobs/")).toEqual([times]);
    expect(rig.server.remaining()).toBe(1);
    rig.server.release();
  }
});

test("the refusals of later servers are told as plainly as those of older ones", async () => {
  const graph = smallWorkflow();
  graph["3"]!._meta = { title: "My loader" };
  const bad = JSON.stringify({ ...graph, 50: { class_type: "NoSuchNode", inputs: {}, _meta: { title: "Odd" } } });
  for (const version of ["0.3.64", "0.4.0"]) {
    await using rig = await openRig({ server: { version }, workflows: { bad } });
    await expect(rig.backend.submit(await rig.submission({ workflow: "bad" }))).rejects.toMatchObject({
      code: "backend-rejected",
      message:
        'This ComfyUI has no node "NoSuchNode" (node 50 (NoSuchNode, "Odd")): update it, or install the custom node.',
    });
  }
  await using later = await startComfyui({ version: "0.4.0" });
  const cycle = {
    1: { class_type: "ImageInvert", inputs: { image: ["2", 0] } },
    2: { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
    3: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } },
  };
  const refused = await clientOf(later.url).post("/prompt", { prompt: cycle });
  expect(refused.status).toBe(400);
  expect(refused.json).toMatchObject({ node_errors: { 3: { errors: [{ type: "dependency_cycle" }] } } });
});

describe("the stand-in", () => {
  test("before 0.3.45 ignores our id and knows neither features nor progress_state", async () => {
    await using old = await startComfyui({ version: "0.3.44" });
    const client = clientOf(old.url);
    expect((await client.get("/features")).status).toBe(404);
    const socket = await client.socket(undefined, { flags: { supports_preview_metadata: true } });
    await client.upload("in.png", Buffer.from("x"));
    const prompt = {
      1: { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
      2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } },
    };
    const mine = randomUUID();
    const { json } = await client.post("/prompt", { prompt, prompt_id: mine, client_id: socket.clientId });
    expect((json as { prompt_id: string }).prompt_id).not.toBe(mine);
    await socket.until(() => socket.heard.some(({ data }) => data.node === null));
    const kinds = new Set(socket.heard.map(({ type }) => type));
    expect([kinds.has("feature_flags"), kinds.has("progress_state"), kinds.has("executing")]).toEqual([
      false,
      false,
      true,
    ]);
    await socket.close();
  });

  test("before 0.3.57 interrupts whatever runs, whoever is named", async () => {
    await using rig = await openRig({ server: { version: "0.3.56" } });
    const theirs = await occupied(rig, await someone(rig));
    await clientOf(rig.server.url).post("/interrupt", { prompt_id: randomUUID() });
    await rig.server.until((each) => each.remaining() === 0);
    const { status } = (await clientOf(rig.server.url).history(theirs)) as { status: { messages: [string][] } };
    expect(status.messages.at(-1)![0]).toBe("execution_interrupted");
    rig.server.release();
  });

  test("later refuses odd ids and other sites, lists and cancels jobs, and says more of files", async () => {
    await using rig = await openRig({ server: { version: "0.4.0" } });
    const client = clientOf(rig.server.url);
    const theirs = await occupied(rig, await someone(rig));
    const graph = await someone(rig);
    for (const prompt_id of ["MINE", 42, randomUUID().toUpperCase()])
      expect((await client.post("/prompt", { prompt: graph, prompt_id })).json).toMatchObject({
        error: { type: "invalid_prompt_id" },
      });
    expect(await client.bare("GET", "/prompt", { "Sec-Fetch-Site": "cross-site" })).toBe(403);
    expect((await client.get("/api/jobs")).json).toEqual({ jobs: [{ id: theirs, status: "in_progress" }] });
    expect((await client.get("/jobs")).status).toBe(404); // only under /api
    expect((await client.get(`/api/jobs/${randomUUID()}`)).status).toBe(404);
    const cancel = (id: string) => client.post(`/api/jobs/${id}/cancel`, {});
    expect((await cancel(randomUUID())).json).toEqual({ cancelled: false });
    expect((await cancel("MINE")).status).toBe(400);
    expect((await cancel(theirs)).json).toEqual({ cancelled: true });
    await rig.server.until((each) => each.remaining() === 0);
    expect((await cancel(theirs)).json).toEqual({ cancelled: false });
    expect((await client.post("/api/jobs/cancel", { job_ids: [theirs] })).json).toEqual({ cancelled: false });
    expect((await client.get(`/api/jobs/${theirs}`)).json).toEqual({ id: theirs, status: "cancelled" });
    expect((await client.upload("a.png", Buffer.from("x"))).json).toMatchObject({
      name: "a.png",
      asset: { name: "a.png" },
    });
    rig.server.release();
  });
});
