/** Uncompressed TIFFs, whose pixels are graded where they lie in the file: the same picture as through the library. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPicturesHere } from "../../src/adapters/pictures/pictures.ts";
import { prepareKernel } from "../../src/core/lut/kernel/kernel.ts";
import type { Pictures } from "../../src/ports.ts";
import { pathOf, savedCube, strongLook } from "../support/photos.ts";
import { chance } from "../support/pictures.ts";
import { buildTiff } from "../support/tiffs.ts";

const [WIDTH, HEIGHT] = [61, 47];
let folder: string;
let pictures: Pictures;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hotgrade-plain-"));
  savedCube(folder);
  pictures = openPicturesHere(1_000_000);
});
afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

type Kind = {
  readonly little: boolean;
  readonly bits: 8 | 16;
  readonly channels: 3 | 4;
  /** Bytes before the pixels. */
  readonly start: number;
  readonly rowsPerStrip: number;
  /** Strips in the file from the last to the first. */
  readonly backwards?: boolean;
};

const USUAL: Kind = { little: true, bits: 16, channels: 3, start: 8, rowsPerStrip: 16 };

function samplesOf({ bits, channels }: Kind): Uint8Array | Uint16Array {
  const random = chance(7);
  const length = WIDTH * HEIGHT * channels;
  const code = () => Math.floor(2 ** bits * random());
  return bits === 8 ? Uint8Array.from({ length }, code) : Uint16Array.from({ length }, code);
}

/** A TIFF as other programs write them: head, pixels, directory. */
function tiffOf(kind: Kind, samples: Uint8Array | Uint16Array): Buffer {
  const { little, bits, channels, start, rowsPerStrip, backwards = false } = kind;
  const pixels = Buffer.alloc(samples.byteLength);
  for (const [at, code] of samples.entries())
    if (bits === 8) pixels[at] = code;
    else little ? pixels.writeUInt16LE(code, 2 * at) : pixels.writeUInt16BE(code, 2 * at);
  const row = (WIDTH * channels * bits) / 8;
  const strips = Array.from({ length: Math.ceil(HEIGHT / rowsPerStrip) }, (_, at) =>
    pixels.subarray(at * rowsPerStrip * row, (at + 1) * rowsPerStrip * row),
  );
  const order = strips.map((_, at) => (backwards ? strips.length - 1 - at : at));
  const starts: number[] = [];
  let end = start;
  for (const at of order) {
    starts[at] = end;
    end += strips[at]!.length;
  }
  const short = (value: number) => {
    const bytes = Buffer.alloc(2);
    little ? bytes.writeUInt16LE(value) : bytes.writeUInt16BE(value);
    return bytes;
  };
  const long = (value: number) => {
    const bytes = Buffer.alloc(4);
    little ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value);
    return bytes;
  };
  const tags: readonly (readonly [tag: number, type: number, values: readonly number[]])[] = [
    [256, 4, [WIDTH]],
    [257, 4, [HEIGHT]],
    [258, 3, new Array<number>(channels).fill(bits)],
    [259, 3, [1]],
    [262, 3, [2]],
    [273, 4, starts],
    [277, 3, [channels]],
    [278, 4, [rowsPerStrip]],
    [279, 4, strips.map((strip) => strip.length)],
    ...(channels === 4 ? ([[338, 3, [2]]] as const) : []),
  ];
  const directory = end + (end & 1);
  let values = directory + 2 + 12 * tags.length + 4;
  const rows: Buffer[] = [];
  const outside: Buffer[] = [];
  for (const [tag, type, list] of tags) {
    const bytes = Buffer.concat(list.map(type === 3 ? short : long));
    const inside = bytes.length <= 4;
    rows.push(short(tag), short(type), long(list.length), inside ? Buffer.concat([bytes], 4) : long(values));
    if (inside) continue;
    outside.push(bytes);
    values += bytes.length;
  }
  const head = Buffer.concat([Buffer.from(little ? "II*\0" : "MM\0*", "latin1"), long(directory)], start);
  const body = order.map((at) => strips[at]!);
  return Buffer.concat([head, ...body, Buffer.alloc(end & 1), short(tags.length), ...rows, long(0), ...outside]);
}

async function graded(kind: Kind) {
  const samples = samplesOf(kind);
  const file = join(folder, `plain-${++count}.tif`);
  const bytes = tiffOf(kind, samples);
  writeFileSync(file, bytes);
  const to = `${file}.out.tif`;
  const request = {
    original: pathOf(file),
    cube: pathOf(join(folder, "look.cube")),
    strength: 1,
    quality: null,
  } as const;
  const report = await pictures.render({ ...request, format: "tiff", to: pathOf(to) });
  expect(readFileSync(file).equals(bytes)).toBe(true);
  return { samples, report, bytes: readFileSync(to) };
}

test.each<[string, Kind]>([
  ["16 bits, Intel", USUAL],
  ["16 bits, Motorola", { ...USUAL, little: false }],
  ["8 bits", { ...USUAL, bits: 8 }],
  ["8 bits with alpha", { ...USUAL, bits: 8, channels: 4 }],
  ["16 bits with alpha", { ...USUAL, channels: 4 }],
  ["pixels at an odd place", { ...USUAL, start: 9 }],
  ["one strip", { ...USUAL, rowsPerStrip: HEIGHT }],
  ["strips out of order, which the library reads", { ...USUAL, backwards: true }],
])("%s: every pixel through the look, alpha as it was", async (_, kind) => {
  const { samples, bytes } = await graded(kind);
  const expected = samples.slice();
  prepareKernel(strongLook, kind.bits).apply(expected, kind.channels);
  const { data, info } = await sharp(bytes)
    .toColourspace(kind.bits === 16 ? "rgb16" : "srgb")
    .raw({ depth: kind.bits === 16 ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: WIDTH, height: HEIGHT, channels: kind.channels });
  expect(data.equals(Buffer.from(expected.buffer))).toBe(true);
  expect(bytes.length).toBeGreaterThan(samples.byteLength);
});

test("a file that ends within its pixels is refused, not read beyond", async () => {
  const file = join(folder, "cut.tif");
  const bits = [16, 16, 16];
  const sizes = [
    [256, 4, [WIDTH]],
    [257, 4, [HEIGHT]],
    [258, 3, bits],
  ] as const;
  const [start, length] = [8, 6 * WIDTH * HEIGHT];
  const strips = [
    [273, 4, [start]],
    [277, 3, [3]],
    [278, 4, [HEIGHT]],
    [279, 4, [length]],
  ] as const;
  writeFileSync(file, buildTiff({ entries: [...sizes, [259, 3, [1]], [262, 3, [2]], ...strips] }));
  const request = {
    original: pathOf(file),
    cube: pathOf(join(folder, "look.cube")),
    strength: 1,
    quality: null,
  } as const;
  const cut = pictures.render({ ...request, format: "tiff", to: pathOf(`${file}.out.tif`) });
  await expect(cut).rejects.toMatchObject({ code: "picture-damaged" });
});
