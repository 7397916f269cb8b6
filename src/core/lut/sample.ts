/**
 * One colour through a lattice, in double precision: the reference that faster code is held to.
 *
 * Units   encoded R′G′B′ in, clipped to 0 … 1 first; encoded R′G′B′ out, as the lattice has it.
 * Source  Kasson, Nin, Plouffe, Hafner: "Performing color space conversions with three-dimensional linear
 *         interpolation" (1995), tetrahedral along the grey diagonal.
 */
import type { Triple } from "../colour/srgb.ts";
import type { Lattice } from "./lattice.ts";

/** Where a channel falls: the lower lattice index and the share 0 … 1 of the way to the next. */
type Place = { readonly index: number; readonly share: number };

/** NaN counts as 0: a colour that is no number must not become an index. */
function placeOf(value: number, n: number): Place {
  const at = (value > 0 ? Math.min(1, value) : 0) * (n - 1);
  const index = Math.min(n - 2, Math.floor(at));
  return { index, share: at - index };
}

/**
 * Tetrahedral: walk from the lower corner of the cell to the upper one, along the axis with the greatest share first.
 * Greys interpolate between grey nodes only, which keeps neutrals neutral.
 * `sampleTetrahedral(identity(33), [0.2, 0.5, 0.9])` is (0.2, 0.5, 0.9).
 */
export function sampleTetrahedral({ n, values }: Lattice, [r, g, b]: Triple): Triple {
  const places = [placeOf(r, n), placeOf(g, n), placeOf(b, n)] as const;
  const steps = [
    { share: places[0].share, stride: 3 },
    { share: places[1].share, stride: 3 * n },
    { share: places[2].share, stride: 3 * n * n },
  ].sort((one, other) => other.share - one.share);
  let node = 3 * (places[0].index + n * (places[1].index + n * places[2].index));
  let rest = 1;
  const sum: [number, number, number] = [0, 0, 0];
  const add = (weight: number) => {
    for (let c = 0; c < 3; c++) sum[c]! += weight * values[node + c]!;
  };
  for (const { share, stride } of steps) {
    add(rest - share);
    rest = share;
    node += stride;
  }
  add(rest);
  return sum;
}

/** Trilinear: the eight corners of the cell, each by the volume opposite to it. */
export function sampleTrilinear({ n, values }: Lattice, [r, g, b]: Triple): Triple {
  const red = placeOf(r, n);
  const green = placeOf(g, n);
  const blue = placeOf(b, n);
  const sum: [number, number, number] = [0, 0, 0];
  for (let corner = 0; corner < 8; corner++) {
    const dr = corner & 1;
    const dg = (corner >> 1) & 1;
    const db = corner >> 2;
    const weight =
      (dr ? red.share : 1 - red.share) * (dg ? green.share : 1 - green.share) * (db ? blue.share : 1 - blue.share);
    const node = 3 * (red.index + dr + n * (green.index + dg + n * (blue.index + db)));
    for (let c = 0; c < 3; c++) sum[c]! += weight * values[node + c]!;
  }
  return sum;
}
