/** The ledger made smaller: what old jobs no longer need, and the pages that were theirs. */
import type { Housekeeping } from "../../ports-housekeeping.ts";
import type { Db } from "./open.ts";

/** A file is rewritten whole only when that gives back a quarter of it, and this much. */
const FREE_SHARE_MIN = 0.25;
const FREE_BYTES_MIN = 8 * 1024 * 1024;

export function housekeepingOver(db: Db): Housekeeping {
  const old = db
    .prepare(`
    SELECT id FROM jobs
    WHERE status IN ('done', 'superseded') AND ended_at < @before
      AND (EXISTS (SELECT 1 FROM attempts WHERE job = jobs.id)
           OR EXISTS (SELECT 1 FROM plates JOIN placements ON placements.plate = plates.id WHERE plates.job = jobs.id)
           OR EXISTS (SELECT 1 FROM tickets JOIN results ON results.ticket = tickets.id WHERE tickets.job = jobs.id))
    LIMIT @limit`)
    .pluck();
  const these = "(SELECT value FROM json_each(@ids))";
  const forget = [
    `DELETE FROM results WHERE ticket IN (SELECT id FROM tickets WHERE job IN ${these})`,
    `DELETE FROM placements WHERE plate IN (SELECT id FROM plates WHERE job IN ${these})`,
    `DELETE FROM attempts WHERE job IN ${these}`,
  ].map((sql) => db.prepare(sql));
  const thin = db.transaction((before: number, limit: number) => {
    const ids = old.all({ before, limit });
    for (const statement of forget) statement.run({ ids: JSON.stringify(ids) });
    return ids.length;
  });
  const pragma = (name: string): number => db.pragma(name, { simple: true }) as number;
  return {
    thin: async (before, limit) => thin.immediate(before, limit),
    compact: async () => {
      const free = pragma("freelist_count");
      const isWorthIt = free * pragma("page_size") >= FREE_BYTES_MIN && free >= pragma("page_count") * FREE_SHARE_MIN;
      if (isWorthIt) db.exec("VACUUM");
      db.pragma("optimize");
      // Beside a long reader it is left for the next time: nobody waits for it.
      const patience = pragma("busy_timeout");
      db.pragma("busy_timeout = 0");
      db.pragma("wal_checkpoint(TRUNCATE)");
      db.pragma(`busy_timeout = ${patience}`);
    },
  };
}
