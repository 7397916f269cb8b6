/** Carries what backends say of renders under way into the ledger, where other processes read it; seldom, and for people alone. */
import { asAppError } from "../core/errors.ts";
import type { Ports } from "../ports.ts";

/** The ledger keeps no more than this many a second either; here the way to it is saved. */
const TOLD_EVERY_MS = 1_000;
/** Far above what is under way at once; the oldest goes first. */
const TICKETS_MAX = 1_000;

/** `fraction` 0 … 1. */
export type TellProgress = (ticket: string, fraction: number, leftMs: number | null) => void;

export function openProgress({ clock, ledger, log }: Pick<Ports, "clock" | "ledger" | "log">): TellProgress {
  const told = new Map<string, number>();

  async function keep(id: string, fraction: number, leftMs: number | null): Promise<void> {
    const ticket = await ledger.tickets.get(id);
    if (!ticket) return; // not a photo's: the look at its rounding
    const percent = Math.floor(100 * fraction);
    await ledger.progress.put(
      { job: ticket.job, ticket: id, phase: "running", percent, ahead: null, leftMs },
      clock.now(),
    );
  }

  return (ticket, fraction, leftMs) => {
    const now = clock.now();
    if (now - (told.get(ticket) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY_MS) return;
    told.delete(ticket);
    told.set(ticket, now);
    if (told.size > TICKETS_MAX) told.delete(told.keys().next().value!);
    keep(ticket, fraction, leftMs).catch((thrown) =>
      log.debug({ ticket, err: asAppError(thrown) }, "progress could not be kept"),
    );
  };
}
