/** Inboxes whose folder cannot be read just now, and why: kept in the ledger, for `status`. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { Ledger, Ports } from "../ports.ts";

const AWAY_PREFIX = "inbox-away:";

export function keepAway(inbox: PathText, message: string | null, { clock, ledger, log }: Ports): void {
  ledger.switches
    .set(AWAY_PREFIX + inbox, message, clock.now())
    .catch((err) => log.debug({ inbox, err }, "what is away could not be kept"));
}

/** What an earlier run knew; this one looks itself. */
export async function forgetAway(inbox: PathText, { clock, ledger }: Pick<Ports, "clock" | "ledger">): Promise<void> {
  await ledger.switches.set(AWAY_PREFIX + inbox, null, clock.now());
}

/** Why each inbox that is away is so. */
export async function awayInboxes({ switches }: Pick<Ledger, "switches">): Promise<ReadonlyMap<string, string>> {
  const all = await switches.all(AWAY_PREFIX);
  return new Map(all.map(({ name, value }) => [name.slice(AWAY_PREFIX.length), value]));
}
