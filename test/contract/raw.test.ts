/** RAW files through the Pictures port: the preview, and what LibRaw develops, read back by other readers. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { developByLibraw } from "../../src/adapters/pictures/raw/libraw.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { identity } from "../../src/core/lut/lattice.ts";
import type { Pictures, RawWay } from "../../src/ports.ts";
import { pathOf, saved, savedCube, silent, tagsOf } from "../support/photos.ts";
import { drawn, scene } from "../support/pictures.ts";
import { CONTAINER_KINDS, containerOf, dngOf, exifDirectory, jpegOf, MAKER_NOTE, withExif } from "../support/raws.ts";
import { buildTiff } from "../support/tiffs.ts";

const PREVIEW: RawWay = { kind: "preview" };
const DEVELOP: RawWay = { kind: "develop" };

const folder = mkdtempSync(join(tmpdir(), "hotgrade-raw-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let plain: PathText;
let count = 0;

const fresh = (): PathText => pathOf(join(folder, `made-${++count}`));

beforeAll(() => {
  pictures = openPictures({ workers: 2, memoryBytes: 1 << 30, log: silent });
  plain = savedCube(folder, identity(17), "plain.cube");
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

async function developed(original: PathText, way: RawWay) {
  const to = fresh();
  return { to, ...(await pictures.develop({ original, way, folder: pathOf(folder), to })) };
}

/** The whole way of a photo: developed, then written with a look that changes nothing. */
async function written(original: PathText, way: RawWay, format: "jpeg" | "tiff"): Promise<PathText> {
  const { to: source, pictureSha256 } = await developed(original, way);
  const to = fresh();
  await pictures.render({ original: source, pictureSha256, cube: plain, strength: 1, format, quality: 95, to });
  return to;
}

describe("preview", () => {
  test.each(CONTAINER_KINDS)("the JPEG in a %s is taken as it is, with the file's metadata", async (kind) => {
    const raw = await saved(folder, `photo.${kind}`, await containerOf(kind, { orientation: 6 }));
    const { to, photo, notes } = await developed(raw, PREVIEW);
    expect(photo).toMatchObject({
      raw: kind,
      format: "jpeg",
      width: 64,
      height: 96,
      orientation: 6,
      takenAt: "2026-05-04 03:02:01",
    });
    expect(await pictures.inspectRaw(raw, PREVIEW)).toEqual(photo);
    expect(notes[0]).toContain(`the camera put into the ${kind}, 64 × 96 pixels`);
    const pixels = (file: Buffer) => sharp(file).raw().toBuffer();
    expect(await pixels(readFileSync(to))).toEqual(await pixels(await jpegOf(96, 64)));

    const tags = await tagsOf(tool, await written(raw, PREVIEW, "jpeg"));
    expect(tags).toMatchObject({
      "File:ImageWidth": 64,
      "File:ImageHeight": 96,
      "IFD0:Orientation": 1,
      "ExifIFD:ExposureTime": 0.004,
      "ExifIFD:LensModel": "Testar 50mm F2.8",
      "ExifIFD:ExifImageWidth": 64,
      "GPS:GPSLatitudeRef": "N",
      "XMP-xmp:Rating": 4,
    });
  });

  test("the maker's notes stay where they were, since they count from there", async () => {
    for (const kind of ["ARW", "NEF", "CR2"] as const) {
      const bytes = await containerOf(kind);
      const raw = await saved(folder, `noted.${kind}`, bytes);
      const output = readFileSync(await written(raw, PREVIEW, "jpeg"));
      const start = output.indexOf("Exif\0\0") + 6;
      expect(output.indexOf(MAKER_NOTE) - start).toBe(bytes.indexOf(MAKER_NOTE));
    }
  });

  test("notes that are larger than a JPEG holds are left out, and nothing else with them", async () => {
    const exif = { entries: [...exifDirectory().entries, [37500, 7, Buffer.alloc(70_000, "n")]] } as const;
    const sensor = { entries: [[262, 3, [32803]]] } as const;
    const head = buildTiff({
      entries: [
        [271, 2, "NIKON CORPORATION"],
        [34665, 4, { directory: exif }],
        [330, 4, { directories: [sensor] }],
      ],
    });
    const raw = await saved(folder, "long.nef", Buffer.concat([head, await jpegOf(48, 32)]));
    expect((await developed(raw, PREVIEW)).notes).toContainEqual(
      expect.stringContaining("maker's own notes were left out"),
    );
    expect(await tagsOf(tool, await written(raw, PREVIEW, "jpeg"))).toMatchObject({ "ExifIFD:ExposureTime": 0.004 });
  });

  test("Canon's notes from a CR3 are notes again", async () => {
    const raw = await saved(folder, "notes.cr3", await containerOf("CR3"));
    const tags = await tagsOf(tool, await written(raw, PREVIEW, "jpeg"));
    expect(tags["Canon:CanonImageType"]).toBe("Canon Zero of notes");
  });

  test("the largest of several, whichever directory it hangs in", async () => {
    const raw = await saved(folder, "several.dng", await dngOf(320, 240, { preview: [200, 150] }));
    expect(await pictures.inspectRaw(raw, PREVIEW)).toMatchObject({ width: 200, height: 150 });
  });

  test("a preview that says its own orientation is believed, one stored upright is not turned again", async () => {
    const exif = buildTiff({ entries: [[274, 3, [8]]] });
    const own = Buffer.concat([
      await containerOf("ORF", { orientation: 6, preview: null }),
      withExif(await jpegOf(90, 60), exif),
    ]);
    const turned = await saved(folder, "own.orf", own);
    expect(await pictures.inspectRaw(turned, PREVIEW)).toMatchObject({ orientation: 8, width: 60, height: 90 });
    const upright = await saved(folder, "upright.nef", await containerOf("NEF", { orientation: 6, preview: [60, 90] }));
    expect(await pictures.inspectRaw(upright, PREVIEW)).toMatchObject({ orientation: 1, width: 60, height: 90 });
  });

  test("one much smaller than the sensor says what there is besides", async () => {
    const raw = await saved(folder, "small.dng", await dngOf(320, 240, { preview: [200, 150] }));
    expect((await developed(raw, PREVIEW)).notes[0]).toMatch(
      /200 × 150 pixels; with `raw: develop` it has 320 × 240\.$/,
    );
  });

  test("of a file that is cut short, no smaller one is taken instead", async () => {
    for (const bytes of [await dngOf(320, 240), await containerOf("CR3")]) {
      const raw = await saved(folder, "short.raw", bytes.subarray(0, bytes.length - 1000));
      await expect(pictures.inspectRaw(raw, PREVIEW)).rejects.toMatchObject({
        code: "picture-damaged",
        message: expect.stringContaining("cut short"),
      });
    }
  });

  test("a RAW without one is refused with the way out", async () => {
    const raw = await saved(folder, "bare.nef", await containerOf("NEF", { preview: null }));
    await expect(pictures.inspectRaw(raw, PREVIEW)).rejects.toMatchObject({
      code: "file-unsupported",
      message: expect.stringContaining("`raw: develop`"),
    });
  });
});

describe("develop", () => {
  test("the mosaic becomes the scene: 16 bits, sRGB, the camera's white balance", async () => {
    const [width, height] = [320, 240];
    const raw = await saved(folder, "scene.dng", await dngOf(width, height));
    const { to, photo } = await developed(raw, DEVELOP);
    expect(photo).toMatchObject({ raw: "DNG", format: "tiff", bitDepth: 16, width, height, orientation: 1 });
    const image = sharp(readFileSync(to));
    expect(await image.metadata()).toMatchObject({ depth: "ushort", hasProfile: true });
    const words = await image.keepIccProfile().toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer();
    const { pixels } = drawn(width, height, scene(1));
    let off = 0;
    for (let at = 0; at < pixels.length; at++) off += Math.abs(words.readUInt16LE(2 * at) / 257 - pixels[at]!);
    // Two of three colours of a pixel are guessed from its neighbours.
    expect(off / pixels.length).toBeLessThan(2.5);
  });

  test.each(["tiff", "jpeg"] as const)("a %s of it is upright and carries the metadata", async (format) => {
    const raw = await saved(folder, "turned.dng", await dngOf(160, 120, { orientation: 8 }));
    const tags = await tagsOf(tool, await written(raw, DEVELOP, format));
    expect(tags).toMatchObject({
      [format === "tiff" ? "IFD0:ImageWidth" : "File:ImageWidth"]: 120,
      [format === "tiff" ? "IFD0:ImageHeight" : "File:ImageHeight"]: 160,
      "IFD0:Orientation": 1,
      "IFD0:Model": "Testcam Zero",
      "ExifIFD:DateTimeOriginal": "2026:05:04 03:02:01",
      "GPS:GPSLongitudeRef": "E",
      "XMP-xmp:Label": "Keep",
      "ICC_Profile:ProfileDescription": "sRGB",
    });
    expect(tags["IFD0:DNGVersion"]).toBeUndefined();
    if (format === "tiff") expect(String(tags["IFD0:BitsPerSample"])).toBe("16 16 16");
  });

  test("twice gives the same bytes, and the RAW is as it was", async () => {
    const raw = await saved(folder, "twice.dng", await dngOf(96, 64));
    const before = { bytes: readFileSync(raw), mtime: statSync(raw, { bigint: true }).mtimeNs };
    const [one, other] = [await developed(raw, DEVELOP), await developed(raw, DEVELOP)];
    expect(other.pictureSha256).toBe(one.pictureSha256);
    expect(readFileSync(raw)).toEqual(before.bytes);
    expect(statSync(raw, { bigint: true }).mtimeNs).toBe(before.mtime);
  });

  test("what cannot be developed says so, and the worker goes on", async () => {
    const raw = await saved(folder, "noise.nef", await containerOf("NEF"));
    await expect(developed(raw, DEVELOP)).rejects.toMatchObject({ code: "picture-damaged" });
    const whole = await dngOf(96, 64);
    const cut = await saved(folder, "cut.dng", whole.subarray(0, whole.length - 9000));
    await expect(developed(cut, DEVELOP)).rejects.toMatchObject({ code: "picture-damaged" });
    expect((await developed(await saved(folder, "well.dng", whole), DEVELOP)).photo.width).toBe(96);
  });

  test("what takes too long is ended, with its memory", async () => {
    const raw = await dngOf(96, 64);
    await expect(developByLibraw(raw, { limitMs: 1 })).rejects.toMatchObject({
      code: "worker-died",
      message: "Developing was ended after 1 ms.",
    });
    expect((await developByLibraw(raw, {})).width).toBe(96);
  });

  test("stops at once when it is cancelled", async () => {
    const raw = await saved(folder, "cancelled.dng", await dngOf(96, 64));
    const stopping = new AbortController();
    const to = fresh();
    const work = pictures.develop({ original: raw, way: DEVELOP, folder: pathOf(folder), to }, stopping.signal);
    stopping.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
  });
});

describe("a RAW that is no longer the one", () => {
  test("is not developed", async () => {
    const raw = await saved(folder, "changed.dng", await dngOf(64, 48));
    const request = { original: raw, pictureSha256: "0".repeat(64), way: PREVIEW, folder: pathOf(folder), to: fresh() };
    await expect(pictures.develop(request)).rejects.toMatchObject({ code: "original-changed" });
  });
});
