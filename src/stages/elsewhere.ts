/** A photo that its backend failed: another one gets it next, where there is one that can run its workflow. */
import type { ErrorCode } from "../core/errors.ts";
import { type Job, type Outcome, rewind } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import type { Attempting } from "./define.ts";

/** Is there a backend for it that answers, can run its workflow, and has not failed it yet? */
export async function hasOther(
  { facts, recipe }: Job,
  name: string,
  { backends }: Ports,
  attempting: Attempting,
): Promise<boolean> {
  const failedOn = facts.failedOn ?? [];
  for (const other of recipe.backends) {
    if (other === name || failedOn.includes(other) || !backends.isUp(other)) continue;
    if (await backends.isAble(other, recipe, attempting.signal).catch(() => false)) return true;
  }
  return false;
}

/** Back to `upload` where another backend may have it, else to `queue` on the same one; counted either way. */
export async function tryElsewhere(
  job: Job,
  name: string,
  code: ErrorCode,
  reason: string,
  ports: Ports,
  attempting: Attempting,
): Promise<Outcome> {
  const isOther = await hasOther(job, name, ports, attempting);
  await attempting.note({ failedOn: [...new Set([...(job.facts.failedOn ?? []), name])] });
  return rewind(isOther ? "upload" : "queue", code, reason);
}
