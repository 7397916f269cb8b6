/** Pairs: what a model got and what it returned, with the look behind it known for every colour. */
import type { FitInput } from "../../../src/core/lut/fit/fit.ts";
import type { Look } from "../looks.ts";
import { chance } from "../pictures.ts";
import { autoencoderOf } from "./autoencoder.ts";
import { type Amounts, addNoises, degrade, LEVELS, type Level, type Rounding, toCodes } from "./degrade.ts";
import type { Field } from "./fields.ts";
import { lookOfSeed } from "./looks.ts";
import { type Pixels, type Shot, shotOf } from "./photos.ts";

/** One photo and one look: the picture every level starts from. */
export type Subject = {
  readonly seed: number;
  readonly shot: Shot;
  readonly lookName: string;
  readonly look: Look;
  /** The plate, perfectly graded, before any rounding. */
  readonly graded: Field;
};

/** What the fit gets. */
export type Pair = Pick<FitInput, "before" | "after" | "baseline" | "width" | "height" | "rounding">;

/** An autoencoder's rendering of a plate is softer and noisier than the plate, but not moved. */
const AUTOENCODER: Pick<Amounts, "texture" | "latent" | "drift"> = { texture: 1, latent: 0.4, drift: 0.3 };

export async function subjectOf(files: readonly string[], seed: number): Promise<Subject> {
  const shot = await shotOf(files, seed);
  const { name, look } = lookOfSeed(seed);
  return { seed, shot, lookName: name, look, graded: gradedBy(look, shot.plate) };
}

export function gradedBy(look: Look, { width, height, rgb }: Pixels): Field {
  const values = new Float32Array(rgb.length);
  for (let q = 0; q < rgb.length; q += 3) values.set(look([rgb[q]! / 255, rgb[q + 1]! / 255, rgb[q + 2]! / 255]), q);
  return { width, height, channels: 3, values };
}

/** The pair of a level; every other seed's codes are cut off as ComfyUI does, the rest rounded. */
export function pairOf({ seed, shot, graded }: Subject, level: Level): Pair {
  const rounding = roundingOf(seed);
  const after = degrade(graded, LEVELS[level], chance(31 * seed + level.length));
  return { ...sizeOf(shot.plate), before: shot.plate.rgb, after: toCodes(after, rounding), rounding };
}

/** The pair of a model whose autoencoder errs, otherwise mild, and what that makes of the plate. */
export function baselinePairOf({ seed, shot, graded }: Subject): Pair & { readonly baseline: Uint8Array } {
  const rounding = roundingOf(seed);
  const { plate, edit } = autoencoderOf(seed);
  const untouched = gradedBy((colour) => colour, shot.plate);
  const after = degrade(edit(graded, untouched), LEVELS.mild, chance(37 * seed + 1));
  const baseline = toCodes(addNoises(plate(untouched), AUTOENCODER, chance(41 * seed + 2)), rounding);
  return { ...sizeOf(shot.plate), before: shot.plate.rgb, after: toCodes(after, rounding), baseline, rounding };
}

const roundingOf = (seed: number): Rounding => (seed % 2 === 0 ? "truncated" : "rounded");
const sizeOf = ({ width, height }: Pixels) => ({ width, height });
