/** Photos whose recipe has been edited since they were graded, and their way into the line again. */

import type { Config, InboxConfig } from "../core/config/parse.ts";
import { canonicalRecipe, recipeFor } from "../core/config/recipe.ts";
import { folderOf, type PathText } from "../core/inbox/path-text.ts";
import { startOf } from "../core/job/identity.ts";
import type { Job, Recipe } from "../core/job/job.ts";
import type { Files, Ids, Ledger } from "../ports.ts";
import { folderWords } from "./intake.ts";
import { sha256Of } from "./wire.ts";

export type Stale = { readonly job: Job; readonly recipe: Recipe; readonly recipeHash: string };

/** The newest done job of each path of this inbox whose recipe is no longer what the config and its folder say. */
export async function staleJobs(
  inbox: InboxConfig,
  config: Pick<Config, "backends">,
  { ledger, files }: { readonly ledger: Ledger; readonly files: Files },
): Promise<readonly Stale[]> {
  const recipes = new Map<PathText, { recipe: Recipe; recipeHash: string }>();
  const recipeOf = async (path: PathText) => {
    const folder = folderOf(path);
    const known = recipes.get(folder);
    if (known) return known;
    const recipe = recipeFor(inbox, config.backends, await folderWords(path, inbox, { files }));
    const found = { recipe, recipeHash: sha256Of(canonicalRecipe(recipe)) };
    recipes.set(folder, found);
    return found;
  };
  const seen = new Set<PathText>();
  const stale: Stale[] = [];
  for (const job of await ledger.jobs.find({ inbox: inbox.path })) {
    if (seen.has(job.path)) continue; // newest first: an older job of the same path does not count
    seen.add(job.path);
    const now = await recipeOf(job.path);
    if (job.status === "done" && job.recipeHash !== now.recipeHash) stale.push({ job, ...now });
  }
  return stale;
}

/** Each as its next generation; gives the new jobs' ids. */
export async function regrade(
  stale: readonly Stale[],
  { ledger, ids }: { readonly ledger: Ledger; readonly ids: Ids },
  now: number,
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const { job, recipe, recipeHash } of stale) {
    const as = { id: ids.uuid(), recipe, recipeHash, ...startOf(recipe, job.facts) };
    const next = await ledger.jobs.regrade(job.id, as, now);
    if (next) made.push(next.id);
  }
  return made;
}
