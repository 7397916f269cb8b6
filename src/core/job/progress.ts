/** How far a photo on a backend has come, for people: percent, time left, and the words for it. Pure. */

export type JobProgress = {
  readonly job: string;
  readonly ticket: string;
  readonly phase: "queued" | "running";
  /** 0 … 100; of one ticket it never falls. */
  readonly percent: number;
  /** Prompts before it; null while it runs. */
  readonly ahead: number | null;
  /** About so long until its picture is there; null when nothing is known. */
  readonly leftMs: number | null;
};

/** Judged by the time alone, a run is never nearer to its end than this. */
const BY_TIME_MAX = 95;
/** Before this share the pace so far says little: models are still being loaded. */
const PACE_FROM = 20;

/** How far a run has come by its time: `percentByTime(5_000, 20_000)` is 25. Null where no run is known. */
export function percentByTime(elapsedMs: number, usualMs: number | null): number | null {
  if (usualMs === null || !(usualMs > 0)) return null;
  return Math.min(BY_TIME_MAX, Math.max(0, Math.floor((100 * elapsedMs) / usualMs)));
}

/**
 * Time left of a run. Earlier runs say at first, its own pace more and more: `leftOfRun(50, 10_000, 30_000)` is 15 s, between
 * the 20 s that are usual and the 10 s of its pace.
 */
export function leftOfRun(percent: number, elapsedMs: number, usualMs: number | null): number | null {
  const pace = percent >= PACE_FROM ? (elapsedMs * (100 - percent)) / percent : null;
  const usual = usualMs !== null && usualMs > elapsedMs ? usualMs - elapsedMs : null;
  if (pace === null || usual === null) return pace === null && usual === null ? null : Math.round(pace ?? usual!);
  return Math.round((usual * (100 - percent) + pace * percent) / 100);
}

/** Time left of a prompt that waits: those ahead and itself, all taken for usual ones. */
export const leftInQueue = (ahead: number, usualMs: number | null): number | null =>
  usualMs === null ? null : Math.round((ahead + 1) * usualMs);

/** `fetch 45 %, about 20 s left`; `queued, 1 ahead`. */
export function progressWords({ phase, percent, ahead, leftMs }: Omit<JobProgress, "job" | "ticket">): string {
  const left = leftMs === null ? "" : `, about ${timeWords(leftMs)} left`;
  if (phase === "running") return `fetch ${percent} %${left}`;
  return ahead === null || ahead === 0 ? `queued, next${left}` : `queued, ${ahead} ahead${left}`;
}

/** In the unit a person would take: `20 s`, `4 min`, `2 h`. */
export function timeWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
