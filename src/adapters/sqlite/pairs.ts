/** The pairs of the ledger: kept in sightings ("Belongs to …") and in what became of the jobs. */
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Pairs } from "../../ports-pairs.ts";
import type { Db } from "./open.ts";

/** The file's own fault: its other half may do better. A render that failed would fail for that one too. */
const OWN_FAULTS = [
  "original-gone",
  "file-truncated",
  "file-unsupported",
  "file-too-large",
  "picture-damaged",
  "picture-too-large",
  "picture-too-small",
  // Only a RAW is developed; and a file that ends the picture worker each time is one no worker can read.
  "raw-command-failed",
  "worker-died",
];

export function pairsOver(db: Db): Pairs {
  const lost = db
    .prepare<{ inbox: string; codes: string }, string>(`
      SELECT path FROM jobs AS job
      WHERE status IN ('failed', 'cancelled') AND inbox = @inbox
        AND failure ->> '$.code' IN (SELECT value FROM json_each(@codes))
        AND NOT EXISTS (SELECT 1 FROM jobs AS newer
                        WHERE newer.inbox = job.inbox AND newer.path = job.path AND newer.seq > job.seq)`)
    .pluck();
  const belonging = db.prepare<[], { inbox: string; count: number }>(
    "SELECT inbox, count(*) AS count FROM sightings WHERE state = 'ignored' AND message LIKE 'Belongs to %' GROUP BY inbox",
  );
  // One that was put away is another file than the one that lies there under its name now.
  const own = db
    .prepare<{ inbox: string; path: string }, 0 | 1>(`
      SELECT EXISTS (SELECT 1 FROM jobs WHERE inbox = @inbox AND path = @path AND original = @inbox || '/' || @path
                       AND status NOT IN ('failed', 'cancelled'))`)
    .pluck();
  const codes = JSON.stringify(OWN_FAULTS);
  return {
    lost: async (inbox) => lost.all({ inbox, codes }) as PathText[],
    isOwn: async (inbox, path) => own.get({ inbox, path }) === 1,
    belonging: async () => belonging.all() as { inbox: PathText; count: number }[],
  };
}
