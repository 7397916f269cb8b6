/** Fifty photos through the real program, killed on the way: every one is graded once, and the server keeps no entry of ours. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { smallWorkflow } from "../support/backend-rig.ts";
import { startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject } from "../support/program.ts";

const PHOTOS = 50;

test("after fifty photos and a kill the server's history is empty, and nothing was rendered twice", async () => {
  await using comfyui = await startComfyui({ renderMs: 5, previews: false });
  const project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, workflow: small, sidecars: [] }]
`);
  mkdirSync(join(project.root, "workflows"));
  writeFileSync(join(project.root, "workflows/small.json"), JSON.stringify(smallWorkflow()));
  for (let at = 0; at < PHOTOS; at++)
    writeFileSync(
      join(project.inbox, `${at}.png`),
      await sceneImage(96, 64, at + 1)
        .png()
        .toBuffer(),
    );
  const renders = () => comfyui.renders.filter(({ prefix }) => !prefix.includes("probe"));
  const history = async () => Object.keys((await (await fetch(`${comfyui.url}/history`)).json()) as object);

  const first = await project.start();
  await comfyui.until(() => renders().length >= PHOTOS / 5);
  await first.kill("SIGKILL");
  const second = await project.start();
  await second.until(() => readdirSync(project.outbox).filter((name) => /^\d+\.png$/.test(name)).length === PHOTOS);
  await expect.poll(history, { timeout: 60_000 }).toEqual([]);
  expect(renders()).toHaveLength(PHOTOS);
  expect(new Set(renders().map(({ inputName }) => inputName)).size).toBe(PHOTOS);

  // What is cancelled while it runs leaves nothing behind either.
  comfyui.hold();
  writeFileSync(join(project.inbox, "late.png"), await sceneImage(96, 64, 99).png().toBuffer());
  await comfyui.until(() => renders().length > PHOTOS);
  await project.run("cancel", "--all");
  await comfyui.until(() => comfyui.remaining() === 0);
  comfyui.release();
  await expect.poll(history, { timeout: 15_000 }).toEqual([]);
  await second.kill("SIGTERM");
  project.remove();
}, 240_000);
