/** What a person may call a look, so that a configuration can tell it from a file and from the words it has itself. */

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

/** Words of `look:` that say something else. */
export const LOOK_WORDS = ["each", "shoot"] as const;

/** Letters, digits, spaces, dots, dashes, underscores; 1 to 64 of them: `isLookName("Golden hour")`. */
export function isLookName(text: string): boolean {
  return NAME.test(text) && text === text.trim() && !/\.cube$/i.test(text);
}
