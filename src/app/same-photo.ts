/** What a settled file is to the photos that are known already: one of them under a new name, or with other metadata. */
import { folderOf, type PathText } from "../core/inbox/path-text.ts";
import { comesBack, endedUngraded, isSameFile, startOf } from "../core/job/identity.ts";
import type { Facts, Job, Signature } from "../core/job/job.ts";
import type { Fingerprint, Ports } from "../ports.ts";

/** A file of an inbox, its hashes known. */
export type Arrived = Fingerprint & {
  readonly inbox: PathText;
  readonly path: PathText;
  readonly absolute: PathText;
  readonly recipeHash: string;
  readonly facts: Facts & { readonly signature: Signature };
};

/**
 * The job of a photo that was renamed, which follows its file; undefined when this is none, "busy" while somebody works on
 * it. A photo that is graded already is known by its file: the same picture may have been deleted, and come again later.
 */
export async function followRename(file: Arrived, { clock, files, ledger }: Ports): Promise<Job | "busy" | undefined> {
  const known = await ledger.copies.of(file.inbox, file);
  if (known.some(({ path }) => path === file.path)) return undefined;
  for (const job of known) {
    if (!mayBe(job, file) || (await files.stat(job.original))) continue;
    if (job.status === "leased") return "busy";
    const { path: to, absolute: original, facts } = file;
    const begin = startOf(job.recipe, facts);
    const renamed = await ledger.copies.rename(job.id, { from: job.path, to, original, begin }, clock.now());
    // It was not graded, was put away, and somebody has brought it back: as under its old name, it is tried again.
    if (renamed && endedUngraded(renamed) && job.facts.away)
      await ledger.jobs.broughtBack(job.id, original, clock.now());
    return renamed ?? "busy";
  }
  return undefined;
}

function mayBe(job: Job, file: Arrived): boolean {
  if (job.recipeHash !== file.recipeHash) return false; // in its new folder it is graded in other words
  if (job.shoot && folderOf(job.path) !== folderOf(file.path)) return false;
  if (job.status !== "done") return job.status !== "cancelled" || comesBack(job);
  const { done } = job.recipe.original;
  const { signature } = job.facts;
  const isKept = done.kind === "leave" || done.kind === "copy";
  return isKept && signature !== undefined && isSameFile(signature, file.facts.signature);
}
