/**
 * The grid at one place, exactly: the curve through its nodes along all three axes, in double precision.
 * Slow and plain: what the slices are held against.
 */
import type { Triple } from "../colour/srgb.ts";
import { AFFINE, type Grid, LUMA } from "./grid.ts";
import { curveAt } from "./slice.ts";

/**
 * What becomes of `looked`, the look's answer to `original`; both encoded sRGB. `u` and `v` are shares of the grid's view,
 * 0 … 1. With an empty grid `sampleLocal(grid, u, v, original, looked)` is `looked`.
 */
export function sampleLocal(grid: Grid, u: number, v: number, original: Triple, looked: Triple): Triple {
  const luma = LUMA[0] * original[0] + LUMA[1] * original[1] + LUMA[2] * original[2];
  const affine = affineAt(grid, u, v, Math.min(1, Math.max(0, luma)));
  const changed = (channel: 0 | 1 | 2): number => {
    const [r, g, b, offset] = affine.subarray(4 * channel, 4 * channel + 4);
    return looked[channel] + r! * looked[0] + g! * looked[1] + b! * looked[2] + offset!;
  };
  return [changed(0), changed(1), changed(2)];
}

function affineAt({ columns, rows, levels, values }: Grid, u: number, v: number, luma: number): Float64Array {
  const [x, y, z] = [
    curveAt(u * (columns - 1), columns),
    curveAt(v * (rows - 1), rows),
    curveAt(luma * (levels - 1), levels),
  ];
  const out = new Float64Array(AFFINE);
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++)
      for (let k = 0; k < 4; k++) {
        const share = x.shares[i]! * y.shares[j]! * z.shares[k]!;
        if (share === 0) continue;
        const from = AFFINE * (z.node + k - 1 + levels * (y.node + j - 1 + rows * (x.node + i - 1)));
        for (let c = 0; c < AFFINE; c++) out[c]! += share * values[from + c]!;
      }
  return out;
}
