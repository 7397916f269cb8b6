/** Photos that are one picture: which job a copy takes its look from, and what a rename or a new rating changes. */
import { comesBack, takesSameLook } from "../../core/job/identity.ts";
import type { Facts, Job } from "../../core/job/job.ts";
import type { Copies } from "../../ports-copies.ts";
import type { Db } from "./open.ts";
import { replacedOver } from "./outputs.ts";
import { FELL_OUT, type JobRow, jobOf } from "./rows.ts";

/** Of a picture that lies there many times, so many jobs are looked at. */
const LOOKED_AT_MAX = 1_000;

/** Ledgers of before have the hash of the whole file for formats whose picture was not told apart from its metadata. */
const TOLD_BY_FILE = "(picture_sha256 = @contentSha256 AND content_sha256 = @contentSha256)";

/** Within a transaction: all names that this very file has in its inbox are known by its picture from now on. */
export function rehasherOver(db: Db) {
  // A job that has another one of the picture's new hash beside it stays as it is: that one was graded since.
  const rehash = db.prepare<[Pick<Job, "inbox" | "contentSha256" | "pictureSha256">]>(`
    UPDATE OR IGNORE jobs SET picture_sha256 = @pictureSha256 WHERE inbox = @inbox AND ${TOLD_BY_FILE}`);
  return ({ inbox, contentSha256, pictureSha256 }: Pick<Job, "inbox" | "contentSha256" | "pictureSha256">): void => {
    if (inbox !== null && contentSha256 !== pictureSha256) rehash.run({ inbox, contentSha256, pictureSha256 });
  };
}

/** Within a transaction: the job whose look a photo of this picture takes, when it asks for the same one. */
export function firstOver(db: Db) {
  const others = db.prepare<[Record<string, unknown>], JobRow>(`
    SELECT * FROM jobs
    WHERE inbox = @inbox AND picture_sha256 = @pictureSha256 AND path <> @path AND shoot IS NULL AND NOT ${FELL_OUT}
      AND facts ->> '$.finish' IS NOT 'direct' AND (facts ->> '$.copy' IS NULL OR facts ->> '$.cube' IS NOT NULL OR seq < @seq)
    ORDER BY facts ->> '$.cube' IS NULL, generation DESC, seq LIMIT ${LOOKED_AT_MAX}`);
  /** `seq`: copies wait for older ones alone, so that no two wait for each other. */
  return (
    copy: Pick<Job, "inbox" | "path" | "pictureSha256" | "recipe" | "facts" | "createdAt">,
    seq: number,
  ): Job | undefined => {
    const { inbox, path, pictureSha256 } = copy;
    for (const row of others.iterate({ inbox, path, pictureSha256, seq })) {
      const other = jobOf(row);
      if (takesSameLook(other, copy)) return other;
    }
    return undefined;
  };
}

export function copiesOver(db: Db): Copies {
  const byId = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const of = db.prepare<[{ inbox: string; pictureSha256: string; contentSha256: string }], JobRow>(`
    SELECT * FROM jobs WHERE inbox = @inbox AND (picture_sha256 = @pictureSha256 OR ${TOLD_BY_FILE})
      AND NOT EXISTS (SELECT 1 FROM jobs AS newer WHERE newer.inbox = jobs.inbox AND newer.path = jobs.path
                        AND newer.picture_sha256 = jobs.picture_sha256 AND newer.generation > jobs.generation)
    ORDER BY seq LIMIT ${LOOKED_AT_MAX}`);
  const move = db.prepare(`
    UPDATE jobs SET path = @to, original = @original,
                    facts = json_patch(json_remove(facts, '$.away', '$.retiring', '$.companions'), @facts)
    WHERE id = @id AND path = @from AND status <> 'leased'`);
  const revive = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = @stage, facts = @facts, attempt = 0, rewinds = 0, due_at = @now, failure = NULL, hold_reason = NULL,
                    ended_at = NULL
    WHERE id = @id`);
  const learn = db.prepare(
    "UPDATE jobs SET content_sha256 = @contentSha256, facts = json_patch(facts, @facts) WHERE id = @id AND status <> 'leased'",
  );
  const writeAgain = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = 'write', facts = json_patch(json_remove(facts, '$.temps'), @facts),
                    content_sha256 = @contentSha256, attempt = 0, due_at = @now, ended_at = NULL
    WHERE id = @id AND status = 'done'`);
  const replaced = replacedOver(db);
  const event = db.prepare("INSERT INTO events (at, job, kind, data) VALUES (@now, @id, @kind, @data)");
  const firstFor = firstOver(db);

  const first = (id: string): Job | undefined => {
    const row = byId.get(id);
    return row && firstFor(jobOf(row), row.seq);
  };
  const rename = db.transaction((id: string, { begin, ...file }: Parameters<Copies["rename"]>[1], now: number) => {
    const { signature } = begin.facts;
    if (move.run({ ...file, id, facts: JSON.stringify({ signature }) }).changes === 0) return undefined;
    event.run({ now, id, kind: "renamed", data: JSON.stringify({ from: file.from, to: file.to }) });
    if (comesBack(jobOf(byId.get(id)!)))
      revive.run({ id, stage: begin.stage, facts: JSON.stringify(begin.facts), now });
    return jobOf(byId.get(id)!);
  });
  const metadata = db.transaction(
    (id: string, file: { contentSha256: string; facts: Facts }, then: "refresh" | "ignore", now: number) => {
      const job = jobOf(byId.get(id)!);
      const { contentSha256 } = file;
      const facts = JSON.stringify(file.facts);
      // A picture the model made itself is not kept: there is nothing to write it from.
      const mayRefresh = then === "refresh" && job.facts.cube !== undefined && job.facts.finish !== "direct";
      const isWriting = job.stage === "write" || job.stage === "retire";
      // What is being written has the old metadata, or will have them: nobody can tell.
      if (mayRefresh && isWriting && (job.status === "ready" || job.status === "leased")) return false;
      if (!mayRefresh || job.status !== "done") return learn.run({ id, contentSha256, facts }).changes > 0;
      writeAgain.run({ id, contentSha256, facts: JSON.stringify({ ...file.facts, replaces: replaced(id) }), now });
      event.run({ now, id, kind: "refreshed", data: "{}" });
      return true;
    },
  );
  return {
    of: async (inbox, { contentSha256, pictureSha256 }) => of.all({ inbox, contentSha256, pictureSha256 }).map(jobOf),
    first: async (copy) => first(copy),
    rename: async (id, file, now) => rename.immediate(id, file, now),
    metadata: async (id, file, then, now) => metadata.immediate(id, file, then, now),
  };
}
