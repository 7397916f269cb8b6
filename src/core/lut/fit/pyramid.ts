/**
 * Pyramid: luma of a picture at a few scales, coarse enough that a shift of several pixels becomes a fraction of one.
 *
 * Units   luma 0 … 1 by Rec. 601 weights on encoded R′G′B′; pixel (i, j) of a plane with scale s covers s × s pixels.
 */
import type { Pair } from "./blocks.ts";
import { loops } from "./loops/loops.ts";

export type Plane = { readonly width: number; readonly height: number; readonly values: Float32Array };

export const LUMA = [0.299, 0.587, 0.114] as const;

/** Mean colours over scale × scale pixels, R′G′B′ interleaved. */
export function shrink(
  pixels: Uint8Array,
  levels: Float32Array,
  { width, height }: Pick<Pair, "width" | "height">,
  scale: number,
): Plane {
  const columns = Math.floor(width / scale);
  const rows = Math.floor(height / scale);
  const values = new Float32Array(3 * columns * rows);
  loops({ reads: [pixels, levels], gives: [values] }, ({ shrink }, { at }) =>
    shrink(at(pixels), at(levels), width, columns, rows, scale, at(values)),
  );
  return { width: columns, height: rows, values };
}

/** Luma of interleaved colours. */
export function lumaOf({ width, height, values }: Plane): Plane {
  const out = new Float32Array(width * height);
  loops({ reads: [values], gives: [out] }, ({ luma }, { at }) => luma(at(values), out.length, ...LUMA, at(out)));
  return { width, height, values: out };
}

/** Half the scale, through the filter 1 3 3 1 both ways, so that no detail folds back; a single channel. */
export function halve({ width, height, values }: Plane): Plane {
  const columns = Math.floor(width / 2);
  const rows = Math.floor(height / 2);
  const across = new Float32Array(columns * height);
  const out = new Float32Array(columns * rows);
  loops({ reads: [values], gives: [out, across] }, ({ halve }, { at }) =>
    halve(at(values), width, height, columns, rows, at(across), at(out)),
  );
  return { width: columns, height: rows, values: out };
}
