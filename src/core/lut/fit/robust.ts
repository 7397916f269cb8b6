/**
 * Robust weights: which blocks tell of the look, and which of something else (a repainted object, a lost register).
 *
 * Source  Tukey's biweight with a scale from the median absolute residual (Beaton & Tukey, 1974), loosened at first and
 *         tightened by halves (graduated non-convexity, Blake & Zisserman, 1987).
 */
import type { Blocks } from "./blocks.ts";

/** A median absolute residual times this is a standard deviation, for normal noise. */
const DEVIATION_PER_MEDIAN = 1.4826;
/** Residuals beyond this many deviations have no say. */
const REACH = 4;
/** A block's own residual counts less than that of its neighbourhood: noise is local, a repainted object is not. */
const OWN_SHARE = 0.7;
const SPREAD_MIN = 1.5 / 255;
const NEIGHBOURS_SPREAD_MIN = 0.9 / 255;
/** The neighbourhood is 9 × 9 blocks. */
const RADIUS = 4;
const WEIGHT_MIN = 1e-6;
const BINS = 4096;

/** The median of values that are 0 or more, to a 4096th of the greatest; 0 for none. Those without trust do not count. */
export function medianOf(values: Float32Array, trust: Float32Array): number {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) if (trust[i]! > 0 && values[i]! > greatest) greatest = values[i]!;
  if (greatest === 0 || !Number.isFinite(greatest)) return 0;
  const bins = new Uint32Array(BINS);
  const scale = (BINS - 1) / greatest;
  let counted = 0;
  for (let i = 0; i < values.length; i++)
    if (trust[i]! > 0) {
      bins[(values[i]! * scale) | 0]!++;
      counted++;
    }
  let below = 0;
  let bin = 0;
  while (below < counted / 2) below += bins[bin++]!;
  return (bin - 0.5) / scale;
}

export type Residuals = {
  /** Signed, 3·count. */
  readonly signed: Float32Array;
  /** Their length, one a block. */
  readonly length: Float32Array;
  /** Length of the signed mean over the neighbourhood, one a block. */
  readonly around: Float32Array;
  /** Standard deviation a block's residual has by noise, 0 … 1. */
  spread: number;
};

export function residualsFor({ count }: Blocks): Residuals {
  return {
    signed: new Float32Array(3 * count),
    length: new Float32Array(count),
    around: new Float32Array(count),
    spread: 0,
  };
}

/** Fills `weights` (1e-6 … 1) from the signed residuals; `looseness` widens the reach. */
export function weigh(blocks: Blocks, residuals: Residuals, looseness: number, weights: Float32Array): void {
  const { signed, length, around } = residuals;
  for (let i = 0, q = 0; i < blocks.count; i++, q += 3)
    length[i] = Math.sqrt(signed[q]! ** 2 + signed[q + 1]! ** 2 + signed[q + 2]! ** 2);
  meansAround(blocks, signed, around);
  residuals.spread = DEVIATION_PER_MEDIAN * medianOf(length, blocks.trust);
  const reach = (REACH * looseness * Math.max(SPREAD_MIN, residuals.spread)) / OWN_SHARE;
  const reachAround =
    REACH * looseness * Math.max(NEIGHBOURS_SPREAD_MIN, DEVIATION_PER_MEDIAN * medianOf(around, blocks.trust));
  for (let i = 0; i < blocks.count; i++) {
    const u = Math.max(length[i]! / reach, around[i]! / reachAround);
    const kept = 1 - u * u;
    weights[i] = u < 1 ? Math.max(WEIGHT_MIN, kept * kept) : WEIGHT_MIN;
  }
}

/** Length of the mean of signed residuals over 9 × 9 blocks, by running sums; at the border the outermost block repeats. */
function meansAround({ columns, rows }: Blocks, signed: Float32Array, out: Float32Array): void {
  const across = new Float32Array(signed.length);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < 3; c++) runningSum(signed, across, 3 * row * columns + c, 3, columns);
  const sums = new Float32Array(signed.length);
  for (let at = 0; at < 3 * columns; at++) runningSum(across, sums, at, 3 * columns, rows);
  const scale = 1 / (2 * RADIUS + 1) ** 2;
  for (let i = 0, q = 0; i < out.length; i++, q += 3)
    out[i] = scale * Math.sqrt(sums[q]! ** 2 + sums[q + 1]! ** 2 + sums[q + 2]! ** 2);
}

function runningSum(from: Float32Array, to: Float32Array, start: number, step: number, length: number): void {
  const last = length - 1;
  let sum = 0;
  for (let k = -RADIUS; k <= RADIUS; k++) sum += from[start + step * Math.min(last, Math.max(0, k))]!;
  for (let k = 0; k < length; k++) {
    to[start + step * k] = sum;
    sum += from[start + step * Math.min(last, k + RADIUS + 1)]! - from[start + step * Math.max(0, k - RADIUS)]!;
  }
}
