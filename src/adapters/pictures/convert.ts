/**
 * Whole pictures between encodings: a profile's numbers to sRGB, and 16 bits to 8.
 * Colours outside sRGB end at its edge, as relative colorimetric conversion has it.
 */
import { toEncoded, toLinear } from "../../core/colour/srgb.ts";
import { inverse, multiply, type ProfileWay } from "./icc.ts";

export type Samples = Uint8Array | Uint16Array;

const STEPS = 65_536;
let encodeTable: Float64Array | undefined;

/** Linear 0 … 1 in even steps → encoded; read linearly in between, which is off by far less than a 16-bit code. */
const encoded = (): Float64Array =>
  (encodeTable ??= Float64Array.from({ length: STEPS + 2 }, (_, index) => toEncoded(Math.min(1, index / STEPS))));

/** In place: the profile's numbers become sRGB's. The fourth channel is left alone. */
export const toSrgbInPlace = (pixels: Samples, channels: 3 | 4, way: ProfileWay): void =>
  convertInPlace(pixels, channels, way.curves.map((curve) => curve.decode) as unknown as Decoders, way.matrix);

/** In place: from a profile (null: sRGB) to one that has sRGB's curve, such as Display P3. */
export function toProfileInPlace(pixels: Samples, channels: 3 | 4, from: ProfileWay | null, to: ProfileWay): void {
  const own = inverse(to.matrix);
  const decoders = from ? from.curves.map((curve) => curve.decode) : [toLinear, toLinear, toLinear];
  convertInPlace(pixels, channels, decoders as unknown as Decoders, from ? multiply(own, from.matrix) : own);
}

type Decoders = readonly [Decoder, Decoder, Decoder];
type Decoder = (encoded: number) => number;

function convertInPlace(
  pixels: Samples,
  channels: 3 | 4,
  decoders: Decoders,
  [m0, m1, m2]: ProfileWay["matrix"],
): void {
  const max = pixels instanceof Uint16Array ? 65_535 : 255;
  const [red, green, blue] = decoders.map((decode) =>
    Float64Array.from({ length: max + 1 }, (_, code) => decode(code / max)),
  );
  const table = encoded();
  const code = (linear: number): number => {
    const at = linear > 0 ? Math.min(1, linear) * STEPS : 0;
    const index = Math.floor(at);
    return Math.round(max * (table[index]! + (at - index) * (table[index + 1]! - table[index]!)));
  };
  for (let at = 0; at < pixels.length; at += channels) {
    const r = red![pixels[at]!]!;
    const g = green![pixels[at + 1]!]!;
    const b = blue![pixels[at + 2]!]!;
    pixels[at] = code(m0[0] * r + m0[1] * g + m0[2] * b);
    pixels[at + 1] = code(m1[0] * r + m1[1] * g + m1[2] * b);
    pixels[at + 2] = code(m2[0] * r + m2[1] * g + m2[2] * b);
  }
}

/** 16 bits → 8, rounded: `toBytes` of 32,896 is 128. Bytes stay as they are. */
export function toBytes(pixels: Samples): Uint8Array {
  if (pixels instanceof Uint8Array) return pixels;
  const bytes = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) bytes[i] = (pixels[i]! + 128) / 257;
  return bytes;
}

/** RGBA → RGB with the colours under alpha as they are; where nothing at all shows, white. */
export function withoutAlpha(pixels: Uint8Array): { readonly rgb: Uint8Array; readonly alpha: Uint8Array } {
  const count = pixels.length / 4;
  const [rgb, alpha] = [new Uint8Array(3 * count), new Uint8Array(count)];
  for (let i = 0; i < count; i++) {
    const shows = pixels[4 * i + 3]!;
    alpha[i] = shows;
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = shows > 0 ? pixels[4 * i + c]! : 255;
  }
  return { rgb, alpha };
}

/** Drops the fourth channel of any depth. */
export function threeChannels(pixels: Samples): Samples {
  const count = pixels.length / 4;
  const rgb = pixels instanceof Uint16Array ? new Uint16Array(3 * count) : new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) rgb[3 * i + c] = pixels[4 * i + c]!;
  return rgb;
}
