/** What a fit says of itself; goes into the ledger, the report sidecar and `fit --json`. */
export type Verdict = "global" | "warn" | "spatial";

export type FitReport = {
  readonly verdict: Verdict;
  /** ΔE₀₀ that the look leaves behind in the low frequencies, 75th percentile over the picture. */
  readonly score: number;
  /** Share of the picture's pixels whose colours the pair itself supports, 0 … 1. */
  readonly coverage: number;
  /** Pixels that AFTER was shifted by against BEFORE: x right, y down. */
  readonly shift: readonly [x: number, y: number];
  /** AFTER's scale against BEFORE, 1 = none. */
  readonly zoom: number;
  /** Radians. */
  readonly rotation: number;
  /** False when the warp found was out of bounds and AFTER was taken as it lies. */
  readonly registered: boolean;
  /** Robust spread of what is left pixel by pixel, in 8-bit codes. */
  readonly noise: number;
  /** Of several pairs, the one that the look explains worst, from 0; score and motion are that pair's. */
  readonly worst?: number;
  /** `score` of look and bilateral grid together; absent where no grid was fitted. */
  readonly localScore?: number;
};
