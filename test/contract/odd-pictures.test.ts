/** Pictures that are not plain RGB: taken with a note, or refused by what they are. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { identity } from "../../src/core/lut/lattice.ts";
import type { Pictures, RenderRequest } from "../../src/ports.ts";
import { deepImage, pathOf, saved, savedCube, sceneImage, silent } from "../support/photos.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-odd-"));
let pictures: Pictures;
let plain: PathText;
let count = 0;

beforeAll(() => {
  pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
  plain = savedCube(folder, identity(17), "plain.cube");
});

afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

async function rendered(original: PathText, format: RenderRequest["format"]) {
  const to = pathOf(join(folder, `out-${++count}.${format}`));
  return { to, ...(await pictures.render({ original, cube: plain, strength: 1, format, quality: null, to })) };
}

const indexed = () => sceneImage(64, 48).png({ palette: true, colours: 64 });

test.each(["png", "jpeg", "avif"] as const)("indexed PNG becomes RGB as %s, with a note", async (format) => {
  const { to, notes } = await rendered(await saved(folder, "indexed.png", indexed()), format);
  expect(notes).toContain("Indexed colours became RGB.");
  expect(await sharp(to).metadata()).toMatchObject({ channels: 3, isPalette: false });
});

test("the pixels of an indexed PNG stay", async () => {
  const file = await saved(folder, "indexed.png", indexed());
  const { to } = await rendered(file, "png");
  expect(await sharp(to).raw().toBuffer()).toEqual(
    await sharp(file as string)
      .removeAlpha()
      .raw()
      .toBuffer(),
  );
});

test.each(["jpeg", "tiff", "avif"] as const)("grey becomes RGB as %s, with a note", async (format) => {
  const grey = await saved(folder, "grey.jpg", sceneImage(64, 48).toColourspace("b-w").jpeg({ quality: 95 }));
  const { to, notes } = await rendered(grey, format);
  expect(notes).toContain("Grey became RGB.");
  const { data, info } = await sharp(to).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  const spread = (at: number) =>
    Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!);
  expect(Math.max(...Array.from({ length: data.length / 3 }, (_, pixel) => spread(3 * pixel)))).toBeLessThanOrEqual(3);
});

test("grey of 16 bits keeps them", async () => {
  const grey = await saved(folder, "grey.png", deepImage(40, 30).toColourspace("grey16").png());
  expect(await pictures.inspect(grey)).toMatchObject({ model: "grey", bitDepth: 16 });
  expect(await sharp((await rendered(grey, "png")).to).metadata()).toMatchObject({ depth: "ushort", channels: 3 });
});

test.each(["jpeg", "webp", "avif"] as const)("CMYK becomes sRGB as %s, with a note", async (format) => {
  const ink = await saved(folder, "ink.jpg", sceneImage(64, 48).toColourspace("cmyk").jpeg({ quality: 95 }));
  const { to, notes } = await rendered(ink, format);
  expect(notes).toContain("CMYK became sRGB.");
  expect(await sharp(to).metadata()).toMatchObject({ channels: 3, space: "srgb" });
});

/** A TIFF of two pages: the second directory and its only pixel follow the first page's file. */
async function twoPages(): Promise<Buffer> {
  const first = await sceneImage(40, 30).tiff({ compression: "lzw" }).toBuffer();
  const little = first.toString("latin1", 0, 2) === "II";
  if (!little) throw new Error("the encoder's byte order has changed");
  const directory = first.readUInt32LE(4);
  const nextAt = directory + 2 + 12 * first.readUInt16LE(directory);
  const start = first.length + (first.length & 1);
  const tags = [
    [256, 3, 1, 1],
    [257, 3, 1, 1],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [277, 3, 1, 1],
    [278, 3, 1, 1],
    [279, 4, 1, 1],
  ] as const;
  const second = Buffer.alloc(2 + 12 * tags.length + 4);
  second.writeUInt16LE(tags.length);
  for (const [index, [tag, type, number, value]] of tags.entries()) {
    second.writeUInt16LE(tag, 2 + 12 * index);
    second.writeUInt16LE(type, 4 + 12 * index);
    second.writeUInt32LE(number, 6 + 12 * index);
    second.writeUInt32LE(value, 10 + 12 * index);
  }
  first.writeUInt32LE(start, nextAt);
  return Buffer.concat([first, Buffer.alloc(first.length & 1), second]);
}

test("of a TIFF with pages the first is taken, with a note", async () => {
  const file = await saved(folder, "pages.tif", await twoPages());
  expect((await sharp(file as string).metadata()).pages).toBe(2);
  const { width, height, notes } = await rendered(file, "tiff");
  expect({ width, height, notes }).toEqual({
    ...{ width: 40, height: 30 },
    notes: ["Only the first page of the TIFF was graded."],
  });
});

test("what cannot be graded is refused by what it is", async () => {
  const says = async (name: string, bytes: Buffer) =>
    pictures.inspect(await saved(folder, name, bytes)).catch(({ code, message }) => [code, message]);
  expect(await says("float.tif", await asFloat())).toEqual([
    "file-unsupported",
    "This is a TIFF of floating-point or signed numbers.",
  ]);
  const gif = await sceneImage(16, 16).gif().toBuffer();
  expect(await says("photo.jpg", gif)).toEqual(["file-unsupported", "This is a GIF, a format of animations."]);
  const frames = [1, 2].map((seed) => sceneImage(16, 16, seed).png().toBuffer());
  const moving = sharp(await Promise.all(frames), { join: { animated: true } });
  expect(await says("moving.gif", await moving.clone().gif().toBuffer())).toEqual([
    "file-unsupported",
    expect.stringContaining("GIF"),
  ]);
  expect(await says("moving.webp", await moving.webp().toBuffer())).toEqual([
    "file-unsupported",
    "This is an animated WebP.",
  ]);
});

/** A whole TIFF whose sample format says IEEE floating point. */
async function asFloat(): Promise<Buffer> {
  const bytes = await deepImage(16, 16).tiff({ compression: "none" }).toBuffer();
  const directory = bytes.readUInt32LE(4);
  for (let entry = 0; entry < bytes.readUInt16LE(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    if (bytes.readUInt16LE(at) !== 339) continue;
    const values = bytes.readUInt32LE(at + 8);
    for (let sample = 0; sample < 3; sample++) bytes.writeUInt16LE(3, values + 2 * sample);
  }
  return bytes;
}

test("what a file is decides, not its name", async () => {
  const avif = await saved(folder, "avif.jpg", sceneImage(16, 16).avif({ effort: 0 }));
  expect(await pictures.inspect(avif)).toMatchObject({ format: "avif" });
  const heic = readFileSync(join(import.meta.dirname, "../fixtures/bowl-p3.heic"));
  expect(await pictures.inspect(await saved(folder, "heic.jpg", heic))).toMatchObject({ format: "heic" });
});
