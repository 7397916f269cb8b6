/** What hooks are told, as JSON. Fields are only ever added; `version` changes when one has to mean something else. Pure. */
import { hintOf } from "../errors.ts";
import { decodePath, type PathText } from "../inbox/path-text.ts";
import type { Job } from "./job.ts";
import type { NextState } from "./transition.ts";

export type HookEvent = "done" | "failed" | "held" | "shoot";

export const HOOK_VERSION = 1;

type Told = Pick<Job, "id" | "inbox" | "path" | "original" | "generation" | "recipe">;

/** The event that a status is, if anybody may be told of it. */
export function eventOf(status: Job["status"]): HookEvent | undefined {
  return status === "done" || status === "failed" || status === "held" ? status : undefined;
}

/** Of one photo, as it stands after its attempt. */
export function photoBody(
  job: Told,
  { facts, failure, stage }: Pick<NextState, "facts" | "failure" | "stage">,
): object {
  return {
    job: job.id,
    generation: job.generation,
    ...named("inbox", job.inbox),
    ...named("path", job.path),
    ...named("original", facts.retiring?.kind === "move" ? facts.retiring.to : job.original),
    outputs: (facts.outputs ?? []).map((output) => named("path", output)),
    ...named("proof", facts.proof ?? null),
    stage,
    prompt: job.recipe.prompt,
    verdict: facts.verdict ?? null,
    score: facts.score ?? null,
    look: facts.look ?? null,
    notes: facts.notes ?? [],
    ...errorOf(failure),
  };
}

export function errorOf(failure: NextState["failure"]): object {
  if (!failure) return { code: null, sentence: null, hint: null };
  return { code: failure.code, sentence: failure.message, hint: hintOf(failure.code) };
}

/**
 * A path as text; where its bytes are no UTF-8 also those, in base64: `named("path", "a\uf7ff")` is
 * `{ path: "a\ufffd", pathBase64: "Yf8=" }`.
 */
export function named(name: string, path: PathText | null): Readonly<Record<string, string | null>> {
  if (path === null) return { [name]: null };
  const bytes = decodePath(path);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const isWhole = text === path;
  return isWhole ? { [name]: text } : { [name]: text, [`${name}Base64`]: base64(bytes) };
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** The whole document, the same for every attempt to tell it. */
export function hookDocument({ id, event, at, data }: HookNews): string {
  return JSON.stringify({ version: HOOK_VERSION, id, event, at: new Date(at).toISOString(), ...data });
}

export type HookNews = {
  readonly id: string;
  readonly event: HookEvent;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
};
