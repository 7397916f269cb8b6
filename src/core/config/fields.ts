/** What the grammar says of itself: the keys of a place, and every key with its default and meaning for the docs. */
import type { z } from "zod";
import { configSchema } from "./schema.ts";

export type Field = {
  /** `inboxes[].original.done` */
  readonly key: string;
  /** As written in the file; "" when the key may be left out and stands for nothing. */
  readonly default: string;
  readonly meaning: string;
};

type Node = { readonly schema: Schema; readonly fallback: unknown; readonly description: string };
type Schema = z.core.$ZodType & { readonly description?: string | undefined };
/** The parts of zod's definitions that are read here. */
type Definition = {
  readonly type: string;
  readonly innerType?: Schema;
  readonly element?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly keyType?: Schema;
  readonly entries?: Readonly<Record<string, string>>;
  readonly defaultValue?: unknown;
};

const definitionOf = (schema: Schema): Definition => schema._zod.def as unknown as Definition;

/** Takes off defaults and the like, keeping what they say. */
function bare(schema: Schema): Node {
  let fallback: unknown;
  let description = schema.description ?? "";
  let inner = schema;
  for (let definition = definitionOf(inner); definition.innerType; definition = definitionOf(inner)) {
    if (definition.type === "default" || definition.type === "prefault") fallback ??= definition.defaultValue;
    inner = definition.innerType;
    description ||= inner.description ?? "";
  }
  return { schema: inner, fallback, description };
}

/** The objects a place may hold: one, or one for each kind. */
function shapesOf(schema: Schema): readonly Readonly<Record<string, Schema>>[] {
  const definition = definitionOf(bare(schema).schema);
  if (definition.shape) return [definition.shape];
  return definition.type === "union" ? (definition.options ?? []).flatMap(shapesOf) : [];
}

/** Keys known at a place of the file: `knownKeys(["ledger"])` is driver and file. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let places: readonly Schema[] = [configSchema];
  for (const part of path) {
    places = places.flatMap((place) => {
      if (typeof part === "number") return definitionOf(bare(place).schema).element ?? [];
      return shapesOf(place).flatMap((shape) => shape[String(part)] ?? []);
    });
  }
  const keysOf = (place: Schema): readonly string[] => {
    const { keyType } = definitionOf(bare(place).schema);
    return keyType ? Object.keys(definitionOf(keyType).entries ?? {}) : shapesOf(place).flatMap(Object.keys);
  };
  return [...new Set(places.flatMap(keysOf))];
}

/** Every key of the file, in the order of the grammar. */
export function fields(): readonly Field[] {
  return fieldsOf(configSchema, "");
}

function fieldsOf(schema: Schema, prefix: string): readonly Field[] {
  const found = new Map<string, Field>();
  const add = (field: Field) => {
    const known = found.get(field.key);
    const meaning = known && known.meaning !== field.meaning ? `${known.meaning} ${field.meaning}` : field.meaning;
    found.set(field.key, { ...field, meaning });
  };
  for (const shape of shapesOf(schema)) {
    for (const [name, value] of Object.entries(shape)) {
      const { schema: inner, fallback, description } = bare(value);
      const definition = definitionOf(inner);
      const key = `${prefix}${name}`;
      const children = definition.element ? fieldsOf(definition.element, `${key}[].`) : fieldsOf(inner, `${key}.`);
      const shown = children.length > 0 || fallback === undefined ? "" : written(fallback);
      add({ key, default: shown, meaning: `${description}${choicesOf(definition, description)}` });
      children.forEach(add);
    }
  }
  return [...found.values()];
}

/** The words a key may hold, unless its meaning names them. */
function choicesOf(definition: Definition, description: string): string {
  const choices = Object.keys(definition.entries ?? {});
  if (choices.length < 2 || choices.every((choice) => description.includes(choice))) return "";
  return ` One of ${choices.map((choice) => `\`${choice}\``).join(", ")}.`;
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  return typeof value === "string" && value !== "" ? value : JSON.stringify(value);
}

/** The fields as the Markdown table of docs/configuration.md. */
export function fieldTable(): string {
  const rows = fields().map(({ key, default: fallback, meaning }) => {
    return `| \`${key}\` | ${fallback ? `\`${fallback}\`` : "–"} | ${meaning.replaceAll("|", "\\|")} |`;
  });
  return ["| key | default | meaning |", "|---|---|---|", ...rows].join("\n");
}
