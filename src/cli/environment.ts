/** `${VAR}` and `${VAR:-default}` in configuration text. */

export type Environment = Readonly<Record<string, string | undefined>>;

export type Missing = { readonly written: string; readonly message: string };

const PLACE = /\$?\$\{([^}]*)(\}?)/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** Private characters that stand for ASCII ones while YAML reads the text. */
const MASK = 0xe000;
const MASKED = /[\ue020-\ue07e]+/g;

/**
 * Hides `${…}` from YAML, which would take its braces inside `{ … }` for a mapping. Each character becomes a private one,
 * so that every position stays the same. `unmask` brings them back.
 */
export function mask(text: string): string {
  return text.replaceAll(/\$?\$\{[^}\n]*\}/g, (place) =>
    place.replaceAll(/[ -~]/g, (character) => String.fromCharCode(MASK + character.charCodeAt(0))),
  );
}

export function unmask(text: string): string {
  return text.replaceAll(MASKED, (run) =>
    String.fromCharCode(...Array.from(run, (character) => character.charCodeAt(0) - MASK)),
  );
}

/** The text with its variables; `$${` stands for a plain `${`. An unset or empty variable takes its default. */
export function fillIn(
  text: string,
  env: Environment,
): { readonly value: string; readonly missing: readonly Missing[] } {
  const missing: Missing[] = [];
  const value = text.replaceAll(PLACE, (written, inside: string, end: string) => {
    if (written.startsWith("$$")) return written.slice(1);
    const match = end ? NAME.exec(inside) : null;
    if (!match) {
      missing.push({ written, message: `write \${NAME} or \${NAME:-default}` });
      return written;
    }
    const [, name, fallback] = match;
    const found = env[name!];
    if (found !== undefined && (found !== "" || fallback === undefined)) return found;
    if (fallback !== undefined) return fallback;
    missing.push({
      written,
      message: `the environment variable ${name} is not set; \${${name}:-default} gives a default`,
    });
    return written;
  });
  return { value, missing };
}
