/** Originals that were put away when their photo failed or was given up lie in their inbox again before it is tried once more. */
import { asAppError } from "../core/errors.ts";
import { folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { endedUngraded } from "../core/job/identity.ts";
import type { Job } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import { forgetExplanation } from "../stages/put-away.ts";

/**
 * Gives the ids of those that go on with that. Where something else has taken the name, or the disk refuses (`warn` is told),
 * the original stays where it is and is graded from there.
 */
export async function bringHome(
  jobs: readonly Job[],
  { clock, files, ledger }: Pick<Ports, "clock" | "files" | "ledger">,
  warn: (sentence: string) => void,
): Promise<readonly string[]> {
  const home: string[] = [];
  for (const job of jobs) {
    const { id, facts, inbox, original, path } = job;
    if (!facts.away || inbox === null || !endedUngraded(job)) continue;
    const to = joinPath(inbox, path);
    try {
      if (!(await moveHome(original, to, facts.companions ?? [], files))) continue;
      await ledger.jobs.broughtBack(id, to, clock.now());
      home.push(id);
    } catch (thrown) {
      warn(`${showPath(path)} stays at ${showPath(original)}: ${asAppError(thrown).message}`);
    }
  }
  return home;
}

/** A companion whose name is taken there stays where it is. */
async function moveHome(
  from: PathText,
  to: PathText,
  companions: NonNullable<Job["facts"]["companions"]>,
  files: Ports["files"],
): Promise<boolean> {
  if (to === from || (await files.stat(to))) return false;
  for (const each of companions) await files.move(each.from, joinPath(folderOf(to), each.name));
  if ((await files.move(from, to)) !== "moved") return false;
  await forgetExplanation(from, files);
  return true;
}
