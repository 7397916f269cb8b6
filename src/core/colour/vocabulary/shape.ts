/** What the vocabulary is made of: rows, groups, and the short forms its tables are written in. */
import { type Grade, tintOf } from "../parametric.ts";
import type { HueMove } from "../selective.ts";

/** A term, its other spellings parted by slashes, and the grade that it stands for at strength 1. */
export type Row = readonly [term: string, also: string, grade: Partial<Grade>];

/** `opposite`: "less contrast" is the other way; elsewhere "less" is as good as "no". */
export type Group = { readonly name: string; readonly opposite: boolean; readonly rows: readonly Row[] };

/** Oklab hues of what photographers care about. */
export const RED = 27;
export const SKIN = 55;
export const YELLOW = 100;
export const FOLIAGE = 128;
export const SKY = 250;

/** A hue move: chroma (ln), lightness (stops), turn (degrees of HSV). */
export function at(hue: number, saturation: number, lightness = 0, turn = 0, width = 28): HueMove {
  return { hue, width, saturation, lightness, turn };
}

/** Toning of shadows and highlights, each by R, G, B hue and amount. */
export function split(shadow: number, amount: number, highlight: number, lights: number): Partial<Grade> {
  return { shadowTint: tintOf(shadow, amount), highlightTint: tintOf(highlight, lights) };
}
