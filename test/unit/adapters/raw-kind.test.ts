/** What is a camera's RAW, by content. */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { rawKindOf } from "../../../src/adapters/pictures/raw/kind.ts";
import { jpegsIn } from "../../../src/adapters/pictures/raw/preview.ts";
import { bufferSource } from "../../../src/adapters/pictures/source.ts";
import { deepImage, sceneImage } from "../../support/photos.ts";
import { CONTAINER_KINDS, containerOf, dngOf, jpegOf } from "../../support/raws.ts";
import { buildTiff } from "../../support/tiffs.ts";

const kindOf = (bytes: Buffer) => rawKindOf(bufferSource(bytes));

describe("a RAW is known by its content", () => {
  test.each(CONTAINER_KINDS)("%s", async (kind) => {
    expect(await kindOf(await containerOf(kind))).toBe(kind);
  });

  test("DNG, whose first directory is a picture that any decoder opens", async () => {
    expect(await kindOf(await dngOf(64, 48))).toBe("DNG");
  });

  test("a mosaic of a maker nobody knows", async () => {
    const sensor = { entries: [[262, 3, [32803]]] } as const;
    const file = buildTiff({
      entries: [
        [271, 2, "Nobody"],
        [330, 4, { directories: [sensor] }],
      ],
    });
    expect(await kindOf(file)).toBe("RAW");
  });

  test.each([
    ["IIQ", "II*\0\x08\0\0\0IIII"],
    ["CRW", "II\x1a\0\0\0HEAPCCDR"],
    ["X3F", "FOVb\0\0\0\0"],
    ["MRW", "\0MRM\0\0\0\0"],
    ["ORF", "MMOR\0\0\0\x08"],
  ])("%s", async (kind, start) => {
    expect(await kindOf(Buffer.from(start.padEnd(64, "\0"), "latin1"))).toBe(kind);
  });
});

describe("what is no RAW", () => {
  test("TIFF photos of 8 and 16 bits, also of makers whose cameras write RAW", async () => {
    const plain = sceneImage(16, 16).withExif({ IFD0: { Make: "NIKON CORPORATION", Model: "NIKON Z 9" } });
    expect(await kindOf(await plain.tiff({ compression: "lzw" }).toBuffer())).toBeNull();
    expect(await kindOf(await deepImage(16, 16).tiff({ compression: "deflate" }).toBuffer())).toBeNull();
    expect(await kindOf(await sceneImage(16, 16).tiff({ compression: "jpeg" }).toBuffer())).toBeNull();
  });

  test("JPEG, PNG, WebP, text and nothing at all", async () => {
    const image = () => sharp({ create: { width: 8, height: 8, channels: 3, background: "#123" } });
    for (const bytes of [
      await image().jpeg().toBuffer(),
      await image().png().toBuffer(),
      await image().webp().toBuffer(),
    ])
      expect(await kindOf(bytes)).toBeNull();
    expect(await kindOf(Buffer.from("II*\0 and some text"))).toBeNull();
    expect(await kindOf(Buffer.alloc(0))).toBeNull();
  });
});

describe("JPEGs in a RAW", () => {
  const garbage = Buffer.from(Uint8Array.from({ length: 5000 }, (_, at) => (at * 31) % 256));

  test("all are found, the largest first, byte for byte", async () => {
    const [small, large] = [await jpegOf(32, 24), await jpegOf(80, 60)];
    const progressive = await sceneImage(48, 36).jpeg({ progressive: true }).toBuffer();
    const file = Buffer.concat([garbage, small, garbage, large, garbage, progressive]);
    const found = await jpegsIn(file, []);
    expect(found.map(({ bytes }) => bytes.toString("base64"))).toEqual(
      [large, progressive, small].map((bytes) => bytes.toString("base64")),
    );
  });

  test("the thumbnail in a JPEG's own EXIF, a cut one and a start that is none are not taken", async () => {
    const cut = (await jpegOf(400, 300)).subarray(0, 900);
    const start = Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 4, 1, 2, 3, 4]);
    const outer = await sceneImage(40, 30).jpeg().toBuffer();
    const inside = Buffer.concat([Buffer.from([0xff, 0xe1, 3, 0]), Buffer.alloc(0x2fe)]);
    const thumbnail = await sharp({ create: { width: 16, height: 16, channels: 3, background: "#888" } })
      .jpeg()
      .toBuffer();
    thumbnail.subarray(0, 0x2fe).copy(inside, 4);
    const file = Buffer.concat([start, outer.subarray(0, 2), inside, outer.subarray(2), garbage, cut]);
    const found = await jpegsIn(file, []);
    expect(found.map(({ header }) => [header.width, header.height])).toEqual([[40, 30]]);
  });

  test("tiles of sensor data are none, though they are JPEGs", async () => {
    const [tile, preview] = [await jpegOf(256, 256), await jpegOf(64, 48)];
    const file = Buffer.concat([garbage, tile, preview]);
    const found = await jpegsIn(file, [{ start: garbage.length, end: garbage.length + tile.length }]);
    expect(found.map(({ header }) => header.width)).toEqual([64]);
  });
});
