/** EXIF in a graded JPEG: maker notes where they were, and a thumbnail of the picture that is there now. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { resourceOf } from "../../src/adapters/pictures/tiff-photo.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Pictures, RenderReport } from "../../src/ports.ts";
import { exifOf, exifSegment, MAKERS, makerExif, segment, staleThumbnail, withSegments } from "../support/makers.ts";
import { pathOf, saved, savedCube, sceneImage, silent, tagged, tagsOf } from "../support/photos.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-thumbnails-"));
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

async function rendered(original: PathText): Promise<{ file: PathText; bytes: Buffer; report: RenderReport }> {
  const file = pathOf(join(folder, `out-${++count}.jpg`));
  const report = await pictures.render({ original, cube: look, strength: 1, format: "jpeg", quality: null, to: file });
  return { file, bytes: readFileSync(file), report };
}

const noteOf = async (file: PathText): Promise<Buffer> => {
  const to = join(folder, `note-${++count}`);
  await tool.extractBinaryTag("MakerNotes", file, to).catch(() => undefined);
  return readFileSync(to);
};

/** How far two pictures are apart, in codes, at the first one's size. */
async function apart(one: Buffer, other: Buffer): Promise<number> {
  const { width, height } = await sharp(one).metadata();
  const flat = (bytes: Buffer) => sharp(bytes).resize(width, height, { fit: "fill" }).raw().toBuffer();
  const [a, b] = await Promise.all([flat(one), flat(other)]);
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length;
}

async function thumbnailIn(file: PathText): Promise<Buffer> {
  const to = join(folder, `thumb-${++count}.jpg`);
  await tool.extractThumbnail(file, to);
  return readFileSync(to);
}

describe.each(MAKERS)("a photo of $name", (maker) => {
  test("keeps its maker note to the byte and to the place, and gets a thumbnail of the graded picture", async () => {
    const plain = await sceneImage(360, 240).jpeg({ quality: 92 }).toBuffer();
    const exif = makerExif(maker, 6, await staleThumbnail());
    const original = await saved(folder, `${maker.name}.jpg`, withSegments(plain, exifSegment(exif)));
    const before = await tagsOf(tool, original);
    const { file, bytes, report } = await rendered(original);
    const after = await tagsOf(tool, file);

    const own = Object.keys(before).filter((tag) => tag.startsWith(`${maker.name}:`));
    expect(own.length).toBeGreaterThanOrEqual(Object.keys(maker.tags).length - 1);
    for (const tag of own) expect(after[tag], tag).toEqual(before[tag]);
    expect((await noteOf(file)).equals(await noteOf(original))).toBe(true);
    expect(exifOf(bytes).indexOf(await noteOf(file))).toBe(exif.indexOf(await noteOf(original)));
    expect(after["ExifTool:Warning"]).toBeUndefined();

    expect(report.notes).toEqual([]);
    const thumbnail = await thumbnailIn(file);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 107, height: 160 });
    expect(await apart(thumbnail, bytes)).toBeLessThan(8);
    // Upright: half of the scene's turns would be far from it.
    expect(await apart(await sharp(thumbnail).rotate(180).toBuffer(), bytes)).toBeGreaterThan(15);
    expect(after["IFD0:Orientation"]).toBe(1);
    // 300 across and 150 down were of the stored picture, and so was the subject's box.
    expect(after).toMatchObject({ "IFD0:XResolution": 150, "IFD0:YResolution": 300 });
    expect(after["ExifIFD:SubjectArea"]).toBe("220 30 8 12");
  });
});

test("in every orientation the subject stays where it was seen, and the thumbnail is upright", async () => {
  const maker = MAKERS[0]!;
  const plain = await sceneImage(120, 80).jpeg({ quality: 95 }).toBuffer();
  const seen: unknown[] = [];
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const exif = makerExif(maker, orientation, await staleThumbnail(160, 107));
    const original = await saved(folder, `turn-${orientation}.jpg`, withSegments(plain, exifSegment(exif)));
    const { file, bytes } = await rendered(original);
    const tags = await tagsOf(tool, file);
    expect(tags["IFD0:Orientation"]).toBe(1);
    expect(await apart(await thumbnailIn(file), bytes)).toBeLessThan(8);
    seen.push(tags["ExifIFD:SubjectArea"]);
  }
  // The box has its middle at 30, 20 of 120 × 80.
  expect(seen).toEqual([
    ...["30 20 12 8", "90 20 12 8", "90 60 12 8", "30 60 12 8"],
    ...["20 30 8 12", "60 30 8 12", "60 90 8 12", "20 90 8 12"],
  ]);
});

test("a larger thumbnail than the old one's room goes to the end, and the block stays within its segment", async () => {
  const maker = MAKERS[0]!;
  const plain = await sceneImage(600, 400).jpeg({ quality: 95 }).toBuffer();
  const tiny = await sharp({ create: { width: 160, height: 120, channels: 3, background: "#888" } })
    .jpeg({ quality: 5 })
    .toBuffer();
  const roomy = await saved(folder, "roomy.jpg", withSegments(plain, exifSegment(makerExif(maker, 1, tiny))));
  const { file, bytes } = await rendered(roomy);
  expect((await thumbnailIn(file)).length).toBeGreaterThan(tiny.length);
  expect(await apart(await thumbnailIn(file), bytes)).toBeLessThan(8);
  expect(exifOf(bytes).includes(tiny)).toBe(false);
});

test("where there is no room for a thumbnail the directory goes and a note says so", async () => {
  const maker = MAKERS[0]!;
  const plain = await sceneImage(600, 400).jpeg({ quality: 95 }).toBuffer();
  const tiny = await sharp({ create: { width: 16, height: 12, channels: 3, background: "#888" } })
    .jpeg({ quality: 5 })
    .toBuffer();
  const full = { ...maker, tags: { ...maker.tags, 9: "x".repeat(63_600) } };
  const original = await saved(folder, "full.jpg", withSegments(plain, exifSegment(makerExif(full, 1, tiny))));
  const { file, report } = await rendered(original);
  expect(report.notes).toEqual([expect.stringMatching(/^The thumbnail in EXIF was left out/)]);
  const tags = await tagsOf(tool, file);
  expect(Object.keys(tags).filter((tag) => tag.startsWith("IFD1:"))).toEqual([]);
  expect(tags["Canon:OwnerName"]).toHaveLength(63_600);
  expect(tags["ExifTool:Warning"]).toBeUndefined();
});

test("a broken block costs no more than itself", async () => {
  const maker = MAKERS[0]!;
  const plain = await sceneImage(60, 40).jpeg().toBuffer();
  const exif = makerExif(maker, 1, await staleThumbnail());
  const astray = Buffer.from(exif);
  // Tag 513 of the second directory, a LONG: the thumbnail is said to lie far behind the block.
  astray.writeUInt32LE(0xfffffff0, astray.indexOf(Buffer.from([0x01, 0x02, 4, 0, 1, 0, 0, 0])) + 8);
  const far = await rendered(await saved(folder, "far.jpg", withSegments(plain, exifSegment(astray))));
  expect(await apart(await thumbnailIn(far.file), far.bytes)).toBeLessThan(8);
  expect(await tagsOf(tool, far.file)).toMatchObject({ "Canon:OwnerName": "Ana Lee" });
  const big = Buffer.from(exif);
  big[2] = 43;
  const gone = await rendered(await saved(folder, "big.jpg", withSegments(plain, exifSegment(big))));
  expect(gone.report.notes).toEqual(["EXIF was left out: it cannot be read."]);
});

test("rows out of order, as some cameras write them, are all kept", async () => {
  const exif = makerExif(MAKERS[0]!, 1, null);
  // The rows of Make and Software change places.
  const [make, software] = [10, 10 + 12 * 6];
  const row = Buffer.from(exif.subarray(make, make + 12));
  exif.copy(exif, make, software, software + 12);
  row.copy(exif, software);
  const plain = await sceneImage(60, 40).jpeg().toBuffer();
  const original = await saved(folder, "astray.jpg", withSegments(plain, exifSegment(exif)));
  const { file } = await rendered(original);
  expect(await tagsOf(tool, file)).toMatchObject({
    "IFD0:Make": "Canon",
    "IFD0:Model": "Canon EOS R6",
    "IFD0:Software": "Firmware 1.2",
    "IFD0:ProcessingSoftware": "hotgrade",
    "ExifIFD:DateTimeOriginal": "2026:03:04 05:06:07",
  });
});

test("Photoshop's thumbnail is made again, and faces in XMP turn with the photo", async () => {
  const resource = resourceOf(1036, Buffer.concat([Buffer.alloc(28), await staleThumbnail(80, 53)]));
  const plain = await sceneImage(120, 80).jpeg().toBuffer();
  const jpeg = withSegments(plain, segment(0xed, "Photoshop 3.0\0", resource));
  const original = await saved(folder, "faces.jpg", jpeg);
  await tagged(tool, original, {
    Orientation: 6,
    "Photoshop:XResolution": 240,
    "XMP-mwg-rs:RegionInfo": {
      AppliedToDimensions: { W: 120, H: 80, Unit: "pixel" },
      RegionList: [{ Name: "Ana", Type: "Face", Area: { X: 0.25, Y: 0.2, W: 0.1, H: 0.3, Unit: "normalized" } }],
    },
    "XMP-MP:RegionInfoMP": { Regions: [{ PersonDisplayName: "Ana", Rectangle: "0.2, 0.05, 0.1, 0.3" }] },
    "XMP-tiff:Orientation": 6,
    "XMP-exif:ExifImageWidth": 120,
    "XMP-exif:ExifImageHeight": 80,
  });
  const { file, bytes } = await rendered(original);
  const to = join(folder, "photoshop.jpg");
  await tool.extractBinaryTag("PhotoshopThumbnail", file, to);
  expect(await sharp(readFileSync(to)).metadata()).toMatchObject({ width: 53, height: 80 });
  expect(await apart(readFileSync(to), bytes)).toBeLessThan(8);
  const tags = (await tool.readRaw(file, { readArgs: ["-G1", "-n", "-struct"] })) as unknown as Record<string, unknown>;
  expect(tags["XMP-mwg-rs:RegionInfo"]).toMatchObject({
    AppliedToDimensions: { W: 80, H: 120 },
    RegionList: [{ Name: "Ana", Area: { X: 0.8, Y: 0.25, W: 0.3, H: 0.1 } }],
  });
  expect(tags["XMP-MP:RegionInfoMP"]).toMatchObject({ Regions: [{ Rectangle: "0.65, 0.2, 0.3, 0.1" }] });
  expect(tags).toMatchObject({
    "XMP-tiff:Orientation": 1,
    "XMP-exif:ExifImageWidth": 80,
    "XMP-exif:ExifImageHeight": 120,
  });
});
