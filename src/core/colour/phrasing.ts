/** The small words around a term: how strong, whether wanted at all, and which words never say anything about colour. */

export type Token = { readonly kind: "word" | "number" | "comma" | "stop"; readonly text: string };

/** Words, numbers ("30%", "+20") and breaks. Hyphens part words: "day-for-night" is three. */
export function tokensOf(prompt: string): Token[] {
  const text = prompt
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[’‘`]/g, "'")
    .replaceAll(/\bb\s*[/&]\s*w\b/g, " bw ")
    .replaceAll(/[&/]|\+(?!\d)/g, " and ")
    .replaceAll(/[—–]|\s-\s/g, ", ");
  return [
    ...text.matchAll(
      /(?<!\w)[+-]?\d+(?:\.\d+)?%|(?<!\w)[+-]\d+(?:\.\d+)?\b|[\p{L}\d]+(?:'\p{L}+)*|[,()[\]:]|[.;!?\n]/gu,
    ),
  ].map(([found]) => ({ kind: kindOf(found), text: found }));
}

function kindOf(text: string): Token["kind"] {
  if (/^[+-]?[\d.]+%$|^[+-]/.test(text)) return "number";
  if (/^[,()[\]:]$/.test(text)) return "comma";
  return /^[.;!?\n]$/.test(text) ? "stop" : "word";
}

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));
const listOf = (phrases: string): readonly string[] => phrases.split("/");

const FACTORS: readonly (readonly [factor: number, phrases: readonly string[]])[] = [
  [
    0.5,
    listOf(
      "slight/slightly/subtle/subtly/gentle/gently/mild/mildly/soft/softly/light/lightly/faint/faintly/delicate/delicately/" +
        "restrained/somewhat/a bit/a bit of/bit of/a little/a little bit/a little bit of/a touch/a touch of/touch of/a hint/" +
        "a hint of/hint of/hints of/a tad/a dash of/a trace of/a tinge of/barely/minimal/understated",
    ),
  ],
  [0.75, listOf("moderate/moderately/medium/fairly")],
  [
    1.6,
    listOf(
      "strong/strongly/very/heavy/heavily/deep/deeply/intense/intensely/rich/richly/bold/boldly/really/highly/much/" +
        "pronounced/powerfully/super/so/a lot of/lots of/plenty of/pretty",
    ),
  ],
  [1.8, listOf("extreme/extremely/ultra/hyper/insanely/maximum/full on/over the top")],
];

const STRENGTHS: ReadonlyMap<string, number> = new Map(
  FACTORS.flatMap(([factor, phrases]) => phrases.map((phrase) => [phrase, factor] as const)),
);
const NEGATORS = setOf(
  "no not never without avoid avoiding avoids nor neither non none nothing exclude excluding except don't dont doesn't " +
    "isn't aren't shouldn't mustn't won't can't cannot remove removing",
);
const NEGATING_PHRASES = setOf("instead·of rather·than free·of");
/** After these a list runs on to the end of the sentence: "avoid sepia, cool tones, high contrast". */
const LISTING = setOf("avoid avoiding exclude excluding remove removing");
const REDUCERS = setOf(
  "less reduce reduces reduced reducing lower lowered lowering decrease decreased decreasing fewer",
);
const TURNS = setOf(
  "but with instead only just make add give use apply keep while then although yet however rather plus",
);

/** What "keep still" phrases are about; no negation reaches past them: "without changing the composition make it warm". */
const STILL = setOf(
  "composition framing frame crop cropping detail details everything anything else unchanged intact same exact exactly " +
    "subject subjects face faces identity pose poses geometry content contents object objects people person structure " +
    "perspective layout position positions background foreground texture textures shape shapes features expression",
);

const SILENT = setOf(
  "a an the this that these those it its it's is are be been being was of on in at to into from for by as and or nor with but " +
    "so while then than too also plus yet however although only just very more most much any all every each some both my our " +
    "your i we you me us please want wants would like should must could can let do does done have has having get gets " +
    "color colors colour colours colored coloured coloring colouring grade grades graded grading correction corrected " +
    "photo photos photograph photographs photography photographic picture pictures image images shot shots scene frame " +
    "ever look looks looking feel feels feeling style styled stylized stylised vibe vibes mood moods atmosphere atmospheric tone tones " +
    "toned toning tonality hue hues palette tint tints tinted cast casts wash light lights lighting lit effect effects treatment " +
    "filter finish edit edited editing retouch process processing lut preset film temperature balance overall whole entire general " +
    "make makes making made turn give gives giving given add adds added adding apply applied applying use uses used using " +
    "create bring bringing put set increase increased increasing boost boosted boosting enhance enhanced enhancing raise " +
    "raised higher keep keeps keeping kept maintain maintains maintaining maintained preserve preserves preserving preserved " +
    "retain retaining leave leaving change changes changing changed alter alters altering altered modify modifying affect " +
    "affecting touching original originals as-is way ways bit little touch hint overly instead rather of kind sort inspired reminiscent " +
    "manner type quality nice beautiful beautifully professional professionally natural naturally realistic photorealistic good great " +
    "high resolution through throughout across over up here there yes ok well not no lose losing skin",
);

export const isSilent = (word: string): boolean => SILENT.has(word) || STILL.has(word);
export const isReducer = (word: string): boolean => REDUCERS.has(word);
export const isTurn = (word: string): boolean => TURNS.has(word);
export const isStill = (word: string): boolean => STILL.has(word);

/** How many tokens from `at` on say how strong the next term is, and the factor; undefined if none. */
export function strengthAt(tokens: readonly Token[], at: number): { length: number; factor: number } | undefined {
  for (let length = 4; length > 0; length--) {
    const factor = STRENGTHS.get(phraseAt(tokens, at, length) ?? "");
    if (factor !== undefined) return { length, factor };
  }
  return undefined;
}

/** "very subtle" is subtler than subtle, "very strong" stronger than strong. */
export function joinFactors(first: number | undefined, second: number): number {
  if (first === undefined) return second;
  if (first > 1 && second > 1) return 1.8;
  return first < 1 && second < 1 ? Math.max(0.3, first * second) : Math.max(0.3, second * (second < 1 ? 0.7 : first));
}

/** A negation that starts at `at`; "not only" and "not just" are none. `listing` reaches over commas. */
export function negationAt(tokens: readonly Token[], at: number): { length: number; listing: boolean } | undefined {
  if (NEGATING_PHRASES.has(phraseAt(tokens, at, 2)?.replace(" ", "·") ?? "")) return { length: 2, listing: false };
  const word = tokens[at]!.text;
  if (!NEGATORS.has(word)) return undefined;
  if (word === "not" && /^(only|just|merely)$/.test(tokens[at + 1]?.text ?? "")) return undefined;
  return { length: 1, listing: LISTING.has(word) };
}

/** Whether the comma at `at` parts a list that ends in "or": "no sepia, haze or blue shadows". */
export function isListComma(tokens: readonly Token[], at: number): boolean {
  for (const { kind, text } of tokens.slice(at + 1)) {
    if (text === "or" || text === "nor") return true;
    if (kind === "stop" || NEGATORS.has(text) || TURNS.has(text)) return false;
  }
  return false;
}

/** The words of `length` tokens joined by spaces; undefined across a break or the end. */
export function phraseAt(tokens: readonly Token[], at: number, length: number): string | undefined {
  const part = tokens.slice(at, at + length);
  return part.length === length && part.every(({ kind }) => kind === "word")
    ? part.map(({ text }) => text).join(" ")
    : undefined;
}

/** The words a word may be an inflection of: "moodier" of "moody", "darkness" of "dark". */
export function rootsOf(word: string): string[] {
  const roots: string[] = [];
  for (const [ending, ...replacements] of ENDINGS)
    if (word.endsWith(ending) && word.length - ending.length >= 3)
      for (const replacement of replacements) roots.push(word.slice(0, -ending.length) + replacement);
  return roots;
}

const ENDINGS: readonly (readonly [ending: string, ...replacements: string[]])[] = [
  ["ier", "y"],
  ["iest", "y"],
  ["ily", "y"],
  ["iness", "y"],
  ["er", "", "e"],
  ["est", "", "e"],
  ["ally", ""],
  ["ly", "", "le"],
  ["ness", ""],
  ["ish", ""],
  ["like", ""],
  ["esque", ""],
  ["tter", "t"],
  ["dder", "d"],
];
