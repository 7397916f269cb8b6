/** What this process knows of its tickets on one server. A memory only: the server's history decides. */
import type { Clock, Glimpse } from "../../../ports.ts";
import { advance, type Course, type Said, UNBEGUN } from "./course.ts";

/** Far above any depth; the oldest goes first. */
const TICKETS_MAX = 1_000;

export type Ticket = {
  /** The id it runs under over there; servers before 0.3.45 choose their own. */
  pid: string;
  /** A submit was tried in this process, so a second one looks twice. */
  tried: boolean;
  /** When it was first seen or heard running; null before. */
  runningSince: number | null;
  /** When the socket last spoke of it; 0 before. */
  heardAt: number;
  course: Course;
  /** How long runs of its workflow usually take; null when nobody knows. */
  usualMs: number | null;
  /** The last preview, while it lives. */
  glimpse: Glimpse | undefined;
  /** It has ended: what still comes of it is not kept. */
  over: boolean;
};

export type Tickets = {
  /** The ticket's memory, made when there is none. */
  of(ticket: string): Ticket;
  /** The id it runs under over there, as far as is known here. */
  pidOf(ticket: string): string;
  /** The ticket that runs under this id, if it is ours. */
  owner(pid: string): string | undefined;
  /** Notes what the socket said of this id; gives the ticket if it is ours. */
  heard(pid: string, said: Said): string | undefined;
  /** Notes a preview; without an id it is of the prompt that was heard of last. */
  glimpsed(pid: string | null, glimpse: Glimpse): void;
  /** The last preview of a ticket that has not ended. */
  glimpse(ticket: string): Glimpse | undefined;
  /** Forgets what is of use only while a ticket lives. */
  ended(ticket: string): void;
};

export function rememberTickets(clock: Clock): Tickets {
  const tickets = new Map<string, Ticket>();
  let lastPid: string | null = null;

  function of(ticket: string): Ticket {
    const known = tickets.get(ticket);
    if (known) return known;
    const fresh: Ticket = {
      ...{ pid: ticket, tried: false, runningSince: null, heardAt: 0, course: UNBEGUN },
      ...{ usualMs: null, glimpse: undefined, over: false },
    };
    tickets.set(ticket, fresh);
    if (tickets.size > TICKETS_MAX) tickets.delete(tickets.keys().next().value!);
    return fresh;
  }

  function owner(pid: string): string | undefined {
    if (tickets.get(pid)?.pid === pid) return pid;
    for (const [ticket, known] of tickets) if (known.pid === pid) return ticket;
    return undefined;
  }

  function ended(ticket: string): void {
    const known = tickets.get(ticket);
    if (!known) return;
    known.over = true;
    known.glimpse = undefined;
  }

  return {
    of,
    pidOf: (ticket) => tickets.get(ticket)?.pid ?? ticket,
    owner,
    heard(pid, said) {
      lastPid = pid;
      const ticket = owner(pid);
      if (ticket === undefined) return undefined;
      const known = of(ticket);
      known.heardAt = clock.now();
      known.runningSince ??= known.heardAt;
      known.course = advance(known.course, said);
      if (said.kind === "over") ended(ticket);
      return ticket;
    },
    glimpsed(pid, glimpse) {
      const ticket = owner(pid ?? lastPid ?? "");
      const known = ticket === undefined ? undefined : tickets.get(ticket);
      if (known && !known.over) known.glimpse = glimpse;
    },
    glimpse: (ticket) => tickets.get(ticket)?.glimpse,
    ended,
  };
}
