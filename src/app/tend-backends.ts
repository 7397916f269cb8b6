/**
 * The part of the sweep that looks after the backends: probes the silent ones, moves photos away from those that stay
 * away or hang, takes back what a pause concerns.
 */
import type { Ports } from "../ports.ts";
import type { Pool } from "./backends.ts";
import { readPauses } from "./pauses.ts";

export function tendBackends({ backends, clock, ledger }: Ports & { readonly backends: Pool }) {
  /** Tickets of paused photos that run already, and may end. */
  const leftRunning = new Set<string>();

  /** Photos of backends that are silent, hang or get nothing new go where they may be graded sooner. */
  async function moveJobs(): Promise<number> {
    const now = clock.now();
    const pauses = await readPauses(ledger, clock.now());
    const up = backends.up().filter((name) => !pauses.isOff(name));
    const to = { names: up.filter((name) => !pauses.isDrained(name)), unable: backends.unable() };
    let moved = 0;
    for (const { name, depth } of backends.all) {
      if (up.includes(name)) {
        if ((await ledger.tickets.held(name)) < depth) moved += await ledger.jobs.clearWaits(`place:${name}`, now);
        continue;
      }
      moved += await ledger.jobs.rebind(name, to, now);
      if (backends.isAway(name)) moved += await ledger.jobs.moveOn(name, to, now);
    }
    return moved;
  }

  /** Prompts that wait on a server for photos that shall not be graded now are taken out of its queue. */
  async function takeBack(signal: AbortSignal): Promise<number> {
    const pauses = await readPauses(ledger, clock.now());
    if (pauses.none) {
      leftRunning.clear();
      return 0;
    }
    let taken = 0;
    for (const name of backends.up())
      for (const ticket of await ledger.tickets.live(name)) {
        if (!pauses.isPaused(ticket) || leftRunning.has(ticket.id)) continue;
        if ((await backends.get(name).withdraw(ticket.id, signal)) === "kept") leftRunning.add(ticket.id);
        else {
          await ledger.tickets.recall(ticket.id, clock.now());
          taken++;
        }
      }
    return taken;
  }

  /** One round; gives how many photos may go on. */
  return async (signal: AbortSignal): Promise<number> => {
    let moved = (await backends.probeDue(signal)).length;
    moved += await ledger.jobs.unbind(
      backends.all.map(({ name }) => name),
      clock.now(),
    );
    moved += await takeBack(signal);
    moved += await moveJobs();
    return moved + ((await backends.askAgain(signal)) ? 1 : 0);
  };
}
