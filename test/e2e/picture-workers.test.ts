/** Picture workers that crash or are killed under the real daemon. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { sceneImage } from "../support/photos.ts";
import { isAlive, workersOf } from "../support/processes.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const CONFIG = `
log: { level: debug }
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s }
`;
let project: TestProject;
afterEach(() => project.remove());

type Status = { daemon: { pid: number } | null };

const status = async () => (await project.json("status")) as Status;

test.runIf(process.platform === "linux")("workers that crash cost attempts, not the daemon, and no photo", async () => {
  project = makeProject(CONFIG);
  const names = Array.from({ length: 8 }, (_, at) => `photo-${at}.jpg`);
  const daemon = await project.start();
  for (const [at, name] of names.entries())
    writeFileSync(join(project.inbox, name), await sceneImage(1500, 1000, at).jpeg({ quality: 90 }).toBuffer());
  const { daemon: before } = await status();
  const done = () => daemon.lines.filter(({ message }) => message === "photo done").length;
  for (let count = 1; count <= names.length; count++) {
    await daemon.until(() => done() >= count);
    // Whatever they are at: a plate, a fit, a photo of the next one or nothing.
    if (count <= 3) for (const worker of workersOf(before!.pid)) process.kill(worker, "SIGSEGV");
  }
  expect((await status()).daemon?.pid).toBe(before!.pid);
  expect(readdirSync(project.outbox).filter((name) => name.endsWith(".jpg"))).toEqual(names);
});

test.runIf(process.platform === "linux")("a killed daemon leaves no worker behind", async () => {
  project = makeProject(CONFIG);
  const daemon = await project.start();
  writeFileSync(join(project.inbox, "a.jpg"), await sceneImage(600, 400, 1).jpeg().toBuffer());
  await daemon.line((line) => line.message === "photo done");
  const { daemon: alive } = await status();
  const workers = workersOf(alive!.pid);
  expect(workers.length).toBeGreaterThan(0);
  process.kill(alive!.pid, "SIGKILL");
  await expect.poll(() => workers.filter((worker) => isAlive(worker)), { timeout: 20_000 }).toEqual([]);
});
