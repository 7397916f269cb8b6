/** The sweep: what no event tells. Expired leases, heroes that fell out of their shoots, backends, old work files. */
import { asAppError } from "../core/errors.ts";
import { joinPath } from "../core/inbox/path-text.ts";
import type { Ports } from "../ports.ts";
import type { Pool } from "./backends.ts";
import { openStrays } from "./strays.ts";
import { tendBackends } from "./tend-backends.ts";
import { openTidy } from "./tidy.ts";

const SWEEP_MS = 2_000;
/** A program that ends tidies up behind itself, but not for long. */
const GOODBYE_MS = 2_000;
/** Work files stay this long after their job ended, for whoever wants to see what the model saw. */
const WORK_KEPT_MS = 24 * 3_600_000;
/** Followers that were away longer than this begin anew. */
const EVENTS_KEPT_MS = 30 * 24 * 3_600_000;
const WORK_SWEEP_MS = 600_000;
const TEMPS_AT_ONCE = 200;
/** Our temp names in an outbox, and how long nobody may have written to one before it is taken for left behind. */
const TEMP_NAME = /^\.hotgrade-[0-9a-f]{8,}(-photo|-cube|-hald|-lightroom|-report)?\.tmp$/;
const TEMP_KEPT_MS = 3_600_000;

export type Sweep = {
  run(signal: AbortSignal): Promise<void>;
  /** Something may have changed: sweep now. */
  nudge(): void;
};

export function openSweep(ports: Ports & { readonly backends: Pool }, instance: string, nudge: () => void): Sweep {
  const { clock, files, ledger, log } = ports;
  const strays = openStrays(ports, nudge);
  const tend = tendBackends(ports);
  const tidy = openTidy(ports);
  let wake = new AbortController();
  let workSweptAt = 0;

  async function once(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    let moved = await ledger.jobs.freeLeases(instance, now);
    moved += await ledger.shoots.tend(now);
    await strays.begin(signal);
    moved += await tend(signal);
    await tidy(signal);
    if (moved > 0) nudge();
    if (now - workSweptAt < WORK_SWEEP_MS) return;
    workSweptAt = now;
    await discardTemps(now);
    await ledger.events.forget(now - EVENTS_KEPT_MS);
    await ledger.deliveries.forget(now - EVENTS_KEPT_MS);
    await discardWork(now);
  }

  /** Work folders of jobs that ended a day ago, or that no ledger knows. */
  async function discardWork(now: number): Promise<void> {
    if (!(await files.stat(ports.workFolder))) return;
    for (const { name } of await files.list(ports.workFolder)) {
      const job = await ledger.jobs.get(name);
      if (!job || (job.endedAt !== null && job.endedAt < now - WORK_KEPT_MS))
        await files.discardFolder(joinPath(ports.workFolder, name));
    }
  }

  /** Temp files of jobs that ended without publishing; and nameless ones that a kill left in an outbox. */
  async function discardTemps(now: number): Promise<void> {
    for (const { job, temps } of await ledger.outputs.abandoned(TEMPS_AT_ONCE)) {
      for (const temp of temps) await files.discard(temp);
      await ledger.outputs.forget(job);
    }
    for (const folder of await ledger.outputs.folders()) {
      if (!(await files.stat(folder))) continue;
      for (const { name } of await files.list(folder)) {
        if (!TEMP_NAME.test(name)) continue;
        const temp = joinPath(folder, name);
        const found = await files.stat(temp);
        // Not by its own time: a photo that keeps its original's may be a minute old and years.
        if (found && now - found.changedMs > TEMP_KEPT_MS) await files.discard(temp);
      }
    }
  }

  return {
    nudge: () => wake.abort(),
    async run(signal) {
      while (!signal.aborted) {
        wake = new AbortController();
        try {
          await once(signal);
        } catch (thrown) {
          const error = asAppError(thrown);
          if (!signal.aborted) log.warn({ code: error.code, err: error }, "sweep failed; it is repeated");
        }
        await clock.sleep(SWEEP_MS, AbortSignal.any([signal, wake.signal]));
      }
      await strays.quiet();
      await tidy(AbortSignal.timeout(GOODBYE_MS)).catch((err) => log.debug({ err }, "not all histories are tidy"));
    },
  };
}
