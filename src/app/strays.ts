/** Tickets whose job has ended or moved on hold a place for nothing: off the backend's queue with them, all at once. */
import type { Ports } from "../ports.ts";
import type { Ticket } from "../ports-ledger.ts";
import type { Breaker } from "./breaker.ts";

/** Prompts that wait are taken out before the one that runs, or they would begin: each has so much of a start. */
const HEAD_START_MS = 50;
/** A prompt whose POST was cut off may still arrive: it is looked for once more. */
const LATE_MS = 1_000;

export type Strays = {
  /** Begins to cancel those that are not being cancelled yet; one that a server is slow to let go of keeps nobody waiting. */
  begin(signal: AbortSignal): Promise<void>;
  /** Resolves when none is being cancelled. */
  quiet(): Promise<void>;
};

/** `freed` is called when a place is free again. */
export function openStrays(ports: Ports & { readonly backends: Breaker }, freed: () => void): Strays {
  const { backends, clock, ledger, log } = ports;
  const ending = new Map<string, Promise<void>>();
  const isHung = (name: string): boolean => backends.state(name).code === "backend-stuck";

  /** A server whose worker hangs still gives back what only waits, and nothing else. */
  async function takeOut(name: string, id: string, signal: AbortSignal): Promise<boolean> {
    const backend = backends.get(name);
    if (isHung(name)) return (await backend.withdraw(id, signal)) === "withdrawn";
    await backend.cancel(id, signal);
    return true;
  }

  async function end({ id, backend, state }: Ticket, afterMs: number, signal: AbortSignal): Promise<void> {
    try {
      await clock.sleep(afterMs, signal);
      if (!(await takeOut(backend, id, signal))) return;
      if (state === "reserved") {
        await clock.sleep(LATE_MS, signal);
        signal.throwIfAborted();
        await takeOut(backend, id, signal);
      }
      await ledger.tickets.mark(id, "cancelled", clock.now());
      freed();
    } catch (thrown) {
      log.debug({ ticket: id, err: thrown }, "stray ticket could not be cancelled yet");
    }
  }

  return {
    async begin(signal) {
      const isThere = (name: string) => backends.state(name).up || isHung(name);
      const fresh = (await ledger.tickets.stray()).filter(({ id, backend }) => !ending.has(id) && isThere(backend));
      const newestFirst = fresh.toSorted((one, other) => other.createdAt - one.createdAt);
      for (const [at, ticket] of newestFirst.entries()) {
        const ended = end(ticket, at * HEAD_START_MS, signal).finally(() => ending.delete(ticket.id));
        ending.set(ticket.id, ended);
      }
    },
    async quiet() {
      await Promise.all(ending.values());
    },
  };
}
