/** What this process knows of its tickets on one server. A memory only: the server's history decides. */
import type { Clock } from "../../../ports.ts";

/** Far above any depth; the oldest goes first. */
const TICKETS_MAX = 1_000;

export type Ticket = {
  /** The id it runs under over there; servers before 0.3.45 choose their own. */
  pid: string;
  /** A submit was tried in this process, so a second one looks twice. */
  tried: boolean;
  /** It was seen running. */
  ran: boolean;
  /** When the socket last spoke of it. */
  heardAt: number;
  fraction: number | null;
};

export type Tickets = {
  /** The ticket's memory, made when there is none. */
  of(ticket: string): Ticket;
  /** The id it runs under over there, as far as is known here. */
  pidOf(ticket: string): string;
  /** The ticket that runs under this id, if it is ours. */
  owner(pid: string): string | undefined;
  /** Notes that the socket spoke of this id; gives the ticket if it is ours. */
  heard(pid: string, fraction: number | null): string | undefined;
};

export function rememberTickets(clock: Clock): Tickets {
  const tickets = new Map<string, Ticket>();

  function of(ticket: string): Ticket {
    const known = tickets.get(ticket);
    if (known) return known;
    const fresh: Ticket = { pid: ticket, tried: false, ran: false, heardAt: 0, fraction: null };
    tickets.set(ticket, fresh);
    if (tickets.size > TICKETS_MAX) tickets.delete(tickets.keys().next().value!);
    return fresh;
  }

  function owner(pid: string): string | undefined {
    if (tickets.get(pid)?.pid === pid) return pid;
    for (const [ticket, known] of tickets) if (known.pid === pid) return ticket;
    return undefined;
  }

  return {
    of,
    pidOf: (ticket) => tickets.get(ticket)?.pid ?? ticket,
    owner,
    heard(pid, fraction) {
      const ticket = owner(pid);
      if (ticket === undefined) return undefined;
      const known = of(ticket);
      known.ran = true;
      known.heardAt = clock.now();
      known.fraction = fraction ?? known.fraction;
      return ticket;
    },
  };
}
