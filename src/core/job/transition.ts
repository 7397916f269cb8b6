/**
 * What becomes of a job after an attempt. Pure: the runner asks, the ledger writes the answer.
 *
 *            claim                    done: next stage, or the end
 *   ready ─────────▶ leased ──┬──────────────────────────────────▶ ready … done
 *     ▲                       ├─ go on from an earlier stage ─────▶ ready there (not counted)
 *     │                       ├─ wait (not counted) ─────────────▶ ready, due later or waiting on a name
 *     │                       ├─ rewind (at most `rewindsMax`) ──▶ ready at an earlier stage
 *     │                       ├─ hold ───────────────────────────▶ held, until a person approves or retries
 *     │                       ├─ error, may retry ───────────────▶ ready, due after a backoff
 *     │                       ├─ error, final ───────────────────▶ (retire with its failure) failed
 *     │                       ├─ end ────────────────────────────▶ cancelled, superseded
 *     └── retry ── failed, held, cancelled      lease expired ───▶ ready (not counted)
 */
import { AppError, type ErrorCode } from "../errors.ts";
import { stageAlone } from "./identity.ts";
import type { Facts, Job, Outcome, Stage } from "./job.ts";
import { STAGES } from "./job.ts";
import type { AttemptKind } from "./journal.ts";

/** The part of a job that an attempt may change. */
export type NextState = Pick<
  Job,
  "stage" | "status" | "facts" | "attempt" | "rewinds" | "dueAt" | "waitsOn" | "holdReason" | "failure" | "endedAt"
>;

export type Transition = {
  readonly next: NextState;
  readonly kind: AttemptKind;
  readonly code: ErrorCode | null;
  readonly message: string | null;
};

export type Rules = {
  readonly now: number;
  /** 0 … 1, the jitter of this backoff. */
  readonly random: number;
  readonly attemptsMax: number;
  readonly rewindsMax: number;
};

/** Backoff doubles from 2 s up to 5 min, with full jitter. */
const BACKOFF_FIRST_MS = 2_000;
const BACKOFF_MAX_MS = 300_000;

/** Errors of the surroundings: the photo is not at fault, so the job waits this long and no attempt is counted. */
const SURROUNDINGS: Partial<Record<ErrorCode, number>> = {
  "backend-unreachable": 2_000,
  "backend-not-comfyui": 5_000,
  "backend-stuck": 5_000,
  "disk-full": 15_000,
  "outbox-unwritable": 15_000,
  "folder-unreadable": 15_000,
  "share-away": 15_000,
  "ledger-busy": 2_000,
  "lease-lost": 0,
  interrupted: 0,
};

/** What each stage learns; a rewind forgets it again. */
const GIVES: Readonly<Record<Stage, readonly (keyof Facts)[]>> = {
  upload: ["copy", "backend", "plate"],
  queue: ["ticket", "notes"],
  fetch: ["preview", "factor", "baseline", "rounding", "approvedAs"],
  lut: [
    "look",
    "cube",
    "verdict",
    "score",
    "fit",
    "grid",
    "finish",
    "heatmap",
    "outside",
    "failsOn",
    "copyOf",
    "proof",
    "reviewed",
  ],
  write: ["temps", "outputs"],
  retire: ["retiring", "heldAt"],
};

export function afterAttempt(job: Job, result: Outcome | AppError, rules: Rules): Transition {
  if (result instanceof AppError) return afterError(job, result, rules);
  switch (result.kind) {
    case "done":
      return afterDone(job, { ...job.facts, ...result.facts }, rules.now);
    case "wait": {
      const waitsOn = "on" in result.for ? result.for.on : null;
      const dueAt = rules.now + ("afterMs" in result.for ? result.for.afterMs : 0);
      const facts = { ...job.facts, ...result.facts };
      return transition("wait", null, result.reason, { ...settled(job), status: "ready", facts, dueAt, waitsOn });
    }
    case "go-on":
      return transition("done", null, result.reason, {
        ...settled(job),
        status: "ready",
        stage: result.to,
        facts: factsBefore(job.facts, result.to),
        attempt: 0,
        dueAt: rules.now,
      });
    case "rewind":
      if (job.rewinds >= rules.rewindsMax) return fail(job, result.code, result.reason, rules.now);
      return transition("rewind", result.code, result.reason, {
        ...settled(job),
        status: "ready",
        stage: result.to,
        facts: factsBefore(job.facts, result.to),
        attempt: 0,
        rewinds: job.rewinds + 1,
        dueAt: rules.now,
      });
    case "hold": {
      // It passes through `retire` when its original has somewhere to go while a person decides.
      const retires = (job.recipe.original.held?.kind ?? "leave") !== "leave";
      return transition("hold", result.code, result.reason, {
        ...settled(job),
        ...(retires ? { status: "ready", stage: "retire", attempt: 0, dueAt: rules.now } : { status: "held" }),
        facts: { ...job.facts, ...result.facts, ...(retires && { heldAt: job.stage }) },
        holdReason: result.reason,
        failure: { code: result.code, message: result.reason, stage: result.retryFrom },
      });
    }
    case "end": {
      const { code, reason: message, status } = result;
      if (code === "duplicate") return leaveOut(job, message, rules.now);
      const failure = { code, message, stage: job.stage };
      return transition("end", code, message, { ...settled(job), status, failure, endedAt: rules.now });
    }
  }
}

function afterDone(job: Job, facts: Facts, now: number): Transition {
  if (facts.heldAt) return transition("done", null, null, held(job, facts, facts.heldAt));
  const next = STAGES[STAGES.indexOf(job.stage) + 1];
  if (next)
    return transition("done", null, null, {
      ...settled(job),
      status: "ready",
      stage: next,
      facts,
      attempt: 0,
      dueAt: now,
    });
  const isLeftOut = job.failure?.code === "duplicate" || job.failure?.code === "cancelled";
  const status = job.failure === null ? "done" : isLeftOut ? "cancelled" : "failed";
  return transition("done", null, null, { ...settled(job), status, facts, failure: job.failure, endedAt: now });
}

function afterError(job: Job, error: AppError, rules: Rules): Transition {
  const pauseMs = SURROUNDINGS[error.code];
  if (pauseMs !== undefined) {
    const kind = pauseMs === 0 ? "released" : "wait";
    const dueAt = rules.now + pauseMs;
    return transition(kind, error.code, error.message, { ...settled(job), status: "ready", dueAt });
  }
  if (error.code === "original-changed") {
    const superseded = { kind: "end", status: "superseded", code: error.code, reason: error.message } as const;
    return afterAttempt(job, superseded, rules);
  }
  const attempt = job.attempt + 1;
  if (!error.retry || attempt >= rules.attemptsMax) return fail(job, error.code, error.message, rules.now);
  const dueAt = rules.now + backoffMs(job.attempt, rules.random);
  return transition("retried", error.code, error.message, { ...settled(job), status: "ready", attempt, dueAt });
}

/** Its original has been put away, or stays since it cannot be: now a person decides. */
function held(job: Job, { heldAt: _heldAt, ...facts }: Facts, stage: Stage): NextState {
  return { ...settled(job), status: "held", stage, facts, holdReason: job.holdReason };
}

/** A failed job passes through `retire` when its original has somewhere to go; its failure travels with it. */
function fail(job: Job, code: ErrorCode, message: string, now: number): Transition {
  if (job.facts.heldAt) return transition("failed", code, message, held(job, job.facts, job.facts.heldAt));
  const failure = job.failure ?? { code, message, stage: job.stage };
  const retires = job.stage !== "retire" && job.recipe.original.failed.kind !== "leave";
  return transition("failed", code, message, {
    ...settled(job),
    stage: retires ? "retire" : job.stage,
    status: retires ? "ready" : "failed",
    attempt: retires ? 0 : job.attempt + 1,
    dueAt: now,
    failure,
    endedAt: retires ? null : now,
  });
}

/** A copy that is not graded passes through `retire` likewise. Who retries it wants it graded on its own. */
function leaveOut(job: Job, message: string, now: number): Transition {
  const failure = { code: "duplicate", message, stage: stageAlone(job.recipe) } as const;
  const retires = job.recipe.original.duplicate.kind !== "leave";
  return transition("end", "duplicate", message, {
    ...settled(job),
    stage: retires ? "retire" : job.stage,
    status: retires ? "ready" : "cancelled",
    attempt: 0,
    dueAt: now,
    failure,
    endedAt: retires ? null : now,
  });
}

/**
 * Where a job goes on when a person says retry: where it failed. At fetch that is queue, since a prompt that has ended
 * over there never gives another answer; queue looks for a ticket that still lives before it makes a new one. A grid that
 * cannot be used is fitted again, with its look.
 */
export function stageToRetry({ stage, failure }: Pick<Job, "stage" | "failure">): Stage {
  const from = failure?.stage ?? stage;
  if (failure?.code === "grid-invalid") return "lut";
  return from === "fetch" ? "queue" : from;
}

/** Delay before the attempt after `failed` failed ones: random · min(cap, first · 2^failed), in ms. */
export function backoffMs(failed: number, random: number): number {
  return Math.round(random * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** failed));
}

/** The facts known when `stage` begins. */
export function factsBefore(facts: Facts, stage: Stage): Facts {
  const forgotten = new Set(STAGES.slice(STAGES.indexOf(stage)).flatMap((later) => GIVES[later]));
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !forgotten.has(name as keyof Facts)));
}

/** The job as it stands, with nothing pending: what an outcome changes is laid over it. */
function settled(job: Job): NextState {
  const { stage, status, facts, attempt, rewinds, dueAt } = job;
  const failure = job.stage === "retire" ? job.failure : null;
  const holdReason = facts.heldAt ? job.holdReason : null;
  return { stage, status, facts, attempt, rewinds, dueAt, waitsOn: null, holdReason, failure, endedAt: null };
}

const transition = (
  kind: Transition["kind"],
  code: ErrorCode | null,
  message: string | null,
  next: NextState,
): Transition => ({ next, kind, code, message });
