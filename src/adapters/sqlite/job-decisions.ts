/** What a person decides about jobs: retry, cancel, approve, reject, write again. Each gives the ids that changed. */
import { type Facts, type FinishName, type Job, STAGES } from "../../core/job/job.ts";
import { factsBefore, stageToRetry } from "../../core/job/transition.ts";
import type { Ledger } from "../../ports.ts";
import type { Output } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";
import { type JobRow, jobOf } from "./rows.ts";
import { tenderOver, waitForShoot } from "./shoots.ts";

type Deciding = Pick<Ledger["jobs"], "retry" | "cancel" | "approve" | "reject" | "rewrite">;

export function decidedJobsOver(db: Db): Deciding {
  const byId = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const goOn = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = @stage, facts = @facts, role = @role, waits_on = @waitsOn, failure = NULL,
                    hold_reason = NULL, attempt = 0, rewinds = 0, due_at = @now, ended_at = NULL
    WHERE id = @id`);
  const dueNow = db.prepare(
    "UPDATE jobs SET due_at = @now, attempt = 0 WHERE id = @id AND status = 'ready' AND due_at > @now",
  );
  const cancel = db.prepare(`
    UPDATE jobs SET status = 'cancelled', lease = NULL, lease_owner = NULL, lease_until = NULL, waits_on = NULL,
                    hold_reason = NULL, ended_at = @now,
                    failure = coalesce(CASE WHEN stage = 'retire' THEN failure END,
                                       json_object('code', 'cancelled', 'message', @reason, 'stage', stage))
    WHERE id = @id AND status IN ('ready', 'leased', 'held')`);
  const approve = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = 'write', failure = NULL, hold_reason = NULL, attempt = 0, due_at = @now
    WHERE id = @id AND status = 'held' AND facts ->> '$.cube' IS NOT NULL`);
  const approveAs = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = 'lut', facts = @facts, failure = NULL, hold_reason = NULL, attempt = 0, due_at = @now
    WHERE id = @id AND status = 'held' AND shoot IS NULL AND facts ->> '$.preview' IS NOT NULL`);
  const settle = db.prepare(
    "UPDATE shoots SET state = 'ready', look = @look, hero = NULL WHERE id = @id AND state <> 'ready'",
  );
  const blamed = db.prepare<[string], JobRow>(
    "SELECT jobs.* FROM shoots JOIN jobs ON jobs.id = shoots.hero WHERE shoots.id = ?",
  );
  const published = db.prepare<[string], Output>(
    "SELECT kind, sha256 FROM outputs WHERE job = ? AND state = 'published'",
  );
  const takeBack = db.prepare(
    "UPDATE outputs SET state = 'reserved', temp = NULL WHERE job = ? AND state = 'published'",
  );
  const strengthen = db.prepare("UPDATE jobs SET recipe = json_set(recipe, '$.strength', @strength) WHERE id = @id");
  const event = db.prepare("INSERT INTO events (at, job, kind, data) VALUES (@at, @job, @kind, @data)");
  const tend = tenderOver(db);

  type Decision = {
    readonly kind: string;
    readonly data?: object;
    /** False when it does not apply to this job. */
    change(job: Job): boolean;
  };
  const decideAll = db.transaction((ids: readonly string[], now: number, { kind, data, change }: Decision) => {
    const changed = ids.filter((id) => {
      const row = byId.get(id);
      if (!row || !change(jobOf(row))) return false;
      event.run({ at: now, job: id, kind, data: JSON.stringify(data ?? {}) });
      return true;
    });
    if (changed.length > 0) tend(now);
    return changed;
  });

  /** From its stage once more. A photo that is no hero of its shoot waits for the shoot's look. */
  const again = (job: Job, now: number): boolean => {
    const stage = stageToRetry(job);
    const asFrame = job.shoot?.role === "frame" && STAGES.indexOf(stage) < STAGES.indexOf("write");
    if (asFrame) return wait(job, now, {});
    const facts = JSON.stringify(factsBefore(job.facts, stage));
    return goOn.run({ id: job.id, stage, facts, role: job.shoot?.role ?? null, waitsOn: null, now }).changes > 0;
  };
  const wait = (job: Job, now: number, more: Facts): boolean => {
    const facts = JSON.stringify({ ...factsBefore(job.facts, "upload"), ...more });
    const waitsOn = job.shoot && waitForShoot(job.shoot.id);
    return goOn.run({ id: job.id, stage: "lut", facts, role: "frame", waitsOn, now }).changes > 0;
  };

  const retry = (job: Job, now: number): boolean => {
    if (job.status === "failed" || job.status === "held" || job.status === "cancelled") return again(job, now);
    return dueNow.run({ id: job.id, now }).changes > 0;
  };
  const approved = ({ id, shoot, facts }: Job, finish: FinishName | undefined, now: number): boolean => {
    const again = { ...factsBefore(facts, "lut"), approvedAs: finish };
    if (finish !== undefined) return approveAs.run({ id, facts: JSON.stringify(again), now }).changes > 0;
    if (approve.run({ id, now }).changes === 0) return false;
    if (shoot?.role === "hero") settle.run({ id: shoot.id, look: facts.look });
    return true;
  };
  const rejected = (job: Job, now: number): boolean => {
    if (job.status !== "held") return false;
    if (job.shoot?.role !== "hero") return again(job, now);
    const { id, shoot } = job;
    // The one that is held may be another than the one the look fails on: it stays a hero and waits for its successor.
    const blame = blamed.get(shoot.id);
    const failing = blame ? jobOf(blame) : job;
    const facts = JSON.stringify(factsBefore(job.facts, "lut"));
    if (failing.id !== id) goOn.run({ id, stage: "lut", facts, role: "hero", waitsOn: waitForShoot(shoot.id), now });
    return wait(failing, now, { passedOverAt: now });
  };
  const rewritten = ({ id, status, facts, recipe, shoot }: Job, strength: number, now: number): boolean => {
    const { temps: _temps, ...rest } = facts;
    if (status !== "done" || facts.cube === undefined || recipe.strength === strength) return false;
    const replaces = Object.fromEntries(published.all(id).map(({ kind, sha256 }) => [kind, sha256]));
    takeBack.run(id);
    strengthen.run({ id, strength });
    const again = { facts: JSON.stringify({ ...rest, replaces }), role: shoot?.role ?? null, waitsOn: null };
    return goOn.run({ id, stage: "write", ...again, now }).changes > 0;
  };
  const decide = async (ids: readonly string[], now: number, decision: Decision) =>
    decideAll.immediate(ids, now, decision);
  return {
    retry: (ids, now) => decide(ids, now, { kind: "retry", change: (job) => retry(job, now) }),
    cancel: (ids, reason, now) => {
      const change = ({ id }: Job) => cancel.run({ id, reason, now }).changes > 0;
      return decide(ids, now, { kind: "cancelled", data: { reason }, change });
    },
    approve: (ids, now, finish) =>
      decide(ids, now, { kind: "approved", data: { finish }, change: (job) => approved(job, finish, now) }),
    reject: (ids, now) => decide(ids, now, { kind: "rejected", change: (job) => rejected(job, now) }),
    rewrite: (ids, strength, now) =>
      decide(ids, now, { kind: "rewritten", data: { strength }, change: (job) => rewritten(job, strength, now) }),
  };
}
