/** What the pictures adapter does with looks: one for several pairs, how far it serves a photo, and files of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { LookFormat } from "../../src/core/job/job.ts";
import { formatCube, parseCube } from "../../src/core/lut/cube.ts";
import { readHald } from "../../src/core/lut/hald.ts";
import { type Lattice, weaken } from "../../src/core/lut/lattice.ts";
import type { PairRequest, Pictures } from "../../src/ports.ts";
import { readProfile } from "../support/lightroom.ts";
import { latticeNamed, lookNamed } from "../support/looks.ts";
import { pathOf, silent } from "../support/photos.ts";
import { frame, lookDistance } from "../support/shoot.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-looks-"));
let pictures: Pictures;
let count = 0;
const fresh = (ending: string) => pathOf(join(folder, `file-${++count}.${ending}`));
const text = (file: string) => readFileSync(file, "utf8");
beforeAll(() => {
  pictures = openPictures({ workers: 1, memoryBytes: 2 ** 30, log: silent });
});
afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A frame of a scene and what a model makes of it: the look `warm`, here and there a lamp on the right. */
async function pair(n: number, scene: string, lamp = 0): Promise<PairRequest> {
  const [before, after] = [fresh("png"), fresh("png")];
  const image = sharp(await frame(n, { scene, width: 480 }));
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const raw = { width, height, channels: 3 } as const;
  const look = lookNamed("warm");
  const graded = Buffer.alloc(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const shown = look([data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255]);
    const light = 1 + lamp * (((at / 3) % width) / width - 0.5);
    for (let c = 0; c < 3; c++) graded[at + c] = Math.min(255, Math.round(255 * light * shown[c]!));
  }
  await sharp(data, { raw }).png().toFile(before);
  await sharp(graded, { raw }).png().toFile(after);
  return { before, after, baseline: null, rounding: "rounded" };
}

async function fitted(...pairs: readonly [PairRequest, ...PairRequest[]]) {
  const [to, heatmap] = [fresh("cube"), fresh("png")];
  const report = await pictures.fit({ pairs, size: 33, title: "t", comments: [], to, heatmap });
  return { report, cube: to, heatmap, lattice: parseCube(text(to)).lattice };
}

test("one look for several pairs serves the colours of all of them", async () => {
  const [mountains, bowl] = [await pair(0, "mountains.jpg"), await pair(0, "bowl-display-p3.jpg")];
  const alone = await fitted(mountains);
  const both = await fitted(mountains, bowl);
  const off = (lattice: Lattice) => lookDistance(lattice, latticeNamed("warm"), bowl.before);
  expect(await off(both.lattice)).toBeLessThan(0.5);
  expect(await off(alone.lattice)).toBeGreaterThan(2 * (await off(both.lattice)));
  expect(both.report).toMatchObject({ verdict: "global", registered: true });
  const outside = async (cubes: readonly string[]) =>
    pictures.outside({ original: bowl.before, cubes: cubes.map(pathOf) });
  const [unknown, known] = await outside([alone.cube, both.cube]);
  expect(unknown).toBeGreaterThan(0.5);
  expect(known).toBeLessThan(0.02);
});

test("the pair that a look fails on is named, and the picture of where is that pair's", async () => {
  const { report, heatmap } = await fitted(await pair(0, "mountains.jpg"), await pair(1, "mountains.jpg", 1.6));
  expect(report).toMatchObject({ verdict: "spatial", worst: 1 });
  expect(await sharp(heatmap).metadata()).toMatchObject({ width: 480, height: 320 });
});

test("a .cube that does not say what it rests on serves every photo", async () => {
  const [cube, original] = [fresh("cube"), fresh("jpg")];
  writeFileSync(cube, formatCube(latticeNamed("warm"), { title: "t" }));
  writeFileSync(original, await frame(0));
  expect(await pictures.outside({ original, cubes: [cube] })).toEqual([0]);
});

test("a look goes out as .cube, HaldCLUT and Lightroom profile, at the strength asked for", async () => {
  const cube = fresh("cube");
  writeFileSync(cube, formatCube(latticeNamed("warm"), { title: "Warm", comments: ["By hand."] }));
  const exported = async (format: LookFormat, strength: number) => {
    const to = fresh("out");
    await pictures.exportLook({ cube, strength, format, name: "IMG_1", to });
    return to;
  };
  expect(text(await exported("cube", 1))).toBe(text(cube));
  const half = parseCube(text(await exported("cube", 0.5)));
  expect([half.title, half.comments]).toEqual(["Warm", ["By hand.", "Strength 0.5."]]);
  const weak = weaken(latticeNamed("warm"), 0.5);
  const apart = (lattice: Lattice) => Math.max(...weak.values.map((value, q) => Math.abs(value - lattice.values[q]!)));
  expect(apart(half.lattice)).toBeLessThan(1e-6);
  const hald = await pictures.readRgb(await exported("hald", 0.5));
  expect(apart(readHald(hald, 33).lattice)).toBeLessThan(0.003);
  const profile = readProfile(text(await exported("lightroom", 0.5)));
  expect(profile.name).toBe("IMG_1");
});
