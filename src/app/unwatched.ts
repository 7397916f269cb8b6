/** Inboxes that the system tells no changes of: said in the ledger, so that `status` and `check` can say it too. */
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Clock, Ledger, Log } from "../ports.ts";

export const UNWATCHED_PREFIX = "unwatched:";

/** Keeps the ledger's word on one inbox; a ledger that fails costs the word and nothing else. */
export function unwatchedTeller(inbox: PathText, { clock, ledger, log }: { clock: Clock; ledger: Ledger; log: Log }) {
  return (failure: string | null): void => {
    const set = ledger.switches.set(UNWATCHED_PREFIX + inbox, failure, clock.now());
    set.catch((err) => log.debug({ inbox: showPath(inbox), err }, "not noted in the ledger"));
  };
}

/** Of these inboxes, those that are scanned because a watch failed, and what mends it. */
export async function unwatchedOf(inboxes: readonly PathText[], { switches }: Pick<Ledger, "switches">) {
  const all = await switches.all(UNWATCHED_PREFIX);
  return all
    .map(({ name, value }) => ({ inbox: name.slice(UNWATCHED_PREFIX.length) as PathText, message: value }))
    .filter(({ inbox }) => inboxes.includes(inbox));
}
