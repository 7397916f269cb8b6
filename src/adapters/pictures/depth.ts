/**
 * How many bits a channel an output has: as many as the original's, where its format holds them, or as many as were asked
 * for. Pixels are 8-bit bytes or 16-bit words in between.
 */
import { type BitDepth, DEPTHS, FORMAT_NAMES, type WrittenFormat } from "../../core/job/picture.ts";
import type { Anatomy } from "./anatomy.ts";
import { type Samples, toBytes } from "./convert.ts";

/** An original of more than 8 bits becomes an AVIF of 10: what readers of AVIF can be trusted to know. */
const AVIF_USUAL = 10;

export type Depth = { readonly bits: BitDepth; readonly notes: readonly string[] };

/** The bits of decoded pixels: of words, as many as the file had; an 8-bit linear one is words only under the look. */
export const bitsOf = (samples: Samples, { heif, bitDepth }: Anatomy): BitDepth =>
  samples instanceof Uint16Array && bitDepth === 16 ? (heif?.bits ?? 16) : 8;

/** `depthFor("jpeg", undefined, 16)` is 8 with a note. */
export function depthFor(format: WrittenFormat, wanted: BitDepth | undefined, had: BitDepth): Depth {
  const held = DEPTHS[format];
  const least = wanted ?? (format === "avif" && had === 16 ? AVIF_USUAL : had);
  const bits = held.find((depth) => depth >= least) ?? held.at(-1)!;
  if (bits >= Math.min(had, least) && bits >= least) {
    const shortened = wanted === undefined && bits < had;
    return { bits, notes: shortened ? [`${had} bits became ${bits}; bitDepth 12 keeps more.`] : [] };
  }
  const from = Math.min(had, least);
  return { bits, notes: from > bits ? [`${from} bits became ${bits}: ${FORMAT_NAMES[format]} holds no more.`] : [] };
}

/** Bytes as words: `widened` of 128 is 32,896. */
export function widened(samples: Samples): Uint16Array {
  if (samples instanceof Uint16Array) return samples;
  const words = new Uint16Array(samples.length);
  for (let i = 0; i < words.length; i++) words[i] = 257 * samples[i]!;
  return words;
}

/** As the encoder wants them: bytes, or words; of fewer bits than 16 in the upper ones, in place. */
export function inDepth(samples: Samples, bits: BitDepth): Samples {
  if (bits === 8) return toBytes(samples);
  const words = widened(samples);
  if (bits === 16) return words;
  const scale = (2 ** bits - 1) / 65_535;
  for (let i = 0; i < words.length; i++) words[i] = Math.round(words[i]! * scale) << (16 - bits);
  return words;
}
