/** Tickets that have ended leave an entry in their backend's history, graph and all: it is told to forget them, many at once. */
import type { Ports } from "../ports.ts";
import type { Breaker } from "./breaker.ts";

const TICKETS_AT_ONCE = 200;

/**
 * Only those that no job at fetch waits for, whose pictures are here and on record: nothing needs the entry any more. What could
 * not be told, or was not noted as told before a kill, is told again.
 */
export function openTidy(ports: Ports & { readonly backends: Breaker }): (signal: AbortSignal) => Promise<void> {
  const { backends, clock, ledger, log } = ports;
  return async (signal) => {
    for (const name of backends.up()) {
      const tickets = await ledger.tickets.untidied(name, TICKETS_AT_ONCE);
      if (tickets.length === 0) continue;
      try {
        await backends.get(name).tidy(tickets, signal);
      } catch (thrown) {
        log.debug({ backend: name, err: thrown }, "history could not be tidied yet");
        continue;
      }
      await ledger.tickets.tidied(tickets, clock.now());
    }
  };
}
