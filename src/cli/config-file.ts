/**
 * Reads the configuration file: finds it, takes `${VAR}` from the environment, checks it, and says everything that
 * is wrong at once, each with its place. The only door to the yaml package.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
} from "yaml";
import { type Config, type Issue, parse } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { CONFIG_FILES, resolvePaths } from "./config-paths.ts";
import { configInvalid, type Problem } from "./config-problems.ts";
import { type Environment, fillIn, mask, unmask } from "./environment.ts";

export type LoadedConfig = {
  /** All paths absolute. */
  readonly config: Config;
  /** Absolute path of the file, or null when there is none and the defaults hold. */
  readonly file: string | null;
  /** Absolute project root: the folder that relative paths start from. */
  readonly root: string;
};

/** A configuration is written by hand; what is larger is some other file. */
const BYTES_MAX = 1 << 20;

/** Errors: `config-missing` (a named file that is not there), `config-invalid`. */
export async function loadConfig(from: {
  /** The value of --config, if it was given. */
  readonly explicit: string | undefined;
  readonly cwd: string;
  readonly env: Environment;
}): Promise<LoadedConfig> {
  const candidates = from.explicit === undefined ? CONFIG_FILES : [from.explicit];
  for (const candidate of candidates) {
    const file = resolve(from.cwd, candidate);
    const text = await readText(file, from.explicit !== undefined);
    if (text === undefined) continue;
    const folder = dirname(file);
    const root = basename(folder) === "config" ? dirname(folder) : folder;
    const shown = relative(from.cwd, file);
    const config = parseConfigText(text, shown.startsWith("..") ? file : shown, from.env);
    return { config: resolvePaths(config, root, from.env.HOME), file, root };
  }
  const config = parseConfigText("", "(no file)", from.env);
  return { config: resolvePaths(config, from.cwd, from.env.HOME), file: null, root: from.cwd };
}

async function readText(file: string, isRequired: boolean): Promise<string | undefined> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > BYTES_MAX)
      throw new AppError(
        "config-invalid",
        `${file} has ${bytes.length} bytes; a configuration has at most ${BYTES_MAX}`,
      );
    return bytes.toString("utf8").replace(/^\ufeff/, "");
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") {
      if (!isRequired) return undefined;
      throw new AppError("config-missing", `there is no file ${file}`, { file }, cause);
    }
    const why = code === "EISDIR" ? "it is a folder" : (cause as Error).message;
    throw new AppError("config-missing", `cannot read ${file}: ${why}`, { file }, cause);
  }
}

/** The file's text as a Config whose paths are as written. `file` is its name in messages. Throws `config-invalid`. */
export function parseConfigText(text: string, file: string, env: Environment): Config {
  const document = parseDocument(mask(text), { prettyErrors: false, merge: true });
  const astray = document.errors.filter(({ code }) => code !== "DUPLICATE_KEY");
  // One broken line makes YAML complain about every word after it: the first complaint is the one to mend.
  if (astray.length > 0)
    throw configInvalid(
      file,
      text,
      astray.slice(0, 1).map((error) => yamlProblem(error, text)),
    );
  const problems = document.errors.map((error) => yamlProblem(error, text));

  const filled = fillScalars(document, text, env, problems);
  let parsed = parse(plainOf(document, file, text));
  if (!parsed.ok && readNumbers(document, parsed.issues, filled)) parsed = parse(plainOf(document, file, text));
  if (parsed.ok && problems.length === 0) return parsed.config;
  for (const issue of parsed.ok ? [] : parsed.issues) {
    const place = placeOf(document, issue);
    if (place && filled.get(place) === "unset") continue; // said already, with the variable's name
    const [start, end] = place?.range ?? [0, 0];
    problems.push({ offset: start, length: end - start, message: issue.message, suggestion: issue.suggestion });
  }
  throw configInvalid(file, text, problems);
}

function yamlProblem({ code, message, pos: [start, end] }: YAMLError, text: string): Problem {
  const sentence = SENTENCES[code] ?? `this is not YAML: ${unmask(message.split("\n")[0]!)}`;
  return { offset: Math.min(start, text.length), length: end - start, message: sentence, suggestion: null };
}

const SENTENCES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this key stands twice in the same place: keep one",
  TAB_AS_INDENT: "a tab cannot indent YAML: use spaces",
  MULTIPLE_DOCS: "a second document begins here: a configuration is one",
  BAD_INDENT: "this line's indentation does not fit the lines above",
  BLOCK_AS_IMPLICIT_KEY: "a second key or list on one line: start a new line, or put the text in quotes",
  MISSING_CHAR: "something is missing here, such as a closing quote, a bracket or the space after a colon",
};

type Filled = Map<Node, "unset" | "set">;

/** Puts the environment's values into the scalars; unset variables become problems. */
function fillScalars(document: Document, text: string, env: Environment, problems: Problem[]): Filled {
  const filled: Filled = new Map();
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== "string") return;
      node.value = unmask(node.value);
      if (key === "key" || !String(node.value).includes("${")) return;
      const { value, missing } = fillIn(String(node.value), env);
      for (const { written, message } of missing) {
        const [start, end] = node.range ?? [0, 0, 0];
        const at = text.slice(start, end).indexOf(written);
        problems.push({ offset: start + Math.max(0, at), length: written.length, message, suggestion: null });
      }
      node.value = value;
      filled.set(node, missing.length > 0 ? "unset" : "set");
    },
  });
  return filled;
}

/** Where a number or a truth value was wanted and the environment gave its text unquoted, that is what it means. */
function readNumbers(document: Document, issues: readonly Issue[], filled: Filled): boolean {
  let changed = false;
  for (const issue of issues) {
    const node = placeOf(document, issue);
    if (!isScalar(node) || filled.get(node) !== "set" || node.type !== Scalar.PLAIN) continue;
    if (!/^(true|false|-?\d{1,15}(\.\d{1,15})?)$/.test(String(node.value))) continue;
    node.value = JSON.parse(String(node.value).replace(/^(-?)0+(?=\d)/, "$1"));
    changed = true;
  }
  return changed;
}

function plainOf(document: Document, file: string, text: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = `this is not YAML: ${(cause as Error).message}`;
    throw configInvalid(file, text, [{ offset: 0, length: 1, message, suggestion: null }]);
  }
}

/** The node an issue is about: the key, the value, or the nearest thing around it that the file has. */
function placeOf(document: Document, issue: Issue): Node | null {
  let place = document.contents as Node | null;
  let node = place;
  for (const [depth, part] of issue.path.entries()) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value) === String(part)) as
        | Pair<Node, Node>
        | undefined;
      if (!pair) return place;
      const isLast = depth === issue.path.length - 1;
      const isEmpty = !pair.value || (isScalar(pair.value) && pair.value.value === null);
      place = isEmpty || (isLast && issue.onKey) ? pair.key : pair.value;
      node = pair.value;
    } else if (isSeq(inside)) {
      node = (inside.items[Number(part)] ?? null) as Node | null;
      if (!node) return place;
      place = node;
    } else return place;
  }
  return place;
}
