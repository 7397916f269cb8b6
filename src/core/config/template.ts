/** Templates: text with `{word}` places in prompts and output names. */

export const PROMPT_WORDS = ["inbox", "folder", "name", "date", "camera"] as const;
export const NAME_WORDS = ["name", "suffix", "ext", "date", "time", "folder", "inbox", "look", "seed", "n"] as const;

export type PromptWords = Readonly<Record<(typeof PROMPT_WORDS)[number], string>>;

/** Only `{letters}` is a place; other braces, such as a wildcard's `{red|blue}`, are text. */
const PLACE = /\{([A-Za-z]+)\}/g;

/** The words between braces, in order: `placesOf("{name}{suffix}.{ext}")` is name, suffix, ext. */
export function placesOf(template: string): string[] {
  return [...template.matchAll(PLACE)].map((match) => match[1]!);
}

/** The template with its places filled; a place without a value stays as it is written. */
export function expandTemplate(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(PLACE, (place, word: string) => (Object.hasOwn(words, word) ? words[word]! : place));
}
