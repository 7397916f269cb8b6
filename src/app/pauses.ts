/** What a person stops for a while: the names of these switches in the ledger, which its claims heed. */
import type { PathText } from "../core/inbox/path-text.ts";

export const PAUSES = "pause";
export const BACKEND_PAUSES = "pause:backend:";
export const BACKEND_DRAINS = "drain:backend:";

/** Of everything, of a backend, or of an inbox. */
export function pauseOf(what: { readonly backend?: string; readonly inbox?: PathText }): string {
  if (what.backend !== undefined) return `${BACKEND_PAUSES}${what.backend}`;
  return what.inbox === undefined ? PAUSES : `pause:inbox:${what.inbox}`;
}

/** The backend ends what it has and gets nothing more. */
export function drainOf(backend: string): string {
  return `${BACKEND_DRAINS}${backend}`;
}
