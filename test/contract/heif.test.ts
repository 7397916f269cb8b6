/** HEIC and AVIF: what is read of them, what comes out, and what is refused. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boxOf } from "../../src/adapters/pictures/boxes.ts";
import { exifItem, profileProperty, xmpItem } from "../../src/adapters/pictures/heif-carry.ts";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { identity } from "../../src/core/lut/lattice.ts";
import type { Pictures, RenderRequest } from "../../src/ports.ts";
import { asHeif, coloursBox, exifOfOrientation, mirrorBox, turnBox } from "../support/heif.ts";
import {
  deepImage,
  pathOf,
  profileOf,
  saved,
  savedCube,
  sceneImage,
  sheerImage,
  silent,
  tagged,
  tagsOf,
} from "../support/photos.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const SAMPLES = join(import.meta.dirname, "../../samples");
const DOGS = pathOf(join(FIXTURES, "dogs-turned.heic"));
const BOWL = pathOf(join(FIXTURES, "bowl-p3.heic"));

const folder = mkdtempSync(join(tmpdir(), "hotgrade-heif-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let plain: PathText;
let count = 0;

beforeAll(() => {
  pictures = openPictures({ workers: 2, memoryBytes: 1 << 30, log: silent });
  plain = savedCube(folder, identity(17), "plain.cube");
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

async function rendered(original: PathText, format: RenderRequest["format"], besides: Partial<RenderRequest> = {}) {
  const to = pathOf(join(folder, `out-${++count}.${format}`));
  const report = await pictures.render({ original, cube: plain, strength: 1, format, quality: 95, to, ...besides });
  return { to, report };
}

const avif = (width = 64, height = 32) =>
  sceneImage(width, height).avif({ quality: 95, effort: 0, chromaSubsampling: "4:4:4" }).toBuffer();

/** Mean difference in 8-bit codes. */
function meanOff(one: ArrayLike<number>, other: ArrayLike<number>, scale = 1): number {
  expect(one.length).toBe(other.length);
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += Math.abs(one[i]! * scale - other[i]! * scale);
  return sum / one.length;
}

describe("HEIC", () => {
  test("a photo in tiles, turned by its own boxes and told so by EXIF as well, is turned once", async () => {
    expect(await pictures.inspect(DOGS)).toMatchObject({
      ...{ format: "heic", width: 250, height: 380, orientation: 6, bitDepth: 8, profile: null, hasAlpha: false },
    });
    const { to, report } = await rendered(DOGS, "png");
    expect(report).toMatchObject({ width: 250, height: 380 });
    const sample = sharp(join(SAMPLES, "dogs-rotated.jpg"), { autoOrient: true });
    const expected = await sample.resize(250, 380, { fit: "fill" }).raw().toBuffer();
    expect(meanOff(await sharp(to).removeAlpha().raw().toBuffer(), expected)).toBeLessThan(4);
    const tags = await tagsOf(tool, to);
    expect(tags).toMatchObject({ "IFD0:Artist": "Aitzol Berasategi", "IFD0:Orientation": 1 });
  });

  test("its plate shows the same", async () => {
    const to = pathOf(join(folder, "plate.png"));
    const frame = { crop: { left: 0, top: 10, width: 250, height: 360 }, width: 125, height: 180, squeeze: false };
    await pictures.plate({ original: DOGS, frame, to });
    const sample = sharp(join(SAMPLES, "dogs-rotated.jpg"), { autoOrient: true }).resize(250, 380, { fit: "fill" });
    const upright = await sample.png().toBuffer();
    const expected = sharp(upright).extract(frame.crop).resize(125, 180, { fit: "fill" });
    expect(meanOff(await sharp(to).raw().toBuffer(), await expected.raw().toBuffer())).toBeLessThan(4);
  });

  test("Display P3 stays Display P3: profile and numbers", async () => {
    expect(await pictures.inspect(BOWL)).toMatchObject({ format: "heic", profile: expect.stringMatching(/P3/) });
    const { to } = await rendered(BOWL, "jpeg");
    const sample = sharp(join(SAMPLES, "bowl-display-p3.jpg")).keepIccProfile().resize(320);
    const written = sharp(to).keepIccProfile();
    expect((await written.metadata()).icc).toEqual((await sharp(readFileSync(BOWL)).metadata()).icc);
    expect(meanOff(await written.raw().toBuffer(), await sample.raw().toBuffer())).toBeLessThan(4);
    expect(await tagsOf(tool, to)).toMatchObject({ "IFD0:Artist": expect.stringContaining("Freespace") });
  });

  test("cut short at any place it is damaged, and says so", async () => {
    const whole = readFileSync(BOWL);
    for (const share of [0.02, 0.1, 0.5, 0.9, 0.999]) {
      const cut = await saved(folder, `cut-${share}.heic`, whole.subarray(0, Math.floor(share * whole.length)));
      await expect(pictures.inspect(cut), `${share}`).rejects.toMatchObject({ code: "picture-damaged" });
    }
  });

  test("with pixels that are none it is damaged, and the worker goes on", async () => {
    const broken = Buffer.from(readFileSync(BOWL));
    broken.fill(0x55, broken.indexOf("mdat") + 4);
    const file = await saved(folder, "broken.heic", broken);
    await expect(rendered(file, "jpeg")).rejects.toMatchObject({ code: "picture-damaged" });
    expect((await rendered(BOWL, "jpeg")).report.width).toBe(320);
  });

  test("any byte may be wrong: the answer is a photo, or one of the sentences for it", async () => {
    const whole = readFileSync(DOGS);
    for (let at = 0; at < 700; at += 3) {
      const file = await saved(folder, "odd.heic", Buffer.from(whole).fill(whole[at]! ^ 0xff, at, at + 1));
      const seen = await pictures.inspect(file).catch((thrown: unknown) => thrown);
      if (seen instanceof Error)
        expect(seen, `byte ${at}`).toMatchObject({ code: /^(picture-damaged|picture-too-large|file-unsupported)$/ });
    }
  });
});

describe("fingerprint", () => {
  test("metadata is no part of the picture; its turn, its profile and its pixels are", async () => {
    const encoded = await avif();
    const pictureOf = async (name: string, bytes: Buffer) =>
      (await pictures.fingerprint(await saved(folder, name, bytes))).pictureSha256;
    const bare = await pictureOf("bare.avif", encoded);
    expect(await pictureOf("exif.avif", await asHeif(encoded, [], [exifItem(exifOfOrientation(3))]))).toBe(bare);
    const others = [
      await asHeif(encoded, [turnBox(1)]),
      await asHeif(encoded, [coloursBox(12, 13)]),
      Buffer.from(encoded).fill(encoded.at(-9)! ^ 1, encoded.length - 9, encoded.length - 8),
    ];
    for (const [index, other] of others.entries()) expect(await pictureOf(`other-${index}.avif`, other)).not.toBe(bare);
  });

  test("exiftool's rating makes no new photo of a HEIC; a lost tile does", async () => {
    const file = await saved(folder, "rated.heic", readFileSync(DOGS));
    const before = await pictures.fingerprint(file);
    await tagged(tool, file, { "XMP-xmp:Rating": 5 });
    const after = await pictures.fingerprint(file);
    expect(after.pictureSha256).toBe(before.pictureSha256);
    expect(after.contentSha256).not.toBe(before.contentSha256);
    const touched = Buffer.from(readFileSync(DOGS));
    touched[touched.indexOf("mdat") + 400]! ^= 1;
    const other = await pictures.fingerprint(await saved(folder, "touched.heic", touched));
    expect(other.pictureSha256).not.toBe(before.pictureSha256);
  });

  test("of what cannot be read, all counts", async () => {
    const file = await saved(folder, "cut.heic", readFileSync(DOGS).subarray(0, 300));
    const { contentSha256, pictureSha256 } = await pictures.fingerprint(file);
    expect(pictureSha256).toBe(contentSha256);
  });
});

describe("AVIF", () => {
  test("in and out: pixels, profile, EXIF and XMP", async () => {
    const xmp = Buffer.from(
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>',
    );
    const { icc } = await sharp(await sceneImage(8, 8).withIccProfile("p3").png().toBuffer()).metadata();
    const items = [exifItem(exifOfOrientation(1)), xmpItem(xmp)];
    const original = await saved(folder, "whole.avif", await asHeif(await avif(), [profileProperty(icc!)], items));
    expect(await pictures.inspect(original)).toMatchObject({ format: "avif", bitDepth: 8, width: 64, height: 32 });
    const { to, report } = await rendered(original, "avif");
    expect(report.notes).toEqual([]);
    const written = sharp(to).keepIccProfile();
    expect((await written.metadata()).icc).toEqual(icc);
    const before = await sharp(original as string)
      .keepIccProfile()
      .raw()
      .toBuffer();
    expect(meanOff(await written.raw().toBuffer(), before)).toBeLessThan(1.5);
    expect(await tagsOf(tool, to)).toMatchObject({ "XMP-xmp:Rating": 4, "IFD0:Software": "hotgrade" });
  });

  test.each([10, 12] as const)("%i bits are read to the full, and kept", async (bits) => {
    const image = deepImage(48, 32).avif({ bitdepth: bits, quality: 100, effort: 0, chromaSubsampling: "4:4:4" });
    const original = await saved(folder, `deep-${bits}.avif`, image);
    expect(await pictures.inspect(original)).toMatchObject({ bitDepth: bits });
    const white = sharp(new Uint16Array(3 * 16 * 16).fill(65_535), { raw: { width: 16, height: 16, channels: 3 } });
    const whiteAvif = white.toColourspace("rgb16").avif({ bitdepth: bits, lossless: true });
    const read = await pictures.readRgb(await saved(folder, `white-${bits}.avif`, whiteAvif));
    expect(Math.min(...read.samples)).toBe(65_535);
    const { to, report } = await rendered(original, "avif", { quality: 100 });
    expect(report.notes).toEqual([]);
    expect(await sharp(to).metadata()).toMatchObject({ bitsPerSample: bits });
    const [before, after] = [await pictures.readRgb(original), await pictures.readRgb(to)];
    expect(meanOff(after.samples, before.samples, 1 / 257)).toBeLessThan(1);
    const tiff = await rendered(original, "tiff");
    expect(await sharp(tiff.to).metadata()).toMatchObject({ depth: "ushort" });
    expect((await pictures.readRgb(tiff.to)).samples).toEqual(before.samples);
  });

  test("turns and mirrors by its boxes, and by nothing else", async () => {
    const encoded = await avif();
    const upright = await sharp(encoded).raw().toBuffer();
    const as = async (name: string, boxes: readonly Buffer[], orientation: number) =>
      saved(folder, name, await asHeif(encoded, boxes, [exifItem(exifOfOrientation(orientation))]));
    const turned = await as("turned.avif", [turnBox(3)], 6);
    const mirrored = await as("mirrored.avif", [turnBox(1), mirrorBox(1)], 7);
    const told = await as("told.avif", [], 6);
    const pixelsOf = async (file: PathText) => Buffer.from((await pictures.readRgb(file)).samples);
    const raw = { raw: { width: 64, height: 32, channels: 3 } } as const;
    expect(await pictures.inspect(turned)).toMatchObject({ width: 32, height: 64, orientation: 6 });
    expect(await pixelsOf(turned)).toEqual(await sharp(upright, raw).rotate(90).raw().toBuffer());
    expect(await pictures.inspect(mirrored)).toMatchObject({ width: 32, height: 64, orientation: 7 });
    const counter = await sharp(upright, raw).rotate(270).png().toBuffer();
    expect(await pixelsOf(mirrored)).toEqual(await sharp(counter).flop().raw().toBuffer());
    expect(await pictures.inspect(told)).toMatchObject({ width: 64, height: 32, orientation: 1 });
    expect(await pixelsOf(told)).toEqual(upright);
  });

  test("colours told by number alone become a profile", async () => {
    const p3 = await saved(folder, "p3.avif", await asHeif(await avif(), [coloursBox(12, 13)]));
    expect(await pictures.inspect(p3)).toMatchObject({ profile: "Display P3" });
    expect(await tagsOf(tool, (await rendered(p3, "jpeg")).to)).toMatchObject({
      "ICC_Profile:ProfileDescription": "Display P3",
    });
    const srgb = await saved(folder, "srgb.avif", await asHeif(await avif(), [coloursBox(1, 13)]));
    expect(await pictures.inspect(srgb)).toMatchObject({ profile: null });
  });

  test("a profile goes before numbers", async () => {
    const boxes = [coloursBox(12, 13), profileProperty(profileOf("Like Adobe RGB", 2.2))];
    const file = await saved(folder, "both.avif", await asHeif(await avif(), boxes));
    expect(await pictures.inspect(file)).toMatchObject({ profile: "Like Adobe RGB" });
  });

  test("transparency is kept", async () => {
    const original = await saved(folder, "sheer.avif", sheerImage(64, 16).avif({ quality: 95, effort: 0 }));
    expect(await pictures.inspect(original)).toMatchObject({ hasAlpha: true });
    const { to } = await rendered(original, "avif");
    const [before, after] = [sharp(original as string), sharp(to as string)].map((image) =>
      image.extractChannel(3).raw(),
    );
    expect(meanOff(await after!.toBuffer(), await before!.toBuffer())).toBeLessThan(2);
  });

  test("moving pictures and HDR are refused by what they are", async () => {
    const still = await avif();
    const brand = (name: string) => Buffer.concat([still.subarray(0, 8), Buffer.from(name), still.subarray(12)]);
    const inspect = async (name: string, bytes: Buffer) => pictures.inspect(await saved(folder, name, bytes));
    const says = (message: string) => ({ code: "file-unsupported", message });
    await expect(inspect("moving.avif", brand("avis"))).rejects.toMatchObject(says("This is an animated AVIF."));
    await expect(inspect("moving.heic", brand("hevc"))).rejects.toMatchObject(says("This is an animated HEIC."));
    const film = Buffer.concat([brand("mif1"), boxOf("moov", Buffer.alloc(8))]);
    await expect(inspect("film.heif", film)).resolves.toMatchObject({ format: "avif" });
    const hdr = await asHeif(still, [coloursBox(9, 16)]);
    await expect(inspect("pq.avif", hdr)).rejects.toMatchObject(says("This is an HDR AVIF (PQ)."));
  });
});
