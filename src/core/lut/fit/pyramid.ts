/**
 * Pyramid: luma of a picture at a few scales, coarse enough that a shift of several pixels becomes a fraction of one.
 *
 * Units   luma 0 … 1 by Rec. 601 weights on encoded R′G′B′; pixel (i, j) of a plane with scale s covers s × s pixels.
 */
import type { Pair } from "./blocks.ts";

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
  const share = 1 / (scale * scale);
  for (let row = 0, q = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, q += 3) {
      let r = 0;
      let g = 0;
      let b = 0;
      for (let y = row * scale; y < (row + 1) * scale; y++) {
        let at = 3 * (y * width + column * scale);
        for (let x = 0; x < scale; x++, at += 3) {
          r += levels[pixels[at]!]!;
          g += levels[pixels[at + 1]!]!;
          b += levels[pixels[at + 2]!]!;
        }
      }
      values[q] = r * share;
      values[q + 1] = g * share;
      values[q + 2] = b * share;
    }
  return { width: columns, height: rows, values };
}

/** Luma of interleaved colours. */
export function lumaOf({ width, height, values }: Plane): Plane {
  const out = new Float32Array(width * height);
  for (let i = 0, q = 0; i < out.length; i++, q += 3)
    out[i] = LUMA[0] * values[q]! + LUMA[1] * values[q + 1]! + LUMA[2] * values[q + 2]!;
  return { width, height, values: out };
}

/** Half the scale, through the filter 1 3 3 1 both ways, so that no detail folds back; a single channel. */
export function halve({ width, height, values }: Plane): Plane {
  const columns = Math.floor(width / 2);
  const rows = Math.floor(height / 2);
  const across = new Float32Array(columns * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < columns; x++, i++) {
      const at = y * width + 2 * x;
      const before = x > 0 ? values[at - 1]! : values[at]!;
      const after = 2 * x + 2 < width ? values[at + 2]! : values[at + 1]!;
      across[i] = (before + 3 * (values[at]! + values[at + 1]!) + after) / 8;
    }
  const out = new Float32Array(columns * rows);
  for (let y = 0, i = 0; y < rows; y++)
    for (let x = 0; x < columns; x++, i++) {
      const at = 2 * y * columns + x;
      const before = y > 0 ? across[at - columns]! : across[at]!;
      const after = 2 * y + 2 < height ? across[at + 2 * columns]! : across[at + columns]!;
      out[i] = (before + 3 * (across[at]! + across[at + columns]!) + after) / 8;
    }
  return { width: columns, height: rows, values: out };
}
