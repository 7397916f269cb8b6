/** Matrix profiles made from numbers, and what a colour is in CIELAB by the same numbers: not by hotgrade's own code. */
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { withChunks } from "../../src/adapters/pictures/png.ts";

/** X, Y, Z of red, of green, of blue, under D50. */
export type Primaries = readonly number[];
/** A gamma, or a table over 0 … 1. */
export type CurveNumbers = number | readonly number[];

const D50 = [0.9642, 1, 0.8249] as const;

export function matrixProfile(name: string, primaries: Primaries, curves: readonly CurveNumbers[]) {
  return { profile: profileBytes(name, primaries, curves), lab: labBy(primaries, curves) };
}

function profileBytes(name: string, primaries: Primaries, curves: readonly CurveNumbers[]): Buffer {
  const xyz = (values: readonly number[]) => {
    const tag = Buffer.from("XYZ ".padEnd(20, "\0"), "latin1");
    for (const [index, value] of values.entries()) tag.writeInt32BE(Math.round(value * 65_536), 8 + 4 * index);
    return tag;
  };
  const text = Buffer.from(`${name}\0`, "latin1");
  const description = Buffer.concat([Buffer.from("desc\0\0\0\0\0\0\0\0", "latin1"), text, Buffer.alloc(78)]);
  description.writeUInt32BE(text.length, 8);
  const tags: [string, Buffer][] = [
    ["desc", description],
    ["cprt", Buffer.from("text\0\0\0\0none\0", "latin1")],
    ["wtpt", xyz(D50)],
    ...["r", "g", "b"].flatMap((letter, index): [string, Buffer][] => [
      [`${letter}XYZ`, xyz(primaries.slice(3 * index, 3 * index + 3))],
      [`${letter}TRC`, curveTag(curves[index]!)],
    ]),
  ];
  const table = Buffer.alloc(132 + 12 * tags.length);
  table.write("    \x02\x20\0\0mntrRGB XYZ ", 4, "latin1");
  table.write("acsp", 36, "latin1");
  xyz(D50).copy(table, 68, 8);
  table.writeUInt32BE(tags.length, 128);
  const parts: Buffer[] = [table];
  let end = table.length;
  for (const [index, [tag, content]] of tags.entries()) {
    table.write(tag, 132 + 12 * index, "latin1");
    table.writeUInt32BE(end, 136 + 12 * index);
    table.writeUInt32BE(content.length, 140 + 12 * index);
    parts.push(content, Buffer.alloc(-content.length & 3));
    end += content.length + (-content.length & 3);
  }
  table.writeUInt32BE(end);
  return Buffer.concat(parts);
}

function curveTag(curve: CurveNumbers): Buffer {
  const count = typeof curve === "number" ? (curve === 1 ? 0 : 1) : curve.length;
  const tag = Buffer.alloc(12 + 2 * count);
  tag.write("curv", "latin1");
  tag.writeUInt32BE(count, 8);
  if (typeof curve !== "number")
    for (const [index, value] of curve.entries()) tag.writeUInt16BE(Math.round(value * 65_535), 12 + 2 * index);
  else if (count === 1) tag.writeUInt16BE(Math.round(curve * 256), 12);
  return tag;
}

/** Encoded R′G′B′ → CIELAB of D50, by the profile's numbers; its white is white. */
function labBy(primaries: Primaries, curves: readonly CurveNumbers[]) {
  const decode = (curve: CurveNumbers, x: number): number => {
    if (typeof curve === "number") return x ** (Math.round(curve * 256) / 256);
    const at = x * (curve.length - 1);
    const index = Math.min(curve.length - 2, Math.floor(at));
    return curve[index]! + (at - index) * (curve[index + 1]! - curve[index]!);
  };
  const white = [0, 1, 2].map((row) => primaries[row]! + primaries[3 + row]! + primaries[6 + row]!);
  const root = (t: number) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);
  return (colour: readonly number[]): readonly [number, number, number] => {
    const light = colour.map((value, channel) => decode(curves[channel]!, value));
    const [fx, fy, fz] = [0, 1, 2].map((row) =>
      root(light.reduce((sum, value, channel) => sum + value * primaries[3 * channel + row]!, 0) / white[row]!),
    ) as [number, number, number];
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
  };
}

/** A PNG of these very numbers with this profile attached. */
export async function taggedPng(
  samples: Uint8Array | Uint16Array,
  width: number,
  height: number,
  profile: Buffer,
): Promise<Buffer> {
  let image = sharp(samples, { raw: { width, height, channels: 3 } });
  if (samples instanceof Uint16Array) image = image.toColourspace("rgb16");
  const bytes = Buffer.concat([Buffer.from("a test\0\0", "latin1"), deflateSync(profile)]);
  return Buffer.concat(withChunks(await image.png().toBuffer(), [{ type: "iCCP", bytes }]));
}
