/**
 * Stencil: the normal equations of the lattice, each node with its neighbours.
 *
 * Two colours meet in an equation only if they share a cell, and bending reaches two nodes along an axis. So a row of the
 * matrix has at most 33 coefficients: the 27 nodes around and 6 at distance 2.
 *
 * Shape   Float64Array of 33·n³, by nodes; neighbour k < 27 lies at (k % 3 − 1, ⌊k/3⌋ % 3 − 1, ⌊k/9⌋ − 1),
 *         27 … 32 at −2, +2 along red, green, blue.
 */
import { fieldOf, marginOf } from "./grid.ts";
import { loops } from "./loops/loops.ts";

const REACH = 33;
const CENTRE = 13;

/** Node offsets of the 33 neighbours. */
export function neighboursOf(n: number): Int32Array {
  const offsets = new Int32Array(REACH);
  for (let k = 0; k < 27; k++)
    offsets[k] = (k % 3) - 1 + n * ((Math.floor(k / 3) % 3) - 1) + n * n * (Math.floor(k / 9) - 1);
  for (let axis = 0; axis < 3; axis++) {
    offsets[27 + 2 * axis] = -2 * n ** axis;
    offsets[28 + 2 * axis] = 2 * n ** axis;
  }
  return offsets;
}

/**
 * Bending energy Σ_axes D₂ᵀD₂ + 2·Σ_pairs (D₁D₁)ᵀ(D₁D₁): zero for every affine change, and the discrete form of the
 * integral a thin plate minimises (Duchon, 1977), with no boundary condition: at the faces terms are simply missing.
 */
export function bendingOf(n: number): Float64Array {
  const stencil = new Float64Array(REACH * n ** 3);
  for (let b = 0; b < n; b++)
    for (let g = 0; g < n; g++)
      for (let r = 0; r < n; r++) {
        const at = [r, g, b] as const;
        for (let axis = 0; axis < 3; axis++) {
          if (at[axis]! + 2 < n) addCurve(stencil, r + n * (g + n * b), n ** axis, axis);
          for (let other = axis + 1; other < 3; other++)
            if (at[axis]! + 1 < n && at[other]! + 1 < n) addTwist(stencil, r + n * (g + n * b), n, axis, other);
        }
      }
  return stencil;
}

/** Adds the square of x₀ − 2x₁ + x₂ along an axis. */
function addCurve(stencil: Float64Array, node: number, step: number, axis: number): void {
  const factors = [1, -2, 1];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const far = j - i;
      const k = Math.abs(far) === 2 ? 27 + 2 * axis + (far > 0 ? 1 : 0) : CENTRE + far * 3 ** axis;
      stencil[REACH * (node + i * step) + k]! += factors[i]! * factors[j]!;
    }
}

/** Adds twice the square of x₀₀ − x₁₀ − x₀₁ + x₁₁ across two axes. */
function addTwist(stencil: Float64Array, node: number, n: number, one: number, other: number): void {
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const alongOne = (j & 1) - (i & 1);
      const alongOther = (j >> 1) - (i >> 1);
      const k = CENTRE + alongOne * 3 ** one + alongOther * 3 ** other;
      const sign = (i === 0 || i === 3) === (j === 0 || j === 3) ? 1 : -1;
      stencil[REACH * (node + (i & 1) * n ** one + (i >> 1) * n ** other) + k]! += 2 * sign;
    }
}

/** Which neighbour of a cell's corner `one` its corner `other` is, at 8·one + other. */
export function betweenCorners(): Int32Array {
  return Int32Array.from({ length: 64 }, (_, k) => {
    const [i, j] = [k >> 3, k & 7];
    return CENTRE + (j & 1) - (i & 1) + 3 * (((j >> 1) & 1) - ((i >> 1) & 1)) + 9 * ((j >> 2) - (i >> 2));
  });
}

/** Energy fieldᵀ·bending·field, scaled so that one look gives about one number on every lattice size. */
export function energyOf(bending: Float64Array, n: number, field: Float64Array): number {
  const image = fieldOf(n);
  const neighbours = neighboursOf(n);
  loops({ reads: [bending, neighbours, field], writes: [image] }, ({ multiply }, { at }) =>
    multiply(at(bending), n ** 3, at(neighbours), marginOf(n), at(field), at(image)),
  );
  let energy = 0;
  for (let q = 0; q < field.length; q++) energy += field[q]! * image[q]!;
  return (energy * (n - 1)) / 32;
}
