/**
 * Fit: from a pair of pictures, before and after, to a look.
 *
 * Averaging the edited colour per bin of colour is the obvious way and leaves noise, banding and greys that turn back.
 * Here a smooth lattice is fitted to block means by robust regression, after the two pictures were brought to register:
 * blocks → register → prior → lattice → look, and a score that says whether a look can explain the edit at all.
 */
import { AppError } from "../../errors.ts";
import type { Support } from "../coverage.ts";
import { identity, LATTICE_SIZE_MAX, type Lattice } from "../lattice.ts";
import { withoutOwnError } from "./baseline.ts";
import { type Blocks, blocksOf, type Pair, stackBlocks } from "./blocks.ts";
import { gatherAtNodes } from "./equations.ts";
import { PAIR_SIDE_MIN } from "./frame.ts";
import { loops } from "./loops/loops.ts";
import { lookAt } from "./mixing.ts";
import { register } from "./register.ts";
import type { FitReport } from "./report.ts";
import { scoreOf, verdictOf } from "./score.ts";
import { type Fit, FULL_PLAN, solve } from "./solve.ts";
import type { Warp } from "./warp.ts";

export type FitInput = {
  /** RGB interleaved, 8 bits, width × height: what the model got. */
  readonly before: Uint8Array;
  /** The same size: what it gave back. */
  readonly after: Uint8Array;
  /** What the model's autoencoder alone makes of `before`: its colour errors are then no part of the look. */
  readonly baseline?: Uint8Array | undefined;
  readonly width: number;
  readonly height: number;
  /** One byte a pixel; pixels under 128 do not count. */
  readonly alpha?: Uint8Array | undefined;
  /** How the 8 bits of `after` (and `baseline`) came about; truncated values are half a code too low. */
  readonly rounding: "rounded" | "truncated";
  /** Nodes a side of the look, 17 … 65. */
  readonly size: number;
};

export type LookReport = FitReport & {
  /** Share 0 … 1 of the blocks that the look was fitted to (a weight over a half). */
  readonly agreement: number;
  /** What a person should know besides. */
  readonly note?: string;
};

/** A block is small enough to show one colour and large enough to average noise: about this many make a picture. */
const BLOCKS_WANTED = 65_536;
const BLOCK_MIN = 2;
const BLOCK_MAX = 64;
export const LOOK_SIZE_MIN = 17;
export const LOOK_SIZE_MAX = 65;
const SUPPORT_MIN = 0.5;

export type FittedLook = {
  readonly lattice: Lattice;
  readonly report: LookReport;
  /** The colours that the look rests on. */
  readonly support: Support;
  /** The blocks it was fitted to, for what goes on from there; of several pairs, those of the worst. */
  readonly blocks: Blocks;
  /** Pixels a side of a block. */
  readonly blockSize: number;
};

/** One look for one pair, or for several of one shoot; each is registered by itself. `size` is that of the first. */
export function fitLook(input: FitInput, ...more: readonly FitInput[]): FittedLook {
  const pairs = [input, ...more].map(registered);
  const together = stackBlocks(pairs.map(({ blocks }) => blocks));
  const fit = solve(together, FULL_PLAN);
  const scores = pairs.map(({ blocks }) => scoreOf(blocks, lookAt(blocks.before, fit.prior, fit.field, fit.n)));
  const worst = scores.indexOf(Math.max(...scores));
  const { blocks, blockSize, warp, isRegistered } = pairs[worst]!;
  const { support, coverage, agreement } = sharesOf(together, fit);
  const report = reportOf(scores[worst]!, { coverage, agreement }, fit, warp, isRegistered);
  const several = pairs.length > 1 ? { worst } : {};
  return { lattice: lookOf(fit, input.size), report: { ...report, ...several }, support, blocks, blockSize };
}

/** A pair as blocks, its motion undone and its autoencoder's own error taken out where a baseline shows it. */
function registered(input: FitInput) {
  const pair = pairOf(input);
  const blockSize = blockSizeOf(input.width, input.height);
  const { warp, registered: isRegistered } = register(pair, blockSize);
  const seen = blocksOf(pair, blockSize, warp);
  const blocks =
    input.baseline === undefined ? seen : withoutOwnError(blocksOf(plateOf(input, pair), blockSize, warp), seen);
  return { blocks, blockSize, warp, isRegistered };
}

/** The look of blocks that are there already, on `size` nodes a side. */
export const lookFor = (blocks: Blocks, size: number): Lattice => lookOf(solve(blocks, FULL_PLAN), size);

/** Checks sizes; a look that came from half a picture would be worse than none. */
function pairOf({ before, after, baseline, width, height, alpha, rounding, size }: FitInput): Pair {
  if (!Number.isInteger(size) || size < LOOK_SIZE_MIN || size > Math.min(LOOK_SIZE_MAX, LATTICE_SIZE_MAX))
    throw new AppError("internal", `look size ${size} is not in ${LOOK_SIZE_MIN} … ${LOOK_SIZE_MAX}`);
  if (width < PAIR_SIDE_MIN || height < PAIR_SIDE_MIN)
    throw new AppError("pair-mismatch", `A picture of ${width}×${height} is too small to fit a look to.`);
  const bytes = 3 * width * height;
  for (const pixels of [before, after, baseline ?? before])
    if (pixels.length !== bytes)
      throw new AppError("pair-mismatch", `A picture has ${pixels.length} bytes; ${width}×${height} RGB has ${bytes}.`);
  if (alpha !== undefined && alpha.length !== width * height)
    throw new AppError("pair-mismatch", `Alpha has ${alpha.length} bytes; ${width}×${height} has ${width * height}.`);
  const afterLevels = levelsOf(rounding);
  const beforeLevels = baseline === undefined ? levelsOf("rounded") : afterLevels;
  return { before: baseline ?? before, after, width, height, alpha, beforeLevels, afterLevels };
}

/** The same pair with the plate itself in the baseline's place. */
function plateOf({ before }: FitInput, pair: Pair): Pair {
  return { ...pair, before, beforeLevels: levelsOf("rounded") };
}

/** 8-bit code → encoded 0 … 1. A truncated code stands for half a code more, but for 0 and 255, which clip. */
function levelsOf(rounding: FitInput["rounding"]): Float32Array {
  const lift = rounding === "truncated" ? 0.5 : 0;
  return Float32Array.from({ length: 256 }, (_, code) => (code + (code > 0 && code < 255 ? lift : 0)) / 255);
}

function blockSizeOf(width: number, height: number): number {
  return Math.min(BLOCK_MAX, Math.max(BLOCK_MIN, Math.round(Math.sqrt((width * height) / BLOCKS_WANTED))));
}

/** The fitted look, read at the nodes of a lattice. */
function lookOf({ prior, field, n }: Fit, size: number): Lattice {
  return { n: size, values: lookAt(identity(size).values, prior, field, n) };
}

type Shares = { readonly coverage: number; readonly agreement: number };

function reportOf(score: number, shares: Shares, fit: Fit, warp: Warp, registered: boolean): LookReport {
  const report = {
    verdict: verdictOf(score),
    score: round(score, 3),
    coverage: round(shares.coverage, 4),
    shift: [round(warp.shiftX, 2), round(warp.shiftY, 2)] as const,
    zoom: round((warp.zoomX + warp.zoomY) / 2, 5),
    rotation: round(warp.rotation, 5),
    registered,
    noise: round(255 * fit.residuals.spread, 2),
    agreement: round(shares.agreement, 4),
  };
  return registered
    ? report
    : { ...report, note: "no plausible motion was found; the look was fitted without registration" };
}

/** The nodes with support, and shares of the blocks that count: at such nodes, and in agreement with the look. */
function sharesOf(blocks: Blocks, { places, density, weights }: Fit): Shares & { readonly support: Support } {
  const { n } = places;
  const sums = gatherAtNodes(places, density);
  const support: Support = { n, known: Uint8Array.from(sums, (sum) => (sum > SUPPORT_MIN ? 1 : 0)) };
  const { count, before, trust } = blocks;
  const out = new Float64Array(3);
  loops({ reads: [before, trust, weights, sums], gives: [out] }, ({ shares }, { at }) =>
    shares(count, at(before), at(trust), at(weights), at(sums), n, SUPPORT_MIN, at(out)),
  );
  const counted = Math.max(1, out[0]!);
  return { support, coverage: out[1]! / counted, agreement: out[2]! / counted };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
