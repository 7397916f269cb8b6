/** Housekeeping: what is older than its retention goes, then the ledger is made smaller. Now and then, or by a schedule. */
import { nextRun } from "../adapters/schedule.ts";
import type { Config } from "../core/config/parse.ts";
import { asAppError } from "../core/errors.ts";
import { joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Ports } from "../ports.ts";

export type Housekeeping = Pick<Config, "retention" | "housekeeping">;

/** Without a schedule. */
const EVERY_MS = 600_000;
const TEMPS_AT_ONCE = 200;
/** Jobs thinned in one transaction. */
const JOBS_AT_ONCE = 500;
/** Our temp names in an outbox, and how long nobody may have written to one before it is taken for left behind. */
const TEMP_NAME = /^\.hotgrade-[0-9a-f]{8,}(-photo|-cube|-hald|-lightroom|-report)?\.tmp$|^\.hotgrade-probe\.tmp$/;
const TEMP_KEPT_MS = 3_600_000;

/** The switch that keeps when housekeeping was last done by its schedule. */
export const HOUSEKEEPING = "schedule:housekeeping";

/** Asked at every sweep; works when it is due. */
export function openHousekeeping(ports: Ports, { retention, housekeeping }: Housekeeping): () => Promise<void> {
  const { clock, files, ledger, log } = ports;
  let doneAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.NEGATIVE_INFINITY;

  /** By a schedule the ledger remembers the last time, so that a run missed while nothing ran is made up for. */
  async function isDue(now: number): Promise<boolean> {
    if (housekeeping === null) return now - doneAt >= EVERY_MS || now < doneAt;
    if (dueAt === Number.NEGATIVE_INFINITY) {
      const known = Number(await ledger.switches.get(HOUSEKEEPING));
      const last = known > 0 && known <= now ? known : now;
      if (last !== known) await ledger.switches.set(HOUSEKEEPING, String(last), now);
      dueAt = nextRun(housekeeping, null, last) ?? Number.POSITIVE_INFINITY;
    }
    return now >= dueAt;
  }

  async function keepHouse(now: number): Promise<void> {
    await discardTemps(now);
    await ledger.events.forget(now - retention.eventsMs);
    await ledger.deliveries.forget(now - retention.eventsMs);
    await discardWork(now);
    let thinned = 0;
    if (retention.jobsMs !== null)
      for (let some = JOBS_AT_ONCE; some === JOBS_AT_ONCE; thinned += some)
        some = await ledger.housekeeping.thin(now - retention.jobsMs, JOBS_AT_ONCE);
    await ledger.housekeeping.compact();
    log.debug({ thinned, ms: clock.now() - now }, "housekeeping done");
  }

  /** Work folders of jobs that ended long enough ago, or that no ledger knows. */
  async function discardWork(now: number): Promise<void> {
    if (!(await files.stat(ports.workFolder))) return;
    for (const { name } of await files.list(ports.workFolder)) {
      const job = await ledger.jobs.get(name);
      if (!job || (job.endedAt !== null && job.endedAt < now - retention.workMs))
        await files.discardFolder(joinPath(ports.workFolder, name));
    }
  }

  /** Temp files of jobs that ended without publishing; and nameless ones that a kill left in an outbox. */
  async function discardTemps(now: number): Promise<void> {
    for (const { job, temps } of await ledger.outputs.abandoned(TEMPS_AT_ONCE)) {
      for (const temp of temps) await files.discard(temp);
      await ledger.outputs.forget(job);
    }
    const spared = await sheetsToCome();
    for (const folder of await ledger.outputs.folders())
      await discardIn(folder, spared, now).catch((thrown) => {
        // An outbox of long ago, or one whose disk is away, keeps nothing else from being done.
        log.debug({ folder: showPath(folder), reason: asAppError(thrown).message }, "folder is not tidied");
      });
  }

  /** Contact sheets that are made and have no name yet. */
  async function sheetsToCome(): Promise<ReadonlySet<string>> {
    const temps = new Set<string>();
    for (const { id } of await ledger.batches.untold())
      for (const { temp } of await ledger.batches.sheets(id)) temps.add(temp);
    return temps;
  }

  async function discardIn(folder: PathText, spared: ReadonlySet<string>, now: number): Promise<void> {
    if (!(await files.stat(folder))) return;
    for (const { name } of await files.list(folder)) {
      const temp = joinPath(folder, name);
      if (!TEMP_NAME.test(name) || spared.has(temp)) continue;
      const found = await files.stat(temp);
      // Not by its own time: a photo that keeps its original's may be a minute old and years.
      if (found && now - found.changedMs > TEMP_KEPT_MS) await files.discard(temp);
    }
  }

  return async () => {
    const now = clock.now();
    if (!(await isDue(now))) return;
    doneAt = now;
    await keepHouse(now);
    if (housekeeping === null) return;
    await ledger.switches.set(HOUSEKEEPING, String(now), now);
    dueAt = nextRun(housekeeping, null, now) ?? Number.POSITIVE_INFINITY;
    log.info({ schedule: housekeeping, ms: clock.now() - now }, "house was kept");
  };
}
