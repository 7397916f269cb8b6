/**
 * HaldCLUT: a lattice as a picture, which ImageMagick, G'MIC, darktable, RawTherapee and ffmpeg's `haldclut` read.
 *
 * Shape   level L: n = L² nodes a side in a square of L³ × L³ pixels; pixel i, row by row, is node i, red fastest: the
 *         order of a .cube. Level 8 has 64³ nodes in 512 × 512 pixels.
 * Units   RGB interleaved, 8 or 16 bits; codes 0 … 255 or 65535 stand for 0 … 1. What lies outside is clipped.
 * Source  E. Burkhard, "Hald Images" (quelsolaar.com); ImageMagick's `hald:` coder.
 */
import { AppError } from "../errors.ts";
import { clamp, type Lattice, resample } from "./lattice.ts";

/** Pixels as a HaldCLUT or a preview has them: RGB, in the numbers of the picture itself, no profile. */
export type RgbPicture = {
  readonly width: number;
  readonly height: number;
  /** 3 · width · height codes; the array's width is the bit depth. */
  readonly samples: Uint8Array | Uint16Array;
};

export const HALD_LEVEL_MIN = 2;
/** 121 nodes a side; one more would pass what a .cube may hold. */
export const HALD_LEVEL_MAX = 11;
/** The usual collections of film looks come as level 12: 144 nodes a side in 1728 × 1728. */
const LEVEL_READ_MAX = 12;
/** A HaldCLUT with more nodes than this becomes a lattice of as many: finer ones only make long files. */
const SIZE_READ = 65;

/** The sizes a HaldCLUT may have, nodes a side: 4, 9, 16 … 121. */
export const HALD_SIZES: readonly number[] = Array.from(
  { length: HALD_LEVEL_MAX - HALD_LEVEL_MIN + 1 },
  (_, index) => (HALD_LEVEL_MIN + index) ** 2,
);

/** Level 8, 512 × 512 pixels: what programs expect. */
export const HALD_SIZE = 64;

/** The look as a picture, resampled to `size` nodes a side: one of HALD_SIZES. */
export function haldOf(lattice: Lattice, size: number, bits: 8 | 16): RgbPicture {
  if (!HALD_SIZES.includes(size)) throw new AppError("internal", `no HaldCLUT has ${size} nodes a side`);
  const { values } = clamp(size === lattice.n ? lattice : resample(lattice, size));
  const codeMax = 2 ** bits - 1;
  const samples = bits === 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let q = 0; q < values.length; q++) samples[q] = Math.round(values[q]! * codeMax);
  const side = Math.sqrt(size) ** 3;
  return { width: side, height: side, samples };
}

/**
 * The look a HaldCLUT holds, on `size` nodes a side: its own number up to 65 unless told. `own` is what the picture has.
 * Throws `hald-invalid` where the picture has not the shape of one.
 */
export function readHald(
  { width, height, samples }: RgbPicture,
  size?: number,
): { readonly lattice: Lattice; readonly own: number } {
  const level = Math.round(Math.cbrt(width));
  if (width !== height || level ** 3 !== width || level < HALD_LEVEL_MIN || level > LEVEL_READ_MAX)
    throw new AppError(
      "hald-invalid",
      `The picture has ${width} × ${height} pixels; a HaldCLUT has 8, 27, 64, … or ${LEVEL_READ_MAX ** 3} a side.`,
      { width, height },
    );
  if (samples.length !== 3 * width * height)
    throw new AppError("internal", `${samples.length} values are no ${width} × ${height} RGB pixels`);
  const codeMax = samples instanceof Uint16Array ? 65_535 : 255;
  const own = level ** 2;
  const lattice = { n: own, values: Float32Array.from(samples, (code) => code / codeMax) };
  const wanted = size ?? Math.min(own, SIZE_READ);
  return { lattice: wanted === own ? lattice : resample(lattice, wanted), own };
}
