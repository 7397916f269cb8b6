/** Shoots that are complete: which photos were told of together, and the contact sheets made of them. */
import type { PathText } from "../../core/inbox/path-text.ts";
import { folderOf } from "../../core/inbox/path-text.ts";
import { completeShoots, type OpenPhoto, shootBody } from "../../core/job/shoot-complete.ts";
import type { Batch, Batches, Sheet } from "../../ports-batches.ts";
import { delivererOver } from "./deliveries.ts";
import type { Db } from "./open.ts";
import { type JobRow, jobOf } from "./rows.ts";

type BatchRow = { id: string; inbox: string; folder: string; data: string; closedAt: number };

export function batchesOver(db: Db): Batches {
  const open = db.prepare<[string], Omit<OpenPhoto, "failure"> & { readonly failure: string | null }>(`
    SELECT id, path, status, waits_on AS waitsOn, created_at AS createdAt, ended_at AS endedAt, failure,
           (SELECT first.status FROM jobs AS first
            WHERE first.id = substr(jobs.waits_on, 6) AND jobs.waits_on LIKE 'copy:%') AS firstStatus
    FROM jobs WHERE inbox = ? AND batch IS NULL ORDER BY created_at, seq`);
  function* photosOf(inbox: PathText): Generator<OpenPhoto> {
    for (const row of open.iterate(inbox))
      yield { ...row, failure: row.failure === null ? null : JSON.parse(row.failure) };
  }
  const arriving = db
    .prepare<[string], PathText>("SELECT path FROM sightings WHERE inbox = ? AND state = 'settling' AND code IS NULL")
    .pluck();
  const insert = db.prepare(`
    INSERT INTO batches (id, inbox, folder, state, data, closed_at)
    VALUES (@id, @inbox, @folder, 'closed', @data, @closedAt)`);
  const join = db.prepare(`
    UPDATE jobs SET batch = @batch WHERE batch IS NULL AND id IN (SELECT value FROM json_each(@jobs))`);
  const untold = db.prepare<[], BatchRow>(`
    SELECT id, inbox, folder, data, closed_at AS closedAt FROM batches WHERE state = 'closed' ORDER BY closed_at`);
  const jobs = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE batch = ? ORDER BY created_at, seq");
  const sheets = db.prepare<[string], Sheet>("SELECT n, temp, path, sha256 FROM sheets WHERE batch = ? ORDER BY n");
  const stage = db.prepare(
    "INSERT INTO sheets (batch, n, temp, path, sha256) VALUES (@batch, @n, @temp, @path, @sha256)",
  );
  const name = db.prepare("UPDATE sheets SET path = @path WHERE batch = @batch AND n = @n");
  const told = db.prepare<[{ batch: string; data: string }], { inbox: string }>(`
    UPDATE batches SET state = 'told', data = @data WHERE id = @batch AND state = 'closed' RETURNING inbox`);
  const event = db.prepare("INSERT INTO events (at, job, kind, data) VALUES (@now, NULL, 'shoot-complete', @data)");
  const news = delivererOver(db);

  const close = db.transaction((batch: Batch, ids: readonly string[]) => {
    insert.run({ ...batch, data: JSON.stringify(batch.data) });
    join.run({ batch: batch.id, jobs: JSON.stringify(ids) });
  });
  const stageAll = db.transaction((batch: string, all: readonly Sheet[]) => {
    for (const sheet of all) stage.run({ batch, ...sheet });
  });
  const tell = db.transaction((batch: string, data: object, now: number) => {
    const row = told.get({ batch, data: JSON.stringify(data) });
    if (!row) return;
    event.run({ now, data: JSON.stringify({ batch, ...data }) });
    news.deliver("shoot", row.inbox, null, () => data, now);
  });
  return {
    complete: async (inbox, gapMs, now) => {
      const folders = new Set<string>(arriving.all(inbox).map(folderOf));
      return completeShoots(photosOf(inbox), { now, gapMs, arriving: folders }).map(({ folder, photos }) => ({
        folder,
        data: shootBody(inbox, folder, photos, now),
        ids: photos.map(({ id }) => id),
      }));
    },
    close: async (batch, ids) => close.immediate(batch, ids),
    untold: async () =>
      untold.all().map((row) => ({
        ...row,
        inbox: row.inbox as PathText,
        folder: row.folder as PathText,
        data: JSON.parse(row.data) as Record<string, unknown>,
      })),
    jobs: async (batch) => jobs.all(batch).map(jobOf),
    sheets: async (batch) => sheets.all(batch),
    stage: async (batch, all) => stageAll.immediate(batch, all),
    name: async (batch, n, path) => void name.run({ batch, n, path }),
    tell: async (batch, data, now) => tell.immediate(batch, data, now),
  };
}
