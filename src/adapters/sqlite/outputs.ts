/** What jobs write: one reserved stem for photo and sidecars, then staged, then published. */

import { AppError } from "../../core/errors.ts";
import { stemKey } from "../../core/inbox/naming.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Ledger } from "../../ports.ts";
import type { Output } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";

const COLUMNS = "job, kind, stem, path, temp, sha256, picture_sha256 AS pictureSha256, state";

/** Within a transaction: takes back what a job has published, to be written again in its place. Gives what lies there by path. */
export function replacedOver(db: Db): (job: string) => Readonly<Record<string, string>> {
  const takeBack = db.prepare<[string], { path: string; sha256: string }>(`
    UPDATE outputs SET state = 'reserved', temp = NULL WHERE job = ? AND state = 'published' RETURNING path, sha256`);
  return (job) => Object.fromEntries(takeBack.all(job).map(({ path, sha256 }) => [path, sha256]));
}

export function outputsOver(db: Db): Ledger["outputs"] {
  const of = db.prepare<[string], Output>(`SELECT ${COLUMNS} FROM outputs WHERE job = ? ORDER BY kind = 'photo', kind`);
  const held = db.prepare("SELECT 1 FROM jobs WHERE id = @job AND lease = @lease");
  const forgetOwn = db.prepare("DELETE FROM outputs WHERE job = ?");
  const forgetUnpublished = db.prepare("DELETE FROM outputs WHERE job = ? AND state <> 'published'");
  const forgetTemps = db.prepare("UPDATE jobs SET facts = json_remove(facts, '$.temps') WHERE id = ?");
  // A job that ended before it published keeps no name.
  const freeEnded = db.prepare(`
    DELETE FROM outputs WHERE outbox = @outbox AND stem_key = @key AND state <> 'published'
      AND job IN (SELECT id FROM jobs WHERE status IN ('cancelled', 'superseded'))`);
  const taken = db.prepare("SELECT 1 FROM outputs WHERE outbox = @outbox AND stem_key = @key AND job <> @job");
  const insert = db.prepare(`
    INSERT INTO outputs (job, kind, outbox, stem, stem_key, path, state)
    VALUES (@job, @kind, @outbox, @stem, @key, @path, 'reserved')`);
  const stage = db.prepare(
    "UPDATE outputs SET state = 'staged', temp = @temp, sha256 = @sha256, picture_sha256 = @pictureSha256 WHERE job = @job AND kind = @kind",
  );
  const publish = db.prepare(
    "UPDATE outputs SET state = 'published', temp = NULL, published_at = @now WHERE job = @job AND kind = @kind",
  );
  // A lossless output that nothing changed is the photo itself.
  const isOurs = db.prepare<[{ contentSha256: string; pictureSha256: string }]>(`
    SELECT 1 FROM outputs WHERE kind = 'photo' AND (sha256 = @contentSha256
      OR (picture_sha256 = @pictureSha256 AND NOT EXISTS (SELECT 1 FROM jobs WHERE picture_sha256 = @pictureSha256)))
    UNION SELECT 1 FROM sheets WHERE sha256 = @contentSha256 LIMIT 1`);
  const abandoned = db.prepare<[number], { job: string; temps: string }>(`
    SELECT id AS job, facts ->> '$.temps' AS temps FROM jobs
    WHERE status IN ('failed', 'cancelled', 'superseded') AND facts ->> '$.temps' IS NOT NULL LIMIT ?`);
  const folders = db.prepare("SELECT DISTINCT outbox FROM outputs").pluck();

  /** Runs `body` in a transaction in which the job is still leased to the caller. */
  const whileHeld = <Given extends { readonly job: string; readonly lease: string }, Result>(
    body: (given: Given) => Result,
  ) => {
    const guarded = db.transaction((given: Given): Result => {
      if (!held.get({ job: given.job, lease: given.lease }))
        throw new AppError("lease-lost", `Job ${given.job} is no longer ours.`, { lease: given.lease });
      return body(given);
    });
    return async (given: Given): Promise<Result> => guarded.immediate(given) as Result;
  };

  type Wanted = Parameters<Ledger["outputs"]["reserve"]>[0];
  const reserve = ({ job, outbox, stems, files, not }: Wanted): readonly Output[] => {
    const mine = of.all(job);
    if (mine.length > 0 && !mine.some(({ stem }) => not.includes(stem))) return mine;
    forgetOwn.run(job);
    const isFree = (stem: string): boolean => {
      const key = stemKey(stem);
      freeEnded.run({ outbox, key });
      return taken.get({ outbox, key, job }) === undefined;
    };
    const stem = stems.find((name) => !not.includes(name) && isFree(name));
    if (stem === undefined) throw new AppError("file-failed", `No free name among ${stems.length} in ${outbox}.`);
    for (const { kind, suffix } of files) {
      const path = `${outbox}/${stem}${suffix}` as PathText;
      insert.run({ job, kind, outbox, stem, key: stemKey(stem), path });
    }
    return of.all(job);
  };
  const forget = db.transaction((job: string) => {
    forgetUnpublished.run(job);
    forgetTemps.run(job);
  });

  return {
    reserve: whileHeld(reserve),
    stage: whileHeld(
      ({ job, kind, temp, sha256, pictureSha256 = null }) => void stage.run({ job, kind, temp, sha256, pictureSha256 }),
    ),
    publish: whileHeld(({ job, kind, now }) => void publish.run({ job, kind, now })),
    abandoned: async (limit) => abandoned.all(limit).map(({ job, temps }) => ({ job, temps: JSON.parse(temps) })),
    forget: async (job) => forget.immediate(job),
    release: async (job) => void forgetOwn.run(job),
    folders: async () => folders.all() as PathText[],
    of: async (job) => of.all(job),
    isOurs: async (file) => isOurs.get(file) !== undefined,
  };
}
