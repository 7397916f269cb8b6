/**
 * Reads a prompt's words for the builtin backend. Not an AI: it knows the terms of `vocabulary.ts`, their strength and
 * whether they are wanted, and reports every word that it does not know.
 *
 *   "Slightly warm, strong teal and orange, no sepia or vignette"
 *   → warm 0.5, teal and orange 1.6, sepia negated; unknown: vignette
 */
import { type Grade, sumGrades } from "./parametric.ts";
import {
  isListComma,
  isReducer,
  isSilent,
  isStill,
  isTurn,
  joinFactors,
  negationAt,
  phraseAt,
  rootsOf,
  strengthAt,
  type Token,
  tokensOf,
} from "./phrasing.ts";
import { type Term, VOCABULARY } from "./vocabulary.ts";

export { gradeLattice } from "./parametric.ts";

export type Understood = { readonly term: string; readonly strength: number; readonly negated: boolean };

export type Reading = {
  /** The sum of what was understood; neutral when that is nothing. */
  readonly grade: Grade;
  /** In the order of first mention. A strength below 0 asks for the opposite ("less contrast"). */
  readonly understood: readonly Understood[];
  /** Each unknown word once; words that never speak of colour ("photo", "please") are left out. */
  readonly unknown: readonly string[];
};

/** A prompt is cut here, so that a pasted book cannot hold up the line. */
export const PROMPT_LENGTH_MAX = 4_000;

/** The furthest a number drives one term; and what "less" makes of it. */
const STRENGTH_MAX = 2;
const LESS = -0.7;
const WORDS_MAX = 4;

const SPELLINGS: ReadonlyMap<string, Term> = new Map(
  VOCABULARY.flatMap((term) => term.spellings.map((spelling) => [spelling, term] as const)),
);

type Found = { readonly term: Term; strength: number; readonly negated: boolean };

/** What the reader remembers from one token to the next. */
type State = {
  readonly found: Found[];
  readonly unknown: Set<string>;
  /** Words and signed numbers before a term. */
  factor: number | undefined;
  less: boolean;
  negation: "none" | "clause" | "sentence";
  /** Whether the negation has met something to negate. */
  spent: boolean;
  /** The term just read, for a number behind it: "contrast +20". */
  last: Found | undefined;
};

/** Reads a prompt: `readPrompt("Warm, no sepia").understood` is warm at 1 and sepia, negated. */
export function readPrompt(prompt: string): Reading {
  const tokens = tokensOf(prompt.slice(0, PROMPT_LENGTH_MAX));
  const state: State = {
    found: [],
    unknown: new Set(),
    factor: undefined,
    less: false,
    negation: "none",
    spent: false,
    last: undefined,
  };
  for (let at = 0; at < tokens.length; ) at += readToken(tokens, at, state);

  const understood = mergeFound(state.found);
  const wanted = understood.filter(({ negated }) => !negated);
  return {
    grade: sumGrades(wanted.map(({ term, strength }) => ({ grade: term.grade, weight: strength }))),
    understood: understood.map(({ term, strength, negated }) => ({ term: term.name, strength, negated })),
    unknown: [...state.unknown],
  };
}

/** Reads what starts at `at` and says how many tokens that was. */
function readToken(tokens: readonly Token[], at: number, state: State): number {
  const token = tokens[at]!;
  if (token.kind === "comma" || token.kind === "stop") return readBreak(tokens, at, state);
  if (token.kind === "number") return readNumber(tokens, at, state);

  const strength = strengthAt(tokens, at);
  const match = termAt(tokens, at);
  if (match && (match.length > 1 || !strength || !leadsToTerm(tokens, at + strength.length)))
    return takeTerm(match, state);
  if (strength) {
    state.factor = joinFactors(state.factor, strength.factor);
    return strength.length;
  }
  const negation = negationAt(tokens, at);
  if (negation) {
    Object.assign(state, { negation: negation.listing ? "sentence" : "clause", spent: false, last: undefined });
    return negation.length;
  }
  readWord(token.text, state);
  return 1;
}

function readWord(word: string, state: State): void {
  if (isReducer(word)) state.less = true;
  else if (isStill(word) || (isTurn(word) && state.spent)) state.negation = "none";
  else if (!isSilent(word)) {
    state.unknown.add(word);
    Object.assign(state, { factor: undefined, less: false, last: undefined, spent: true });
  }
}

function readBreak(tokens: readonly Token[], at: number, state: State): number {
  const { kind, text } = tokens[at]!;
  if (text === ":") return 1; // "avoid: sepia", "contrast: +20"
  Object.assign(state, { factor: undefined, less: false, last: undefined });
  if (kind === "stop" || (state.negation === "clause" && !isListComma(tokens, at))) state.negation = "none";
  return 1;
}

/** "30 %" before or behind a term is its strength; a signed number is one of a slider from −100 to 100, where a plain word is 50. */
function readNumber(tokens: readonly Token[], at: number, state: State): number {
  const { text } = tokens[at]!;
  const value = Number.parseFloat(text) / (text.endsWith("%") ? 100 : 50);
  const strength = Math.max(-STRENGTH_MAX, Math.min(STRENGTH_MAX, value));
  if (state.last) state.last.strength = state.last.term.opposite ? strength : Math.max(0, strength);
  else state.factor = strength;
  state.last = undefined;
  return 1;
}

function takeTerm({ term, length }: { term: Term; length: number }, state: State): number {
  const factor = state.factor ?? 1;
  const negated = state.negation !== "none" || (state.less && !term.opposite);
  const strength = state.less && term.opposite ? LESS * factor : term.opposite ? factor : Math.max(0, factor);
  const found = { term, strength, negated };
  state.found.push(found);
  Object.assign(state, { factor: undefined, less: false, spent: true, last: found });
  return length;
}

/** The longest term that starts at `at`, in any of its spellings or inflections. */
function termAt(tokens: readonly Token[], at: number): { term: Term; length: number } | undefined {
  for (let length = WORDS_MAX; length > 0; length--) {
    const phrase = phraseAt(tokens, at, length);
    const term = phrase === undefined ? undefined : (SPELLINGS.get(phrase) ?? inflected(phrase));
    if (term) return { term, length };
  }
  return undefined;
}

function inflected(phrase: string): Term | undefined {
  if (isSilent(phrase)) return undefined;
  const space = phrase.lastIndexOf(" ") + 1;
  for (const root of rootsOf(phrase.slice(space))) {
    const term = SPELLINGS.get(phrase.slice(0, space) + root);
    if (term) return term;
  }
  return undefined;
}

/** Whether a term follows at once, perhaps after more strength words: then "soft" in "soft warm light" is one of those. */
function leadsToTerm(tokens: readonly Token[], at: number): boolean {
  for (let next = at; next < tokens.length; ) {
    if (termAt(tokens, next)) return true;
    const strength = strengthAt(tokens, next);
    if (!strength) return false;
    next += strength.length;
  }
  return false;
}

/** One entry a term and wish: a word said twice is not done twice, the stronger mention stands. */
function mergeFound(found: readonly Found[]): readonly Found[] {
  const merged = new Map<string, Found>();
  for (const one of found) {
    const key = `${one.negated} ${one.term.name}`;
    const before = merged.get(key);
    if (!before || Math.abs(one.strength) > Math.abs(before.strength)) merged.set(key, one);
  }
  return [...merged.values()];
}
