/** What can be wrong with a configuration, as sentences with the place they belong to. */
import type { z } from "zod";
import { depthProblem, WRITTEN_FORMATS } from "../job/picture.ts";
import { knownKeys } from "./fields.ts";
import { isPlannedKey, isPlannedValue } from "./planned.ts";
import { SLOTS } from "./schema.ts";
import { suggest } from "./suggest.ts";

export type Issue = {
  /** Keys and list positions from the top of the file. */
  readonly path: readonly (string | number)[];
  /** Is the key itself wrong, rather than its value? */
  readonly onKey: boolean;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion: string | null;
};

type Path = readonly (string | number)[];
type ZodIssue = z.core.$ZodIssue;

const NOUNS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "keys with values",
  record: "keys with values",
  string: "a text",
};

/** One sentence for what zod found; fields that know better say it themselves in schema.ts. */
export function sentenceOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${NOUNS[issue.expected] ?? issue.expected}${got(issue.input)}`;
    case "invalid_value":
      return `expected ${oneOf(issue.values)}${got(issue.input)}`;
    case "too_small":
      return `expected at least ${issue.minimum}${counted(issue.origin, issue.minimum)}${got(issue.input)}`;
    case "too_big":
      return `expected at most ${issue.maximum}${counted(issue.origin, issue.maximum)}${got(issue.input)}`;
    case "invalid_union":
      return Array.isArray(issue.options) ? `expected ${oneOf(issue.options)}` : "this value does not fit here";
    default:
      return "this value does not fit here";
  }
}

const oneOf = (values: readonly unknown[]): string =>
  values.length > 1 ? `${values.slice(0, -1).join(", ")} or ${values.at(-1)}` : String(values[0]);

const counted = (origin: string, count: unknown): string => {
  const noun = origin === "string" ? "character" : origin === "array" ? "entry" : null;
  if (!noun) return "";
  return ` ${Number(count) === 1 ? noun : noun === "entry" ? "entries" : `${noun}s`}`;
};

function got(input: unknown): string {
  if (input === undefined) return "";
  if (input === null) return ", got nothing";
  if (Array.isArray(input)) return ", got a list";
  if (typeof input === "object") return ", got keys with values";
  const text = String(input);
  return text.length > 40 ? "" : `, got ${text === "" ? "an empty text" : text}`;
}

/** All issues of a file: zod's, in our words, and those that need two places at once. */
export function issuesOf(plain: unknown, found: readonly ZodIssue[]): readonly Issue[] {
  return [...found.flatMap((issue) => translate(issue, plain)), ...crossChecks(plain)];
}

function translate(issue: ZodIssue, plain: unknown): readonly Issue[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key]));
  const value = valueAt(plain, path);
  const name = String(path.findLast((part) => typeof part === "string") ?? "");
  if (isPlannedValue(name, value))
    return [{ path, onKey: false, message: `${name}: ${value} is planned, not built yet`, suggestion: null }];
  const isMissing = value === undefined && path.length > 0;
  const message = isMissing ? `${path.at(-1)} is missing: ${issue.message}` : issue.message;
  const options =
    issue.code === "invalid_value" ? issue.values : issue.code === "invalid_union" ? optionsOf(issue) : [];
  const suggestion = typeof value === "string" ? suggest(value, options.map(String)) : null;
  return [{ path, onKey: false, message, suggestion }];
}

const optionsOf = (issue: ZodIssue): readonly unknown[] =>
  "options" in issue && Array.isArray(issue.options) ? issue.options : [];

function unknownKey(path: Path): Issue {
  const key = String(path.at(-1));
  const parents = path.slice(0, -1);
  const parent = String(parents.findLast((part) => typeof part === "string") ?? "");
  const issue = (message: string, suggestion: string | null = null) => ({ path, onKey: true, message, suggestion });
  if (isPlannedKey(parent, key)) return issue(`${key} is planned, not built yet: take it out`);
  if (parent === "" && knownKeys(["inboxes", 0]).includes(key)) return issue(`${key} belongs in an entry of inboxes`);
  const where = parent === "" ? "" : ` in ${parent}`;
  return issue(`unknown key ${key}${where}`, suggest(key, knownKeys(parents)));
}

/** Rules over two places, on values that may still be wrong otherwise. */
function crossChecks(plain: unknown): readonly Issue[] {
  const issues: Issue[] = [];
  const say = (path: Path, message: string, suggestion: string | null = null, onKey = false) =>
    issues.push({ path, onKey, message, suggestion });
  const top = isRecord(plain) ? plain : {};
  if (top.backends !== undefined && top.comfyui !== undefined)
    say(["comfyui"], "comfyui is the older spelling of one backend: keep it or backends, not both", null, true);

  const names: string[] = [];
  listOf(top.backends).forEach((backend, at) => {
    const name = isRecord(backend) ? backend.name : undefined;
    if (typeof name !== "string") return;
    if (names.includes(name)) say(["backends", at, "name"], `two backends are called ${name}`);
    names.push(name);
  });
  if (top.backends === undefined)
    names.push(isRecord(top.comfyui) && top.comfyui.enabled !== false ? "comfyui" : "here");

  listOf(top.inboxes).forEach((inbox, at) => {
    const tooDeep = isRecord(inbox) && depthOf(inbox);
    if (tooDeep) say(["inboxes", at, "bitDepth"], tooDeep);
    if (isRecord(inbox) && inbox.look === "shoot")
      for (const key of ["finish", "onSpatial"])
        if (["local", "direct"].includes(String(inbox[key])))
          say(["inboxes", at, key], `${key}: ${inbox[key]} is about one photo, and cannot be shared by a shoot`);
    if (isRecord(inbox))
      for (const key of strayPlaces(inbox))
        say(
          ["inboxes", at, "slots", key],
          `no slot is called ${key}; a parameter is written NODE.INPUT here and gets its value under params`,
          suggest(key, SLOTS),
          true,
        );
    if (isRecord(inbox)) for (const [key, message] of rawIssues(inbox)) say(["inboxes", at, key], message);
    const wanted = isRecord(inbox) ? inbox.backend : undefined;
    [wanted].flat().forEach((name, nth) => {
      if (typeof name !== "string" || names.includes(name)) return;
      const path = Array.isArray(wanted) ? ["inboxes", at, "backend", nth] : ["inboxes", at, "backend"];
      say(path, `no backend is called ${name}; there is ${names.join(", ") || "none"}`, suggest(name, names));
    });
  });
  return issues;
}

/** Keys of `slots` that are neither a slot nor a parameter that is set: a mistyped slot would be overlooked otherwise. */
function strayPlaces({ slots, params }: Readonly<Record<string, unknown>>): readonly string[] {
  const isSet = (key: string) => isRecord(params) && Object.hasOwn(params, key);
  return Object.entries(isRecord(slots) ? slots : {})
    .filter(([key, place]) => !SLOTS.some((slot) => slot === key) && !(String(place).includes(".") && isSet(key)))
    .map(([key]) => key);
}

/** A program for RAW that is missing, or that could not know which file is meant. */
function rawIssues({
  raw,
  rawCommand,
  pairs,
}: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  if (raw === "skip" && pairs === "raw")
    return [
      ["pairs", "pairs: raw grades the RAW of a pair, and raw: skip leaves RAW files alone; take one of them out"],
    ];
  if (raw === "command" && rawCommand === undefined)
    return [["raw", 'raw: command needs rawCommand, such as [darktable-cli, "{in}", "{out}"]']];
  const words = listOf(rawCommand).map(String);
  const missing =
    words.length > 0 ? ["{in}", "{out}"].filter((place) => !words.some((word) => word.includes(place))) : [];
  return missing.map((place) => [
    "rawCommand",
    `rawCommand has no ${place}: where is the program to ${place === "{in}" ? "find the RAW" : "write"}?`,
  ]);
}

/** What is wrong with an inbox's bitDepth, given its format; what either may be at all is the grammar's. */
function depthOf({ format = "same", bitDepth = "same" }: Readonly<Record<string, unknown>>): string | undefined {
  const known = WRITTEN_FORMATS.find((one) => one === format);
  const depth = ([8, 10, 12, 16] as const).find((one) => one === bitDepth);
  return known && depth && depthProblem(known, depth);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function valueAt(plain: unknown, path: Path): unknown {
  let value = plain;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}
