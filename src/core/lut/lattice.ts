/** The lattice of a 3D LUT, and the one that changes nothing. */
import { AppError } from "../errors.ts";
import { sampleTetrahedral } from "./sample.ts";

/** Sizes the Cube LUT Specification leaves to programs; below 2 there is nothing between, above 129 no program reads it. */
export const LATTICE_SIZE_MIN = 2;
export const LATTICE_SIZE_MAX = 129;

/**
 * The lattice of a 3D LUT: n × n × n output colours over the RGB cube.
 *
 * Shape   Float32Array of 3·n³; point (r, g, b) starts at 3·(r + n·(g + n·b)), so red runs fastest.
 * Units   indices 0 … n−1 in; encoded R′G′B′ out, nominally 0 … 1, never clipped here.
 * Source  Adobe Systems, Cube LUT Specification 1.0 (2013): order, and size 2 … 129 here.
 */
export type Lattice = { readonly n: number; readonly values: Float32Array };

/** The lattice that maps every colour to itself: `identity(2).values.slice(3, 6)` is 1, 0, 0. */
export function identity(n: number): Lattice {
  return latticeOf(n, (r, g, b) => [r, g, b]);
}

/** The lattice of a colour function; in and out are encoded R′G′B′, 0 … 1 in. */
export function latticeOf(
  n: number,
  colour: (r: number, g: number, b: number) => readonly [number, number, number],
): Lattice {
  if (!Number.isInteger(n) || n < LATTICE_SIZE_MIN || n > LATTICE_SIZE_MAX)
    throw new AppError("internal", `lattice size ${n} is not in ${LATTICE_SIZE_MIN} … ${LATTICE_SIZE_MAX}`);
  const values = new Float32Array(3 * n ** 3);
  const step = 1 / (n - 1);
  let at = 0;
  for (let b = 0; b < n; b++)
    for (let g = 0; g < n; g++)
      for (let r = 0; r < n; r++, at += 3) values.set(colour(r * step, g * step, b * step), at);
  return { n, values };
}

/** The same look on another number of nodes, by tetrahedral interpolation; an equal size gives an equal lattice. */
export function resample(lattice: Lattice, n: number): Lattice {
  return latticeOf(n, (r, g, b) => sampleTetrahedral(lattice, [r, g, b]));
}

/** `first`, then `second`, on `n` nodes: what lies outside 0 … 1 in between is clipped, as applying one after the other does. */
export function compose(first: Lattice, second: Lattice, n: number): Lattice {
  return latticeOf(n, (r, g, b) => sampleTetrahedral(second, sampleTetrahedral(first, [r, g, b])));
}

/** Between nothing (strength 0: the identity) and the whole look (1), node by node. */
export function weaken({ n, values }: Lattice, strength: number): Lattice {
  return blend(identity(n), { n, values }, strength);
}

/** From `one` (share 0) to `other` (1), node by node, on as many nodes as the finer of the two. */
export function blend(one: Lattice, other: Lattice, share: number): Lattice {
  const n = Math.max(one.n, other.n);
  const [from, to] = [one, other].map((lattice) => (lattice.n === n ? lattice : resample(lattice, n)).values);
  return { n, values: from!.map((value, q) => value + share * (to![q]! - value)) };
}

/** Every value inside 0 … 1; what is no number becomes 0. */
export function clamp({ n, values }: Lattice): Lattice {
  return { n, values: values.map((value) => (value > 0 ? Math.min(1, value) : 0)) };
}
