/** What every ledger must say of RAW and JPEG pairs: which halves cannot be graded, and which were graded by themselves. */
import { describe, expect } from "vitest";
import { AppError, type ErrorCode } from "../../src/core/errors.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { done, type Outcome } from "../../src/core/job/job.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger } from "../../src/ports.ts";
import { aNewJob } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const INBOX = aNewJob().inbox!;
const at = (path: string) => path as PathText;

/** A photo whose job ends so, at its first stage or from stage retire. */
async function ended(ledger: Ledger, path: string, outcome: Outcome | AppError, moved?: PathText): Promise<void> {
  const stage = outcome instanceof AppError ? "upload" : "retire";
  const original = at(`${INBOX}/${path}`);
  await ledger.jobs.add(aNewJob({ id: path, path: at(path), original, pictureSha256: path, stage }), 0);
  const request = { backends: ["gpu-1"], known: ["gpu-1"], unable: [], limit: 1, now: 9, until: 99, owner: "me" };
  const [claimed] = await ledger.jobs.claim({ ...request, stages: [stage], leases: ["lease"], only: [path] });
  const rules = { now: 9, random: 0, attemptsMax: 1, rewindsMax: 3 };
  const { next, kind, code, message } = afterAttempt(claimed!.job, outcome, rules);
  const row = { stage, number: 1, kind, startedAt: 9, endedAt: 9, times: 1, code, message } as const;
  const facts = moved ? { ...next.facts, retiring: { kind: "move", from: original, to: moved } as const } : next.facts;
  await ledger.jobs.finish(path, "lease", { ...next, facts }, row);
}

export function pairsSuite(withLedger: WithLedger): void {
  describe("pairs", () => {
    withLedger("a half is lost when the file itself failed, and not when what would render it did", async (ledger) => {
      const own: ErrorCode[] = ["picture-damaged", "picture-too-large", "raw-command-failed", "worker-died"];
      const others: ErrorCode[] = ["backend-failed", "picture-constant", "workflow-invalid", "disk-full"];
      for (const code of [...own, ...others]) await ended(ledger, `${code}.CR3`, new AppError(code, "It failed."));
      expect((await ledger.pairs.lost(INBOX)).toSorted()).toEqual(own.map((code) => `${code}.CR3`).toSorted());
    });

    withLedger("a half goes its own way that was graded where it lies", async (ledger) => {
      await ended(ledger, "graded.jpg", done());
      await ended(ledger, "away.jpg", done(), at("/photos/done/away.jpg"));
      await ended(ledger, "failed.jpg", new AppError("picture-damaged", "It failed."));
      const isOwn = (path: string) => ledger.pairs.isOwn(INBOX, at(path));
      expect(await Promise.all(["graded.jpg", "away.jpg", "failed.jpg", "new.jpg"].map(isOwn))).toEqual([
        ...[true, false, false, false],
      ]);
    });
  });
}
