/**
 * The hours of each inbox, written into the ledger for its claims: the window that is open, or the next one. A claim compares it
 * with the time itself, so that nothing goes out a moment too late, nor after the machine has slept through the end of one.
 */
import type { InboxConfig } from "../core/config/parse.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Job } from "../core/job/job.ts";
import { parseHours, windowAt } from "../core/schedule/hours.ts";
import { timeWords } from "../core/schedule/wall.ts";
import type { Ports } from "../ports.ts";
import { HOURS, readWindow } from "./pauses.ts";

/** Clocks are set and machines sleep: the wall clock is looked at this often at least. */
const LOOK_MS = 10_000;

export type HoursOf = Pick<InboxConfig, "path" | "hours" | "timezone">;
type HoursPorts = Pick<Ports, "clock" | "ledger" | "log">;

/** Writes what holds now, and forgets inboxes that have no hours any more. Gives when it changes next. */
export async function setHours(
  inboxes: readonly HoursOf[],
  { clock, ledger: { switches } }: HoursPorts,
): Promise<number> {
  const now = clock.now();
  const known = new Map((await switches.all(HOURS)).map(({ name, value }) => [name, value]));
  let changesAt = Number.POSITIVE_INFINITY;
  for (const { path, hours, timezone } of inboxes) {
    if (hours === null) continue;
    const name = `${HOURS}${path}`;
    const value = known.get(name);
    known.delete(name);
    const { opensAt, closesAt } = windowAt(parseHours(hours), timezone, now);
    changesAt = Math.min(changesAt, opensAt > now ? opensAt : closesAt);
    const before = value === undefined ? undefined : readWindow(value);
    // While it is open its beginning is of no interest: the row is written twice a day, not every ten seconds.
    const isSame =
      before?.closesAt === closesAt && (opensAt > now ? before.opensAt === opensAt : before.opensAt <= now);
    if (!isSame) await switches.set(name, JSON.stringify([opensAt, closesAt]), now);
  }
  for (const name of known.keys()) await switches.set(name, null, now);
  return changesAt;
}

/** Until the signal aborts. `changed` is called when hours begin or end. */
export async function keepHours(
  inboxes: readonly HoursOf[],
  ports: HoursPorts,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = ports;
  if (inboxes.every(({ hours }) => hours === null)) return;
  const wasOpen = new Map<string, boolean>();
  while (!signal.aborted) {
    let changesAt = Number.POSITIVE_INFINITY;
    try {
      changesAt = await setHours(inboxes, ports);
      for (const inbox of inboxes) tell(inbox);
    } catch (thrown) {
      log.warn({ err: thrown }, "hours could not be kept; trying again");
    }
    await clock.sleep(Math.max(1, Math.min(LOOK_MS, changesAt - clock.now())), signal);
  }

  function tell({ path, hours, timezone }: HoursOf): void {
    if (hours === null) return;
    const now = clock.now();
    const { opensAt, closesAt } = windowAt(parseHours(hours), timezone, now);
    const isOpen = opensAt <= now;
    if (wasOpen.get(path) === isOpen) return;
    wasOpen.set(path, isOpen);
    const until = timeWords(timezone, isOpen ? closesAt : opensAt, now);
    log.info({ inbox: path, hours, until }, isOpen ? "hours have begun" : "photos wait for the hours");
    changed();
  }
}

/** Until when the photos of this inbox wait, in words; undefined while they need not. */
export function waitsUntil({ hours, timezone }: HoursOf, now: number): string | undefined {
  if (hours === null) return undefined;
  const { opensAt } = windowAt(parseHours(hours), timezone, now);
  return opensAt > now ? timeWords(timezone, opensAt, now) : undefined;
}

/** `12 photos wait until 22:00, when the hours of inbox begin.` */
export function hoursSentence(open: readonly Pick<Job, "inbox">[], inbox: PathText | null, until: string): string {
  const count = open.filter((job) => job.inbox === inbox).length;
  return `${count} ${count === 1 ? "photo waits" : "photos wait"} until ${until}, when the hours of ${showPath(inbox ?? "")} begin.`;
}
