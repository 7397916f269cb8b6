/**
 * Prior: the affine colour change that fits most blocks. The lattice holds only what differs from it, so where the photo
 * shows no colours the look goes on as this does.
 *
 * Source  Iteratively reweighted least squares with Cauchy-squared weights (Holland & Welsch, 1977) and a ridge that pulls
 *         the matrix to identity: a photo without blues must not invent a blue.
 */
import type { Blocks } from "./blocks.ts";
import { loops } from "./loops/loops.ts";
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
    const { matrix, offset } = affine;
    loops({ reads: [matrix, offset, before, after, trust], gives: [residual] }, ({ affineResiduals }, { at }) =>
      affineResiduals(count, at(matrix), at(offset), at(before), at(after), at(trust), at(residual)),
    );
    const reach = 2 * (1.4826 * medianOf(residual, trust) + SPREAD_MIN);
    for (let i = 0; i < count; i++) weights[i] = trust[i]! / (1 + (residual[i]! / reach) ** 2);
    affine = weightedAffine(blocks, weights);
  }
  return affine;
}

/** What the prior makes of each block's colour. Shape: Float32Array of 3·count. */
export function applyAffine({ matrix, offset }: Affine, colours: Float32Array): Float32Array {
  const out = new Float32Array(colours.length);
  loops({ reads: [matrix, offset, colours], gives: [out] }, ({ affine }, { at }) =>
    affine(colours.length / 3, at(matrix), at(offset), at(colours), at(out)),
  );
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

/** Weighted sums of colours and of their products. */
function momentsOf({ count, before, after }: Blocks, weights: Float32Array) {
  const sums = new Float64Array(25);
  loops({ reads: [before, after, weights], gives: [sums] }, ({ moments }, { at }) =>
    moments(count, at(before), at(after), at(weights), at(sums)),
  );
  const total = sums[0]! + 1e-12;
  const [x, y] = [sums.subarray(1, 4), sums.subarray(4, 7)];
  return { total, x, y, xx: sums.subarray(7, 16), xy: sums.subarray(16) };
}
