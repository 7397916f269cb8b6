/** Where a photo goes: to the backend with the least expected wait. */

export type Candidate = {
  readonly name: string;
  /** Photos that it has and that have not come home. */
  readonly load: number;
  /** How long a run of this workflow takes there; null before the first. */
  readonly usualMs: number | null;
  /** The user's own preference: a backend of weight 2 may have twice the wait. */
  readonly weight: number;
  /** The photo's plate lies there already. */
  readonly hasPlate: boolean;
};

/** A run on a backend of which nothing is known. */
const USUAL_MS = 10_000;
/** What cutting and sending a plate again costs. */
const PLATE_MS = 1_000;

/** Until a photo that goes there now has been rendered, in ms: its runs follow one another, whatever its depth. */
export function expectedWaitMs({ load, usualMs, weight, hasPlate }: Candidate, unknownMs = USUAL_MS): number {
  return ((load + 1) * (usualMs ?? unknownMs)) / weight - (hasPlate ? PLATE_MS : 0);
}

/**
 * The candidate with the least expected wait; the earlier one where two are equal. One that has never run this is taken
 * to be as fast as the others are on average, so that it gets its first.
 */
export function leastWait(candidates: readonly Candidate[]): Candidate | undefined {
  const known = candidates.flatMap(({ usualMs }) => usualMs ?? []);
  const unknownMs = known.length > 0 ? known.reduce((sum, ms) => sum + ms, 0) / known.length : USUAL_MS;
  let best: Candidate | undefined;
  for (const candidate of candidates)
    if (!best || expectedWaitMs(candidate, unknownMs) < expectedWaitMs(best, unknownMs)) best = candidate;
  return best;
}
