/** What a person decides about jobs: retry, cancel, approve, reject, write again. Each gives the ids that changed. */
import { endedUngraded } from "../../core/job/identity.ts";
import { type Facts, type FinishName, type Job, STAGES, shootWait } from "../../core/job/job.ts";
import { factsBefore, stageToRetry } from "../../core/job/transition.ts";
import type { Ledger } from "../../ports.ts";
import type { Db } from "./open.ts";
import { replacedOver } from "./outputs.ts";
import { type JobRow, jobOf } from "./rows.ts";
import { giverOver, tenderOver } from "./shoots.ts";

type Deciding = Pick<
  Ledger["jobs"],
  "retry" | "revise" | "cancel" | "giveUp" | "approve" | "reject" | "rewrite" | "broughtBack"
>;

export function decidedJobsOver(db: Db): Deciding {
  const byId = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const sendOn = db.prepare(`
    UPDATE jobs SET status = 'ready', lease = NULL, lease_owner = NULL, lease_until = NULL, stage = @stage, facts = @facts, role = @role, waits_on = @waitsOn, failure = NULL,
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
  // Its original goes where one goes that could not be graded.
  const retireUngraded = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = 'retire', hold_reason = NULL, attempt = 0, due_at = @now,
                    failure = json_object('code', 'cancelled', 'message', @reason, 'stage', stage)
    WHERE id = @id AND status = 'held'`);
  const approve = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = 'write', facts = json_set(facts, '$.reviewed', json('true')), failure = NULL, hold_reason = NULL, attempt = 0, due_at = @now
    WHERE id = @id AND status = 'held' AND facts ->> '$.cube' IS NOT NULL`);
  const approveAs = db.prepare(`
    UPDATE jobs SET status = 'ready', stage = 'lut', facts = @facts, failure = NULL, hold_reason = NULL, attempt = 0, due_at = @now
    WHERE id = @id AND status = 'held' AND facts ->> '$.preview' IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.shoot = jobs.shoot AND other.id <> jobs.id
                        AND other.status IN ('ready', 'leased', 'held'))`);
  const moveBack = db.prepare(`
    UPDATE jobs SET original = @original, facts = json_remove(facts, '$.away', '$.retiring', '$.companions')
    WHERE id = @id AND status IN ('failed', 'held', 'cancelled')`);
  // What was put away stays where it is on record to be.
  const revise = db.prepare(`
    UPDATE jobs SET recipe = @recipe, recipe_hash = @recipeHash, failure = json_set(failure, '$.stage', @stage),
                    facts = json_patch(@facts, json_object('away', json(facts -> '$.away'), 'companions', json(facts -> '$.companions')))
    WHERE id = @id AND status IN ('failed', 'cancelled') AND shoot IS NULL`);
  const giveLook = giverOver(db);
  const stateOf = db.prepare("SELECT state FROM shoots WHERE id = ?").pluck();
  const takeLook = db.prepare(`
    UPDATE jobs SET facts = json_set(facts, '$.look', looks.sha256, '$.cube', looks.file), look = looks.sha256
    FROM shoots JOIN looks ON looks.sha256 = shoots.look WHERE shoots.id = jobs.shoot AND jobs.id = ?`);
  // Of the heroes that are fitted together, the one whose picture the look fails on.
  const blamed = db.prepare<[string], JobRow>(`
    SELECT jobs.* FROM shoots JOIN jobs ON jobs.id = shoots.hero
    WHERE shoots.id = ? AND jobs.role = 'hero' AND jobs.status IN ('ready', 'leased', 'held')`);
  const replaced = replacedOver(db);
  const strengthen = db.prepare("UPDATE jobs SET recipe = json_set(recipe, '$.strength', @strength) WHERE id = @id");
  const reword = db.prepare("UPDATE jobs SET recipe = json_set(recipe, '$.prompt', @prompt) WHERE id = @id");
  const reseed = db.prepare("UPDATE jobs SET recipe = json_set(recipe, '$.seed', 'random') WHERE id = @id");
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

  /** From its stage once more. A photo of a shoot that is not with the model for it waits for the look. */
  const again = (job: Job, now: number): boolean => {
    const stage = stageToRetry(job);
    const isFrame = job.shoot && (job.shoot.role === "frame" || stateOf.get(job.shoot.id) === "ready");
    if (isFrame && STAGES.indexOf(stage) < STAGES.indexOf("write")) return wait(job, now, {});
    const facts = JSON.stringify(factsBefore(job.facts, stage));
    return sendOn.run({ id: job.id, stage, facts, role: job.shoot?.role ?? null, waitsOn: null, now }).changes > 0;
  };
  const wait = (job: Job, now: number, more: Facts): boolean => {
    const facts = JSON.stringify({ ...factsBefore(job.facts, "upload"), ...more });
    const waitsOn = job.shoot && shootWait(job.shoot.id);
    return sendOn.run({ id: job.id, stage: "lut", facts, role: "frame", waitsOn, now }).changes > 0;
  };
  /** The hero that a held shoot fails on. Where another one is held for it, that one stays a hero and waits again. */
  const failing = (card: Job, shoot: string, now: number): Job => {
    const row = blamed.get(shoot);
    if (!row || row.id === card.id) return card;
    const facts = JSON.stringify(factsBefore(card.facts, "lut"));
    sendOn.run({ id: card.id, stage: "lut", facts, role: "hero", waitsOn: shootWait(shoot), now });
    return { ...jobOf(row), failure: card.failure };
  };

  const retry = (job: Job, now: number): boolean => {
    const { status, shoot } = job;
    if (status === "held" && shoot?.role === "hero") return again(failing(job, shoot.id, now), now);
    if (status === "failed" || status === "held" || status === "cancelled") return again(job, now);
    return dueNow.run({ id: job.id, now }).changes > 0;
  };
  const approved = ({ id, shoot, facts, recipe }: Job, finish: FinishName | undefined, now: number): boolean => {
    const chosen = { ...factsBefore(facts, "lut"), approvedAs: finish, ...(recipe.review && { reviewed: true }) };
    if (finish !== undefined) return approveAs.run({ id, facts: JSON.stringify(chosen), now }).changes > 0;
    if (approve.run({ id, now }).changes === 0) return false;
    // When the shoot has come to a look meanwhile, it is that one.
    if (shoot?.role === "hero" && facts.look !== undefined && !giveLook(shoot.id, facts.look)) takeLook.run(id);
    return true;
  };
  const rejected = (job: Job, prompt: string | undefined, now: number): boolean => {
    const { id, status, shoot, failure, recipe } = job;
    // A kept look is the same each time: there is no model to ask.
    if (status !== "held" || recipe.look.kind === "kept") return false;
    if (prompt !== undefined) reword.run({ id, prompt });
    // The recipe's own seed would give the same picture again.
    else if (recipe.seed !== "random") reseed.run({ id });
    if (failure?.code === "review") return again(job, now);
    return shoot?.role === "hero" ? wait(failing(job, shoot.id, now), now, { passedOverAt: now }) : again(job, now);
  };
  const givenUp = ({ id, status, facts, recipe }: Job, reason: string, now: number): boolean => {
    const staysPut = recipe.original.failed.kind === "leave" && !facts.away;
    return status === "held" && (staysPut ? cancel : retireUngraded).run({ id, reason, now }).changes > 0;
  };
  const rewritten = ({ id, status, facts, recipe, shoot }: Job, strength: number, now: number): boolean => {
    const { temps: _temps, ...rest } = facts;
    if (status !== "done" || facts.cube === undefined || recipe.strength === strength) return false;
    strengthen.run({ id, strength });
    const as = { facts: JSON.stringify({ ...rest, replaces: replaced(id) }), role: shoot?.role ?? null, waitsOn: null };
    return sendOn.run({ id, stage: "write", ...as, now }).changes > 0;
  };
  const decide = async (ids: readonly string[], now: number, decision: Decision) =>
    decideAll.immediate(ids, now, decision);
  const broughtBack = (original: string, job: Job, now: number): boolean =>
    moveBack.run({ id: job.id, original }).changes > 0 && (!endedUngraded(job) || again(job, now));
  return {
    broughtBack: async (id, original, now) => {
      const change = (job: Job) => broughtBack(original, job, now);
      await decide([id], now, { kind: "brought-back", change });
    },
    retry: (ids, now) => decide(ids, now, { kind: "retry", change: (job) => retry(job, now) }),
    revise: async (id, { recipe, recipeHash, stage, facts }, now) => {
      const as = { recipe: JSON.stringify(recipe), recipeHash, stage, facts: JSON.stringify(facts) };
      const change = () => revise.run({ id, ...as }).changes > 0;
      return (await decide([id], now, { kind: "revised", change })).length > 0;
    },
    cancel: (ids, reason, now) => {
      const change = ({ id }: Job) => cancel.run({ id, reason, now }).changes > 0;
      return decide(ids, now, { kind: "cancelled", data: { reason }, change });
    },
    giveUp: (ids, reason, now) =>
      decide(ids, now, { kind: "cancelled", data: { reason }, change: (job) => givenUp(job, reason, now) }),
    approve: (ids, now, finish) =>
      decide(ids, now, { kind: "approved", data: { finish }, change: (job) => approved(job, finish, now) }),
    reject: (ids, now, prompt) =>
      decide(ids, now, { kind: "rejected", data: { prompt }, change: (job) => rejected(job, prompt, now) }),
    rewrite: (ids, strength, now) =>
      decide(ids, now, { kind: "rewritten", data: { strength }, change: (job) => rewritten(job, strength, now) }),
  };
}
