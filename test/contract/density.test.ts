/** Dots per inch: in each format's own place, upright, on every way from format to format. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Pictures, WrittenFormat } from "../../src/ports.ts";
import { segment, withSegments } from "../support/makers.ts";
import { pathOf, saved, savedCube, sceneImage, silent, tagged, tagsOf } from "../support/photos.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-density-"));
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

async function graded(original: PathText, format: WrittenFormat): Promise<Record<string, unknown>> {
  const to = pathOf(join(folder, `out-${++count}.${format}`));
  await pictures.render({ original, cube: look, strength: 1, format, quality: null, to });
  return tagsOf(tool, to);
}

/** A JPEG of 240 × 120 dots per inch by its JFIF header alone. */
async function jfif(orientation: number): Promise<PathText> {
  const plain = await sceneImage(60, 40).jpeg().toBuffer();
  const header = segment(0xe0, "JFIF\0\x01\x01\x01\0\xf0\0\x78\0\0");
  const file = await saved(folder, `jfif-${orientation}.jpg`, withSegments(plain, header));
  if (orientation !== 1) await tagged(tool, file, { Orientation: orientation });
  return file;
}

const inMetres = (dots: number) => Math.round(dots / 0.0254);

test("a JPEG's header keeps it, and turns it with the photo", async () => {
  expect(await graded(await jfif(1), "jpeg")).toMatchObject({ "JFIF:XResolution": 240, "JFIF:YResolution": 120 });
  expect(await graded(await jfif(6), "jpeg")).toMatchObject({ "JFIF:XResolution": 120, "JFIF:YResolution": 240 });
});

test("a change of format takes it to the other's place", async () => {
  const original = await jfif(1);
  expect(await graded(original, "png")).toMatchObject({
    "PNG-pHYs:PixelsPerUnitX": inMetres(240),
    "PNG-pHYs:PixelsPerUnitY": inMetres(120),
    "PNG-pHYs:PixelUnits": 1,
  });
  expect(await graded(original, "tiff")).toMatchObject({
    "IFD0:XResolution": 240,
    "IFD0:YResolution": 120,
    "IFD0:ResolutionUnit": 2,
  });
});

test("a PNG's goes into a JPEG, a TIFF's stays in a TIFF", async () => {
  const png = await saved(folder, "dots.png", sceneImage(60, 40).withMetadata({ density: 300 }).png());
  expect(await graded(png, "png")).toMatchObject({ "PNG-pHYs:PixelsPerUnitX": inMetres(300) });
  expect(await graded(png, "jpeg")).toMatchObject({ "JFIF:XResolution": 300, "JFIF:ResolutionUnit": 1 });
  const tiff = await saved(
    folder,
    "dots.tif",
    sceneImage(60, 40).tiff({ compression: "lzw", xres: 11.811, yres: 11.811 }),
  );
  const tags = await graded(tiff, "tiff");
  const before = await tagsOf(tool, tiff);
  expect(tags["IFD0:XResolution"]).toBeCloseTo(before["IFD0:XResolution"] as number, 3);
  expect(tags["IFD0:ResolutionUnit"]).toBe(before["IFD0:ResolutionUnit"]);
});
