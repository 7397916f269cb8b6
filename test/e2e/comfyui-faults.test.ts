/** What others do to our prompts, and what the line between us and ComfyUI does to requests. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runChaosCampaign } from "../support/chaos-campaign.ts";
import { startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject } from "../support/program.ts";

async function interruptedProject(times?: number) {
  const comfyui = await startComfyui({ renderMs: 20 });
  const project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s }]
`);
  comfyui.misbehave("interrupt", times);
  writeFileSync(join(project.inbox, "a.jpg"), await sceneImage(240, 160, 1).jpeg().toBuffer());
  const close = async () => {
    project.remove();
    await comfyui.close();
  };
  return { project, close };
}

test("a run that somebody else's interrupt hit is sent again", async () => {
  const { project, close } = await interruptedProject(1);
  expect((await project.run("once")).code).toBe(0);
  expect(readdirSync(project.outbox)).toContain("a.jpg");
  await close();
});

test("a run that is interrupted every time is given up, with the reason", async () => {
  const { project, close } = await interruptedProject();
  expect((await project.run("once")).code).toBe(1);
  const { jobs } = (await project.json("jobs")) as { jobs: { status: string; error: { code: string } }[] };
  expect(jobs).toMatchObject([{ status: "failed", error: { code: "backend-cancelled" } }]);
  await close();
});

test("a prompt that has ended makes room for the next one before its picture is home", async () => {
  const comfyui = await startComfyui({ renderMs: 20 });
  const project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}", depth: 1 }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s }]
`);
  comfyui.misbehave("cut-view");
  for (const seed of [1, 2])
    writeFileSync(join(project.inbox, `${seed}.jpg`), await sceneImage(240, 160, seed).jpeg().toBuffer());
  await project.start();
  // The probe of its rounding is no photo's.
  await comfyui.until(({ renders }) => renders.filter(({ inputName }) => !inputName.includes("/probe/")).length === 2);
  project.remove();
  await comfyui.close();
});

test("a server never has more prompts of ours than its depth, the one that finds out its rounding among them", async () => {
  const comfyui = await startComfyui({ renderMs: 100 });
  const project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}", depth: 2 }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s }]
`);
  for (const seed of [1, 2, 3, 4])
    writeFileSync(join(project.inbox, `${seed}.jpg`), await sceneImage(240, 160, seed).jpeg().toBuffer());
  expect((await project.run("once")).code).toBe(0);
  expect(comfyui.prompts.length).toBe(5);
  expect(Math.max(...comfyui.atOnce)).toBe(2);
  project.remove();
  await comfyui.close();
});

test("with faults all along the line every photo comes out once, its own, and none is rendered in vain", async () => {
  const result = await runChaosCampaign({ seed: 1, photos: 20, say: () => undefined });
  expect(result.stories).toEqual([]);
  expect(result).toMatchObject({ outputs: 20, missing: [], strangers: [], damaged: [], foreign: [], isWhole: true });
  expect(result.renders).toBeLessThanOrEqual(result.allowed);
}, 240_000);
