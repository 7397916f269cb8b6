/** What is stopped for a while, by a person or by an inbox's hours: the names of these switches in the ledger, which its claims heed. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { OpenWindow } from "../core/schedule/hours.ts";
import type { Ledger } from "../ports.ts";

export const PAUSES = "pause";
export const BACKEND_PAUSES = "pause:backend:";
export const BACKEND_DRAINS = "drain:backend:";

/** An inbox's hours: `[opensAt, closesAt]`, outside of which its photos wait. */
export const HOURS = "hours:inbox:";

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
  /** Has a person stopped all models, or this inbox? */
  isStopped(inbox: PathText): boolean;
  /** When the hours of this inbox begin; undefined while they last, and for one that has none. */
  closedUntil(inbox: PathText | null): number | undefined;
};

/** What is stopped now. */
export async function readPauses({ switches }: Pick<Ledger, "switches">, now: number): Promise<Pauses> {
  const names = new Set(
    [...(await switches.all(PAUSES)), ...(await switches.all(BACKEND_DRAINS))].map(({ name }) => name),
  );
  const isOff = (backend: string): boolean => names.has(PAUSES) || names.has(pauseOf({ backend }));
  const closed = new Map<string, number>();
  for (const { name, value } of await switches.all(HOURS)) {
    const { opensAt, closesAt } = readWindow(value);
    // A window that is over is about to be replaced: closed, until when is not known yet.
    if (now < opensAt || now >= closesAt) closed.set(name.slice(HOURS.length), Math.max(now, opensAt));
  }
  return {
    none: names.size === 0 && closed.size === 0,
    isPaused: ({ backend, inbox }) =>
      isOff(backend) || (inbox !== null && (names.has(pauseOf({ inbox })) || closed.has(inbox))),
    isStopped: (inbox) => names.has(PAUSES) || names.has(pauseOf({ inbox })),
    closedUntil: (inbox) => (inbox === null ? undefined : closed.get(inbox)),
    isOff,
    isDrained: (backend) => names.has(drainOf(backend)),
  };
}

export function readWindow(value: string): OpenWindow {
  const [opensAt, closesAt] = JSON.parse(value) as [number, number];
  return { opensAt, closesAt };
}
