/** Jobs at work: add, claim, renew, finish. Every write under a lease says WHERE lease = @lease. */
import { AppError } from "../../core/errors.ts";
import { comesBack, stageAlone } from "../../core/job/identity.ts";
import { type Facts, type Job, shootWait } from "../../core/job/job.ts";
import type { Ledger } from "../../ports.ts";
import type { Attempt, NewJob, Regrade } from "../../ports-ledger.ts";
import { firstOver, rehasherOver } from "./copies.ts";
import { delivererOver } from "./deliveries.ts";
import type { Db } from "./open.ts";
import { type JobRow, jobOf } from "./rows.ts";
import { INBOX_STOPPED, mayServe } from "./serving.ts";
import { joinerOver, tenderOver } from "./shoots.ts";

type Working = Pick<Ledger["jobs"], "add" | "regrade" | "claim" | "renew" | "leased" | "note" | "finish">;

export function workingJobsOver(db: Db): Working {
  const insert = db.prepare(`
    INSERT INTO jobs (id, origin, inbox, path, original, picture_sha256, content_sha256, generation, idempotency_key,
                      recipe, recipe_hash, stage, status, facts, due_at, waits_on, priority, turn, look, parent, shoot, role, created_at)
    VALUES (@id, @origin, @inbox, @path, @original, @pictureSha256, @contentSha256, @generation, @idempotencyKey,
            @recipe, @recipeHash, @stage, 'ready', @facts, @now, @waitsOn, @priority, @turn, @look, @parent, @shoot, @role, @now)
    RETURNING *`);
  const byKey = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE idempotency_key = ?");
  const byIdentity = db.prepare<[string, string, string], JobRow>(
    "SELECT * FROM jobs WHERE inbox = ? AND path = ? AND picture_sha256 = ? ORDER BY generation DESC LIMIT 1",
  );
  const byId = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const rehash = rehasherOver(db);
  const supersede = db.prepare(`
    UPDATE jobs SET status = 'superseded', lease = NULL, lease_owner = NULL, lease_until = NULL, waits_on = NULL, ended_at = @now
    WHERE inbox = @inbox AND path = @path AND id <> @id AND status IN ('ready', 'leased', 'held', 'failed')`);
  const revive = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = @stage, facts = @facts, original = @original, attempt = 0, rewinds = 0,
                    due_at = @now, failure = NULL, hold_reason = NULL, waits_on = @waitsOn, ended_at = NULL,
                    shoot = @shoot, role = @role
    WHERE id = @id RETURNING *`);
  const keyOf = db.prepare("SELECT idempotency_key FROM jobs WHERE id = ?").pluck();
  const dropKey = db.prepare("UPDATE jobs SET idempotency_key = NULL WHERE id = ?");
  const event = db.prepare("INSERT INTO events (at, job, kind, data) VALUES (@at, @job, @kind, @data)");
  const claimAt = db.prepare(`
    UPDATE jobs SET status = 'leased', lease = @lease, lease_owner = @owner, lease_until = @until
    WHERE seq = (SELECT seq FROM jobs
                 WHERE status = 'ready' AND waits_on IS NULL AND stage = @stage AND due_at <= @now
                   AND CASE
                         WHEN stage = 'fetch' THEN backend IN (SELECT value FROM json_each(@backends))
                         WHEN stage = 'queue' THEN
                           backend IN (SELECT value FROM json_each(@backends))
                           AND NOT EXISTS (SELECT 1 FROM switches WHERE name IN ('pause', 'pause:backend:' || backend))
                           AND NOT ${INBOX_STOPPED}
                         WHEN stage = 'upload' THEN
                           (@above IS NULL OR priority > @above)
                           AND NOT EXISTS (SELECT 1 FROM switches WHERE name = 'pause')
                           AND NOT ${INBOX_STOPPED}
                           AND (${mayServe("@backends", "NOT EXISTS (SELECT 1 FROM switches WHERE name IN ('pause:backend:' || its.value, 'drain:backend:' || its.value))")}
                                OR NOT EXISTS (SELECT 1 FROM json_each(recipe, '$.backends') WHERE value IN (SELECT value FROM json_each(@known))))
                         ELSE 1
                       END
                   AND (@only IS NULL OR id IN (SELECT value FROM json_each(@only))
                        OR (role = 'hero' AND shoot IN (SELECT shoot FROM jobs WHERE id IN (SELECT value FROM json_each(@only)))))
                 ORDER BY priority DESC, turn, seq LIMIT 1)
    RETURNING *`);
  const renewLease = db.prepare("UPDATE jobs SET lease_until = @until WHERE id = @id AND lease = @lease");
  const stillLeased = db
    .prepare("SELECT lease FROM jobs WHERE status = 'leased' AND lease IN (SELECT value FROM json_each(?))")
    .pluck();
  const patchFacts = db.prepare("UPDATE jobs SET facts = json_patch(facts, @facts) WHERE id = @id AND lease = @lease");
  const finishJob = db.prepare(`
    UPDATE jobs SET stage = @stage, status = @status, facts = @facts, attempt = @attempt, rewinds = @rewinds,
                    look = coalesce(@facts ->> '$.look', look), due_at = @dueAt, waits_on = @waitsOn, hold_reason = @holdReason, failure = @failure, ended_at = @endedAt,
                    original = coalesce(@movedTo, original), lease = NULL, lease_owner = NULL, lease_until = NULL
    WHERE id = @id AND lease = @lease`);
  const holdShoot = db.prepare(`
    UPDATE shoots SET state = 'held', hero = @hero
    WHERE id = (SELECT shoot FROM jobs WHERE id = @id AND role = 'hero') AND state = 'open'`);
  const attempts = attemptsOver(db);
  const news = delivererOver(db);

  const join = joinerOver(db);
  const tend = tenderOver(db);

  const firstFor = firstOver(db);

  /** A photo that lies there under another name waits at lut for that one's look, unless a shoot gives it one. */
  const copied = (job: NewJob, now: number): Pick<NewJob, "stage" | "facts"> => {
    const { duplicates, facts, inbox, recipe, shoot, stage } = job;
    const begins = stage === stageAlone(recipe) && inbox !== null && shoot === null;
    // A look that is kept costs nothing: there is only something to leave out.
    const canTake = stage === "upload" && recipe.finish !== "direct";
    const mayCopy = begins && (duplicates === "skip" || (duplicates === "reuse" && canTake));
    if (!mayCopy || !firstFor({ ...job, createdAt: now }, Number.MAX_SAFE_INTEGER)) return { stage, facts };
    return { stage: "lut", facts: { ...facts, copy: duplicates } };
  };

  /** Columns of a job that may be of a shoot: a hero begins where any job does, a frame waits for the look. */
  const joining = ({ inbox, stage, shoot }: Pick<NewJob, "inbox" | "stage" | "shoot">, now: number) => {
    if (shoot === null) return { stage, shoot: null, role: null, waitsOn: null };
    const { id, role, ready } = join(shoot, inbox ?? "", now);
    return role === "hero"
      ? { stage, shoot: id, role, waitsOn: null }
      : { stage: "lut", shoot: id, role, waitsOn: ready ? null : shootWait(id) };
  };

  const record = (job: string, kind: string, at: number, data: Readonly<Record<string, unknown>>) =>
    event.run({ at, job, kind, data: JSON.stringify(data) });

  /** `arrived` is when the photo came, which decides about its shoot. */
  const added = (wanted: NewJob, generation: number, parent: string | null, now: number, arrived = now): Job => {
    const job = { ...wanted, ...copied(wanted, now) };
    const { duplicates: _duplicates, recipe, facts, ...rest } = job;
    const row = insert.get({
      ...rest,
      ...joining(job, arrived),
      turn: job.turn ?? 0,
      look: facts.look ?? null,
      generation,
      parent,
      recipe: JSON.stringify(recipe),
      facts: JSON.stringify(facts),
      now,
    }) as JobRow;
    record(job.id, "accepted", now, { path: job.path, inbox: job.inbox });
    return jobOf(row);
  };

  const add = db.transaction((job: NewJob, now: number) => {
    rehash(job);
    const known =
      (job.idempotencyKey !== null && byKey.get(job.idempotencyKey)) ||
      (job.inbox !== null && byIdentity.get(job.inbox, job.path, job.pictureSha256)) ||
      undefined;
    if (known && comesBack(jobOf(known))) {
      supersede.run({ inbox: known.inbox, path: known.path, id: known.id, now });
      const { facts, original } = job;
      const as = { ...joining(job, now), facts: JSON.stringify(facts), original, now };
      const again = revive.get({ id: known.id, ...as }) as JobRow;
      record(known.id, "revived", now, { path: job.path });
      return { job: jobOf(again), isNew: false };
    }
    if (known) return { job: jobOf(known), isNew: false };
    // A changed picture is a new version: what is under way for the old one stops.
    if (job.inbox !== null) supersede.run({ inbox: job.inbox, path: job.path, id: job.id, now });
    return { job: added(job, 1, null, now), isNew: true };
  });

  const regrade = db.transaction((id: string, as: Regrade, now: number) => {
    const row = byId.get(id);
    if (!row) return undefined;
    if (row.inbox !== null && byIdentity.get(row.inbox, row.path, row.picture_sha256)?.id !== id) return undefined;
    const old = jobOf(row);
    // The caller's key goes on with the newest generation.
    const idempotencyKey = keyOf.get(id) as string | null;
    dropKey.run(id);
    return added(
      { ...old, ...as, idempotencyKey, duplicates: as.duplicates },
      old.generation + 1,
      id,
      now,
      old.createdAt,
    );
  });

  const finish = db.transaction(
    (id: string, lease: string, next: Parameters<Working["finish"]>[2], attempt: Attempt) => {
      const { changes } = finishJob.run({
        ...next,
        id,
        lease,
        facts: JSON.stringify(next.facts),
        failure: next.failure && JSON.stringify(next.failure),
        movedTo: movedTo(next.facts, attempt),
      });
      if (changes === 0) throw new AppError("lease-lost", `Job ${id} is no longer ours.`, { lease });
      attempts.add(id, attempt);
      news.outcome(id, next, attempt.endedAt);
      if (next.status === "held") holdShoot.run({ id, hero: next.facts.failsOn ?? id });
      // It may be what the others wait for.
      if (next.waitsOn?.startsWith(shootWait(""))) tend(attempt.endedAt);
      const { stage, status } = next;
      if (attempt.kind !== "wait")
        record(id, attempt.kind, attempt.endedAt, {
          stage,
          status,
          at: attempt.stage,
          code: attempt.code,
          message: attempt.message,
        });
    },
  );

  const note = (id: string, lease: string, facts: Facts): void => {
    const { changes } = patchFacts.run({ id, lease, facts: JSON.stringify(facts) });
    if (changes === 0) throw new AppError("lease-lost", `Job ${id} is no longer ours.`, { lease });
  };

  return {
    add: async (job, now) => add.immediate(job, now),
    regrade: async (id, as, now) => regrade.immediate(id, as, now),
    claim: async ({ stages, backends, known, unable, above, limit, leases, only, ...rest }) => {
      const claimMany = db.transaction(() => {
        const rows: { job: Job; lease: string; leaseUntil: number }[] = [];
        for (const stage of stages)
          while (rows.length < limit) {
            const lease = leases[rows.length]!;
            const row = claimAt.get({
              ...rest,
              stage,
              lease,
              backends: JSON.stringify(backends),
              known: JSON.stringify(known),
              unable: JSON.stringify(unable),
              above: above ?? null,
              only: only ? JSON.stringify(only) : null,
            }) as JobRow | undefined;
            if (!row) break;
            rows.push({ job: jobOf(row), lease, leaseUntil: rest.until });
          }
        return rows;
      });
      return claimMany.immediate();
    },
    leased: async (leases) => stillLeased.all(JSON.stringify(leases)) as string[],
    renew: async (id, lease, until) => renewLease.run({ id, lease, until }).changes === 1,
    note: async (id, lease, facts) => note(id, lease, facts),
    finish: async (id, lease, next, attempt) => finish.immediate(id, lease, next, attempt),
  };
}

/** Attempt rows; consecutive waits of one stage fold into one. */
export function attemptsOver(db: Db): { add(job: string, attempt: Attempt): void } {
  const last = db.prepare<[string], { id: number; kind: string; stage: string }>(
    "SELECT id, kind, stage FROM attempts WHERE job = ? ORDER BY id DESC LIMIT 1",
  );
  const fold = db.prepare(
    "UPDATE attempts SET ended_at = @endedAt, times = times + 1, code = @code, message = @message WHERE id = @id",
  );
  const insert = db.prepare(`
    INSERT INTO attempts (job, stage, number, kind, started_at, ended_at, times, code, message)
    VALUES (@job, @stage, @number, @kind, @startedAt, @endedAt, @times, @code, @message)`);
  return {
    add(job, attempt) {
      const before = attempt.kind === "wait" ? last.get(job) : undefined;
      if (before?.kind === "wait" && before.stage === attempt.stage) {
        const { endedAt, code, message } = attempt;
        fold.run({ id: before.id, endedAt, code, message });
      } else insert.run({ ...attempt, job });
    },
  };
}

/** Where the original is once retire has moved it; null while it lies where it lay. */
function movedTo({ retiring }: Facts, attempt: Attempt): string | null {
  return attempt.stage === "retire" && attempt.kind === "done" && retiring?.kind === "move" ? retiring.to : null;
}
