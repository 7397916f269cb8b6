/** The Pictures port over real files, the real decoder and real worker threads. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ExifTool } from "exiftool-vendored";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { openPool } from "../../src/adapters/pictures/pool.ts";
import { doubtsOf, isBlank } from "../../src/core/answer/judge.ts";
import { NEUTRAL } from "../../src/core/colour/parametric.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { identity, latticeOf } from "../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../src/core/lut/sample.ts";
import { frameFor } from "../../src/core/workflow/framing.ts";
import type { Pictures, RenderReport, WrittenFormat } from "../../src/ports.ts";
import {
  deepImage,
  pathOf,
  profileOf,
  saved,
  savedCube,
  sceneImage,
  sheerImage,
  silent,
  strongLook,
  TAGS,
  tagged,
  tagsOf,
} from "../support/photos.ts";

/** The library would write JPEG inside, of 8 bits and without alpha. */
const LZW = { compression: "lzw" } as const;

const folder = mkdtempSync(join(tmpdir(), "hotgrade-pictures-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let look: PathText;
let plain: PathText;
let count = 0;

const fresh = (ending: string): PathText => pathOf(join(folder, `out-${++count}.${ending}`));
const bytesOf = (path: PathText): Buffer => readFileSync(path);

async function rendered(
  original: PathText,
  format: WrittenFormat = "jpeg",
  options: { cube?: PathText; strength?: number; quality?: number } = {},
): Promise<{ file: PathText; report: RenderReport }> {
  const { cube = look, strength = 1, quality = null } = options;
  const file = fresh(format);
  return { file, report: await pictures.render({ original, cube, strength, format, quality, to: file }) };
}

beforeAll(() => {
  pictures = openPictures({ workers: 2, memoryBytes: 1 << 30, log: silent });
  look = savedCube(folder);
  plain = savedCube(folder, identity(17), "plain.cube");
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

describe("plain RGB", () => {
  test.each([8, 16])("pixels of %i bits come back as they were written", async (bits) => {
    const codes = Array.from({ length: 3 * 20 * 10 }, (_, at) => (at * 7919) % 2 ** bits);
    const samples = bits === 8 ? Uint8Array.from(codes) : Uint16Array.from(codes);
    const to = fresh("png");
    await pictures.writeRgb({ picture: { width: 20, height: 10, samples }, to });
    expect(await pictures.readRgb(to)).toEqual({ width: 20, height: 10, samples });
    expect(bytesOf(to).toString("latin1")).not.toMatch(/gAMA|sRGB|iCCP|pHYs/);
  });

  test("a file that is there is not replaced", async () => {
    const picture = { width: 1, height: 1, samples: Uint8Array.of(1, 2, 3) };
    const to = await saved(folder, "there.png", Buffer.from("mine"));
    await expect(pictures.writeRgb({ picture, to })).rejects.toMatchObject({ code: "file-failed" });
    expect(bytesOf(to).toString()).toBe("mine");
  });

  test("a profile changes no numbers, and transparency goes", async () => {
    const { data } = await sceneImage(16, 8).raw().toBuffer({ resolveWithObject: true });
    const wide = await saved(folder, "wide-rgb.png", await asP3(await sceneImage(16, 8).png().toBuffer(), "png"));
    expect((await pictures.readRgb(wide)).samples).toEqual(new Uint8Array(data));
    const sheer = await saved(folder, "sheer-rgb.png", sheerImage(16, 8).png());
    expect((await pictures.readRgb(sheer)).samples).toHaveLength(3 * 16 * 8);
  });
});

describe("inspect", () => {
  test("a photo is told as it is displayed, with its camera and time", async () => {
    const image = sceneImage(60, 40).withIccProfile("p3").jpeg();
    const file = await tagged(tool, await saved(folder, "told.jpg", image), { ...TAGS, Orientation: 6 });
    expect(await pictures.inspect(file)).toEqual({
      format: "jpeg",
      width: 40,
      height: 60,
      orientation: 6,
      bitDepth: 8,
      hasAlpha: false,
      model: "rgb",
      profile: expect.stringContaining("P3"),
      camera: "Acme One",
      takenAt: "2026-03-04 05:06:07",
    });
  });

  test("depth, alpha and colour model are read from each format's header", async () => {
    const deep = await saved(folder, "deep.tif", deepImage(20, 10).tiff(LZW));
    const sheer = await saved(folder, "sheer.webp", sheerImage(20, 10).webp());
    const grey = await saved(folder, "grey.png", sceneImage(20, 10).toColourspace("b-w").png());
    const ink = await saved(folder, "ink.jpg", sceneImage(20, 10).toColourspace("cmyk").jpeg());
    expect(await pictures.inspect(deep)).toMatchObject({ format: "tiff", bitDepth: 16, model: "rgb", width: 20 });
    expect(await pictures.inspect(sheer)).toMatchObject({ format: "webp", hasAlpha: true, height: 10 });
    expect(await pictures.inspect(grey)).toMatchObject({ format: "png", model: "grey" });
    expect(await pictures.inspect(ink)).toMatchObject({ format: "jpeg", model: "cmyk" });
  });

  test("other kinds of files are refused by what they are, whatever their name", async () => {
    const gif = await saved(folder, "gif.jpg", sceneImage(8, 8).gif());
    const text = await saved(folder, "text.jpg", Buffer.from("not a photo\n"));
    const tiff = await sceneImage(8, 8).tiff({ compression: "none" }).toBuffer();
    const raw = await tagged(tool, await saved(folder, "raw.tif", tiff), { DNGVersion: "1 4 0 0" });
    const inspect = (file: PathText) => pictures.inspect(file);
    await expect(inspect(gif)).rejects.toMatchObject({
      code: "file-unsupported",
      message: "This is a GIF, a format of animations.",
    });
    await expect(inspect(text)).rejects.toMatchObject({ code: "file-unsupported", message: "This is a text file." });
    await expect(inspect(raw)).rejects.toMatchObject({ message: "This is a camera RAW (DNG)." });
  });

  test("animated pictures are refused", async () => {
    const frames = [1, 2].map((seed) => sceneImage(8, 8, seed).png().toBuffer());
    const webp = sharp(await Promise.all(frames), { join: { animated: true } }).webp();
    const file = await saved(folder, "moving.webp", webp);
    await expect(pictures.inspect(file)).rejects.toMatchObject({ message: "This is an animated WebP." });
  });

  test("a picture beyond the limit is refused before it is decoded", async () => {
    const small = openPictures({ workers: 1, memoryBytes: 1 << 28, pixelsMax: 1_000, log: silent });
    const file = await saved(folder, "large.jpg", sceneImage(40, 40).jpeg());
    await expect(small.inspect(file)).rejects.toMatchObject({ code: "picture-too-large" });
    await small.close();
  });
});

describe("plate, paint, prove, fit", () => {
  test("a plate is the frame of the upright photo in 8-bit sRGB, with nothing beside the pixels, always the same bytes", async () => {
    const image = sceneImage(300, 200).withIccProfile("p3").jpeg({ quality: 95, chromaSubsampling: "4:4:4" });
    const original = await tagged(tool, await saved(folder, "plate.jpg", image), { ...TAGS, Orientation: 8 });
    const frame = frameFor({ kind: "multiple", of: 16, pixelsMax: 16_384 }, 200, 300);
    const [one, two] = [fresh("png"), fresh("png")];
    const report = await pictures.plate({ original, frame, to: one });
    await pictures.plate({ original, frame, to: two });
    expect(bytesOf(two)).toEqual(bytesOf(one));
    expect(report.sizeBytes).toBe(bytesOf(one).length);
    expect(bytesOf(one).toString("latin1")).not.toMatch(/pHYs|eXIf|iCCP|tEXt|iTXt/);
    await pictures.prove({ file: one, size: frame });
    const expected = await sceneImage(300, 200)
      .rotate(270)
      .extract(frame.crop)
      .resize(frame.width, frame.height, { fit: "fill" })
      .raw()
      .toBuffer();
    expect(await meanOff(one, expected)).toBeLessThan(1.2);
  });

  test.each([
    ["a little", 200, 150],
    ["more than the photo itself, again and again", 300, 40],
  ])("what a plate has besides the photo are its mirrored edges: %s", async (_how, width, height) => {
    const original = await saved(folder, `edges-${width}.png`, sceneImage(width, height).png());
    const frame = frameFor({ kind: "multiple", of: 16, pixelsMax: 16_384 }, width, height, "pad");
    const { left, top, width: across, height: down } = frame.inner!;
    const to = fresh("png");
    await pictures.plate({ original, frame, to });
    await pictures.prove({ file: to, size: frame });
    const pixels = await sharp(bytesOf(to)).raw().toBuffer();
    const at = (x: number, y: number) => [...pixels.subarray(3 * (y * frame.width + x), 3 * (y * frame.width + x) + 3)];
    const mirrored = (place: number, from: number, length: number) => {
      const beyond = (((place - from) % (2 * length)) + 2 * length) % (2 * length);
      return from + (beyond < length ? beyond : 2 * length - 1 - beyond);
    };
    for (let x = 0; x < frame.width; x += 3)
      for (let y = 0; y < frame.height; y++)
        expect(at(x, y)).toEqual(at(mirrored(x, left, across), mirrored(y, top, down)));
    const shown = await sharp(bytesOf(to)).extract(frame.inner!).png().toBuffer();
    writeFileSync(to, shown);
    const expected = await sceneImage(width, height).resize(across, down, { fit: "fill" }).raw().toBuffer();
    expect(await meanOff(to, expected)).toBeLessThan(1.2);
  });

  test("a 16-bit photo in a wide profile gives the same plate as its 8-bit sRGB twin", async () => {
    const wide = await saved(folder, "wide.tif", await wideTiff());
    const to = fresh("png");
    await pictures.plate({ original: wide, frame: frameFor({ kind: "own", pixelsMax: 1e6 }, 64, 48), to });
    expect(await meanOff(to, await sceneImage(64, 48).raw().toBuffer())).toBeLessThan(0.6);
  });

  test("alpha is dropped without darkening the colours under it", async () => {
    const original = await saved(folder, "sheer.png", sheerImage(64, 48).png());
    const to = fresh("png");
    await pictures.plate({ original, frame: frameFor({ kind: "own", pixelsMax: 1e6 }, 64, 48), to });
    const [plate, source] = [await sharp(bytesOf(to)).raw().toBuffer(), await sheerImage(64, 48).raw().toBuffer()];
    for (const x of [1, 5, 63]) expect(plate[3 * x]).toBe(source[4 * x]);
  });

  test("a painted plate gives back the look it was painted with", async () => {
    const original = await saved(folder, "pair.jpg", sceneImage(640, 480).jpeg({ quality: 95 }));
    const [plate, preview, cube] = [fresh("png"), fresh("png"), fresh("cube")];
    await pictures.plate({ original, frame: frameFor({ kind: "own", pixelsMax: 1e6 }, 640, 480), to: plate });
    await pictures.paint({ plate, grade: { ...NEUTRAL, exposure: 0.4, contrast: 0.5, temperature: 0.6 }, to: preview });
    const pair = { before: plate, after: preview, baseline: null, rounding: "rounded" } as const;
    const report = await pictures.fit({ pairs: [pair], size: 33, title: "pair", comments: ["sRGB"], to: cube });
    expect(report).toMatchObject({ verdict: "global", registered: true });
    expect(report.score).toBeLessThan(0.5);
    expect(bytesOf(cube).toString()).toMatch(
      /^TITLE "pair"\n# sRGB\n# Coverage: 0\.9\d+ of .*\n(# Support 17: .*\n)+LUT_3D_SIZE 33\n/,
    );
  });

  test("AFTER may be the centre of BEFORE at another size, and nothing else", async () => {
    const before = await saved(folder, "whole.png", sceneImage(600, 400).png());
    const centre = { left: 100, top: 0, width: 400, height: 400 };
    const after = await saved(folder, "centre.png", sceneImage(600, 400).extract(centre).resize(320, 320).png());
    const strip = await saved(folder, "strip.png", sceneImage(400, 40).png());
    const rest = { size: 17, title: "t", comments: [], to: fresh("cube") } as const;
    const pair = { before, after, baseline: null, rounding: "rounded" } as const;
    expect((await pictures.fit({ pairs: [pair], ...rest })).score).toBeLessThan(1);
    await expect(pictures.fit({ pairs: [{ ...pair, after: strip }], ...rest })).rejects.toMatchObject({
      code: "pair-mismatch",
    });
  });

  test("a result cut short or damaged is incomplete, one of another size is no answer, one of twice the size is", async () => {
    const bytes = await sceneImage(64, 48).png().toBuffer();
    const size = { width: 64, height: 48 };
    const damaged = Buffer.from(bytes);
    damaged[bytes.length >> 1]! ^= 0xff;
    const prove = async (content: Buffer, wanted = size) =>
      pictures.prove({ file: await saved(folder, `prove-${++count}.png`, content), size: wanted });
    expect(await prove(bytes)).toEqual({ factor: 1, comparison: null });
    expect(await prove(bytes, { width: 32, height: 24 })).toEqual({ factor: 2, comparison: null });
    await expect(prove(bytes, { width: 32, height: 16 })).rejects.toMatchObject({ code: "picture-size" });
    await expect(prove(bytes.subarray(0, -20))).rejects.toMatchObject({ code: "picture-incomplete" });
    await expect(prove(damaged)).rejects.toMatchObject({ code: "picture-incomplete" });
    await expect(prove(bytes, { width: 48, height: 64 })).rejects.toMatchObject({ code: "picture-size" });
    await expect(prove(Buffer.from("<html>"))).rejects.toMatchObject({ code: "picture-incomplete" });
  });

  test("a result is held against its plate: blank, untouched, another photo's, larger", async () => {
    const size = { width: 320, height: 208 };
    const of = (seed: number) => sceneImage(size.width, size.height, seed);
    const plate = await saved(folder, "held-plate.png", of(1).png());
    const held = async (image: Sharp) => {
      const file = await saved(folder, `held-${++count}.png`, image.png());
      const { factor, comparison } = await pictures.prove({ file, size, plate });
      return { factor, blank: isBlank(comparison!), doubts: doubtsOf(comparison!, "gpu-1").length };
    };
    const black = sharp({ create: { ...size, channels: 3, background: "black" } });
    expect(await held(black)).toMatchObject({ blank: true });
    expect(await held(of(1))).toEqual({ factor: 1, blank: false, doubts: 1 });
    expect(await held(of(1).linear(1, 1))).toEqual({ factor: 1, blank: false, doubts: 1 });
    expect(await held(of(1).linear(0.8, 20))).toEqual({ factor: 1, blank: false, doubts: 0 });
    expect(await held(of(1).negate())).toEqual({ factor: 1, blank: false, doubts: 0 });
    expect(await held(of(1).rotate(180))).toEqual({ factor: 1, blank: false, doubts: 1 });
    expect(await held(of(1).resize(640, 416))).toEqual({ factor: 2, blank: false, doubts: 0 });
  });
});

describe("render: pixels", () => {
  test("a look comes out as the .cube says, within one code before encoding", async () => {
    const original = await saved(
      folder,
      "look.jpg",
      sceneImage(320, 240).jpeg({ quality: 95, chromaSubsampling: "4:4:4" }),
    );
    const { file, report } = await rendered(original);
    expect(report).toMatchObject({ width: 320, height: 240, notes: [], sizeBytes: bytesOf(file).length });
    const seen = await pictures.verify({ original, cube: look, strength: 1, output: file });
    expect(seen).toMatchObject({ sameSize: true, changed: true, pixels: 320 * 240 });
    expect(seen.maxCode).toBeLessThan(1);
    expect(seen.encodedMeanCode).toBeLessThan(2);
    expect(seen.meanDeltaE).toBeGreaterThan(3);
  });

  test("lossless files hold exactly what was computed, in their own depth", async () => {
    for (const format of ["png", "tiff"] as const) {
      const original = await saved(folder, `deep.${format}`, deepImage(80, 60)[format](format === "tiff" ? LZW : {}));
      const { file } = await rendered(original, format);
      expect(await pictures.inspect(file)).toMatchObject({ bitDepth: 16, format });
      const seen = await pictures.verify({ original, cube: look, strength: 1, output: file });
      expect(seen.maxCode).toBeLessThan(0.02);
      expect(seen.encodedMaxCode).toBeLessThan(0.01);
    }
  });

  test("strength 0 and a look that changes nothing leave every pixel", async () => {
    const original = await saved(folder, "still.png", sceneImage(80, 60).png());
    const pixels = await sceneImage(80, 60).raw().toBuffer();
    for (const options of [{ strength: 0 }, { cube: plain }]) {
      const { file } = await rendered(original, "png", options);
      expect((await sharp(bytesOf(file)).raw().toBuffer()).equals(pixels)).toBe(true);
    }
  });

  test("alpha stays bit for bit and colours under it are graded", async () => {
    for (const format of ["png", "tiff", "webp"] as const) {
      const image = sheerImage(64, 48)[format](format === "webp" ? { lossless: true, exact: true } : LZW);
      const { file } = await rendered(await saved(folder, `sheer.${format}`, image), format);
      const [before, after] = [await sheerImage(64, 48).raw().toBuffer(), await sharp(bytesOf(file)).raw().toBuffer()];
      expect(after.length).toBe(before.length);
      for (let i = 3; i < before.length; i += 4) if (after[i] !== before[i]) expect.fail(`${format}: alpha at ${i}`);
      const exact = sampleTetrahedral(strongLook, [before[0]! / 255, before[1]! / 255, before[2]! / 255]);
      for (const c of [0, 1, 2]) expect(Math.abs(after[c]! - 255 * exact[c]!)).toBeLessThan(1);
    }
  });

  test("a Display P3 photo is graded as its sRGB twin is, and keeps its profile", async () => {
    const image = sceneImage(96, 72).withIccProfile("p3").tiff(LZW);
    const wide = await saved(folder, "wide-8.tif", image);
    const { file } = await rendered(wide, "tiff");
    const [before, after] = [await sharp(bytesOf(wide)).metadata(), await sharp(bytesOf(file)).metadata()];
    expect(after.icc!.equals(before.icc!)).toBe(true);
    const twin = await saved(folder, "twin.png", sceneImage(96, 72).png());
    const graded = await sharp(bytesOf((await rendered(twin, "png")).file))
      .raw()
      .toBuffer();
    expect(await meanOff(file, graded)).toBeLessThan(1);
    const seen = await pictures.verify({ original: wide, cube: look, strength: 1, output: file });
    expect(seen.maxCode).toBeLessThan(2);
  });

  test("a 16-bit wide-gamut photo keeps depth and profile too", async () => {
    const original = await saved(folder, "wide-16.tif", await wideTiff());
    const { file } = await rendered(original, "tiff", { cube: plain });
    expect(await pictures.inspect(file)).toMatchObject({ bitDepth: 16, profile: expect.stringContaining("P3") });
    const seen = await pictures.verify({ original, cube: plain, strength: 1, output: file });
    expect(seen.meanDeltaE).toBeLessThan(0.01);
  });

  test("an Adobe RGB photo keeps its profile, and so does a linear one", async () => {
    const adobe = await profiled("adobe.tif", deepImage(64, 48).tiff(LZW), profileOf("Adobe-like", 2.2));
    const linear = await profiled("linear.png", deepImage(64, 48).png(), profileOf("Straight", 1));
    const [kept, became] = [await rendered(adobe, "tiff"), await rendered(linear, "png")];
    expect(await pictures.inspect(kept.file)).toMatchObject({ profile: "Adobe-like", bitDepth: 16 });
    const seen = await pictures.verify({ original: adobe, cube: look, strength: 1, output: kept.file });
    expect(seen.maxCode).toBeLessThan(2);
    expect(await pictures.inspect(became.file)).toMatchObject({ profile: "Straight", bitDepth: 16 });
    expect(became.report.notes).toEqual([]);
  });

  test("a black-and-white look paints no colour into colours outside sRGB", async () => {
    const bw = savedCube(
      folder,
      latticeOf(17, (r, g, b) => [
        0.3 * r + 0.6 * g + 0.1 * b,
        0.3 * r + 0.6 * g + 0.1 * b,
        0.3 * r + 0.6 * g + 0.1 * b,
      ]),
      "bw.cube",
    );
    const pure = sharp({ create: { width: 8, height: 8, channels: 3, background: "#ff0000" } }).png();
    const original = await saved(folder, "pure.png", await asP3(await pure.toBuffer(), "png"));
    const { file } = await rendered(original, "png", { cube: bw });
    const [r, g, b] = await sharp(bytesOf(file)).keepIccProfile().raw().toBuffer();
    expect(Math.max(r!, g!, b!) - Math.min(r!, g!, b!)).toBeLessThanOrEqual(1);
  });

  test("grey and CMYK photos come out in colour, and say so", async () => {
    const grey = await saved(folder, "grey.jpg", sceneImage(64, 48).toColourspace("b-w").jpeg());
    const ink = await saved(folder, "ink.jpg", sceneImage(64, 48).toColourspace("cmyk").jpeg());
    for (const [original, note] of [
      [grey, "Grey became RGB."],
      [ink, "CMYK became sRGB."],
    ] as const) {
      const { file, report } = await rendered(original);
      expect(report.notes).toContain(note);
      expect(await pictures.inspect(file)).toMatchObject({ model: "rgb", profile: null, width: 64, height: 48 });
    }
  });

  test("1 × 1 and a 20,000-pixel panorama keep their size", async () => {
    const dot = await saved(folder, "dot.jpg", sceneImage(1, 1).jpeg());
    const wide = await saved(folder, "wide.jpg", sceneImage(2_000, 10).resize(20_000, 100, { fit: "fill" }).jpeg());
    expect((await rendered(dot)).report).toMatchObject({ width: 1, height: 1 });
    expect((await rendered(wide)).report).toMatchObject({ width: 20_000, height: 100 });
    await expect(rendered(wide, "webp")).rejects.toMatchObject({ code: "picture-too-large" });
  });

  test("a photo cut short is refused, wherever it is cut", async () => {
    for (const format of ["jpeg", "png", "webp", "tiff"] as const) {
      const bytes = await sceneImage(320, 240)
        [format](format === "tiff" ? LZW : {})
        .toBuffer();
      for (const share of [0.5, 0.9]) {
        const cut = await saved(folder, `cut-${++count}`, bytes.subarray(0, Math.floor(bytes.length * share)));
        await expect(rendered(cut, format)).rejects.toMatchObject({ code: "picture-damaged" });
      }
    }
  });

  test("no file is replaced and a refused render leaves none", async () => {
    const original = await saved(folder, "kept.jpg", sceneImage(32, 32).jpeg());
    const to = await saved(folder, "mine.jpg", Buffer.from("mine"));
    const request = { original, cube: look, strength: 1, format: "jpeg", quality: null, to } as const;
    await expect(pictures.render(request)).rejects.toMatchObject({ code: "file-failed" });
    expect(bytesOf(to).toString()).toBe("mine");
  });
});

describe("render: how the file is coded", () => {
  test("a JPEG keeps its quality, chroma and progression", async () => {
    const finest = { quality: 96, chromaSubsampling: "4:4:4", progressive: true } as const;
    const usual = { quality: 85, chromaSubsampling: "4:2:0", progressive: false } as const;
    for (const options of [finest, usual]) {
      const { file } = await rendered(await saved(folder, `q${++count}.jpg`, sceneImage(160, 120).jpeg(options)));
      const seen = await sharp(bytesOf(file)).metadata();
      expect(seen).toMatchObject({ chromaSubsampling: options.chromaSubsampling, isProgressive: options.progressive });
      const again = await sceneImage(160, 120).jpeg({ quality: options.quality }).toBuffer();
      expect(lumaTable(bytesOf(file))).toEqual(lumaTable(again));
    }
  });

  test("a quality that is asked for is used", async () => {
    const original = await saved(folder, "asked.jpg", sceneImage(160, 120).jpeg({ quality: 95 }));
    const { file } = await rendered(original, "jpeg", { quality: 60 });
    expect(lumaTable(bytesOf(file))).toEqual(lumaTable(await sceneImage(16, 16).jpeg({ quality: 60 }).toBuffer()));
  });

  test("TIFF compression is kept", async () => {
    for (const compression of ["none", "lzw", "deflate"] as const) {
      const original = await saved(folder, `${compression}.tif`, deepImage(64, 48).tiff({ compression }));
      expect((await sharp(bytesOf((await rendered(original, "tiff")).file)).metadata()).compression).toBe(
        (await sharp(bytesOf(original)).metadata()).compression,
      );
    }
  });
});

describe("render: metadata", () => {
  const kept = {
    "IFD0:Artist": "Ana Lee",
    "IFD0:Make": "Acme",
    "ExifIFD:DateTimeOriginal": "2026:03:04 05:06:07",
    "ExifIFD:ExposureTime": 0.005,
    "XMP-xmp:Rating": 4,
    "XMP-dc:Subject": ["dawn", "lake"],
    "IFD0:Orientation": 1,
  };
  const place = { "GPS:GPSLatitude": 46.5, "GPS:GPSLongitude": 7.25 };
  const caption = { "IPTC:Caption-Abstract": "Dawn at the lake", "IPTC:City": "Thun" };

  async function photo(name: string, image: Sharp, without: readonly string[] = []): Promise<PathText> {
    const file = await saved(folder, name, image);
    const tags = Object.fromEntries(
      Object.entries(TAGS).filter(([tag]) => !without.some((start) => tag.startsWith(start))),
    );
    return tagged(tool, file, { ...tags, Orientation: 6 });
  }

  test("JPEG to JPEG: everything stays, the picture is upright", async () => {
    const image = sceneImage(120, 80).withIccProfile("p3").jpeg();
    const original = await photo("meta.jpg", image);
    writeFileSync(join(folder, "thumb.jpg"), await sceneImage(40, 30).jpeg().toBuffer());
    await tagged(
      tool,
      original,
      { "XMP-tiff:Orientation": 6, Comment: "hello" },
      { ThumbnailImage: join(folder, "thumb.jpg") },
    );
    const { file, report } = await rendered(original);
    expect(report).toMatchObject({ width: 80, height: 120, notes: [] });
    const tags = await tagsOf(tool, file);
    expect(tags).toMatchObject({ ...kept, ...place, ...caption, "XMP-tiff:Orientation": 1, "File:Comment": "hello" });
    expect(tags).toMatchObject({ "IFD0:Software": "Firmware 1.2", "IFD0:ProcessingSoftware": "hotgrade" });
    expect(tags["ExifTool:Warning"]).toBeUndefined();
    const [before, after] = [await sharp(bytesOf(original)).metadata(), await sharp(bytesOf(file)).metadata()];
    expect(after.icc!.equals(before.icc!)).toBe(true);
  });

  test("PNG, WebP and TIFF carry theirs as well", async () => {
    for (const format of ["png", "webp", "tiff"] as const) {
      const without = format === "webp" ? ["IPTC"] : [];
      const original = await photo(
        `meta.${format}`,
        sceneImage(120, 80)
          .withIccProfile("p3")
          [format](format === "tiff" ? LZW : {}),
        without,
      );
      const { file } = await rendered(original, format);
      const tags = await tagsOf(tool, file);
      expect(tags, format).toMatchObject({ ...kept, ...place, ...(format === "webp" ? {} : caption) });
      expect(tags["ExifTool:Warning"], format).toBeUndefined();
      const [before, after] = [await sharp(bytesOf(original)).metadata(), await sharp(bytesOf(file)).metadata()];
      expect(after.icc!.equals(before.icc!), format).toBe(true);
    }
  });

  test("a change of format takes the metadata along", async () => {
    const original = await photo("change.jpg", sceneImage(120, 80).withIccProfile("p3").jpeg());
    for (const format of ["png", "tiff", "webp"] as const) {
      const { file, report } = await rendered(original, format);
      const tags = await tagsOf(tool, file);
      expect(tags, format).toMatchObject({ ...kept, ...place, ...(format === "webp" ? {} : caption) });
      expect(report.notes).toEqual(format === "webp" ? ["IPTC was left out: WebP has no place for it."] : []);
    }
    const deep = await photo("change.tif", deepImage(120, 80).tiff(LZW));
    const { file, report } = await rendered(deep, "jpeg");
    expect(await tagsOf(tool, file)).toMatchObject({ ...kept, ...place, ...caption });
    expect(report.notes).toEqual(["16 bits became 8: JPEG holds no more."]);
  });
});

describe("the pool", () => {
  test("work that is called off while it waits never starts", async () => {
    const one = openPictures({ workers: 1, memoryBytes: 1 << 28, log: silent });
    const original = await saved(folder, "queue.jpg", sceneImage(200, 150).jpeg());
    const controller = new AbortController();
    const to = fresh("jpeg");
    const request = { original, cube: look, strength: 1, format: "jpeg", quality: null } as const;
    const first = one.render({ ...request, to: fresh("jpeg") });
    const second = one.render({ ...request, to }, controller.signal);
    controller.abort(new Error("called off"));
    await expect(second).rejects.toThrow("called off");
    await first;
    await one.fingerprint(original);
    expect(() => bytesOf(to)).toThrow("ENOENT");
    await one.close();
  });

  test("a worker that dies fails its own task, and the next task gets a fresh one", async () => {
    const program = pathToFileURL(join(folder, "worker.mjs"));
    writeFileSync(
      program,
      `process.on("disconnect", () => process.exit());
       process.on("message", ({ id, name }) => {
         if (name === "die") process.exit(3);
         if (name === "crash") process.kill(process.pid, "SIGSEGV");
         else if (name === "hang") for (;;);
         else process.send({ kind: "done", id, gives: name });
       });`,
    );
    const options = { program, workers: 1, memoryBytes: 100, limitMs: 60_000, words: [], log: silent };
    const pool = openPool(options);
    const [dead, alive] = [pool.run("die", null, { bytes: 1 }), pool.run("live", null, { bytes: 1 })];
    await expect(dead).rejects.toMatchObject({ code: "worker-died", data: { task: "die" } });
    expect(await alive).toBe("live");
    const crashed = pool.run("crash", null, { bytes: 1 });
    await expect(crashed).rejects.toMatchObject({ code: "worker-died", message: expect.stringContaining("SIGSEGV") });
    expect(await pool.run("live", null, { bytes: 1 })).toBe("live");
    await pool.close();
    const hasty = openPool({ ...options, limitMs: 1_000 });
    await expect(hasty.run("hang", null, { bytes: 1 })).rejects.toMatchObject({ code: "worker-died" });
    expect(await hasty.run("live", null, { bytes: 1 })).toBe("live");
    await hasty.close();
  });

  test("what a backend waits for goes ahead of what is only waited for here", async () => {
    const program = pathToFileURL(join(folder, "echo.mjs"));
    writeFileSync(
      program,
      `process.on("disconnect", () => process.exit());
       process.on("message", ({ id, name }) => process.send({ kind: "done", id, gives: name }));`,
    );
    const pool = openPool({ program, workers: 1, memoryBytes: 100, limitMs: 60_000, words: [], log: silent });
    const order: unknown[] = [];
    const run = async (name: string, ahead: boolean) => order.push(await pool.run(name, null, { bytes: 1, ahead }));
    await Promise.all([run("a", false), run("b", false), run("c", true), run("d", true)]);
    expect(order).toEqual(["a", "c", "d", "b"]);
    await pool.close();
  });

  test("a photo larger than the whole budget is graded alone", async () => {
    const small = openPictures({ workers: 2, memoryBytes: 1, log: silent });
    const original = await saved(folder, "alone.jpg", sceneImage(64, 48).jpeg());
    const request = { original, cube: look, strength: 1, format: "jpeg", quality: null } as const;
    const reports = await Promise.all([1, 2, 3].map(() => small.render({ ...request, to: fresh("jpeg") })));
    expect(reports.map(({ width }) => width)).toEqual([64, 64, 64]);
    await small.close();
  });
});

async function profiled(name: string, image: Sharp, profile: Buffer): Promise<PathText> {
  writeFileSync(join(folder, `${name}.icc`), profile);
  return tagged(tool, await saved(folder, name, image), {}, { ICC_Profile: join(folder, `${name}.icc`) });
}

/** Mean difference in codes between a file, as sRGB, and raw RGB. */
async function meanOff(file: PathText, expected: Buffer): Promise<number> {
  const seen = await sharp(bytesOf(file)).removeAlpha().raw().toBuffer();
  expect(seen.length).toBe(expected.length);
  return seen.reduce((sum, value, index) => sum + Math.abs(value - expected[index]!), 0) / seen.length;
}

/** The first quantisation table of a JPEG. */
function lumaTable(jpeg: Buffer): Buffer {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xdb]));
  return jpeg.subarray(at + 5, at + 5 + 64);
}

/** The same numbers with the P3 profile attached instead of converted to: the strongest colours lie outside sRGB. */
async function asP3(bytes: Buffer, format: "png" | "tiff"): Promise<Buffer> {
  const profile = (await sharp(await sceneImage(8, 8).withIccProfile("p3").png().toBuffer()).metadata()).icc!;
  writeFileSync(join(folder, "p3.icc"), profile);
  const file = await saved(folder, `as-p3-${++count}.${format}`, bytes);
  await tagged(tool, file, {}, { ICC_Profile: join(folder, "p3.icc") });
  return readFileSync(file);
}

/** 16 bits, Display P3, showing the scene. */
async function wideTiff(): Promise<Buffer> {
  const { data, info } = await sceneImage(64, 48)
    .withIccProfile("p3")
    .png()
    .toBuffer({ resolveWithObject: true })
    .then(({ data: png }) => sharp(png).keepIccProfile().raw().toBuffer({ resolveWithObject: true }));
  const samples = Uint16Array.from(data, (value) => value * 257);
  const raw = { width: info.width, height: info.height, channels: 3 } as const;
  return asP3(await sharp(samples, { raw }).toColourspace("rgb16").tiff(LZW).toBuffer(), "tiff");
}
