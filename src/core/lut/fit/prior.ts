/**
 * Prior: the affine colour change that fits most blocks. The lattice holds only what differs from it, so where the photo
 * shows no colours the look goes on as this does.
 *
 * Source  Iteratively reweighted least squares with Cauchy-squared weights (Holland & Welsch, 1977) and a ridge that pulls
 *         the matrix to identity: a photo without blues must not invent a blue.
 */
import type { Blocks } from "./blocks.ts";
import { medianOf } from "./robust.ts";
import { solveSmall } from "./small.ts";

/** y = M·x + t; `matrix` by rows (output channel first), `offset` one a channel. */
export type Affine = { readonly matrix: Float64Array; readonly offset: Float64Array };

const ROUNDS = 6;
const RIDGE = 1e-3;
const SPREAD_MIN = 1e-3;

export function affinePrior(blocks: Blocks): Affine {
  const { count, before, after, trust } = blocks;
  const weights = Float32Array.from(trust);
  const residual = new Float32Array(count);
  let affine = weightedAffine(blocks, weights);
  for (let round = 1; round < ROUNDS; round++) {
    const { matrix: m, offset: t } = affine;
    for (let i = 0, q = 0; i < count; i++, q += 3) {
      const x = before[q]!;
      const y = before[q + 1]!;
      const z = before[q + 2]!;
      const r = m[0]! * x + m[1]! * y + m[2]! * z + t[0]! - after[q]!;
      const g = m[3]! * x + m[4]! * y + m[5]! * z + t[1]! - after[q + 1]!;
      const b = m[6]! * x + m[7]! * y + m[8]! * z + t[2]! - after[q + 2]!;
      residual[i] = trust[i]! > 0 ? Math.sqrt(r * r + g * g + b * b) : 0;
    }
    const reach = 2 * (1.4826 * medianOf(residual, trust) + SPREAD_MIN);
    for (let i = 0; i < count; i++) weights[i] = trust[i]! / (1 + (residual[i]! / reach) ** 2);
    affine = weightedAffine(blocks, weights);
  }
  return affine;
}

/** What the prior makes of each block's colour. Shape: Float32Array of 3·count. */
export function applyAffine({ matrix: m, offset: t }: Affine, colours: Float32Array): Float32Array {
  const out = new Float32Array(colours.length);
  for (let q = 0; q < colours.length; q += 3) {
    const x = colours[q]!;
    const y = colours[q + 1]!;
    const z = colours[q + 2]!;
    out[q] = m[0]! * x + m[1]! * y + m[2]! * z + t[0]!;
    out[q + 1] = m[3]! * x + m[4]! * y + m[5]! * z + t[1]!;
    out[q + 2] = m[6]! * x + m[7]! * y + m[8]! * z + t[2]!;
  }
  return out;
}

/** Weighted least squares about the means, so that the ridge acts on the matrix and leaves the offset free. */
function weightedAffine(blocks: Blocks, weights: Float32Array): Affine {
  const { total, x, y, xx, xy } = momentsOf(blocks, weights);
  const spread = new Float64Array(9); // covariance of BEFORE
  const joint = new Float64Array(9); // covariance of BEFORE (rows) with AFTER (columns)
  for (let a = 0; a < 3; a++)
    for (let c = 0; c < 3; c++) {
      const ridge = a === c ? RIDGE : 0;
      spread[3 * a + c] = xx[3 * a + c]! / total - (x[a]! / total) * (x[c]! / total) + ridge;
      joint[3 * a + c] = xy[3 * a + c]! / total - (x[a]! / total) * (y[c]! / total) + ridge;
    }
  const solution = solveSmall(spread, joint, 3, 3);
  const matrix = new Float64Array(9);
  const offset = new Float64Array(3);
  for (let c = 0; c < 3; c++) {
    offset[c] = y[c]! / total;
    for (let a = 0; a < 3; a++) {
      matrix[3 * c + a] = solution[3 * a + c]!;
      offset[c]! -= (matrix[3 * c + a]! * x[a]!) / total;
    }
  }
  return { matrix, offset };
}

/** Weighted sums of colours and of their products, each written out: this loop runs over every block, six times a fit. */
function momentsOf({ count, before, after }: Blocks, weights: Float32Array) {
  const x = new Float64Array(3);
  const y = new Float64Array(3);
  const xx = new Float64Array(9);
  const xy = new Float64Array(9);
  let total = 1e-12;
  for (let i = 0, q = 0; i < count; i++, q += 3) {
    const w = weights[i]!;
    const r = w * before[q]!;
    const g = w * before[q + 1]!;
    const b = w * before[q + 2]!;
    const toR = after[q]!;
    const toG = after[q + 1]!;
    const toB = after[q + 2]!;
    total += w;
    x[0]! += r;
    x[1]! += g;
    x[2]! += b;
    y[0]! += w * toR;
    y[1]! += w * toG;
    y[2]! += w * toB;
    xx[0]! += r * before[q]!;
    xx[1]! += r * before[q + 1]!;
    xx[2]! += r * before[q + 2]!;
    xx[4]! += g * before[q + 1]!;
    xx[5]! += g * before[q + 2]!;
    xx[8]! += b * before[q + 2]!;
    xy[0]! += r * toR;
    xy[1]! += r * toG;
    xy[2]! += r * toB;
    xy[3]! += g * toR;
    xy[4]! += g * toG;
    xy[5]! += g * toB;
    xy[6]! += b * toR;
    xy[7]! += b * toG;
    xy[8]! += b * toB;
  }
  xx[3] = xx[1]!;
  xx[6] = xx[2]!;
  xx[7] = xx[5]!;
  return { total, x, y, xx, xy };
}
