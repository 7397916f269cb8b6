/** How JPEGs are coded again: no coarser than they were, whatever wrote them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { identity } from "../../src/core/lut/lattice.ts";
import type { Pictures } from "../../src/ports.ts";
import { pathOf, saved, savedCube, sceneImage, silent, tagsOf } from "../support/photos.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-quality-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let plain: PathText;
let count = 0;

beforeAll(() => {
  pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
  plain = savedCube(folder, identity(17), "plain.cube");
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

async function again(bytes: Buffer): Promise<{ file: PathText; bytes: Buffer }> {
  const original = await saved(folder, `in-${++count}.jpg`, bytes);
  const file = pathOf(join(folder, `out-${count}.jpg`));
  await pictures.render({ original, cube: plain, strength: 1, format: "jpeg", quality: null, to: file });
  return { file, bytes: readFileSync(file) };
}

/** Where the quantisation tables' 64 values begin, by table number. */
function tablePlaces(jpeg: Buffer): Map<number, number> {
  const places = new Map<number, number>();
  for (let at = 2; jpeg[at] === 0xff && jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2))
    if (jpeg[at + 1] === 0xdb)
      for (let from = at + 4; from < at + 2 + jpeg.readUInt16BE(at + 2); from += 65)
        places.set(jpeg[from]! & 15, from + 1);
  return places;
}

const tableOf = (jpeg: Buffer, id: number): number[] => {
  const at = tablePlaces(jpeg).get(id)!;
  return [...jpeg.subarray(at, at + 64)];
};
const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);

/** Mean squared difference in codes. */
async function noise(one: Buffer, other: Buffer): Promise<number> {
  const [a, b] = await Promise.all([one, other].map((bytes) => sharp(bytes).raw().toBuffer()));
  return sum(Array.from(a!, (value, index) => (value - b![index]!) ** 2)) / a!.length;
}

test.each([75, 80, 85, 88, 90, 92, 94, 95, 97, 98, 100])(
  "a libjpeg file of quality %i gets the same tables",
  async (quality) => {
    for (const chromaSubsampling of ["4:2:0", "4:4:4"]) {
      const original = await sceneImage(96, 64).jpeg({ quality, chromaSubsampling }).toBuffer();
      const { bytes } = await again(original);
      for (const id of [0, 1]) expect(tableOf(bytes, id)).toEqual(tableOf(original, id));
      expect((await sharp(bytes).metadata()).chromaSubsampling).toBe(chromaSubsampling);
    }
  },
);

test.each([10, 40, 60])("a file of quality %i, below what a second coding bears, gets a finer one", async (quality) => {
  const original = await sceneImage(96, 64).jpeg({ quality }).toBuffer();
  const { bytes } = await again(original);
  const least = await sceneImage(96, 64).jpeg({ quality: 75 }).toBuffer();
  for (const id of [0, 1]) expect(tableOf(bytes, id)).toEqual(tableOf(least, id));
});

/** Tables that no libjpeg quality gives, in zigzag order, as firmware has them. */
const ODD: readonly (readonly [string, (k: number) => number, (k: number) => number])[] = [
  ["the same flat step for all frequencies", () => 4, () => 4],
  ["fine low and coarse high frequencies", (k) => 1 + Math.floor((k * k) / 40), (k) => 2 + Math.floor((k * k) / 30)],
  ["coarse low and fine high frequencies", (k) => Math.max(2, 14 - k), (k) => Math.max(3, 20 - k)],
  ["chroma as fine as luma", (k) => 2 + (k >> 2), (k) => 2 + (k >> 2)],
  ["almost no loss", () => 1, (k) => 1 + (k >> 5)],
];

describe.each(ODD)("a camera's tables: %s", (_name, luma, chroma) => {
  test("become standard ones that are no coarser, in sum and where it shows", async () => {
    const original = await sceneImage(192, 128).jpeg({ quality: 90, chromaSubsampling: "4:4:4" }).toBuffer();
    const places = tablePlaces(original);
    for (const [id, of] of [
      [0, luma],
      [1, chroma],
    ] as const)
      for (let k = 0; k < 64; k++) original[places.get(id)! + k] = of(k);
    const { bytes } = await again(original);
    for (const id of [0, 1]) {
      const [before, after] = [tableOf(original, id), tableOf(bytes, id)];
      expect(sum(after)).toBeLessThanOrEqual(sum(before));
      expect(sum(after.slice(0, 6))).toBeLessThanOrEqual(sum(before.slice(0, 6)));
    }
    // What the second coding adds is no more than what the first one left out: a step q leaves out q²/12.
    const left = sum(tableOf(original, 0).map((q) => q ** 2 / 12)) / 64;
    expect(await noise(original, bytes)).toBeLessThan(left + 0.7);
  });
});

describe("chroma", () => {
  test.each([
    ["4:2:2", "sampling-422.jpg", "2 1"],
    ["4:4:0", "sampling-440.jpg", "1 2"],
    ["4:1:1", "sampling-411.jpg", "4 1"],
    ["4:2:2, progressive", "sampling-422-progressive.jpg", "2 1"],
  ])("of %s is kept better than it was, for the encoder has no such layout", async (_name, name, sampling) => {
    const original = readFileSync(join(import.meta.dirname, "../fixtures/jpegs", name));
    const { file, bytes } = await again(original);
    expect((await tagsOf(tool, pathOf(join(folder, `in-${count}.jpg`))))["File:YCbCrSubSampling"]).toBe(sampling);
    expect((await tagsOf(tool, file))["File:YCbCrSubSampling"]).toBe("1 1");
    const { isProgressive } = await sharp(bytes).metadata();
    expect(isProgressive).toBe(name.includes("progressive"));
    for (const id of [0, 1]) expect(tableOf(bytes, id)).toEqual(tableOf(original, id));
    // The library's own way would halve the chroma once more.
    const halved = await sharp(original).jpeg({ quality: 88, progressive: isProgressive }).toBuffer();
    expect(await noise(original, bytes)).toBeLessThan(0.9 * (await noise(original, halved)));
  });

  test("a grey photo comes out grey to the eye, at its own quality", async () => {
    const original = await sceneImage(96, 64).toColourspace("b-w").jpeg({ quality: 93 }).toBuffer();
    const { bytes } = await again(original);
    expect(tableOf(bytes, 0)).toEqual(tableOf(original, 0));
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    for (let at = 0; at < data.length; at += 3)
      expect(
        Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!),
      ).toBe(0);
  });
});
