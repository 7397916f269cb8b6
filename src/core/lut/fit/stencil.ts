/**
 * Stencil: the normal equations of the lattice, each node with its neighbours.
 *
 * Two colours meet in an equation only if they share a cell, and bending reaches two nodes along an axis. So a row of the
 * matrix has at most 33 coefficients: the 27 nodes around and 6 at distance 2.
 *
 * Shape   Float64Array of 33·n³, by nodes; neighbour k < 27 lies at (k % 3 − 1, ⌊k/3⌋ % 3 − 1, ⌊k/9⌋ − 1),
 *         27 … 32 at −2, +2 along red, green, blue.
 */
import { cornersOf, fieldOf, marginOf, type Places } from "./grid.ts";

export const REACH = 33;
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

/**
 * AᵀWA + stiffness·R + anchor·I into `stencil`, and AᵀW·target into `right` (a field).
 * `weights` has one number a place, `target` three.
 */
export function assemble(
  places: Places,
  weights: Float32Array,
  target: Float32Array,
  bending: Float64Array,
  stiffness: number,
  anchor: number,
  stencil: Float64Array,
  right: Float64Array,
): void {
  const { n, count, base, weights: shares } = places;
  const corners = cornersOf(n);
  const between = new Int32Array(64);
  for (let i = 0; i < 8; i++)
    for (let j = 0; j < 8; j++)
      between[8 * i + j] =
        CENTRE + (j & 1) - (i & 1) + 3 * (((j >> 1) & 1) - ((i >> 1) & 1)) + 9 * ((j >> 2) - (i >> 2));
  const margin = 3 * marginOf(n);
  right.fill(0);
  stencil.fill(0);
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (weight < 1e-7) continue;
    const r = target[3 * i]!;
    const g = target[3 * i + 1]!;
    const b = target[3 * i + 2]!;
    const share = 8 * i;
    for (let one = 0; one < 8; one++) {
      const w = weight * shares[share + one]!;
      if (w === 0) continue;
      const node = base[i]! + corners[one]!;
      const q = margin + 3 * node;
      right[q]! += w * r;
      right[q + 1]! += w * g;
      right[q + 2]! += w * b;
      const row = REACH * node;
      for (let other = one; other < 8; other++) stencil[row + between[8 * one + other]!]! += w * shares[share + other]!;
    }
  }
  mirror(stencil, n);
  for (let k = 0; k < stencil.length; k++) stencil[k]! += stiffness * bending[k]!;
  for (let k = CENTRE; k < stencil.length; k += REACH) stencil[k]! += anchor;
}

/** Each pair of nodes was added once, at the one with the lower corner number: complete the other half. */
function mirror(stencil: Float64Array, n: number): void {
  const neighbours = neighboursOf(n);
  const nodes = n ** 3;
  for (let node = 0; node < nodes; node++)
    for (let k = 0; k < CENTRE; k++) {
      const other = node + neighbours[k]!;
      if (other < 0) continue;
      const there = REACH * other + 26 - k;
      const here = REACH * node + k;
      const sum = stencil[here]! + stencil[there]!;
      stencil[here] = sum;
      stencil[there] = sum;
    }
}

/** out = stencil · field, three channels at once. */
export function multiply(stencil: Float64Array, n: number, field: Float64Array, out: Float64Array): void {
  const neighbours = neighboursOf(n).map((offset) => 3 * offset);
  const margin = 3 * marginOf(n);
  const nodes = n ** 3;
  for (let node = 0, row = 0, q = margin; node < nodes; node++, q += 3) {
    let r = 0;
    let g = 0;
    let b = 0;
    for (let k = 0; k < REACH; k++, row++) {
      const factor = stencil[row]!;
      const at = q + neighbours[k]!;
      r += factor * field[at]!;
      g += factor * field[at + 1]!;
      b += factor * field[at + 2]!;
    }
    out[q] = r;
    out[q + 1] = g;
    out[q + 2] = b;
  }
}

/** Energy fieldᵀ·bending·field, scaled so that one look gives about one number on every lattice size. */
export function energyOf(bending: Float64Array, n: number, field: Float64Array): number {
  const image = fieldOf(n);
  multiply(bending, n, field, image);
  let energy = 0;
  for (let q = 0; q < field.length; q++) energy += field[q]! * image[q]!;
  return (energy * (n - 1)) / 32;
}
