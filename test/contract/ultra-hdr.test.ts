/** Files that hold more than a picture: what is left out is told, and nothing is left that points at it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Pictures, WrittenFormat } from "../../src/ports.ts";
import { staleThumbnail } from "../support/makers.ts";
import { pathOf, saved, savedCube, sceneImage, silent, tagsOf } from "../support/photos.ts";
import { appleHdr, motionPhoto, ultraHdr, withPictures } from "../support/ultra-hdr.ts";

const [WIDTH, HEIGHT] = [320, 240];
const NO_GAIN_MAP =
  "The HDR gain map was left out: it brightens the colours from before the grade. The photo is of standard range now.";
/** Groups and words that would point at what is gone. */
const DANGLING = /MPF|MPImage|hdrgm|GainMap|Container|MotionPhoto|MicroVideo|21496|Trailer|Samsung/;

const folder = mkdtempSync(join(tmpdir(), "hotgrade-ultra-hdr-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let look: PathText;
let count = 0;

beforeAll(() => {
  pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
  look = savedCube(folder);
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

const base = () => sceneImage(WIDTH, HEIGHT).jpeg({ quality: 92 }).toBuffer();

/** The notes, the file's bytes and what exiftool says of it. */
async function graded(bytes: Buffer, format: WrittenFormat = "jpeg") {
  const original = await saved(folder, `in-${++count}.jpg`, bytes);
  const to = pathOf(join(folder, `out-${count}.${format}`));
  const { notes } = await pictures.render({ original, cube: look, strength: 1, format, quality: null, to });
  return { notes, bytes: readFileSync(to), before: await tagsOf(tool, original), after: await tagsOf(tool, to) };
}

const gainMapOf = async (bytes: Buffer) => (await sharp(bytes).metadata()).gainMap?.image;

test.each(["jpeg", "png", "tiff", "webp"] as const)(
  "Ultra HDR to %s: the photo is graded, the gain map goes and is missed by no reader",
  async (format) => {
    const bytes = await ultraHdr(await base(), WIDTH, HEIGHT);
    expect((await gainMapOf(bytes))?.length).toBeGreaterThan(500);
    const out = await graded(bytes, format);
    expect(out.before).toMatchObject({ "XMP-hdrgm:Version": 1, "MPF0:NumberOfImages": 2 });
    expect(out.notes).toEqual([NO_GAIN_MAP]);
    expect(await gainMapOf(out.bytes)).toBeUndefined();
    expect(out.bytes.toString("latin1")).not.toMatch(/hdrgm|hdr-gain-map|21496|photos\/1\.0\/container/);
    expect(Object.keys(out.after).filter((tag) => DANGLING.test(tag))).toEqual([]);
    expect(out.after).toMatchObject({ "XMP-xmp:Rating": 4 });
    expect(out.after["ExifTool:Warning"]).toBeUndefined();
  },
);

test("the graded base is the one that a photo without a gain map gives", async () => {
  const plain = await base();
  const [hdr, sdr] = [await graded(await ultraHdr(plain, WIDTH, HEIGHT)), await graded(plain)];
  const pixels = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
  expect((await pixels(hdr.bytes)).equals(await pixels(sdr.bytes))).toBe(true);
});

test("an iPhone's gain map is known by its own header, for the photo does not announce it", async () => {
  const out = await graded(await appleHdr(await base(), WIDTH, HEIGHT));
  expect(out.notes).toEqual([NO_GAIN_MAP]);
  expect(Object.keys(out.after).filter((tag) => DANGLING.test(tag))).toEqual([]);
});

test("previews and bursts behind a photo are left out, each by its name", async () => {
  const small = await staleThumbnail(160, 120);
  const [preview, burst] = [0x010002, 0x020003].map((kind) => ({ kind, bytes: small }));
  const out = await graded(withPictures(await base(), [preview!, burst!]));
  expect(out.before).toMatchObject({ "MPF0:NumberOfImages": 3 });
  expect(out.notes).toEqual([
    "The preview pictures in the file were left out: they show the photo before the grade.",
    "Further pictures in the file (a burst, a panorama's or a stereo picture's parts) were left out.",
  ]);
  expect(Object.keys(out.after).filter((tag) => DANGLING.test(tag))).toEqual([]);
});

test("a motion photo loses its film and every word of it; the rest of its XMP stays", async () => {
  const out = await graded(motionPhoto(await base()));
  expect(out.before).toMatchObject({ "XMP-GCamera:MotionPhoto": 1 });
  expect(out.notes).toEqual(["The film in the file (a motion photo) was left out."]);
  expect(Object.keys(out.after).filter((tag) => DANGLING.test(tag))).toEqual([]);
  expect(out.after).toMatchObject({ "XMP-xmp:Rating": 4, "XMP-GCamera:SpecialTypeID": "x" });
  expect(out.bytes.subarray(-2)).toEqual(Buffer.from([0xff, 0xd9]));
});

test("a trailer is named by whose it is; padding is nothing to tell of", async () => {
  const plain = await base();
  const samsung = Buffer.concat([plain, Buffer.alloc(900, 0x41), Buffer.from("\x10\0\0\0SEFT", "latin1")]);
  expect((await graded(samsung)).notes).toEqual([
    "What followed the picture in the file was left out (Samsung's trailer).",
  ]);
  expect((await graded(Buffer.concat([plain, Buffer.alloc(900, 1)]))).notes).toEqual([
    "What followed the picture in the file was left out.",
  ]);
  expect((await graded(Buffer.concat([plain, Buffer.alloc(900)]))).notes).toEqual([]);
});
