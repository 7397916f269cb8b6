/** The original under a job's feet: is it there, and is it still the picture that the job is about? */
import { AppError } from "../core/errors.ts";
import { joinPath, showPath } from "../core/inbox/path-text.ts";
import { holdsPicture } from "../core/job/identity.ts";
import { end, type Job, type Outcome } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import type { Attempting } from "./define.ts";

/**
 * Undefined when the original stands. A touched file is hashed again before it is called changed. A missing one ends
 * the job, unless it is only away (a disk unmounted): then the job waits for it.
 */
export async function originalStands(job: Job, ports: Ports, attempting: Attempting): Promise<Outcome | undefined> {
  const now = await ports.files.stat(job.original);
  if (!now) {
    await throwIfAway(job, ports);
    return end("cancelled", "original-gone", "The original is gone.");
  }
  const then = job.facts.signature;
  if (then && then.sizeBytes === now.sizeBytes && then.mtimeNs === now.mtimeNs) return undefined;
  const found = await ports.pictures.fingerprint(job.original, attempting.signal);
  if (holdsPicture(found, job.pictureSha256)) return undefined;
  return end("superseded", "original-changed", "The original changed while it was graded.");
}

/**
 * Throws `folder-unreadable` for a missing original that is only away. The scanner decides: while it has not seen the file
 * go from where it came in, its disk is unmounted and comes back.
 */
export async function throwIfAway({ inbox, path, original }: Job, { ledger }: Ports): Promise<void> {
  if (inbox === null || original !== joinPath(inbox, path) || !(await ledger.sightings.has(inbox, path))) return;
  throw new AppError("folder-unreadable", `${showPath(original)} is away: is its disk mounted?`);
}
