/** Originals that were put away when their photo failed lie in their inbox again, companions too, before it is tried anew. */
import { folderOf, joinPath } from "../core/inbox/path-text.ts";
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
  for (const { id, facts, inbox, original, path, status } of jobs) {
    if (!facts.away || inbox === null || status !== "failed") continue;
    const to = joinPath(inbox, path);
    if (to === original || (await files.stat(to))) continue;
    // A companion whose name is taken there stays where it is.
    for (const { name, from } of facts.companions ?? []) await files.move(from, joinPath(folderOf(to), name));
    if ((await files.move(original, to)) !== "moved") continue;
    await forgetExplanation(original, files);
    await ledger.jobs.broughtBack(id, to, clock.now());
    home.push(id);
  }
  return home;
}
