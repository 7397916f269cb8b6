/** Originals that were put away when their photo failed or was given up lie in their inbox again before it is tried once more. */
import { joinPath } from "../core/inbox/path-text.ts";
import { endedUngraded } from "../core/job/identity.ts";
import type { Job } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import { forgetExplanation } from "../stages/put-away.ts";

/**
 * Gives the ids of those that go on with that. Where something else has taken the name, the original stays where it is and
 * is graded from there.
 */
export async function bringHome(
  jobs: readonly Job[],
  { clock, files, ledger }: Pick<Ports, "clock" | "files" | "ledger">,
): Promise<readonly string[]> {
  const home: string[] = [];
  for (const job of jobs) {
    const { id, facts, inbox, original, path } = job;
    if (!facts.away || inbox === null || !endedUngraded(job)) continue;
    const to = joinPath(inbox, path);
    if (to === original || (await files.stat(to)) || (await files.move(original, to)) !== "moved") continue;
    await forgetExplanation(original, files);
    await ledger.jobs.broughtBack(id, to, clock.now());
    home.push(id);
  }
  return home;
}
