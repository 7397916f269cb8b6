/** Inboxes that are swept by a schedule instead of watched: each has one run at a time, and the ledger knows the last. */
import { nextRun } from "../adapters/schedule.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import { timeWords } from "../core/schedule/wall.ts";
import type { Inbox, Ports } from "../ports.ts";

/** Clocks are set and machines sleep: the wall clock is looked at this often at least. */
const LOOK_MS = 10_000;
/** A run that begins later than this was missed. */
const LATE_MS = 60_000;

type Timed = Pick<InboxConfig, "path" | "schedule" | "timezone" | "catchUp">;

/** When the last run began, as Unix ms; before the first one, when the schedule was first seen. */
export const lastRunOf = (inbox: string): string => `schedule:inbox:${inbox}`;

/** Looks until nothing is left that another look may still take. Gives the scanners whose folders could not be read. */
export async function sweepUntilSettled(
  scanners: readonly Inbox[],
  settleMs: number,
  { clock }: Pick<Ports, "clock">,
  signal: AbortSignal,
): Promise<readonly Inbox[]> {
  while (!signal.aborted) {
    const looks = await Promise.all(scanners.map((scanner) => scanner.scan()));
    if (signal.aborted) return [];
    if (looks.every(({ settling }) => settling === 0)) return scanners.filter((_, at) => looks[at]!.isAway);
    await clock.sleep(settleMs / 2, signal);
  }
  return [];
}

export const awayError = (inbox: PathText): AppError =>
  new AppError("folder-unreadable", `${showPath(inbox)} cannot be read: nothing of it was taken.`);

/** Runs `sweep` at every time of the inbox's schedule, until the signal aborts. */
export async function runSchedule(
  { path, schedule, timezone, catchUp }: Timed,
  sweep: () => Promise<void>,
  { clock, ledger, log }: Pick<Ports, "clock" | "ledger" | "log">,
  signal: AbortSignal,
): Promise<void> {
  if (schedule === null) return;
  const keep = (at: number) => ledger.switches.set(lastRunOf(path), String(at), clock.now());
  const about = { inbox: path, schedule };
  let saidNext = 0;

  async function step(): Promise<number> {
    const now = clock.now();
    const known = Number(await ledger.switches.get(lastRunOf(path)));
    // A clock that was set back would leave out every run up to where it was.
    const last = known > 0 && known <= now ? known : now;
    if (last !== known) await keep(last);
    const due = nextRun(schedule!, timezone, last);
    if (due === undefined) return LOOK_MS;
    if (due > now) {
      if (due !== saidNext) log.info({ ...about, next: timeWords(timezone, due, now) }, "inbox waits for its schedule");
      saidNext = due;
      return Math.min(LOOK_MS, due - now);
    }
    const missed = now - due > LATE_MS;
    if (missed && catchUp === "skip") {
      log.info(about, "missed runs are left out");
      await keep(now);
      return 0;
    }
    log.info({ ...about, missed }, "sweep begins");
    await sweep();
    if (signal.aborted) return 0; // not to its end: it counts as missed
    const endedAt = clock.now();
    const next = nextRun(schedule!, timezone, now);
    const overran = next !== undefined && next <= endedAt;
    if (overran) log.warn({ ...about, ms: endedAt - now }, "sweep lasted past its next time, which is left out");
    else log.info({ ...about, ms: endedAt - now }, "sweep has ended");
    await keep(overran ? endedAt : now);
    return 0;
  }

  while (!signal.aborted) {
    const waitMs = await step().catch((thrown: unknown) => {
      log.warn({ ...about, err: thrown }, "sweep failed; it is tried again");
      return LOOK_MS;
    });
    await clock.sleep(waitMs, signal);
  }
}
