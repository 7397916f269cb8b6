/** Log lines for whoever watches: what a photo came to, or what keeps it. */
import { type AppError, hintOf } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import type { Job, Outcome } from "../core/job/job.ts";
import type { Transition } from "../core/job/transition.ts";
import type { Log } from "../ports.ts";

export type Told = Transition & {
  readonly job: Job;
  readonly ms: number;
  readonly result: Outcome | AppError;
};

/** Photos that wait for the same thing say so together: once in so long. */
const WAITS_SAID_MS = 60_000;

export function openTeller(log: Log, now: () => number): (told: Told) => void {
  const saidAt = new Map<string, number>();
  return (told) => {
    const { kind, code, message } = told;
    const isDue = kind === "wait" && code !== null && now() - (saidAt.get(code) ?? 0) >= WAITS_SAID_MS;
    if (isDue) {
      saidAt.set(code, now());
      log.warn({ code, reason: message, hint: hintOf(code), path: showPath(told.job.path) }, "photos wait");
    }
    tell(log, told);
  };
}

function tell(log: Log, { job, next, kind, code, message, ms, result }: Told): void {
  const about = { job: job.id, ...(job.inbox === null ? {} : { inbox: job.inbox }), path: showPath(job.path) };
  const why = code === null ? {} : { code, reason: message, hint: hintOf(code) };
  const { outputs, notes, verdict } = next.facts;
  if (code === "internal") log.error({ ...about, stage: job.stage, err: result }, "internal error");
  if (next.status === "failed") log.error({ ...about, stage: job.stage, ...why }, "photo failed");
  else if (next.status === "held") log.warn({ ...about, stage: job.stage, ...why }, "photo held for a person");
  else if (kind === "retried" || kind === "rewind")
    log.warn({ ...about, stage: job.stage, ...why }, "stage will be tried again");
  else if (next.status === "done")
    log.info({ ...about, ...(verdict && { verdict }), outputs, ...(notes?.length ? { notes } : {}) }, "photo done");
  else log.debug({ ...about, stage: job.stage, kind, reason: message, ms }, "stage ended");
}
