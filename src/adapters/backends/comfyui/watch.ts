/**
 * Has the worker of a ComfyUI died? HTTP stays healthy then, and the prompt in its hands runs for ever; only a restart
 * heals. What gives it away is silence: no step of that prompt heard, and no other prompt in its place.
 */
import { AppError } from "../../../core/errors.ts";
import type { Clock } from "../../../ports.ts";
import type { Usual } from "../../../ports-ledger.ts";
import type { Queue, QueueItem } from "./answers.ts";
import type { Socket } from "./socket.ts";
import type { Tickets } from "./tickets.ts";

/** A prompt whose messages go to another socket is given longer before its silence means anything. */
const UNHEARD_PATIENCE = 3;
/** Where earlier runs are known, silence of so many times the slowest of them, and of at least so long, is too much. */
const SLOWEST_TIMES = 5;
const LEARNT_MIN_MS = 60_000;

export type Watch = {
  /** Notes what runs there; throws `backend-stuck` (data.ticket: whose prompt hangs, when it is ours). */
  saw(running: QueueItem | undefined, about?: { readonly ticket: string; readonly usual: Usual | null }): void;
  /** A run has ended over there: from now on its models are loaded, and what is usual holds. */
  ranOne(): void;
  /** Throws `backend-stuck` while the prompt that was found hanging still does. */
  proveAlive(queue: () => Promise<Queue>): Promise<void>;
};

type Wiring = {
  readonly clock: Clock;
  readonly socket: Pick<Socket, "isOpen" | "clientId">;
  readonly tickets: Tickets;
  readonly stuckMs: number;
};

export function watchWorker({ clock, socket, tickets, stuckMs }: Wiring): Watch {
  let head: { readonly pid: string; readonly since: number } | undefined;
  let hanging: { readonly pid: string; readonly error: AppError; readonly at: number } | undefined;
  let warmConnection: string | undefined;

  function limitMs(item: QueueItem, own: Usual | null): number {
    if (!socket.isOpen() || item.clientId !== socket.clientId()) return UNHEARD_PATIENCE * stuckMs;
    // The first run of a server loads its models, which no earlier one tells about.
    if (own === null || warmConnection !== socket.clientId()) return stuckMs;
    return Math.min(stuckMs, Math.max(LEARNT_MIN_MS, SLOWEST_TIMES * own.slowestMs));
  }

  return {
    saw(running, about) {
      if (running === undefined) {
        head = undefined;
        return;
      }
      const { pid } = running;
      if (head?.pid !== pid) head = { pid, since: clock.now() };
      const ticket = tickets.owner(pid);
      const silentMs = clock.now() - Math.max(head.since, ticket === undefined ? 0 : tickets.of(ticket).heardAt);
      const own = about !== undefined && about.ticket === ticket ? about.usual : null;
      if (silentMs <= limitMs(running, own)) return;
      const minutes = Math.max(1, Math.round(silentMs / 60_000));
      const usually = own ? `, where ${Math.max(1, Math.round(own.medianMs / 1000))} s are usual` : "";
      const message = `A prompt runs there without any progress for ${minutes} min${usually}: ComfyUI's worker has died or hangs.`;
      const error = new AppError("backend-stuck", message, { ticket });
      hanging = { pid, error, at: clock.now() };
      throw error;
    },
    ranOne() {
      warmConnection = socket.clientId();
    },
    async proveAlive(queue) {
      if (!hanging) return;
      const { pid, error, at } = hanging;
      const { running } = await queue();
      const ticket = tickets.owner(pid);
      const moves = ticket !== undefined && tickets.of(ticket).heardAt > at;
      if (!moves && running.some((item) => item.pid === pid)) throw error;
      hanging = undefined;
      head = undefined;
    },
  };
}
