/**
 * Has this file stopped changing? The decision alone: looks go in, a decision comes out.
 *
 *     first look ─▶ wait ─▶ wait ─▶ read-ending ─▶ accept            proven: at least 3 looks, `settleMs` apart
 *                     ▲                        ├──▶ wait … accept     cannot tell: three times the quiet time
 *                     └── the signature changed└──▶ wait … truncated  provably incomplete: shown, never accepted
 *
 * Times are compared with each other and values with themselves; neither ever with a file's own date, which may lie.
 */

/** What one look saw. `at` counts monotonic milliseconds; `signature` is device, inode, size, mtime and ctime in ns. */
export type Look = { readonly signature: string; readonly sizeBytes: number; readonly at: number };

/** What the end of the format says; endings.ts finds it out. */
export type EndingKind = "complete" | "incomplete" | "unknown";

/** What is known of a file between two looks. */
export type Settling = {
  readonly signature: string;
  readonly sizeBytes: number;
  /** When this signature was first seen. */
  readonly since: number;
  readonly looks: number;
  readonly ending: EndingKind | null;
  /** When the ending was read. */
  readonly endingAt: number;
};

export type SettleLimits = {
  readonly settleMs: number;
  /** Quiet time after which an incomplete file is shown as truncated. */
  readonly truncatedMs: number;
};

export type Decision = "wait" | "read-ending" | "accept" | "truncated";

export const LOOKS_MIN = 3;
/** Quiet times that a file must keep whose format does not tell its end. */
export const UNPROVEN_FACTOR = 3;
/** An incomplete file that stands still is read again after this time, then after twice that, and so on. */
export const REREAD_MS = 60_000;

/** The state after a look: the same signature counts on, another one (or a clock that ran backwards) starts anew. */
export function lookAgain(previous: Settling | undefined, look: Look): Settling {
  if (previous === undefined || previous.signature !== look.signature || look.at < previous.since) {
    const { signature, sizeBytes, at } = look;
    return { signature, sizeBytes, since: at, looks: 1, ending: null, endingAt: at };
  }
  return { ...previous, looks: previous.looks + 1 };
}

/** The state once the ending of that signature is known. */
export function withEnding(state: Settling, ending: EndingKind, at: number): Settling {
  return { ...state, ending, endingAt: at };
}

/** What to do now. After "read-ending" the caller reads the ending and decides again. */
export function decide(state: Settling, at: number, limits: SettleLimits): Decision {
  const quiet = at - state.since;
  if (state.looks < LOOKS_MIN || quiet < limits.settleMs) return "wait";
  const ending = state.sizeBytes === 0 ? "incomplete" : state.ending;
  switch (ending) {
    case null:
      return "read-ending";
    case "complete":
      return "accept";
    case "unknown":
      return quiet >= limits.settleMs * UNPROVEN_FACTOR ? "accept" : "wait";
    case "incomplete":
      if (isDueAgain(state, at)) return "read-ending";
      return quiet >= limits.truncatedMs ? "truncated" : "wait";
  }
}

/**
 * Coarse clocks (FAT counts two seconds) can hide the last write of a file that was preallocated, so an incomplete
 * file is read again: a minute after the last reading, and never before its quiet time has doubled since then.
 */
function isDueAgain(state: Settling, at: number): boolean {
  if (state.sizeBytes === 0) return false;
  return at - state.endingAt >= Math.max(REREAD_MS, state.endingAt - state.since);
}
