/** The pairs of the ledger: kept in sightings ("Belongs to …") and in what became of the jobs. */

import type { ErrorCode } from "../../core/errors.ts";
import { belongsTo, OWN_FAULTS, pairKey, pairStem } from "../../core/inbox/pairs.ts";
import { baseName, folderOf, joinPath, type PathText } from "../../core/inbox/path-text.ts";
import type { Status } from "../../core/job/job.ts";
import type { Pairs } from "../../ports-pairs.ts";
import type { Db } from "./open.ts";

type GradedRow = { job: string; path: PathText; mtimeNs: string | null; status: Status; code: ErrorCode | null };

const isLost = (status: Status, code: ErrorCode | null): boolean =>
  (status === "failed" || status === "cancelled") && code !== null && OWN_FAULTS.includes(code);

export function pairsOver(db: Db): Pairs {
  const lost = db
    .prepare<{ inbox: string; codes: string }, string>(`
      SELECT path FROM jobs AS job
      WHERE status IN ('failed', 'cancelled') AND +inbox = @inbox -- these are few, and an inbox's photos many
        AND failure ->> '$.code' IN (SELECT value FROM json_each(@codes))
        AND NOT EXISTS (SELECT 1 FROM jobs AS newer
                        WHERE newer.inbox = job.inbox AND newer.path = job.path AND newer.seq > job.seq)`)
    .pluck();
  const belonging = db.prepare<[], { inbox: string; count: number }>(
    "SELECT inbox, count(*) AS count FROM sightings WHERE state = 'ignored' AND message LIKE 'Belongs to %' GROUP BY inbox",
  );
  const of = db
    .prepare<{ inbox: string; message: string }, PathText>(
      "SELECT path FROM sightings WHERE inbox = @inbox AND state = 'ignored' AND message = @message",
    )
    .pluck();
  const graded = db.prepare<{ inbox: string; from: string; to: string }, GradedRow>(`
    SELECT id AS job, path, facts ->> '$.signature.mtimeNs' AS mtimeNs, status, failure ->> '$.code' AS code FROM jobs
    WHERE inbox = @inbox AND path > @from AND path < @to ORDER BY seq DESC`);
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
    of: async (inbox, path) =>
      of.all({ inbox, message: belongsTo(baseName(path)) }).filter((each) => folderOf(each) === folderOf(path)),
    graded: async (inbox, path) => {
      const stem = joinPath(folderOf(path), pairStem(baseName(path)));
      return graded
        .all({ inbox, from: `${stem}.`, to: `${stem}/` }) // "/" comes right after "."
        .filter(
          (row) => folderOf(row.path) === folderOf(path) && pairKey(baseName(row.path)) === pairKey(baseName(path)),
        )
        .map(({ job, path, mtimeNs, status, code }) => ({
          job,
          path,
          mtimeNs: mtimeNs ?? "0",
          isLost: isLost(status, code),
        }));
    },
    belonging: async () => belonging.all() as { inbox: PathText; count: number }[],
  };
}
