/** What jobs write: one reserved stem for photo and sidecars, then staged, then published. */

import { AppError } from "../../core/errors.ts";
import { stemKey } from "../../core/inbox/naming.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Ledger } from "../../ports.ts";
import type { Output, OutputKind } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";

const COLUMNS = "job, kind, stem, path, temp, sha256, state";

export function outputsOver(db: Db): Ledger["outputs"] {
  const of = db.prepare<[string], Output>(`SELECT ${COLUMNS} FROM outputs WHERE job = ? ORDER BY kind = 'photo', kind`);
  const forget = db.prepare("DELETE FROM outputs WHERE job = ? AND state <> 'published'");
  const taken = db.prepare("SELECT 1 FROM outputs WHERE outbox = @outbox AND stem_key = @key AND job <> @job");
  const insert = db.prepare(`
    INSERT INTO outputs (job, kind, outbox, stem, stem_key, path, state)
    VALUES (@job, @kind, @outbox, @stem, @key, @path, 'reserved')`);
  const stage = db.prepare(
    "UPDATE outputs SET state = 'staged', temp = @temp, sha256 = @sha256 WHERE job = @job AND kind = @kind AND state <> 'published'",
  );
  const publish = db.prepare(
    "UPDATE outputs SET state = 'published', temp = NULL, published_at = @now WHERE job = @job AND kind = @kind",
  );
  const isOurs = db.prepare("SELECT 1 FROM outputs WHERE sha256 = ? AND kind = 'photo' LIMIT 1");

  type Wanted = Parameters<Ledger["outputs"]["reserve"]>;
  const reserve = db.transaction((...[job, outbox, candidates, files, not]: Wanted): readonly Output[] => {
    const mine = of.all(job);
    if (mine.length > 0 && !mine.some(({ stem }) => not.includes(stem))) return mine;
    forget.run(job);
    const stem = candidates.find((name) => !not.includes(name) && !taken.get({ outbox, key: stemKey(name), job }));
    if (stem === undefined) throw new AppError("internal", `No free name among ${candidates.length} in ${outbox}.`);
    for (const { kind, suffix } of files) {
      const path = `${outbox}/${stem}${suffix}` as PathText;
      insert.run({ job, kind, outbox, stem, key: stemKey(stem), path });
    }
    return of.all(job);
  });

  return {
    reserve: async (...wanted) => reserve.immediate(...wanted),
    stage: async (job, kind: OutputKind, temp, sha256) => void stage.run({ job, kind, temp, sha256 }),
    publish: async (job, kind, now) => void publish.run({ job, kind, now }),
    of: async (job) => of.all(job),
    isOurs: async (sha256) => isOurs.get(sha256) !== undefined,
  };
}
