/**
 * Options as tables: the same table reads the command line and prints the help.
 * parseArgs splits the words; what they mean, and what is said about mistakes, is decided here.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { suggest } from "../core/config/suggest.ts";
import { AppError } from "../core/errors.ts";

type Common = { readonly about: string; readonly short?: string };
type Valued = Common & {
  /** Its word in the help, such as FILE. */
  readonly value: string;
  /** Commands that cannot do without it get a usage error for free. */
  readonly required?: true;
};
export type OptionSpec =
  | (Common & { readonly kind: "flag" })
  | (Valued & { readonly kind: "text"; readonly fallback?: string; readonly many?: true })
  | (Valued & {
      readonly kind: "number";
      readonly min: number;
      readonly max: number;
      readonly whole?: true;
      readonly fallback?: number;
    })
  | (Valued & { readonly kind: "choice"; readonly of: readonly string[]; readonly fallback?: string });

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type Given<O extends OptionSpec> = O extends { kind: "number" }
  ? number
  : O extends { kind: "choice"; of: readonly (infer Choice)[] }
    ? Choice
    : string;
type ValueOf<O extends OptionSpec> = O extends { kind: "flag" }
  ? boolean
  : O extends { many: true }
    ? readonly string[]
    : O extends { required: true }
      ? Given<O>
      : O extends { fallback: string | number }
        ? Given<O>
        : Given<O> | undefined;
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

/** Options that every command has. */
export const EVERYWHERE = {
  verbose: { kind: "flag", about: "Say more: the cause of an error, and where it happened." },
  help: { kind: "flag", short: "h", about: "Show this help." },
} as const satisfies OptionTable;

/** For commands that read the configuration. */
export const CONFIG = {
  config: {
    kind: "text",
    short: "c",
    value: "FILE",
    about: "The configuration; else config/hotgrade.yaml or hotgrade.yaml here.",
  },
} as const satisfies OptionTable;

/** For commands that print data. */
export const JSON_OUTPUT = {
  json: { kind: "flag", about: "Print one JSON document instead of text." },
} as const satisfies OptionTable;

/** The words of a command line, read by a table. Throws `usage`. */
export function readOptions<const T extends OptionTable>(
  table: T,
  words: readonly string[],
): { readonly values: OptionValues<T>; readonly words: readonly string[] } {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { kind, short }] of Object.entries(table))
    options[name] = { type: kind === "flag" ? "boolean" : "string", multiple: true, ...(short && { short }) };
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });

  const values: Record<string, unknown> = {};
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind !== "option") continue;
    const spec = table[token.name];
    if (!spec || !Object.hasOwn(table, token.name)) throw unknownOption(token.rawName, token.name, table);
    const value = readValue(token.rawName, spec, token.value, token.inlineValue ?? false);
    const isMany = spec.kind === "text" && spec.many;
    if (!isMany && spec.kind !== "flag" && values[token.name] !== undefined)
      throw new AppError("usage", `${token.rawName} is given twice`);
    values[token.name] = isMany ? [...((values[token.name] as string[]) ?? []), value] : value;
  }
  for (const [name, spec] of Object.entries(table)) values[name] ??= fallbackOf(spec);
  return { values: values as OptionValues<T>, words: rest };
}

/** Throws `usage` for options a command cannot do without; apart from reading, so that --help works alone. */
export function requireOptions(table: OptionTable, values: Readonly<Record<string, unknown>>): void {
  for (const [name, spec] of Object.entries(table)) {
    if (spec.kind !== "flag" && spec.required && values[name] === undefined)
      throw new AppError("usage", `--${name} ${spec.value} is missing`);
  }
}

function fallbackOf(spec: OptionSpec): unknown {
  if (spec.kind === "flag") return false;
  return spec.kind === "text" && spec.many ? [] : spec.fallback;
}

function unknownOption(raw: string, name: string, table: OptionTable): AppError {
  const near = suggest(name, Object.keys(table));
  return new AppError("usage", `unknown option ${raw}${near ? `; did you mean --${near}?` : ""}`);
}

function readValue(raw: string, spec: OptionSpec, text: string | undefined, isInline: boolean): unknown {
  if (spec.kind === "flag") {
    if (text !== undefined) throw new AppError("usage", `${raw} takes no value`);
    return true;
  }
  const isNumber = text !== undefined && /^-?\.?\d/.test(text);
  if (text === undefined || text === "" || (!isInline && text.length > 1 && text.startsWith("-") && !isNumber))
    throw new AppError("usage", `${raw} needs a value: ${raw} ${spec.value}`);
  switch (spec.kind) {
    case "text":
      return text;
    case "choice": {
      if (spec.of.includes(text)) return text;
      const near = suggest(text, spec.of);
      const question = near ? `; did you mean ${near}?` : "";
      throw new AppError("usage", `${raw} is one of ${spec.of.join(", ")}, not ${text}${question}`);
    }
    case "number": {
      const value = /^[-+]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
      const fits = value >= spec.min && value <= spec.max && (!spec.whole || Number.isInteger(value));
      if (fits) return value;
      const noun = spec.whole ? "a whole number" : "a number";
      throw new AppError("usage", `${raw} is ${noun} from ${spec.min} to ${spec.max}, not ${text}`);
    }
  }
}
