/**
 * When it is worth asking after a prompt again. A socket says so at once, but it may be deaf without anybody noticing; asking
 * all the time would only keep the server busy. So the time that prompts of a workflow took here so far sets the pace.
 */
/** Between two questions, whatever the workflow. */
export const SOONEST_MS = 150;
export const LATEST_MS = 1_500;

/**
 * Half of what is left, so that a few questions close in on the end: 4 s are asked about after 1.5, 1.25, 0.6, 0.3 … s.
 * Of a run nobody knows, and of one that is overdue, half of what has passed of it unexpectedly.
 */
export function againMs(usualMs: number | null, runningForMs: number): number {
  const left = usualMs === null ? Number.NEGATIVE_INFINITY : usualMs - runningForMs;
  const unexpected = usualMs === null ? runningForMs : -left;
  return Math.round(Math.min(LATEST_MS, Math.max(SOONEST_MS, (left > 0 ? left : unexpected) / 2)));
}

/** Of a prompt that waits: its run can hardly be over sooner than in half of its time. */
export const pendingAgainMs = (usualMs: number | null): number => (usualMs === null ? LATEST_MS : againMs(usualMs, 0));
