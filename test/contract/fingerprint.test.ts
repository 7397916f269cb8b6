/** Which files hold the same picture: hashed over real files, their metadata written in place by the real exiftool. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool, type WriteTags } from "exiftool-vendored";
import type { Sharp } from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { fingerprintFrom, fingerprintOf } from "../../src/adapters/pictures/fingerprint.ts";
import { bufferSource } from "../../src/adapters/pictures/source.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { deepImage, pathOf, saved, sceneImage, TAGS, tagged } from "../support/photos.ts";
import { type Container, containerOf, dngOf } from "../support/raws.ts";
import { buildTiff, type Directory } from "../support/tiffs.ts";

const LZW = { compression: "lzw" } as const;
const folder = mkdtempSync(join(tmpdir(), "hotgrade-fingerprint-"));
const tool = new ExifTool({ maxProcs: 1 });
const pictureOf = async (bytes: Buffer) => (await fingerprintFrom(bufferSource(bytes))).pictureSha256;

afterAll(async () => {
  await tool.end();
  rmSync(folder, { recursive: true, force: true });
});

/** The maker and the model decide how a RAW is developed: they count. */
const { Make, Model, ...TEXTS } = TAGS;

/** What a photo manager writes, a second time longer than the first. */
async function rateTwice(file: PathText): Promise<void> {
  const before = await fingerprintOf(file);
  for (const [stars, words] of [
    [5, "short"],
    [2, "a caption that is too long for the room the first one had ".repeat(40)],
  ] as const) {
    const tags = {
      ...TEXTS,
      Orientation: 6,
      "XMP-xmp:Rating": stars,
      "IPTC:Caption-Abstract": words,
      ImageDescription: words,
    };
    // The notes in files made here are no maker's: exiftool says so, and writes all the same.
    await tool.write(file, tags as WriteTags, { writeArgs: ["-overwrite_original", "-n", "-m"] });
    const after = await fingerprintOf(file);
    expect(after.contentSha256).not.toBe(before.contentSha256);
    expect(after.pictureSha256).toBe(before.pictureSha256);
  }
}

describe("what ledgers hold", () => {
  test.each([
    ["samples/bowl-display-p3.jpg", "a188141d4e4e8f8be2b37607489cb877224e469c7b2c4a57eab22bfa4e6dbf86"],
    ["samples/dogs-rotated.jpg", "51c8b17e85fea59516c52c36163de3afdd159c0d13169abea0c8c3cf6c08c391"],
    ["samples/sunset.webp", "15dd2ab5fdf361ca072be74ccd2a9749a701ca9843ae58e3b83c4d128f37da0c"],
    ["test/fixtures/bowl-p3.heic", "75290fbeb116b5e0166dcbc37c56d12fe1f8c3df150b347dd840c1b96a511b1f"],
    ["test/fixtures/dogs-turned.heic", "749a08c256be301d12d67170c90380f4b9035311b84582afcb390febbe645232"],
  ])("%s keeps its hash", async (file, expected) => {
    expect((await fingerprintOf(pathOf(file))).pictureSha256).toBe(expected);
  });

  test("so does a PNG", async () => {
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEElEQVQImWM40+ECQQxwFgBi5AmRr7B+iQAAAABJRU5ErkJggg==",
      "base64",
    );
    expect(await pictureOf(png)).toBe("02986b5d5ac6704d6ef4badd4a7e6bda0fe320520bb106b254f3511ec12ae6c5");
  });

  test("and a TIFF, from now on", async () => {
    expect(await pictureOf(buildTiff(plainTiff()))).toBe(
      "5858e3b19b7ea5c90fe26f8765f8bdc0311b3c5a3922d28519a8f20b9d249f6b",
    );
  });
});

describe("JPEG, PNG, WebP", () => {
  test("a JPEG's metadata is no part of the picture", async () => {
    await rateTwice(await saved(folder, "rated.jpg", sceneImage(90, 60).jpeg({ progressive: true })));
  });

  test("metadata are no part of a PNG's and a WebP's picture, first rating and second; a profile is", async () => {
    const prints = async (name: string, image: Sharp) => {
      const file = await saved(folder, name, image);
      const seen = [await fingerprintOf(file)];
      for (const stars of [5, 2]) {
        await tagged(tool, file, { "XMP-xmp:Rating": stars });
        seen.push(await fingerprintOf(file));
      }
      expect(new Set(seen.map(({ contentSha256 }) => contentSha256)).size).toBe(3);
      const [one, ...others] = new Set(seen.map(({ pictureSha256 }) => pictureSha256));
      expect(others).toEqual([]);
      return one;
    };
    const image = () => sceneImage(90, 60);
    const plain = [await prints("r.png", image().png()), await prints("r.webp", image().webp({ lossless: true }))];
    const p3 = [
      await prints("p.png", image().withIccProfile("p3").png()),
      await prints("p.webp", image().withIccProfile("p3").webp({ lossless: true })),
    ];
    expect(p3[0]).not.toBe(plain[0]);
    expect(p3[1]).not.toBe(plain[1]);
  });

  test("what follows the end of a JPEG's picture does not count, another pixel does", async () => {
    const bytes = await sceneImage(90, 60).jpeg().toBuffer();
    const file = await saved(folder, "end.jpg", bytes);
    const trailed = await saved(folder, "trailed.jpg", Buffer.concat([bytes, Buffer.from("MotionPhoto")]));
    const other = await saved(folder, "other.jpg", sceneImage(90, 60, 2).jpeg());
    const [one, two, three] = await Promise.all([file, trailed, other].map((path) => fingerprintOf(path)));
    expect(two!.pictureSha256).toBe(one!.pictureSha256);
    expect(three!.pictureSha256).not.toBe(one!.pictureSha256);
  });
});

describe("TIFF", () => {
  test.each([
    ["strips", () => sceneImage(300, 200).tiff(LZW)],
    ["bare", () => sceneImage(300, 200).tiff({ compression: "none" })],
    ["tiles", () => sceneImage(300, 200).withIccProfile("p3").tiff({ tile: true, tileWidth: 64, tileHeight: 64 })],
    ["pages", () => sceneImage(300, 200).tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64 })],
    ["deep", () => deepImage(300, 200).tiff({ ...LZW, predictor: "horizontal" })],
  ])("metadata is no part of the picture: %s", async (name, image) => {
    await rateTwice(await saved(folder, `${name}.tif`, image()));
  });

  test("another pixel, another profile or another depth is another picture", async () => {
    const bare = await sceneImage(90, 60).tiff({ compression: "none" }).toBuffer();
    const touched = Buffer.from(bare);
    touched[bare.length >> 1]! ^= 1;
    const others = [
      await sceneImage(90, 60).withIccProfile("p3").tiff({ compression: "none" }).toBuffer(),
      await deepImage(90, 60).tiff({ compression: "none" }).toBuffer(),
    ];
    const prints = await Promise.all([bare, touched, ...others].map(pictureOf));
    expect(new Set(prints).size).toBe(4);
  });

  test("every tag counts that is not known for metadata, in whichever directory", async () => {
    const bare = await pictureOf(buildTiff(plainTiff()));
    for (const [tag, type, content] of [
      [262, 3, [1]],
      [320, 3, [1, 2, 3]],
      [50714, 3, [512]],
      [50721, 10, Buffer.alloc(72, 1)],
      [60123, 7, Buffer.from("nobody knows this one")],
    ] as const)
      expect(await pictureOf(buildTiff(plainTiff([[tag, type, content]]))), `tag ${tag}`).not.toBe(bare);
    expect(await pictureOf(buildTiff(plainTiff([[330, 4, { directory: plainTiff() }]])))).not.toBe(bare);
    expect(await pictureOf(buildTiff({ ...plainTiff(), next: plainTiff() }))).not.toBe(bare);
    expect(await pictureOf(buildTiff(plainTiff([[18246, 3, [5]]])))).toBe(bare);
  });

  test("where things lie is no part of it", async () => {
    const pushed = { entries: [...plainTiff().entries, [700, 1, Buffer.alloc(5_000, 32)]] } as const;
    expect(await pictureOf(buildTiff(pushed))).toBe(await pictureOf(buildTiff(plainTiff())));
  });

  test("of an odd file all counts: loops, data that are not there, the same data again and again, no data", async () => {
    const whole = buildTiff(plainTiff());
    const loop = Buffer.from(whole);
    loop.writeUInt32LE(8, 8 + 2 + 12 * plainTiff().entries.length);
    const odd: Record<string, Buffer> = {
      loop,
      cut: whole.subarray(0, whole.length - 10),
      "no lengths": buildTiff({ entries: plainTiff().entries.filter(([tag]) => tag !== 279) }),
      "beyond the end": buildTiff(
        plainTiff([
          [513, 4, [1_000_000_000]],
          [514, 4, [100]],
        ]),
      ),
      "again and again": buildTiff(
        plainTiff([
          [324, 4, Array(900).fill(8)],
          [325, 4, Array(900).fill(3_000)],
        ]),
      ),
      "a place without a length": buildTiff(plainTiff([[519, 4, [8]]])),
      "no pixels": buildTiff({ entries: [[256, 3, [4]]] }),
      "a head alone": whole.subarray(0, 8),
      "a deep chain": buildTiff(chain(300)),
    };
    for (const [name, bytes] of Object.entries(odd)) {
      const { contentSha256, pictureSha256 } = await fingerprintFrom(bufferSource(bytes));
      expect(pictureSha256, name).toBe(contentSha256);
    }
  });

  test("whatever byte is broken, the hash is of something", async () => {
    const whole = buildTiff(plainTiff([[330, 4, { directory: plainTiff() }]]));
    const table = 8 + 2 + 12 * (plainTiff().entries.length + 1) + 4;
    for (let at = 0; at < table; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0xff;
      expect(await pictureOf(bytes), `byte ${at}`).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

describe("camera RAW", () => {
  test.each(["ARW", "CR3", "NEF", "ORF", "PEF", "SRW"] satisfies readonly Container[])(
    "metadata written into a %s is no part of the picture; its sensor data is",
    async (kind) => {
      const bytes = await containerOf(kind);
      await rateTwice(await saved(folder, `rated.${kind.toLowerCase()}`, bytes));
      const touched = Buffer.from(bytes);
      const noise = Buffer.from(Uint8Array.from({ length: 64 }, (_, at) => (at * 7919 + 13) % 256));
      const at = bytes.indexOf(noise);
      touched[at + 9]! ^= 1;
      expect(await pictureOf(touched)).not.toBe(await pictureOf(bytes));
    },
  );

  test("the same of a DNG", async () => {
    const bytes = await dngOf(64, 48);
    await rateTwice(await saved(folder, "rated.dng", bytes));
    expect(await pictureOf(await dngOf(64, 48, { preview: [48, 36] }))).not.toBe(await pictureOf(bytes));
    const darker = Buffer.from(bytes);
    darker.writeUInt16LE(513, bytes.indexOf(Buffer.from([0x1a, 0xc6, 3, 0, 1, 0, 0, 0, 0, 2])) + 8);
    expect(await pictureOf(darker)).not.toBe(await pictureOf(bytes));
  });

  test("RAF and RW2 are told by the whole file", async () => {
    for (const kind of ["RAF", "RW2"] as const) {
      const { contentSha256, pictureSha256 } = await fingerprintFrom(bufferSource(await containerOf(kind)));
      expect(pictureSha256).toBe(contentSha256);
    }
  });
});

/** Four grey pixels. */
function plainTiff(more: Directory["entries"] = []): Directory {
  const known = new Map(
    (
      [
        [256, 3, [2]],
        [257, 3, [2]],
        [258, 3, [8]],
        [259, 3, [1]],
        [262, 3, [0]],
        [273, 4, { blob: Buffer.from([1, 2, 3, 4]) }],
        [277, 3, [1]],
        [278, 3, [2]],
        [279, 4, [4]],
      ] satisfies Directory["entries"]
    ).map((entry) => [entry[0] as number, entry as Directory["entries"][number]]),
  );
  for (const entry of more) known.set(entry[0], entry);
  return { entries: [...known.values()] };
}

const chain = (length: number): Directory => {
  let last = plainTiff();
  for (let count = 1; count < length; count++) last = { ...plainTiff(), next: last };
  return last;
};
