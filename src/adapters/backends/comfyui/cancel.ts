/**
 * Takes a ticket off one ComfyUI: out of the queue where it waits, ended where it runs, and never anybody else's.
 * Later servers do both in one step; to older ones it is a delete, then an interrupt that names the prompt, and to those
 * that would interrupt whatever runs, no interrupt at all.
 */
import type { Clock, Log } from "../../../ports.ts";
import type { Http } from "./http.ts";
import { atLeast, type Server, type Wanted } from "./server.ts";
import type { Tickets } from "./tickets.ts";

/** From this version on `/interrupt` heeds the prompt it names; older ones interrupt whatever runs. */
const INTERRUPTS_BY_ID = "0.3.57";
const LOOKS_MAX = 20;

type Wiring = {
  readonly http: Http;
  readonly server: Server;
  readonly tickets: Tickets;
  readonly clock: Clock;
  readonly log: Log;
  readonly lookGapMs: number;
};

export async function cancel(wiring: Wiring, ticket: string, signal?: AbortSignal): Promise<void> {
  const { http, server, tickets, clock, log, lookGapMs } = wiring;
  // A ticket alone is given; it is part of every prefix, so it marks the graph as well.
  const wanted: Wanted = { ticket, pid: tickets.of(ticket).pid, mark: ticket };
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const { running, pending } = await server.ours(wanted, signal);
    const [item] = [...running, ...pending];
    if (!item) return;
    // One of several with the same id goes at a time, whichever way, so it is looked at again.
    if (!(await server.cancel(item.pid, signal))) {
      const ids = pending.map(({ pid }) => pid);
      if (ids.length > 0) await http.exchange("/queue", { method: "POST", json: { delete: ids }, signal });
      if (running[0] && !(await interrupt(wiring, running[0].pid, signal)))
        return log.info({ ticket }, "left running: this ComfyUI cannot interrupt one prompt alone");
    }
    await clock.sleep(lookGapMs, signal);
    signal?.throwIfAborted();
  }
  log.info({ ticket }, "cancel sent, still running");
}

async function interrupt({ http, server }: Wiring, pid: string, signal?: AbortSignal): Promise<boolean> {
  if (!atLeast(await server.version(signal), INTERRUPTS_BY_ID)) return false;
  await http.exchange("/interrupt", { method: "POST", json: { prompt_id: pid }, signal });
  return true;
}
