/** What the ledger says of backends: who can run what, who holds a place, how long runs take. Types only. */
import type { PathText } from "./core/inbox/path-text.ts";
import type { Ticket } from "./core/job/journal.ts";

/** A backend that cannot run what has this `abilityKey`. */
export type Unable = { readonly backend: string; readonly key: string };

/** Backends by name, and what they are known to be unable to run. */
export type Servers = { readonly names: readonly string[]; readonly unable: readonly Unable[] };

/** A ticket of a job that waits for its end, and what may make it give up its place. */
export type LiveTicket = Ticket & { readonly priority: number; readonly inbox: PathText | null };

/** How long runs take, in ms. */
export type Usual = { readonly medianMs: number; readonly slowestMs: number; readonly count: number };
