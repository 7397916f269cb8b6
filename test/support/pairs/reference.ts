/**
 * Reference: the fit as it was first designed, to see what has been gained since. A robust lattice regression with constants:
 * bending costs λ = 1 whatever the picture, a texture of 30 codes halves a block's trust, blocks are taken as if they had one
 * colour each, and clipped channels like any others. Registration, equations and solver are the product's.
 */
import { type Blocks, blocksOf } from "../../../src/core/lut/fit/blocks.ts";
import { solveEquations } from "../../../src/core/lut/fit/equations.ts";
import { fieldOf, placesOf, readField, refine } from "../../../src/core/lut/fit/grid.ts";
import { lookAt } from "../../../src/core/lut/fit/mixing.ts";
import { affinePrior, applyAffine } from "../../../src/core/lut/fit/prior.ts";
import { register } from "../../../src/core/lut/fit/register.ts";
import { residualsFor, weigh } from "../../../src/core/lut/fit/robust.ts";
import { bendingOf } from "../../../src/core/lut/fit/stencil.ts";
import { identity, type Lattice } from "../../../src/core/lut/lattice.ts";
import type { Pair } from "./pair.ts";

const BLOCK = 4;
const PLAN = [
  { n: 9, rounds: 3 },
  { n: 17, rounds: 2 },
] as const;
const STEPS = 40;
const ANCHOR = 3e-5;
const CROWD = 64;
/** Ours halves the trust at 10 codes of texture. */
const TEXTURE_RATIO = 10 / 30;

export function referenceFit({ before, after, width, height, rounding }: Pair): Lattice {
  const lift = rounding === "truncated" ? 0.5 : 0;
  const levels = (by: number) =>
    Float32Array.from({ length: 256 }, (_, code) => (code + (code > 0 && code < 255 ? by : 0)) / 255);
  const pair = { before, after, width, height, beforeLevels: levels(0), afterLevels: levels(lift) };
  const taken = blocksOf(pair, BLOCK, register(pair, BLOCK).warp);
  const trust = taken.trust.map((value) => (value > 0 ? 1 / (1 + (1 / value - 1) * TEXTURE_RATIO ** 2) : 0));
  return regression({ ...taken, trust });
}

function regression(blocks: Blocks): Lattice {
  const { count } = blocks;
  const prior = affinePrior(blocks);
  const predicted = applyAffine(prior, blocks.before);
  const target = blocks.after.map((value, q) => value - predicted[q]!);
  const density = densityOf(blocks);
  const weights = new Float32Array(count).fill(1);
  const residuals = residualsFor(blocks);
  let looseness = 2;
  let n: number = PLAN[0].n;
  let field = fieldOf(n);
  for (const level of PLAN) {
    field = level.n === n ? field : refine(field, n, level.n);
    n = level.n;
    const places = placesOf(blocks.before, n);
    const bending = bendingOf(n);
    for (let round = 0; round < level.rounds; round++) {
      if (level.n > PLAN[0].n || round > 0) {
        readField(field, places, residuals.signed);
        for (let i = 0, q = 0; i < count; i++)
          for (const end = q + 3; q < end; q++)
            residuals.signed[q] = blocks.trust[i]! > 0 ? residuals.signed[q]! - target[q]! : 0;
        weigh(blocks, residuals, looseness, weights);
        looseness = Math.max(1, looseness / 2);
      }
      const share = density.map((value, i) => value * weights[i]!);
      const anchor = ANCHOR * (32 / (n - 1)) ** 3;
      solveEquations({ places, weights: share, target, bending, stiffness: (n - 1) / 32, anchor }, field, STEPS);
    }
  }
  return { n: 33, values: lookAt(identity(33).values, prior, field, n) };
}

/** Blocks of one of 32³ colours share their say. */
function densityOf({ count, before, trust }: Blocks): Float32Array {
  const cells = new Uint32Array(32 ** 3);
  const step = (value: number) => Math.min(31, Math.max(0, Math.floor(32 * value)));
  const cell = (i: number) => step(before[3 * i]!) + 32 * (step(before[3 * i + 1]!) + 32 * step(before[3 * i + 2]!));
  for (let i = 0; i < count; i++) if (trust[i]! > 0) cells[cell(i)]!++;
  return trust.map((value, i) => value / (1 + cells[cell(i)]! / CROWD));
}
