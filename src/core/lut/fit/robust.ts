/**
 * Robust weights: which blocks tell of the look, and which of something else (a repainted object, a lost register).
 *
 * Source  Tukey's biweight with a scale from the median absolute residual (Beaton & Tukey, 1974), loosened at first and
 *         tightened by halves (graduated non-convexity, Blake & Zisserman, 1987).
 */
import type { Blocks } from "./blocks.ts";
import { loops } from "./loops/loops.ts";

/** A median absolute residual times this is a standard deviation, for normal noise. */
const DEVIATION_PER_MEDIAN = 1.4826;
/** Residuals beyond this many deviations have no say. */
const REACH = 4;
/** A block's own residual counts less than that of its neighbourhood: noise is local, a repainted object is not. */
const OWN_SHARE = 0.7;
const SPREAD_MIN = 1.5 / 255;
const NEIGHBOURS_SPREAD_MIN = 0.9 / 255;
const WEIGHT_MIN = 1e-6;

/** The median of values that are 0 or more, to a 4096th of the greatest; 0 for none. Those without trust do not count. */
export function medianOf(values: Float32Array, trust: Float32Array): number {
  return loops({ reads: [values, trust] }, ({ median }, { at }) => median(at(values), at(trust), values.length));
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
  const { length, around } = residuals;
  measure(blocks, residuals);
  residuals.spread = DEVIATION_PER_MEDIAN * medianOf(length, blocks.trust);
  const reach = (REACH * looseness * Math.max(SPREAD_MIN, residuals.spread)) / OWN_SHARE;
  const reachAround =
    REACH * looseness * Math.max(NEIGHBOURS_SPREAD_MIN, DEVIATION_PER_MEDIAN * medianOf(around, blocks.trust));
  loops({ reads: [length, around], gives: [weights] }, ({ biweight }, { at }) =>
    biweight(blocks.count, at(length), at(around), reach, reachAround, WEIGHT_MIN, at(weights)),
  );
}

/** Fills the lengths, and those of the means over 9 × 9 blocks; at the border the outermost block repeats. */
function measure({ columns, rows }: Blocks, { signed, length, around }: Residuals): void {
  const [across, sums] = [new Float32Array(signed.length), new Float32Array(signed.length)];
  loops({ reads: [signed], gives: [length, around, across, sums] }, ({ lengths }, { at }) =>
    lengths(at(signed), columns, rows, at(length), at(around), at(across), at(sums)),
  );
}
