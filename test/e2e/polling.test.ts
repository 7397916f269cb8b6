/** Whoever reads the outbox while hotgrade writes there sees whole files or none. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, expect, test } from "vitest";
import { deepImage, savedCube, sceneImage } from "../support/photos.ts";
import { startPoller } from "../support/poller.ts";
import { makeProject, type TestProject } from "../support/program.ts";

let project: TestProject;
afterEach(() => project.remove());

const CONFIG = `
log: { level: debug }
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s, times: keep }
`;

/** Large enough that writing one takes many looks of the poller. */
const PHOTOS: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ["one.tif", () => deepImage(1_500, 1_000).tiff({ compression: "none" }).toBuffer()],
  ["two.jpg", () => sceneImage(1_500, 1_000, 2).jpeg({ quality: 98, chromaSubsampling: "4:4:4" }).toBuffer()],
  ["three.tif", () => sceneImage(1_500, 1_000, 3).tiff({ compression: "none" }).toBuffer()],
  ["sub/four.png", () => sceneImage(700, 500, 4).png().toBuffer()],
];
const SHOT_AT = new Date("2026-03-04T05:06:07Z");

async function putPhotos(folder: string): Promise<string[]> {
  mkdirSync(join(folder, "sub"), { recursive: true });
  for (const [name, make] of PHOTOS) {
    writeFileSync(join(folder, name), await make());
    utimesSync(join(folder, name), SHOT_AT, SHOT_AT);
  }
  return PHOTOS.map(([name]) => name);
}

/** Every name had one content, the last one; photos decode whole. */
async function expectWhole(folder: string, seen: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  for (const [name, hashes] of Object.entries(seen)) {
    const bytes = readFileSync(join(folder, name));
    expect(Object.keys(hashes), name).toEqual([createHash("sha256").update(bytes).digest("hex")]);
    if (/\.(jpg|tif|png)$/.test(name)) await sharp(bytes, { failOn: "warning" }).stats();
  }
}

test("while the daemon writes, a second process reads only whole files, and sidecars before their photo", async () => {
  project = makeProject(CONFIG);
  const daemon = await project.start();
  const poller = await startPoller(project.outbox);
  const names = await putPhotos(project.inbox);
  for (const name of names) await daemon.line((line) => line.message === "photo done" && line.path === name);
  await daemon.kill("SIGTERM");
  const { rounds, seen } = await poller.stop();
  expect(rounds).toBeGreaterThan(20);
  expect(Object.keys(seen).length).toBe(3 * names.length);
  await expectWhole(project.outbox, seen);
  const first = (name: string) => Math.min(...Object.values(seen[name]!));
  for (const name of names) {
    const stem = name.replace(/\.\w+$/, "");
    expect(first(name)).toBeGreaterThanOrEqual(first(`${stem}.cube`));
    expect(first(name)).toBeGreaterThanOrEqual(first(`${stem}.grade.json`));
    // times: keep
    expect(statSync(join(project.outbox, name)).mtimeMs).toBe(SHOT_AT.getTime());
  }
});

test("the same holds for apply", async () => {
  project = makeProject(CONFIG);
  const names = (await putPhotos(project.inbox)).map((name) => join("inbox", name));
  const cube = savedCube(project.root);
  mkdirSync(join(project.root, "out"));
  const poller = await startPoller(join(project.root, "out"));
  const ran = await project.run("apply", ...names, "--cube", cube, "--out", "out", "--times", "keep");
  expect(ran).toMatchObject({ code: 0 });
  const { seen } = await poller.stop();
  expect(Object.keys(seen).sort()).toEqual(["four.png", "one.tif", "three.tif", "two.jpg"]);
  await expectWhole(join(project.root, "out"), seen);
  for (const name of Object.keys(seen))
    expect(statSync(join(project.root, "out", name)).mtimeMs).toBe(SHOT_AT.getTime());
});
