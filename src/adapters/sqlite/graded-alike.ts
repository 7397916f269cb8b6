/** Finished photos by folder and recipe: a hundred thousand of them are a few rows, and none is read whole. */
import type { ScaleLedger } from "../../ports-scale.ts";
import type { Db } from "./open.ts";
import { type JobRow, jobOf } from "./rows.ts";

export function gradedAlikeOver(db: Db): ScaleLedger["gradedAlike"] {
  // Beside max(), SQLite takes the other columns from the row that has it; what rtrim leaves of a path is its folder.
  const groups = db.prepare<[string], { example: number; count: number }>(`
    SELECT max(newest) AS example, count(*) AS count
    FROM (SELECT max(seq) AS newest, path, status, recipe_hash, facts ->> '$.photo.raw' IS NULL AS plain
          FROM jobs WHERE inbox = ? GROUP BY path)
    WHERE status = 'done'
    GROUP BY rtrim(path, replace(path, '/', '')), recipe_hash, plain`);
  const bySeq = db.prepare<[number], JobRow>("SELECT * FROM jobs WHERE seq = ?");
  return async (inbox) =>
    groups.all(inbox).map(({ example, count }) => ({ example: jobOf(bySeq.get(example)!), count }));
}
