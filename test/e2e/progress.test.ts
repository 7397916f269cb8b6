/** How far photos are, as other processes see it: the real daemon, the real commands, the stand-in ComfyUI. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { smallWorkflow } from "../support/backend-rig.ts";
import { startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject } from "../support/program.ts";

type Shown = { path: string; phase: string; percent: number; ahead: number | null; leftMs: number | null };
type Data = { progress: Shown[] };
const POLL = { timeout: 20_000, interval: 50 };

test("status and jobs show the percent of what runs and the place of what waits, and nothing of it afterwards", async () => {
  await using comfyui = await startComfyui({ renderMs: 6_000 });
  const project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, workflow: small }]
`);
  mkdirSync(join(project.root, "workflows"));
  writeFileSync(join(project.root, "workflows/small.json"), JSON.stringify(smallWorkflow()));
  const put = async (name: string, seed: number) =>
    writeFileSync(join(project.inbox, name), await sceneImage(96, 64, seed).png().toBuffer());
  const shown = async (name: string) =>
    ((await project.json("status")) as Data).progress.find(({ path }) => path === name);

  const daemon = await project.start();
  comfyui.hold();
  await put("a.png", 1);
  await comfyui.until(({ renders }) => renders.length === 1);
  await put("b.png", 2);
  await expect.poll(() => shown("b.png"), POLL).toMatchObject({ phase: "queued", percent: 0, ahead: 1, leftMs: null });
  await expect.poll(() => shown("a.png"), POLL).toMatchObject({ phase: "running", ahead: null });
  expect((await project.run("status")).stdout).toContain("b.png: queued, 1 ahead");
  expect((await project.run("jobs")).stdout).toMatch(/fetch \d+ %.*a\.png/);

  comfyui.release();
  const seen: number[] = [];
  for (;;) {
    const now = await shown("b.png");
    if (now?.phase === "running") seen.push(now.percent);
    if (seen.length > 1 && seen.at(-1)! > 25) break;
    expect(now).toBeDefined();
  }
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  expect(seen.at(-1)).toBeLessThan(100);
  await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === 2);
  expect(((await project.json("status")) as Data).progress).toEqual([]);
  const { jobs } = (await project.json("jobs")) as { jobs: { progress: unknown }[] };
  expect(jobs.map(({ progress }) => progress)).toEqual([null, null]);
  await daemon.kill("SIGTERM");
  project.remove();
}, 60_000);
