/** From an inbox's settings to the recipe of its jobs, and from a recipe to the words a model is given. */
import type { PathText } from "../inbox/path-text.ts";
import { joinPath } from "../inbox/path-text.ts";
import type { LookSource, OutputRecipe, Recipe } from "../job/job.ts";
import type { PictureInfo } from "../job/picture.ts";
import type { BackendConfig, InboxConfig } from "./parse.ts";
import { expandTemplate, type PromptWords } from "./template.ts";

/** What is found out for one photo: the words of its folder's prompt.txt, and where its look comes from. */
export type PhotoWords = { readonly prompt: string | undefined; readonly look: LookSource };

/**
 * The backends that may serve an inbox, in the order of preference: those it names, else every one that is not
 * builtin. The builtin never shares work with a model: it serves when it is named, or when there is nothing else.
 */
export function backendsFor(
  inbox: Pick<InboxConfig, "backends">,
  backends: readonly BackendConfig[],
): readonly string[] {
  if (inbox.backends) return inbox.backends;
  const models = backends.filter(({ kind }) => kind !== "builtin");
  return (models.length > 0 ? models : backends).map(({ name }) => name);
}

/** The snapshot a job carries. The inbox's paths must be absolute; the prompt keeps its `{places}` for `promptText`. */
export function recipeFor(
  inbox: InboxConfig,
  backends: readonly BackendConfig[],
  { prompt, look }: PhotoWords,
): Recipe {
  return {
    prompt: prompt?.trim() || inbox.prompt,
    promptSuffix: inbox.promptSuffix,
    workflow: inbox.workflow,
    slots: inbox.slots,
    params: inbox.params,
    seed: inbox.seed,
    backends: backendsFor(inbox, backends),
    finish: inbox.finish,
    look,
    lutSize: inbox.lutSize,
    strength: inbox.strength,
    onSpatial: inbox.onSpatial,
    ...(inbox.review && { review: true as const }),
    // As it was before there was a choice, so that photos graded then are not stale.
    ...(inbox.raw.kind !== "preview" && inbox.raw.kind !== "skip" && { raw: inbox.raw }),
    output: outputFor(inbox),
    original: inbox.original,
  };
}

/** The recipe of one photo: how RAW is developed says something of RAW files alone. */
export function recipeOf(recipe: Recipe, photo: PictureInfo | undefined): Recipe {
  if (photo?.raw !== undefined || recipe.raw === undefined) return recipe;
  const { raw: _raw, ...rest } = recipe;
  return rest;
}

/** How an inbox's photos are written. */
export function outputFor(inbox: InboxConfig): OutputRecipe {
  return {
    outbox: inbox.outbox,
    structure: inbox.structure,
    name: inbox.name,
    suffix: inbox.suffix,
    format: inbox.format,
    quality: inbox.quality,
    ...(inbox.bitDepth !== "same" && { bitDepth: inbox.bitDepth }),
    ...(inbox.resize !== null && { resize: inbox.resize }),
    ...(inbox.profile !== "keep" && { profile: inbox.profile }),
    ...(inbox.times !== "now" && { times: inbox.times }),
    sidecars: inbox.sidecars,
  };
}

/** The whole prompt of one photo: places filled, then the suffix. `{camera}` of a photo without one leaves no double space. */
export function promptText(recipe: Pick<Recipe, "prompt" | "promptSuffix">, words: PromptWords): string {
  const tidy = (text: string) =>
    expandTemplate(text, words)
      .replaceAll(/[ \t]{2,}/g, " ")
      .trim();
  const prompt = tidy(recipe.prompt);
  const suffix = tidy(recipe.promptSuffix);
  if (!prompt || !suffix) return prompt || suffix;
  return /[.,;:!?]$/.test(prompt) ? `${prompt} ${suffix}` : `${prompt}, ${suffix}`;
}

/** What decides about the look a model gives: photos of one folder that agree in it may share one. */
export function lookWords({ prompt, promptSuffix, workflow, slots, params, seed, lutSize, raw }: Recipe): string {
  // A developed RAW has other colours than the preview in it.
  return canonical({ prompt, promptSuffix, workflow, slots, params, seed, lutSize, ...(raw && { raw }) });
}

/** What decides whether a backend can run it: its text is compared by the ledger, so it is made of the recipe's as it is. */
export function abilityKey({ workflow, slots, params }: Pick<Recipe, "workflow" | "slots" | "params">): string {
  return `${workflow}\n${JSON.stringify(slots)}${JSON.stringify(params)}`;
}

/** The recipe as text with keys in a fixed order: equal recipes give equal text, which is what gets hashed. */
export function canonicalRecipe(recipe: Recipe): string {
  // Who looks at a photo before it is written does not change it.
  const { review: _review, ...graded } = recipe;
  return canonical(graded);
}

function canonical(value: object): string {
  return JSON.stringify(value, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

/** Where a FOLDER of `original` is: an absolute one as it is, any other below the inbox. */
export function dispositionFolder(inbox: PathText, folder: PathText): PathText {
  const isAbsolute = folder.startsWith("/") || /^[A-Za-z]:[\\/]/.test(folder);
  return isAbsolute ? folder : joinPath(inbox, folder);
}

/** Folders that an inbox's scan must never look into, since originals go there. */
export function dispositionFolders(inbox: Pick<InboxConfig, "path" | "original">): readonly PathText[] {
  return Object.values(inbox.original).flatMap((disposition) =>
    typeof disposition === "object" && "folder" in disposition
      ? [dispositionFolder(inbox.path, disposition.folder)]
      : [],
  );
}
