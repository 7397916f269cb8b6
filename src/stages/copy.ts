/**
 * A photo whose picture lies in its inbox under another name too, at stage lut: it takes that one's look without asking a
 * model, waiting for it while it is under way. Left alone, because the other failed or went away, it asks the model itself.
 */
import { showPath } from "../core/inbox/path-text.ts";
import { lookFacts, stageAlone } from "../core/job/identity.ts";
import { copyWait, done, end, goOn, type Job, type Outcome, wait } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import type { Attempting } from "./define.ts";
import { originalStands } from "./original.ts";

export async function lookOfFirst(job: Job, ports: Ports, attempting: Attempting): Promise<Outcome> {
  const stop = await originalStands(job, ports, attempting);
  if (stop) return stop;
  const first = await ports.ledger.copies.first(job.id);
  if (!first) return goOn(stageAlone(job.recipe), "no other photo gives it a look any more");
  const name = showPath(first.path);
  if (job.facts.copy === "skip") {
    if (first.status !== "done") return wait({ on: copyWait(first.id) }, `${name}, the same picture, is under way`);
    return end("cancelled", "duplicate", `The same picture as ${name}.`);
  }
  if (first.facts.cube === undefined || (first.facts.heldAt ?? first.stage) === "lut")
    return wait({ on: copyWait(first.id) }, `${name}, the same picture, has no look yet`);
  return done({ ...lookFacts(first.facts), copyOf: first.id });
}
