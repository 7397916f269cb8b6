/** The real program with several ComfyUIs: who gets which photo, and what becomes of it when one is away, hangs or is paused. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { type Daemon, makeProject, type TestProject } from "../support/program.ts";

let one: Comfyui;
let two: Comfyui;
let project: TestProject;
beforeEach(async () => {
  one = await startComfyui({ renderMs: 20 });
  two = await startComfyui({ renderMs: 20 });
});
afterEach(async () => {
  project.remove();
  await one.close();
  await two.close();
});

const makeWith = (backends: string, inboxes = "{ path: inbox, outbox: graded, settle: 200ms, rescan: 1s }") => {
  project = makeProject(`
log: { level: debug }
backends: [${backends}]
inboxes: [${inboxes}]
`);
};
const gpu = (name: string, { url }: Comfyui, more = "") => `{ name: ${name}, kind: comfyui, url: "${url}"${more} }`;
const put = async (path: string, seed: number) =>
  writeFileSync(join(project.root, path), await sceneImage(300, 200, seed).jpeg().toBuffer());
const done = ({ lines }: Daemon) => lines.filter(({ message }) => message === "photo done").length;

type Said = {
  jobs: { id: string; path: string; status: string; attempt: number; rewinds: number; backend: string | null }[];
};
const jobs = async () => ((await project.json("jobs")) as Said).jobs;

/** How many prompts of photos a server rendered, its tiny probe left out. */
const renders = ({ renders }: Comfyui) => renders.filter(({ prefix }) => !prefix.includes("/probe/")).length;

test("photos on a server that goes away are graded by the other one, without an attempt lost", async () => {
  makeWith(`${gpu("gpu-1", one, ", timeouts: { away: 1s }")}, ${gpu("gpu-2", two)}`);
  one.hold();
  two.hold();
  const daemon = await project.start();
  for (const n of [1, 2, 3, 4]) await put(`inbox/${n}.jpg`, n);
  await Promise.all([one, two].map((server) => server.until(({ prompts }) => prompts.length === 2)));
  await one.kill();
  two.release();
  await daemon.until(() => done(daemon) === 4);
  expect(await jobs()).toMatchObject(Array.from({ length: 4 }, () => ({ status: "done", attempt: 0, rewinds: 0 })));
  expect(renders(two)).toBe(4);
  expect(readdirSync(project.outbox).filter((name) => name.endsWith(".jpg"))).toHaveLength(4);
  await daemon.kill("SIGTERM");
});

test("photos that fail on one server are graded by the other one", async () => {
  makeWith(`${gpu("gpu-1", one)}, ${gpu("gpu-2", two)}`);
  one.misbehave("out-of-memory");
  for (const n of [1, 2, 3, 4, 5]) await put(`inbox/${n}.jpg`, n);
  expect((await project.run("once")).stderr).toContain("5 graded");
  const all = await jobs();
  expect(all.map(({ status, backend }) => [status, backend])).toEqual(all.map(() => ["done", "gpu-2"]));
  expect(all.every(({ rewinds }) => rewinds <= 1)).toBe(true);
});

test("a server whose worker hangs is said so, its photos go to the other one, and it serves again once restarted", async () => {
  makeWith(`${gpu("gpu-1", one, ", timeouts: { stuck: 10s }")}, ${gpu("gpu-2", two, ", weight: 0.01")}`);
  one.misbehave("kill-worker", 1);
  const daemon = await project.start();
  await put("inbox/a.jpg", 1);
  await put("inbox/b.jpg", 2);
  const hung = await daemon.line(({ message }) => message === "backend hangs");
  expect(hung).toMatchObject({ backend: "gpu-1", hint: expect.stringContaining("Restart ComfyUI") });
  const { stdout } = await project.run("status");
  expect(stdout).toMatch(/gpu-1 is not used: A prompt runs there without any progress.*\n {2}hint: Restart ComfyUI/);
  await daemon.until(() => done(daemon) === 2);
  expect(await jobs()).toMatchObject([
    { status: "done", attempt: 0 },
    { status: "done", attempt: 0 },
  ]);
  expect(renders(two)).toBe(2);
  await one.restart();
  await daemon.line(({ message, backend }) => message === "backend answers again" && backend === "gpu-1");
  const before = one.prompts.length;
  await put("inbox/c.jpg", 3);
  await daemon.until(() => done(daemon) === 3);
  expect(one.prompts.length).toBeGreaterThan(before);
  await daemon.kill("SIGTERM");
});

test("pause takes back what only waits and lets the running one end; resume goes on", async () => {
  makeWith(gpu("gpu-1", one));
  one.hold();
  const daemon = await project.start();
  for (const n of [1, 2, 3]) await put(`inbox/${n}.jpg`, n);
  await one.until(({ prompts }) => prompts.length === 2);
  expect((await project.run("pause")).stderr).toContain("paused");
  await one.until((server) => server.remaining() === 1);
  one.release();
  await daemon.until(() => done(daemon) === 1);
  expect((await project.run("status")).stdout).toContain("`hotgrade resume` goes on");
  expect(one.remaining()).toBe(0);
  await project.run("resume");
  await daemon.until(() => done(daemon) === 3);
  expect(renders(one)).toBe(3);
  expect((await jobs()).map(({ attempt, rewinds }) => [attempt, rewinds])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  await daemon.kill("SIGTERM");
});

test("a paused backend gets nothing, the other one everything; a mistyped name is refused", async () => {
  makeWith(`${gpu("gpu-1", one)}, ${gpu("gpu-2", two)}`);
  expect(await project.run("pause", "--backend", "gpu-3")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is gpu-1, gpu-2"),
  });
  await project.run("pause", "--backend", "gpu-1");
  const daemon = await project.start();
  for (const n of [1, 2, 3]) await put(`inbox/${n}.jpg`, n);
  await daemon.until(() => done(daemon) === 3);
  expect([renders(one), renders(two)]).toEqual([0, 3]);
  await daemon.kill("SIGTERM");
});

test("a photo of a higher priority is rendered next, though the server's places are taken", async () => {
  const inbox = (path: string, priority: number) =>
    `{ path: ${path}, outbox: graded-${path}, settle: 200ms, rescan: 1s, priority: ${priority} }`;
  makeWith(gpu("gpu-1", one), `${inbox("inbox", 0)}, ${inbox("urgent", 5)}`);
  mkdirSync(join(project.root, "urgent"));
  one.hold();
  const daemon = await project.start();
  for (const n of [1, 2, 3, 4, 5, 6]) await put(`inbox/${n}.jpg`, n);
  await one.until(({ prompts }) => prompts.length === 2);
  // As many as may lie ready do, so that the urgent one has to go past them.
  await daemon.until(
    () => daemon.lines.filter(({ message, stage }) => message === "stage begins" && stage === "queue").length >= 4,
  );
  await put("urgent/now.jpg", 9);
  await one.until(({ prompts }) => prompts.length === 3);
  one.release();
  await daemon.until(() => done(daemon) === 7);
  // Right behind the one that was running already.
  const [, second] = one.renders.filter(({ prefix }) => !prefix.includes("/probe/"));
  const { id } = (await jobs()).find(({ path }) => path === "now.jpg")!;
  expect(await project.json("job", id)).toMatchObject({ tickets: [{ id: second?.promptId }] });
  expect(renders(one)).toBe(7);
  await daemon.kill("SIGTERM");
});

test("a photo of `grade` passes those that a killed run has left on the server", async () => {
  makeWith(gpu("gpu-1", one));
  one.hold();
  const daemon = await project.start();
  for (const n of [1, 2, 3, 4, 5, 6]) await put(`inbox/${n}.jpg`, n);
  await one.until(({ prompts }) => prompts.length === 2);
  await daemon.until(
    () => daemon.lines.filter(({ message, stage }) => message === "stage begins" && stage === "queue").length >= 4,
  );
  await daemon.kill("SIGKILL");
  one.release();
  await put("mine.jpg", 9);
  expect(await project.run("grade", "mine.jpg", "--out", "out")).toMatchObject({ code: 0 });
  // The two that were on the server, and it.
  expect(renders(one)).toBe(3);
  expect(existsSync(join(project.root, "out/mine.jpg"))).toBe(true);
  expect((await project.run("once")).stderr).toContain("6 graded");
  expect(renders(one)).toBe(7);
});

test("a backend of `only` other workflows gets none of this one", async () => {
  makeWith(`${gpu("gpu-1", one, ", only: [something_else]")}, ${gpu("gpu-2", two)}`);
  const daemon = await project.start();
  for (const n of [1, 2, 3]) await put(`inbox/${n}.jpg`, n);
  await daemon.until(() => done(daemon) === 3);
  expect([renders(one), renders(two)]).toEqual([0, 3]);
  expect(existsSync(join(project.outbox, "1.jpg"))).toBe(true);
  await daemon.kill("SIGTERM");
});

/** As the stand-in, but without the diffusion model that the shipped workflow wants. */
const EMPTY = { models: { diffusion_models: ["other.safetensors"] } };

test("photos go only to a server that has the models", async () => {
  await one.close();
  one = await startComfyui({ ...EMPTY, renderMs: 20 });
  makeWith(`${gpu("gpu-1", one, ", weight: 50")}, ${gpu("gpu-2", two)}`);
  const daemon = await project.start();
  for (const n of [1, 2, 3]) await put(`inbox/${n}.jpg`, n);
  await daemon.until(() => done(daemon) === 3);
  expect([renders(one), renders(two)]).toEqual([0, 3]);
  expect(one.uploads).toEqual([]);
  expect((await project.run("status")).stdout).toMatch(
    /backend gpu-1 cannot run kontext-color-grade: .*diffusion_models/,
  );
  await daemon.kill("SIGTERM");
});

test("where no server can, photos wait with the reason and no attempt, and go on by themselves once one can", async () => {
  await one.close();
  one = await startComfyui({ ...EMPTY, renderMs: 20 });
  makeWith(gpu("gpu-1", one));
  const daemon = await project.start();
  await put("inbox/a.jpg", 1);
  await put("inbox/b.jpg", 2);
  await daemon.line(({ message }) => message === "backend cannot run the workflow");
  await expect.poll(async () => (await jobs()).length, { timeout: 20_000 }).toBe(2);
  const { stdout } = await project.run("status");
  expect(stdout).toMatch(/backend gpu-1 cannot run kontext-color-grade: .*flux1-dev-kontext_fp8_scaled.safetensors/);
  expect(one.prompts).toEqual([]);
  const { port } = one;
  await one.close();
  one = await startComfyui({ port, renderMs: 20 });
  await daemon.until(() => done(daemon) === 2);
  expect(await jobs()).toMatchObject([
    { status: "done", attempt: 0, rewinds: 0 },
    { status: "done", attempt: 0, rewinds: 0 },
  ]);
  expect((await project.run("status")).stdout).not.toContain("cannot run");
  await daemon.kill("SIGTERM");
});

test("once says why it waits in vain: a workflow that no server can run, a pause", async () => {
  await one.close();
  one = await startComfyui({ ...EMPTY, renderMs: 20 });
  makeWith(gpu("gpu-1", one));
  await put("inbox/a.jpg", 1);
  const unready = await project.run("once");
  expect(unready).toMatchObject({ code: 3, stderr: expect.stringContaining("diffusion_models") });
  expect(unready.stderr).toContain("[workflow-unready]");
  for (const what of [[], ["--backend", "gpu-1"], ["--inbox", "inbox"], ["--backend", "gpu-1", "--drain"]]) {
    await project.run("pause", ...what);
    expect(await project.run("once")).toMatchObject({ code: 3, stderr: expect.stringContaining("hotgrade resume") });
    await project.run("resume");
  }
});
