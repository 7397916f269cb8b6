/** What every ledger must say of RAW and JPEG pairs: which halves cannot be graded. */
import { describe, expect } from "vitest";
import { AppError, type ErrorCode } from "../../src/core/errors.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger } from "../../src/ports.ts";
import { aNewJob } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const INBOX = aNewJob().inbox!;
const at = (path: string) => path as PathText;

/** A photo whose job fails so. */
async function ended(ledger: Ledger, path: string, error: AppError): Promise<void> {
  await ledger.jobs.add(aNewJob({ id: path, path: at(path), pictureSha256: path }), 0);
  const request = { backends: ["gpu-1"], known: ["gpu-1"], unable: [], limit: 1, now: 9, until: 99, owner: "me" };
  const [claimed] = await ledger.jobs.claim({ ...request, stages: ["upload"], leases: ["lease"], only: [path] });
  const rules = { now: 9, random: 0, attemptsMax: 1, rewindsMax: 3 };
  const { next, kind, code, message } = afterAttempt(claimed!.job, error, rules);
  const row = { stage: "upload", number: 1, kind, startedAt: 9, endedAt: 9, times: 1, code, message } as const;
  await ledger.jobs.finish(path, "lease", next, row);
}

export function pairsSuite(withLedger: WithLedger): void {
  describe("pairs", () => {
    withLedger("a half is lost when the file itself failed, and not when what would render it did", async (ledger) => {
      const own: ErrorCode[] = ["picture-damaged", "picture-too-large", "raw-command-failed", "worker-died"];
      const others: ErrorCode[] = ["backend-failed", "picture-constant", "workflow-invalid", "disk-full"];
      for (const code of [...own, ...others]) await ended(ledger, `${code}.CR3`, new AppError(code, "It failed."));
      expect((await ledger.pairs.lost(INBOX)).toSorted()).toEqual(own.map((code) => `${code}.CR3`).toSorted());
    });
  });
}
