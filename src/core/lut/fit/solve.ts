/**
 * Solve: the lattice of what the look does beyond its affine prior.
 *
 * Minimises Σ wᵢ·|Aᵢ·X − (yᵢ − prior(xᵢ))|² + λ·(bending of X) + ε·|X|², with weights that are estimated along the way.
 * Coarse first: nine nodes a side find the shape of the look while everything still has a say; then the weights tighten
 * and the nodes get denser.
 */
import type { Blocks } from "./blocks.ts";
import { driftOf } from "./drift.ts";
import { solveEquations } from "./equations.ts";
import { fieldOf, type Places, placesOf, readField, refine } from "./grid.ts";
import { loops } from "./loops/loops.ts";
import { mixingGaps } from "./mixing.ts";
import { type Affine, affinePrior, applyAffine } from "./prior.ts";
import { type Residuals, residualsFor, weigh } from "./robust.ts";
import { bendingOf, energyOf } from "./stencil.ts";

/** Which lattices to solve, coarse to fine, and how long at each; the last `drifts` of the rounds leave the drift out,
 * and a wary first level starts from what is near the prior. */
export type Plan = readonly {
  readonly n: number;
  readonly rounds: number;
  readonly steps: number;
  readonly drifts?: number;
  readonly wary?: boolean;
}[];

export const FULL_PLAN: Plan = [
  { n: 9, rounds: 3, steps: 40, wary: true },
  { n: 17, rounds: 3, steps: 40, drifts: 2 },
];

/** Good enough to tell one grey from another, which is all that registration needs. */
export const ROUGH_PLAN: Plan = [{ n: 9, rounds: 3, steps: 30 }];

/** λ before anything is known: how much a bend costs against a block that is off. */
const STIFFNESS = 1;
const STIFFNESS_MIN = 0.02;
const STIFFNESS_MAX = 8;
/** λ for noise of one 8-bit code in a look of bending energy 1, more than the strongest grades have (0.01 … 0.6). */
const STIFFNESS_PER_NOISE = 0.015;
/** Without the drift the rest is nearly noise of single blocks, and that much less stiffness will do. */
const DRIFT_EASE = 0.2;
/** ε: holds nodes that no block reaches to the prior. */
const ANCHOR = 3e-7;
/** Blocks in one of 32³ cells of colour at which each counts half: a sky must not outvote a face. */
const CROWD = 64;
const CROWD_CELLS = 32;
const LOOSENESS_START = 2;
/** Distance from the affine prior, 0 … 1, from which on a block does not count at first: further than strong looks go. */
const BELIEVABLE = 0.35;
/** Within half a code of 0 or 1 a block counts as clipped. */
const CLIPPED = 0.5 / 255;

export type Fit = {
  readonly prior: Affine;
  /** Residuals on the lattice: look = clamp(prior + field). */
  readonly field: Float64Array;
  readonly n: number;
  /** Trust by texture and by rarity, one a block. */
  readonly density: Float32Array;
  readonly weights: Float32Array;
  readonly places: Places;
  readonly residuals: Residuals;
};

/** What the rounds hand on. `target` is what the field should be at each block, `aim` the same where it is known. */
type Search = {
  readonly blocks: Blocks;
  readonly prior: Affine;
  readonly predicted: Float32Array;
  readonly density: Float32Array;
  readonly target: Float32Array;
  readonly aim: Float32Array;
  readonly weights: Float32Array;
  readonly residuals: Residuals;
};

export function solve(blocks: Blocks, plan: Plan): Fit {
  const search = startOf(blocks);
  const { prior, density, weights, residuals } = search;
  const share = plan[0]!.wary ? firstShare(search) : Float32Array.from(density);
  let looseness = LOOSENESS_START;
  let n = plan[0]!.n;
  let field = fieldOf(n);
  let places = placesOf(blocks.before, n);
  plan.forEach((level, depth) => {
    if (depth > 0) {
      aimAgain(search, mixingGaps(blocks, prior, field, n));
      field = refine(field, n, level.n);
      n = level.n;
      places = placesOf(blocks.before, n);
    }
    const bending = bendingOf(n);
    for (let round = 0; round < level.rounds; round++) {
      let stiffness = STIFFNESS;
      if (depth > 0 || round > 0) {
        leaveOver(search, places, field);
        weigh(blocks, residuals, looseness, weights);
        for (let i = 0; i < blocks.count; i++) share[i] = density[i]! * weights[i]!;
        looseness = Math.max(1, looseness / 2);
        stiffness = stiffnessFor(search, share, energyOf(bending, n, field));
        if (round >= level.rounds - (level.drifts ?? 0)) {
          leaveOutDrift(search);
          stiffness = Math.max(STIFFNESS_MIN, DRIFT_EASE * stiffness);
        }
      }
      const anchor = ANCHOR * (32 / (n - 1)) ** 3;
      const equations = { places, weights: share, target: search.aim, bending, anchor };
      solveEquations({ ...equations, stiffness: (stiffness * (n - 1)) / 32 }, field, level.steps);
    }
  });
  leaveOver(search, places, field);
  return { prior, field, n, density, weights, places, residuals };
}

function startOf(blocks: Blocks): Search {
  const prior = affinePrior(blocks);
  const predicted = applyAffine(prior, blocks.before);
  const target = new Float32Array(predicted.length);
  for (let q = 0; q < target.length; q++) target[q] = blocks.after[q]! - predicted[q]!;
  return {
    blocks,
    prior,
    predicted,
    density: densityOf(blocks),
    target,
    aim: Float32Array.from(target),
    weights: new Float32Array(blocks.count).fill(1),
    residuals: residualsFor(blocks),
  };
}

/**
 * Before anything is known of the look, a block counts by how near it is to the prior. Where a sun is the only white and the
 * model painted it over, nothing else could tell that white does not become green.
 */
function firstShare({ density, target }: Search): Float32Array {
  const share = new Float32Array(density.length);
  for (let i = 0, q = 0; i < share.length; i++, q += 3) {
    const away = (target[q]! ** 2 + target[q + 1]! ** 2 + target[q + 2]! ** 2) / BELIEVABLE ** 2;
    share[i] = away < 1 ? density[i]! * (1 - away) ** 2 : 0;
  }
  return share;
}

function aimAgain({ blocks: { after }, predicted, target }: Search, gaps: Float32Array): void {
  for (let q = 0; q < target.length; q++) target[q] = after[q]! - predicted[q]! - gaps[q]!;
}

/**
 * What the field leaves of the target, signed; blocks without trust leave nothing.
 *
 * A channel that AFTER shows at 0 or 1 was clipped there: the look may well lie beyond. Where it does, nothing is left
 * over, and the aim is where the look already is. So a look runs smoothly through the limit and is clipped once, at the
 * end, instead of bending to lie flat on it.
 */
function leaveOver(search: Search, places: Places, field: Float64Array): void {
  const { predicted, target, aim } = search;
  const { count, trust, after } = search.blocks;
  const { signed } = search.residuals;
  readField(field, places, signed);
  loops({ reads: [predicted, target, after, trust], writes: [signed], gives: [aim] }, ({ leave }, { at }) => {
    const known = [at(predicted), at(target), at(after), at(trust)] as const;
    leave(count, ...known, CLIPPED, at(aim), at(signed));
  });
}

/** Aims at what AFTER would be without its drift. */
function leaveOutDrift({ blocks, residuals, weights, aim }: Search): void {
  const drift = driftOf(blocks, residuals.signed, weights);
  for (let q = 0; q < aim.length; q++) aim[q]! += drift[q]!;
}

/**
 * λ from the picture itself: the noise of its blocks (in codes²) against how much this look bends. A clean pair may follow
 * every turn of the look; a noisy one is held smooth, and a look that hardly bends is held the more. Bayes would divide by
 * the energy itself; its power of ¾ and the upper limit keep a look that was smoothed from being smoothed ever more.
 */
function stiffnessFor({ residuals }: Search, share: Float32Array, energy: number): number {
  const { length } = residuals;
  const noise =
    255 *
    255 *
    loops({ reads: [share, length] }, (loop, { at }) => loop.meanSquare(share.length, at(share), at(length)));
  const stiffness = (STIFFNESS_PER_NOISE * noise) / Math.max(energy, 1e-9) ** 0.75;
  return Math.min(STIFFNESS_MAX, Math.max(STIFFNESS_MIN, stiffness));
}

/** Trust divided among the blocks of one colour, so that rare colours count. */
function densityOf({ count, before, trust }: Blocks): Float32Array {
  const out = new Float32Array(count);
  loops({ reads: [before, trust], gives: [out] }, ({ density }, { at, room }) =>
    density(count, at(before), at(trust), room(4 * CROWD_CELLS ** 3), CROWD_CELLS, CROWD, at(out)),
  );
  return out;
}
