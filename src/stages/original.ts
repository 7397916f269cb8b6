/** The original under a job's feet: is it there, and is it still the picture that the job is about? */
import { AppError } from "../core/errors.ts";
import { end, type Job, type Outcome } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import type { Attempting } from "./define.ts";

/**
 * Undefined when the original stands. A touched file is hashed again before it is called changed. A missing one ends
 * the job, unless its whole inbox is away (a disk unmounted): then the job waits for it.
 */
export async function originalStands(job: Job, ports: Ports, attempting: Attempting): Promise<Outcome | undefined> {
  const now = await ports.files.stat(job.original);
  if (!now) {
    if (await isInboxAway(job, ports))
      throw new AppError("folder-unreadable", `The inbox ${job.inbox} is away: is its disk mounted?`);
    return end("cancelled", "original-gone", "The original is gone.");
  }
  const then = job.facts.signature;
  if (then && then.sizeBytes === now.sizeBytes && then.mtimeNs === now.mtimeNs) return undefined;
  const { pictureSha256 } = await ports.pictures.fingerprint(job.original, attempting.signal);
  if (pictureSha256 === job.pictureSha256) return undefined;
  return end("superseded", "original-changed", "The original changed while it was graded.");
}

/** Not there; or empty though the scanner has not seen the file go, which is how an unmounted disk looks. */
async function isInboxAway({ inbox, path }: Job, { files, ledger }: Ports): Promise<boolean> {
  if (inbox === null) return false;
  if (!(await files.stat(inbox))) return true;
  return (await files.list(inbox)).length === 0 && (await ledger.sightings.has(inbox, path));
}
