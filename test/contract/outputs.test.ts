/** What a photo may become: another format, depth, size and profile, read back by other programs. */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { deltaE } from "../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../src/core/colour/srgb.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { formatGrid } from "../../src/core/local/file.ts";
import { emptyGrid, gridSize, WHOLE } from "../../src/core/local/grid.ts";
import { identity, type Lattice, latticeOf } from "../../src/core/lut/lattice.ts";
import type { Pictures, RenderRequest } from "../../src/ports.ts";
import {
  deepImage,
  pathOf,
  saved,
  savedCube,
  sceneImage,
  sheerImage,
  silent,
  TAGS,
  tagged,
  tagsOf,
} from "../support/photos.ts";
import { chance } from "../support/pictures.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-outputs-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let plain: PathText;
let look: PathText;
let count = 0;

beforeAll(() => {
  pictures = openPictures({ workers: 2, memoryBytes: 1 << 30, log: silent });
  plain = savedCube(folder, identity(17), "plain.cube");
  look = savedCube(folder);
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

async function rendered(original: PathText, format: RenderRequest["format"], besides: Partial<RenderRequest> = {}) {
  const to = pathOf(join(folder, `out-${++count}.${format}`));
  const report = await pictures.render({ original, cube: plain, strength: 1, format, quality: null, to, ...besides });
  return { to, report };
}

const LZW = { compression: "lzw" } as const;

describe("depth", () => {
  test("16 bits stay 16 from TIFF to PNG and back, to the last one", async () => {
    const tiff = await saved(folder, "deep.tif", deepImage(60, 40).tiff(LZW));
    const png = await rendered(tiff, "png");
    expect(png.report.notes).toEqual([]);
    expect(await tagsOf(tool, png.to)).toMatchObject({ "PNG:BitDepth": 16 });
    const written = await sharp(png.to).toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer();
    const before = await sharp(tiff as string)
      .toColourspace("rgb16")
      .raw({ depth: "ushort" })
      .toBuffer();
    expect(written).toEqual(before);
    const back = await rendered(png.to, "tiff");
    expect(await sharp(back.to).toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer()).toEqual(before);
  });

  test("asked for 16 bits, the look of an 8-bit photo is not rounded to 8", async () => {
    const original = await saved(folder, "eight.png", sceneImage(60, 40).png());
    const { to, report } = await rendered(original, "tiff", { cube: look, bitDepth: 16 });
    expect(await tagsOf(tool, to)).toMatchObject({ "IFD0:BitsPerSample": "16 16 16" });
    const { samples } = await pictures.readRgb(to);
    expect(samples.filter((value) => value % 257 !== 0).length).toBeGreaterThan(samples.length / 2);
    expect(report.notes).toEqual([]);
  });

  test.each([
    ["png", 8, "PNG:BitDepth", 8, []],
    ["jpeg", undefined, "File:BitsPerSample", 8, ["16 bits became 8: JPEG holds no more."]],
    ["webp", undefined, undefined, 8, ["16 bits became 8: WebP holds no more."]],
    ["avif", undefined, "QuickTime:ImagePixelDepth", "10 10 10", ["16 bits became 10; bitDepth 12 keeps more."]],
    ["avif", 12, "QuickTime:ImagePixelDepth", "12 12 12", []],
    ["avif", 16, "QuickTime:ImagePixelDepth", "12 12 12", ["16 bits became 12: AVIF holds no more."]],
  ] as const)("a 16-bit TIFF as %s of depth %s", async (format, bitDepth, tag, value, notes) => {
    const tiff = await saved(folder, "deep.tif", deepImage(64, 64).tiff(LZW));
    const { to, report } = await rendered(tiff, format, bitDepth === undefined ? {} : { bitDepth });
    expect(report.notes).toEqual(notes);
    if (tag) expect(await tagsOf(tool, to)).toMatchObject({ [tag]: value });
  });
});

describe("resize", () => {
  test.each([
    ["landscape", 600, 400, 300, 300, 200],
    ["portrait", 401, 603, 301, 200, 301],
    ["a strip", 600, 3, 100, 100, 1],
    ["smaller than asked", 200, 100, 300, 200, 100],
  ])("%s: the long edge is as asked, and nothing grows", async (name, width, height, resize, wide, high) => {
    const original = await saved(folder, `${name}.png`, sceneImage(width, height).png());
    const { to, report } = await rendered(original, "jpeg", { resize });
    expect(report).toMatchObject({ width: wide, height: high });
    expect(await sharp(to).metadata()).toMatchObject({ width: wide, height: high });
  });

  test("metadata tells the new size, upright, and keeps the density", async () => {
    const image = sceneImage(400, 300).withMetadata({ density: 240 }).jpeg();
    const original = await tagged(tool, await saved(folder, "turned.jpg", image), {
      ...TAGS,
      ...{ Orientation: 6, ExifImageWidth: 400, ExifImageHeight: 300, XResolution: 240, YResolution: 240 },
      ...{ "XMP-tiff:ImageWidth": 400, "XMP-exif:ExifImageWidth": 400, "XMP-tiff:Orientation": 6 },
    });
    const { to } = await rendered(original, "jpeg", { resize: 200 });
    expect(await tagsOf(tool, to)).toMatchObject({
      ...{ "File:ImageWidth": 150, "File:ImageHeight": 200, "IFD0:Orientation": 1, "IFD0:XResolution": 240 },
      ...{ "ExifIFD:ExifImageWidth": 150, "ExifIFD:ExifImageHeight": 200, "IFD0:Artist": "Ana Lee" },
      ...{ "XMP-tiff:ImageWidth": 150, "XMP-exif:ExifImageWidth": 150, "XMP-tiff:Orientation": 1 },
    });
  });

  test("it is the look made smaller, of full depth, with colours under alpha weighed", async () => {
    const deep = await saved(folder, "deep-large.tif", deepImage(300, 200).tiff(LZW));
    const [full, small] = [
      await rendered(deep, "tiff", { cube: look }),
      await rendered(deep, "tiff", { cube: look, resize: 100 }),
    ];
    const shrunk = sharp(full.to as string)
      .resize(100, 67, { fit: "fill", kernel: "lanczos3" })
      .toColourspace("rgb16");
    expect(await sharp(small.to).toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer()).toEqual(
      await shrunk.raw({ depth: "ushort" }).toBuffer(),
    );
    const sheer = await saved(folder, "sheer.png", sheerImage(200, 100).png());
    const out = await rendered(sheer, "png", { resize: 50 });
    const { data, info } = await sharp(out.to).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 50, height: 25, channels: 4 });
    expect([data[3], data[4 * 49 + 3]]).toEqual([expect.closeTo(2, -1), expect.closeTo(253, -1)]);
  });
});

/** Linear light of Display P3 → of sRGB, from CSS Color 4 §17. */
const P3_TO_SRGB: readonly Triple[] = [
  [1.2249401762805598, -0.22494017628055996, 0],
  [-0.042056954709688163, 1.0420569547096881, 0],
  [-0.019637554590334432, -0.078636045550631889, 1.0982736001409663],
];
const decode = (code: number): number => (code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4);
const encode = (light: number): number => {
  const inside = Math.min(1, Math.max(0, light));
  return inside <= 0.0031308 ? 12.92 * inside : 1.055 * inside ** (1 / 2.4) - 0.055;
};
const srgbOfP3 = (colour: Triple): Triple => {
  const light = colour.map(decode);
  return P3_TO_SRGB.map((row) =>
    encode(row[0] * light[0]! + row[1] * light[1]! + row[2] * light[2]!),
  ) as unknown as Triple;
};

/** The greatest CIEDE2000 between two rows of colours 0 … 1 in sRGB. */
const worst = (one: readonly Triple[], other: readonly Triple[]): number =>
  Math.max(...one.map((colour, index) => deltaE(toLab(colour), toLab(other[index]!))));

const triples = (samples: ArrayLike<number>, max: number): readonly Triple[] =>
  Array.from({ length: samples.length / 3 }, (_, i) => [
    samples[3 * i]! / max,
    samples[3 * i + 1]! / max,
    samples[3 * i + 2]! / max,
  ]);

describe("profile", () => {
  const random = chance(5);
  const codes = Uint16Array.from({ length: 3 * 40 * 40 }, () => Math.round(65_535 * random()));
  const image = () => sharp(codes, { raw: { width: 40, height: 40, channels: 3 } }).toColourspace("rgb16");

  test("Display P3 becomes sRGB as CSS Color 4 has it", async () => {
    const untagged = await rendered(await saved(folder, "codes.png", image().png()), "png");
    const { icc } = await sharp(await sceneImage(8, 8).withIccProfile("p3").png().toBuffer()).metadata();
    const original = await tagged(tool, untagged.to, {}, { ICC_Profile: await saved(folder, "p3.icc", icc!) });
    const { to } = await rendered(original, "png", { profile: "srgb" });
    const { samples } = await pictures.readRgb(to);
    expect(worst(triples(samples, 65_535), triples(codes, 65_535).map(srgbOfP3))).toBeLessThan(0.5); // the profile of the library tells its curve by few points
    expect(await tagsOf(tool, to)).toMatchObject({ "ICC_Profile:ProfileDescription": "sRGB" });
  });

  test("sRGB becomes Display P3, and another program sees the same colours", async () => {
    const original = await saved(folder, "plain.png", image().png());
    const { to } = await rendered(original, "png", { profile: "p3" });
    const { samples } = await pictures.readRgb(to);
    expect(worst(triples(samples, 65_535).map(srgbOfP3), triples(codes, 65_535))).toBeLessThan(0.05);
    expect(await tagsOf(tool, to)).toMatchObject({ "ICC_Profile:ProfileDescription": "Display P3" });
    // Little CMS reads the profile that was written; two roundings to 8 bits lie in between.
    const eight = await saved(folder, "eight-plain.png", sceneImage(60, 40).png());
    const wide = await rendered(eight, "png", { profile: "p3" });
    const [seen, before] = [wide.to, eight].map((file) =>
      sharp(file as string)
        .toColourspace("srgb")
        .raw()
        .toBuffer(),
    );
    expect(worst(triples(await seen!, 255), triples(await before!, 255))).toBeLessThan(1.5);
  });

  test.each(["jpeg", "png", "tiff", "webp", "avif"] as const)(
    "a %s carries the profile it was asked for",
    async (format) => {
      const original = await tagged(tool, await saved(folder, `srgb-${format}.jpg`, sceneImage(64, 48).jpeg()), {
        ...TAGS,
        ColorSpace: 1,
      });
      for (const [profile, description, space] of [
        ["srgb", "sRGB", 1],
        ["p3", "Display P3", 65_535],
      ] as const) {
        const { to } = await rendered(original, format, { profile });
        expect(await tagsOf(tool, to)).toMatchObject({
          ...{ "ICC_Profile:ProfileDescription": description, "ExifIFD:ColorSpace": space, "IFD0:Artist": "Ana Lee" },
        });
      }
    },
  );

  test("numbers that are in the profile already stay, to the last one", async () => {
    const original = await saved(folder, "same.png", image().png());
    const { to } = await rendered(original, "png", { profile: "srgb" });
    expect((await pictures.readRgb(to)).samples).toEqual(codes);
    const wide = await rendered(original, "png", { profile: "p3" });
    const again = await rendered(wide.to, "png", { profile: "p3" });
    expect((await pictures.readRgb(again.to)).samples).toEqual((await pictures.readRgb(wide.to)).samples);
  });
});

describe("finishes", () => {
  const half: Lattice = latticeOf(17, (r, g, b) => [r / 2, g / 2, b / 2]);

  test("direct: the model's picture is made smaller and converted as the photo would be", async () => {
    const original = await saved(folder, "direct.png", sceneImage(400, 300).png());
    const file = await saved(folder, "answer.png", sceneImage(100, 75, 7).png());
    const answer = {
      ...{ file, part: { left: 0, top: 0, width: 100, height: 75 } },
      crop: { left: 0, top: 0, width: 400, height: 300 },
    };
    const { to, report } = await rendered(original, "tiff", { answer, resize: 100, profile: "p3", bitDepth: 16 });
    expect(report).toMatchObject({ width: 100, height: 75 });
    const { samples } = await pictures.readRgb(to);
    const seen = triples(samples, 65_535).map(srgbOfP3);
    const expected = triples(
      await sharp(file as string)
        .raw()
        .toBuffer(),
      255,
    );
    const off = seen.map((colour, index) =>
      Math.max(...colour.map((value, c) => Math.abs(value - expected[index]![c]!))),
    );
    expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.02);
  });

  test("local: look and light are on the photo before it is made smaller", async () => {
    const original = await saved(folder, "local.png", sceneImage(400, 300).png());
    const cube = savedCube(folder, half, "half.cube");
    const grid = pathOf(join(folder, "half.grid"));
    const sha256 = createHash("sha256").update(readFileSync(cube)).digest("hex");
    writeFileSync(grid, formatGrid(emptyGrid(gridSize(400, 300), WHOLE), sha256));
    const { to, report } = await rendered(original, "png", { cube, grid, resize: 200, profile: "srgb" });
    expect(report).toMatchObject({ width: 200, height: 150 });
    const seen = await sharp(to).raw().toBuffer();
    const expected = await sharp(original as string)
      .resize(200, 150, { kernel: "lanczos3" })
      .raw()
      .toBuffer();
    const off = Array.from(seen, (value, index) => Math.abs(2 * value - expected[index]!));
    expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(1.5);
  });
});
