/** Photos whose recipe has been edited since they were graded, and their way into the line again. */

import type { Config, InboxConfig } from "../core/config/parse.ts";
import { canonicalRecipe, recipeFor, recipeOf } from "../core/config/recipe.ts";
import { asAppError } from "../core/errors.ts";
import { folderOf, type PathText } from "../core/inbox/path-text.ts";
import { startOf, startWithLook } from "../core/job/identity.ts";
import type { Job, Recipe } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import { folderWords } from "./intake.ts";
import { type FoundLook, findLook, keepFound, type LookPorts, shootOf } from "./looks.ts";
import { sha256Of } from "./wire.ts";

export type Stale = Now & { readonly job: Job; readonly duplicates: InboxConfig["duplicates"] };

/** What the config and a folder say today. */
type Now = {
  readonly recipe: Recipe;
  readonly recipeHash: string;
  readonly look: FoundLook;
  /** Without the look that the inbox is locked to: locking is about photos to come. */
  readonly unlocked: Recipe;
  readonly unlockedHash: string;
};

/** The newest done job of each path of this inbox whose recipe is no longer what the config and its folder say. */
export async function staleJobs(
  inbox: InboxConfig,
  config: Pick<Config, "backends">,
  ports: Omit<LookPorts, "clock">,
): Promise<readonly Stale[]> {
  const judge = judgeFor(inbox, config, ports);
  const seen = new Set<PathText>();
  const stale: Stale[] = [];
  for (const job of await ports.ledger.jobs.find({ inbox: inbox.path })) {
    if (seen.has(job.path)) continue; // newest first: an older job of the same path does not count
    seen.add(job.path);
    const now = job.status === "done" ? await judge(job) : undefined;
    if (now) stale.push({ job, ...now, duplicates: inbox.duplicates });
  }
  return stale;
}

/** How many there are; of each folder and recipe one photo is looked at. */
export async function countStale(
  inbox: InboxConfig,
  config: Pick<Config, "backends">,
  ports: Omit<LookPorts, "clock">,
): Promise<number> {
  const judge = judgeFor(inbox, config, ports);
  let stale = 0;
  for (const { example, count } of await ports.ledger.jobs.gradedAlike(inbox.path))
    if (await judge(example)) stale += count;
  return stale;
}

/** What a job would be graded by today; undefined of one whose recipe still stands. */
function judgeFor(inbox: InboxConfig, config: Pick<Config, "backends">, ports: Omit<LookPorts, "clock">) {
  const recipes = new Map<PathText, Promise<Now | undefined>>();
  return async (job: Job): Promise<Now | undefined> => {
    if (inbox.raw.kind === "skip" && job.facts.photo?.raw !== undefined) return undefined; // to be left alone from now on
    const folder = folderOf(job.path);
    const known = recipes.get(folder) ?? findNow(job.path, inbox, config, ports);
    recipes.set(folder, known);
    const found = await known;
    const now = found && nowFor(job, found);
    return now && !isOf(job, now) ? now : undefined;
  };
}

/** Failed and cancelled photos will be tried by what the configuration says today: it may be what was wrong. */
export async function reviseStale(
  jobs: readonly Job[],
  config: Pick<Config, "backends" | "inboxes">,
  ports: LookPorts,
): Promise<void> {
  const judges = new Map(config.inboxes.map((inbox) => [inbox.path, judgeFor(inbox, config, ports)]));
  for (const job of jobs) {
    if (job.inbox === null || job.shoot !== null || (job.status !== "failed" && job.status !== "cancelled")) continue;
    const now = await judges.get(job.inbox)?.(job);
    if (!now || now.recipe.look.kind === "shoot") continue;
    await keepFound(now.look, ports);
    const { recipe, recipeHash } = now;
    await ports.ledger.jobs.revise(job.id, { recipe, recipeHash, ...startOf(recipe, job.facts) }, ports.clock.now());
  }
}

/** Of a photo that is no RAW, whatever the config says of RAW today. */
function nowFor(job: Job, now: Now): Now {
  const recipe = recipeOf(now.recipe, job.facts.photo);
  if (recipe === now.recipe) return now;
  const unlockedHash = hashOf(recipeOf(now.unlocked, job.facts.photo));
  return { ...now, recipe, recipeHash: hashOf(recipe), unlockedHash };
}

/** Locking and unlocking an inbox are about photos to come: neither makes one stale. */
function isOf({ recipe: { look }, recipeHash }: Job, now: Now): boolean {
  const locked = look.kind === "kept" && look.locked ? [hashOf({ ...now.recipe, look })] : [];
  return [now.recipeHash, now.unlockedHash, ...locked].includes(recipeHash);
}

const hashOf = (recipe: Recipe): string => sha256Of(canonicalRecipe(recipe));

/** What keeps from telling how a folder would be graded today: its look, or the folder itself. */
const UNTOLD: ReadonlySet<string> = new Set([
  "look-unknown",
  "look-unusable",
  "folder-unreadable",
  "share-away",
  "file-failed",
]);

/** Undefined while that cannot be told: nothing is stale against it. */
async function findNow(
  path: PathText,
  inbox: InboxConfig,
  { backends }: Pick<Config, "backends">,
  ports: Omit<LookPorts, "clock">,
): Promise<Now | undefined> {
  try {
    const { prompt, cube } = await folderWords(path, inbox, ports);
    const look = await findLook(inbox, cube, ports);
    const own = await findLook(inbox, cube, ports, "unlocked");
    const [recipe, unlocked] = [look, own].map(({ source }) => recipeFor(inbox, backends, { prompt, look: source }));
    const hashes = { recipeHash: hashOf(recipe!), unlockedHash: hashOf(unlocked!) };
    return { recipe: recipe!, unlocked: unlocked!, look, ...hashes };
  } catch (thrown) {
    const { code } = asAppError(thrown);
    if (UNTOLD.has(code)) return undefined;
    throw thrown;
  }
}

/** Each as its next generation; gives the new jobs' ids. */
export async function regrade(
  stale: readonly Stale[],
  ports: LookPorts & Pick<Ports, "ids">,
): Promise<readonly string[]> {
  const made: string[] = [];
  const { clock, ids, ledger } = ports;
  for (const { job, recipe, recipeHash, look, duplicates } of stale) {
    await keepFound(look, ports);
    const kept = startWithLook(job, recipe);
    const shoot = kept ? null : shootOf(job.path, recipe, sha256Of);
    const as = { id: ids.uuid(), recipe, recipeHash, ...(kept ?? startOf(recipe, job.facts)), shoot, duplicates };
    const next = await ledger.jobs.regrade(job.id, as, clock.now());
    if (next) made.push(next.id);
  }
  return made;
}
