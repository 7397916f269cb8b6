/** What a picture that came back is worth: an answer, an answer to be looked at, or none. Decided from measures alone. Pure. */
import type { Distance } from "./compare.ts";

/** A model may give more pixels than it was given, as an upscaler does: each side this many times, at most. */
export const FACTOR_MAX = 8;

/** An encoder's noise on a picture of one colour stays within so many codes. */
const CONSTANT_SPREAD_MAX = 2;
/** A plate whose codes deviate less is next to one colour itself: a clear sky, a night. */
const PLATE_DEVIATION_MIN = 4;
/** What rounding and an autoencoder that was only looked through do to a picture. */
const UNTOUCHED_MEAN_CODES = 1;
const UNTOUCHED_OFF_SHARE = 0.0005;
/** Strangers come to −0.07 … 0.03 in nine of ten pairs; photos whose model moved them by 1.5 % of their width to 0.12 and more. */
const STRANGER_BELOW = 0.05;

/** An answer beside its plate. */
export type Comparison = {
  /** Codes of 255; of the answer, and of the plate. */
  readonly spread: number;
  readonly plateDeviation: number;
  /** Null where the answer is larger than the plate. */
  readonly distance: Distance | null;
  /** How alike their edges are, −1 … 1; null where one of them has none. */
  readonly structure: number | null;
};

/** How many times as large as the plate an answer is: a whole number up to FACTOR_MAX, the same both ways; else null. */
export function factorOf(answer: Size, plate: Size): number | null {
  const factor = answer.width / plate.width;
  const isWhole = Number.isInteger(factor) && factor >= 1 && factor <= FACTOR_MAX;
  return isWhole && answer.height === plate.height * factor ? factor : null;
}

type Size = { readonly width: number; readonly height: number };

/** A picture of one colour for a plate of many: what a number that is none, deep in a model, looks like. */
export const isBlank = ({ spread, plateDeviation }: Comparison): boolean =>
  spread <= CONSTANT_SPREAD_MAX && plateDeviation >= PLATE_DEVIATION_MIN;

/** What a person should know before trusting this answer. */
export function doubtsOf({ distance, structure }: Comparison, backend: string): readonly string[] {
  if (distance && distance.meanCodes <= UNTOUCHED_MEAN_CODES && distance.offShare <= UNTOUCHED_OFF_SHARE)
    return [`${backend} gave the picture back as it was given: the prompt changed nothing.`];
  if (structure !== null && structure < STRANGER_BELOW)
    return [
      `What ${backend} gave back does not show this photo (its edges agree by ${structure.toFixed(2)} of 1): look at it, and at the workflow's @image.`,
    ];
  return [];
}
