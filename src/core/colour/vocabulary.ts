/**
 * The builtin backend's vocabulary: every term that `readPrompt` understands, and the grade each stands for.
 *
 * Hyphens are spaces; "warmer", "warmly" and the like are found without being listed. The numbers are our own, tuned by eye
 * on photos and held by a test for each term. This is not an AI: a word means the same on every photo.
 */
import type { Grade } from "./parametric.ts";
import { FILMS } from "./vocabulary/films.ts";
import { LOOKS } from "./vocabulary/looks.ts";
import { PROPERTIES } from "./vocabulary/properties.ts";

export type Term = {
  readonly name: string;
  /** Every spelling, the name first; lower case, words parted by single spaces. */
  readonly spellings: readonly string[];
  readonly group: string;
  /** "less contrast" is the other way; where this is false "less" is as good as "no". */
  readonly opposite: boolean;
  readonly grade: Partial<Grade>;
};

export const VOCABULARY: readonly Term[] = [...PROPERTIES, ...FILMS, ...LOOKS].flatMap(
  ({ name: group, opposite, rows }) =>
    rows.map(([name, also, grade]) => ({
      name,
      spellings: also === "" ? [name] : [name, ...also.split("/")],
      group,
      opposite,
      grade,
    })),
);
