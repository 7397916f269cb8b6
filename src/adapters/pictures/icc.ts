/**
 * ICC profiles of the matrix kind, computed here: the library's own conversion clips what lies outside sRGB and turns
 * 16-bit pictures into Display P3, so nothing exact can be built on it.
 *
 * Units   encoded R′G′B′ 0 … 1 in; sRGB-encoded out, beyond 0 … 1 for colours outside sRGB (odd-symmetric below 0).
 * Source  ICC.1:2010 (tags, curve and parametric curve types); sRGB's D50 primaries from its own ICC profile.
 */
import { createHash } from "node:crypto";
import { type Triple, toEncoded, toLinear } from "../../core/colour/srgb.ts";

type Matrix = readonly [Triple, Triple, Triple];
export type Curve = { decode(encoded: number): number; encode(linear: number): number };

export type Profile = {
  readonly description: string;
  readonly sha256: string;
  /** Signature of the space the numbers are in: "RGB ", "GRAY", "CMYK" … */
  readonly space: string;
  /** How to compute it; null for profiles of tables, which only the library can convert. */
  readonly way: ProfileWay | null;
};

export type ProfileWay = {
  readonly toSrgb: (colour: Triple) => Triple;
  readonly fromSrgb: (colour: Triple) => Triple;
  readonly curves: readonly [Curve, Curve, Curve];
  /** Linear R, G, B of this profile → linear sRGB. */
  readonly matrix: Matrix;
  /** Within half an 8-bit code of sRGB everywhere: a look may be applied to the numbers as they are. */
  readonly isSrgb: boolean;
  /** A curve too straight for a lattice of even steps to follow the dark colours. */
  readonly isLinear: boolean;
};

/** Columns are sRGB's red, green and blue in XYZ under D50. */
const SRGB_D50: Matrix = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
];
const CURVE_STEPS = 16_384;
const LINEAR_AT_TENTH = 0.05;

/** A profile's parts, or null when the bytes are no profile at all. */
export function readProfile(bytes: Buffer): Profile | null {
  if (bytes.length < 132 || bytes.toString("latin1", 36, 40) !== "acsp") return null;
  const space = bytes.toString("latin1", 16, 20);
  const tags = tagsOf(bytes);
  const description = descriptionOf(tags.get("desc")) || "an unnamed profile";
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { description, sha256, space, way: wayOf(space, bytes.toString("latin1", 20, 24), tags) };
}

function tagsOf(bytes: Buffer): Map<string, Buffer> {
  const tags = new Map<string, Buffer>();
  const count = Math.min(bytes.readUInt32BE(128), 200);
  for (let at = 132; at < 132 + 12 * count && at + 12 <= bytes.length; at += 12) {
    const [from, length] = [bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)];
    if (from + length <= bytes.length)
      tags.set(bytes.toString("latin1", at, at + 4), bytes.subarray(from, from + length));
  }
  return tags;
}

function descriptionOf(tag: Buffer | undefined): string {
  if (!tag || tag.length < 16) return "";
  const type = tag.toString("latin1", 0, 4);
  if (type === "desc") return tag.toString("latin1", 12, 12 + tag.readUInt32BE(8)).split("\0")[0]!;
  if (type !== "mluc" || tag.length < 28) return "";
  const [length, from] = [tag.readUInt32BE(20), tag.readUInt32BE(24)];
  const text = Buffer.from(tag.subarray(from, from + (length & ~1)));
  return text.swap16().toString("utf16le").split("\0")[0]!;
}

function wayOf(space: string, connection: string, tags: ReadonlyMap<string, Buffer>): ProfileWay | null {
  if (["A2B0", "A2B1", "D2B0", "D2B1"].some((name) => tags.has(name))) return null;
  if (space === "GRAY") {
    const grey = curveOf(tags.get("kTRC"));
    return grey && wayFrom([grey, grey, grey], IDENTITY);
  }
  if (space !== "RGB " || connection !== "XYZ ") return null;
  const columns = ["rXYZ", "gXYZ", "bXYZ"].map((name) => xyzOf(tags.get(name)));
  const [red, green, blue] = columns;
  const curves = ["rTRC", "gTRC", "bTRC"].map((name) => curveOf(tags.get(name)));
  if (!red || !green || !blue || !curves[0] || !curves[1] || !curves[2]) return null;
  const rows = ([0, 1, 2] as const).map((row): Triple => [red[row], green[row], blue[row]]) as unknown as Matrix;
  return wayFrom([curves[0], curves[1], curves[2]], neutral(multiply(inverse(SRGB_D50), rows)));
}

const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

export function wayFrom(curves: ProfileWay["curves"], matrix: Matrix): ProfileWay {
  const back = inverse(matrix);
  const toSrgb = ([r, g, b]: Triple): Triple => {
    const linear = transform(matrix, [curves[0].decode(r), curves[1].decode(g), curves[2].decode(b)]);
    return [toEncoded(linear[0]), toEncoded(linear[1]), toEncoded(linear[2])];
  };
  const fromSrgb = ([r, g, b]: Triple): Triple => {
    const own = transform(back, [toLinear(r), toLinear(g), toLinear(b)]);
    return [curves[0].encode(own[0]), curves[1].encode(own[1]), curves[2].encode(own[2])];
  };
  const isLinear = curves.some((curve) => curve.decode(0.1) > LINEAR_AT_TENTH);
  return { toSrgb, fromSrgb, curves, matrix, isSrgb: isNearIdentity(toSrgb), isLinear };
}

/** Rows scaled to sum 1: white stays white in spite of the rounding in the profile's numbers, and greys stay grey. */
const neutral = (matrix: Matrix): Matrix =>
  matrix.map(([r, g, b]) => [r / (r + g + b), g / (r + g + b), b / (r + g + b)]) as unknown as Matrix;

function isNearIdentity(convert: (colour: Triple) => Triple): boolean {
  for (let i = 0; i < 9 ** 3; i++) {
    const colour: Triple = [(i % 9) / 8, (Math.floor(i / 9) % 9) / 8, Math.floor(i / 81) / 8];
    const seen = convert(colour);
    if (seen.some((value, c) => Math.abs(value - colour[c]!) > 0.5 / 255)) return false;
  }
  return true;
}

function xyzOf(tag: Buffer | undefined): Triple | null {
  if (!tag || tag.length < 20) return null;
  return [tag.readInt32BE(8) / 65536, tag.readInt32BE(12) / 65536, tag.readInt32BE(16) / 65536];
}

function curveOf(tag: Buffer | undefined): Curve | null {
  const decode = tag && tag.length >= 12 ? decoderOf(tag) : null;
  if (!decode) return null;
  // The way back is read from a table of the way there: curves rise, and some have no inverse to write down.
  const table = Float64Array.from({ length: CURVE_STEPS + 1 }, (_, index) => decode(index / CURVE_STEPS));
  for (let i = 1; i <= CURVE_STEPS; i++) table[i] = Math.max(table[i]!, table[i - 1]!);
  return { decode, encode: (linear) => inverseIn(table, linear) };
}

function inverseIn(table: Float64Array, linear: number): number {
  if (!(linear > table[0]!)) return 0;
  if (linear >= table[CURVE_STEPS]!) return 1;
  let [low, high] = [0, CURVE_STEPS];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle]! <= linear) low = middle;
    else high = middle;
  }
  return (low + (linear - table[low]!) / (table[high]! - table[low]!)) / CURVE_STEPS;
}

function decoderOf(tag: Buffer): ((encoded: number) => number) | null {
  const type = tag.toString("latin1", 0, 4);
  if (type === "para") return parametric(tag);
  if (type !== "curv") return null;
  const count = tag.readUInt32BE(8);
  if (count === 0) return (x) => x;
  if (tag.length < 12 + 2 * count) return null;
  if (count === 1) {
    const gamma = tag.readUInt16BE(12) / 256;
    return (x) => (x > 0 ? x ** gamma : 0);
  }
  const values = Float64Array.from({ length: count }, (_, index) => tag.readUInt16BE(12 + 2 * index) / 65535);
  return (x) => {
    const at = Math.min(1, Math.max(0, x)) * (count - 1);
    const index = Math.min(count - 2, Math.floor(at));
    return values[index]! + (at - index) * (values[index + 1]! - values[index]!);
  };
}

/** ICC.1:2010 table 65: function types 0 … 4 with parameters g a b c d e f. */
function parametric(tag: Buffer): ((encoded: number) => number) | null {
  const kind = tag.readUInt16BE(8);
  const count = [1, 3, 4, 5, 7][kind];
  if (count === undefined || tag.length < 12 + 4 * count) return null;
  const numbers = Array.from({ length: count }, (_, index) => tag.readInt32BE(12 + 4 * index) / 65536);
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
  const power = (x: number) => Math.max(0, a * x + b) ** g;
  if (kind === 0) return (x) => Math.max(0, x) ** g;
  if (kind === 1) return (x) => (x >= -b / a ? power(x) : 0);
  if (kind === 2) return (x) => (x >= -b / a ? power(x) + c : c);
  if (kind === 3) return (x) => (x >= d ? power(x) : c * x);
  return (x) => (x >= d ? power(x) + e : c * x + f);
}

export function transform(m: Matrix, [x, y, z]: Triple): Triple {
  const row = (r: Triple) => r[0] * x + r[1] * y + r[2] * z;
  return [row(m[0]), row(m[1]), row(m[2])];
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  const column = (c: 0 | 1 | 2) => transform(a, [b[0][c], b[1][c], b[2][c]]);
  const [x, y, z] = [column(0), column(1), column(2)];
  return [
    [x[0], y[0], z[0]],
    [x[1], y[1], z[1]],
    [x[2], y[2], z[2]],
  ];
}

export function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
    [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
    [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det],
  ];
}
