/**
 * Local: the look and the bilateral grid of a pair, and where the look alone fails.
 *
 * How freely the grid may follow depends on what the score says of the edit. `global`: the look is all there is, and a grid
 * could only add the model's own unevenness. `warn`: mostly a grade, disturbed by repainted objects; the grid is stiff and
 * believes no block that stands out. `spatial`: light was changed by place; the grid is supple, and look and grid are
 * fitted in turns, since a look that had to answer for both is wrong by some of the light. Its weights tighten slowly: a
 * cloud that the first look got wrong stands out as much as a repainted object does, and must not be given up with it.
 */

import type { Support } from "../lut/coverage.ts";
import { blocksOf } from "../lut/fit/blocks.ts";
import { type FitInput, type FittedLook, fitLook, type LookReport, lookFor } from "../lut/fit/fit.ts";
import type { Verdict } from "../lut/fit/report.ts";
import { type Heat, heatOf, scoreOf } from "../lut/fit/score.ts";
import { prepareKernel } from "../lut/kernel/kernel.ts";
import type { Lattice } from "../lut/lattice.ts";
import { fitGrid, type Residue, type Round } from "./fit.ts";
import type { Grid, View } from "./grid.ts";

export type LocalFit = {
  readonly lattice: Lattice;
  /** null where the look says it all, or where the verdict did not ask for one. */
  readonly grid: Grid | null;
  /** Verdict and score are those of the look by itself. */
  readonly report: LookReport;
  readonly support: Support;
  /** What the look by itself leaves behind, by place; null for a verdict of global. */
  readonly heat: Heat | null;
};

/** Rounds of the first grid, then of each one after the look was fitted again. */
type Plan = { readonly first: readonly Round[]; readonly again: readonly (readonly Round[])[] };

const PLANS: Readonly<Record<Exclude<Verdict, "global">, Plan>> = {
  warn: {
    first: [
      { smoothness: 0.1, looseness: null },
      { smoothness: 0.1, looseness: 2 },
      { smoothness: 0.02, looseness: 1 },
    ],
    again: [],
  },
  spatial: {
    first: [
      { smoothness: 0.005, looseness: null },
      { smoothness: 0.005, looseness: 8 },
    ],
    again: [
      [{ smoothness: 0.002, looseness: 6 }],
      [{ smoothness: 0.002, looseness: 4 }],
      [{ smoothness: 0.002, looseness: 2 }],
    ],
  },
};

export type When = "always" | "spatial" | "never";

/**
 * `when` says from which verdict on a grid is wanted, and `view` is the part of the photo that the pair shows. Of several
 * pairs there is a look for all and the heat of the worst, and no grid: light by place belongs to one photo.
 */
export function fitLocal(inputs: readonly [FitInput, ...FitInput[]], when: When, view: View): LocalFit {
  const fitted = fitLook(...inputs);
  const { lattice, report, support } = fitted;
  const { verdict } = report;
  const plain = { lattice, grid: null, report, support };
  if (verdict === "global") return { ...plain, heat: null };
  const input = inputs[report.worst ?? 0]!;
  const looked = lookedAt(input, fitted, lattice);
  const heat = heatOf(fitted.blocks, looked);
  if (when === "never" || inputs.length > 1 || (when === "spatial" && verdict !== "spatial")) return { ...plain, heat };
  return { ...plain, ...withGrid(input, fitted, looked, PLANS[verdict], view), heat };
}

function withGrid(
  input: FitInput,
  fitted: FittedLook,
  firstLooked: Float32Array,
  { first, again }: Plan,
  view: View,
): Pick<LocalFit, "lattice" | "grid" | "report"> {
  const { blocks, blockSize } = fitted;
  const residue = (looked: Float32Array): Residue => ({
    ...blocks,
    looked,
    stepX: blockSize / input.width,
    stepY: blockSize / input.height,
  });
  let lattice = fitted.lattice;
  let looked = firstLooked;
  let { grid, change } = fitGrid(residue(looked), view, first);
  for (const rounds of again) {
    const after = blocks.after.map((value, q) => value - change[q]!);
    lattice = lookFor({ ...blocks, after }, input.size);
    looked = lookedAt(input, fitted, lattice);
    ({ grid, change } = fitGrid(residue(looked), view, rounds, change));
  }
  const both = looked.map((value, q) => Math.min(1, Math.max(0, value + change[q]!)));
  const localScore = Math.round(1000 * scoreOf(blocks, both)) / 1000;
  return { lattice, grid, report: { ...fitted.report, localScore } };
}

/** Means over the blocks of what the look makes of every pixel: the look of a mean is not the mean of a look. */
function lookedAt(
  { before, baseline, width, height, alpha }: FitInput,
  fitted: FittedLook,
  look: Lattice,
): Float32Array {
  const pixels = Uint8Array.from(baseline ?? before);
  prepareKernel(look, 8).apply(pixels, 3);
  const pair = { before: pixels, after: pixels, width, height, alpha, beforeLevels: LEVELS, afterLevels: LEVELS };
  return blocksOf(pair, fitted.blockSize).before;
}

const LEVELS = Float32Array.from({ length: 256 }, (_, code) => code / 255);
