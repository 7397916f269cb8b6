/**
 * ICC profiles made here: sRGB, Display P3 and Rec. 2020, for outputs and for files that name their colours by number.
 *
 * Source  ICC.1:2010 (version 4, `para` curves, s15Fixed16 numbers); primaries of IEC 61966-2-1, SMPTE EG 432-1 and ITU-R
 *         BT.2020, brought to D50 by Bradford's way. `profileNamed("p3")` has 492 bytes.
 */

export type ProfileName = "srgb" | "p3" | "rec2020";

/** XYZ under D50 of red, green and blue; their sums are D50. */
const PRIMARIES: Readonly<Record<ProfileName, readonly (readonly number[])[]>> = {
  srgb: [
    [0.43607, 0.22249, 0.01392],
    [0.38515, 0.71687, 0.09708],
    [0.14307, 0.06061, 0.7141],
  ],
  p3: [
    [0.51512, 0.2412, -0.00105],
    [0.29198, 0.69225, 0.04189],
    [0.1571, 0.06657, 0.78407],
  ],
  rec2020: [
    [0.67346, 0.27904, -0.00193],
    [0.16566, 0.67534, 0.02998],
    [0.12505, 0.04561, 0.79686],
  ],
};
const NAMES: Readonly<Record<ProfileName, string>> = { srgb: "sRGB", p3: "Display P3", rec2020: "Rec. 2020" };
const D50 = [0.9642, 1, 0.82491];
/** From the white of daylight at 6500 K to D50. */
const ADAPTATION = [1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168];
/** sRGB's: (x/1.055 + 0.055/1.055)^2.4 from 0.04045 on, x/12.92 below. */
const SRGB_CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];

const HEAD_BYTES = 128;

/** With sRGB's curve, or a plain power. */
export function profileNamed(name: ProfileName, gamma?: number): Buffer {
  const title = gamma === undefined ? NAMES[name] : `${NAMES[name]}, gamma ${gamma}`;
  const curve = gamma === undefined ? curveTag(3, SRGB_CURVE) : curveTag(0, [gamma]);
  const [red, green, blue] = PRIMARIES[name].map((xyz) => numbersTag("XYZ ", xyz));
  return profileOf([
    ["desc", textTag(title)],
    ["cprt", textTag("CC0")],
    ["wtpt", numbersTag("XYZ ", D50)],
    ["chad", numbersTag("sf32", ADAPTATION)],
    ["rXYZ", red!],
    ["gXYZ", green!],
    ["bXYZ", blue!],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
  ]);
}

/** Tags of the same bytes are stored once. */
function profileOf(tags: readonly (readonly [name: string, bytes: Buffer])[]): Buffer {
  const table = Buffer.alloc(4 + 12 * tags.length);
  table.writeUInt32BE(tags.length);
  const placed = new Map<Buffer, number>();
  const parts: Buffer[] = [];
  let end = HEAD_BYTES + table.length;
  for (const [index, [name, bytes]] of tags.entries()) {
    if (!placed.has(bytes)) {
      placed.set(bytes, end);
      parts.push(bytes, Buffer.alloc(-bytes.length & 3));
      end += bytes.length + (-bytes.length & 3);
    }
    table.write(name, 4 + 12 * index, "latin1");
    table.writeUInt32BE(placed.get(bytes)!, 8 + 12 * index);
    table.writeUInt32BE(bytes.length, 12 + 12 * index);
  }
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(end);
  head.write("\x04\0\0\0mntrRGB XYZ ", 8, "latin1");
  for (const [index, value] of [2026, 1, 1].entries()) head.writeUInt16BE(value, 24 + 2 * index);
  head.write("acsp", 36, "latin1");
  numbersOf(D50).copy(head, 68);
  return Buffer.concat([head, table, ...parts]);
}

const numbersTag = (type: string, values: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(`${type}\0\0\0\0`, "latin1"), numbersOf(values)]);

function numbersOf(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeInt32BE(Math.round(value * 65_536), 4 * index);
  return bytes;
}

const curveTag = (kind: number, values: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from("para\0\0\0\0", "latin1"), Buffer.from([0, kind, 0, 0]), numbersOf(values)]);

/** One text, in English. */
function textTag(text: string): Buffer {
  const words = Buffer.from(text, "utf16le").swap16();
  const head = Buffer.from("mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\0\0\0\0\x1c", "latin1");
  head.writeUInt32BE(words.length, 20);
  return Buffer.concat([head, words]);
}
