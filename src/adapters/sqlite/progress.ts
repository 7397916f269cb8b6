/** How far photos on a backend have come. For people: nothing is decided by it, so a row too few does no harm. */
import type { JobProgress } from "../../core/job/progress.ts";
import type { Ledger } from "../../ports.ts";
import type { Db } from "./open.ts";

/** Backends say something many times a second; nobody reads it as often, and each write waits for the disk. */
const WRITTEN_EVERY_MS = 1_000;

export function progressOver(db: Db): Ledger["progress"] {
  // Only while its job is at fetch with this ticket: the trigger that ends a row would not end one that comes after it.
  const put = db.prepare(`
    INSERT INTO progress (job, ticket, phase, percent, ahead, left_ms, changed_at)
    SELECT id, @ticket, @phase, @percent, @ahead, @leftMs, @now FROM jobs
    WHERE id = @job AND stage = 'fetch' AND status IN ('ready', 'leased') AND facts ->> '$.ticket' = @ticket
    ON CONFLICT (job) DO UPDATE SET ticket = excluded.ticket, phase = excluded.phase, ahead = excluded.ahead,
      percent = CASE WHEN ticket = excluded.ticket THEN max(percent, excluded.percent) ELSE excluded.percent END,
      left_ms = excluded.left_ms, changed_at = excluded.changed_at
    WHERE ticket <> excluded.ticket OR (changed_at <= excluded.changed_at - ${WRITTEN_EVERY_MS}
      AND (phase, percent, ahead, left_ms) IS NOT (excluded.phase, excluded.percent, excluded.ahead, excluded.left_ms))`);
  const all = db.prepare<[], JobProgress>(
    "SELECT job, ticket, phase, percent, ahead, left_ms AS leftMs FROM progress ORDER BY percent DESC, job",
  );
  return {
    put: async (progress, now) => void put.run({ ...progress, now }),
    all: async () => all.all(),
  };
}
