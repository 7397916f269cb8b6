/** What a person stops for a while: the names of these switches in the ledger, which its claims heed. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { Ledger } from "../ports.ts";

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

export type Pauses = {
  /** Is anything stopped at all? */
  readonly none: boolean;
  /** Does nothing of this inbox go to this backend now? */
  isPaused(what: { readonly backend: string; readonly inbox: PathText | null }): boolean;
  /** The same, of all inboxes. */
  isOff(backend: string): boolean;
  isDrained(backend: string): boolean;
};

/** What is stopped now. */
export async function readPauses({ switches }: Pick<Ledger, "switches">): Promise<Pauses> {
  const names = new Set(
    [...(await switches.all(PAUSES)), ...(await switches.all(BACKEND_DRAINS))].map(({ name }) => name),
  );
  const isOff = (backend: string): boolean => names.has(PAUSES) || names.has(pauseOf({ backend }));
  return {
    none: names.size === 0,
    isPaused: ({ backend, inbox }) => isOff(backend) || (inbox !== null && names.has(pauseOf({ inbox }))),
    isOff,
    isDrained: (backend) => names.has(drainOf(backend)),
  };
}
