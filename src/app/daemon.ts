/** The daemon: holds the ledger's lock, watches the inboxes, runs the line, until it is told to stop. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { takeLineLock } from "../adapters/sqlite/lock.ts";
import { hostFacts } from "../adapters/system.ts";
import { backendsFor } from "../core/config/recipe.ts";
import { AppError } from "../core/errors.ts";
import type { Files, Log } from "../ports.ts";
import { openCourier } from "./courier.ts";
import { type Folders, openFolders } from "./folders.ts";
import { startLine } from "./line.ts";
import { openShootKeeper } from "./shoots-complete.ts";
import { openPorts, type Project, sha256Of } from "./wire.ts";

const ANNOUNCE_MS = 5_000;
/** Each tick wakes the processor: a hundred a second cost as much as all else that an idle daemon does. */
const LOOP_RESOLUTION_MS = 50;

export type DaemonEvents = {
  started(): void;
  /** A sentence for whoever sits at the terminal. */
  say(sentence: string): void;
};

/** Runs until the signal aborts. Errors: `ledger-locked`, those of the ledger and the folders. */
export async function runDaemon(
  project: Project,
  files: Files,
  log: Log,
  signal: AbortSignal,
  events: DaemonEvents,
): Promise<void> {
  const { config } = project;
  const lock = takeLineLock(config.ledger.file);
  if (!lock) throw new AppError("ledger-locked", `Another hotgrade runs the line of ${config.ledger.file}.`);
  const ports = await openPorts(project, files, log);
  const { clock, ledger, ids } = ports;
  const instance = ids.uuid();
  const { host, pid } = hostFacts();
  const startedAt = clock.now();
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const announce = () =>
    ledger.daemon.announce({
      instance,
      pid,
      host,
      startedAt,
      seenAt: clock.now(),
      // The histogram counts from one tick to the next; what lies beyond the tick is delay.
      loopDelayMaxMs: Math.max(0, delay.max / 1e6 - LOOP_RESOLUTION_MS),
    });
  await announce();
  // From the first moment on: what lies in the inboxes may take long to be listed.
  const announcing = (async () => {
    while (!signal.aborted) {
      await clock.sleep(ANNOUNCE_MS, signal);
      if (!signal.aborted) await announce().catch((err) => log.debug({ err }, "the daemon's row could not be written"));
    }
  })();
  const courier = await openCourier(ports, project);
  let folders: Folders | undefined;
  const steered = async () => folders?.refresh();
  const line = await startLine(ports, {
    instance,
    limits: config.limits,
    inboxes: config.inboxes,
    house: config,
    steered,
  });
  const context = { ports, config, sha256: sha256Of, accepted: () => line.runner.nudge(), say: events.say };
  folders = await openFolders(config, context, signal);
  await steered(); // what was written while they were opened
  const shoots = openShootKeeper(ports, config).run(signal);
  events.started();
  const prepared = Promise.all(
    config.inboxes.map(({ workflow, slots, params, ...inbox }) =>
      ports.backends.prepare({ workflow, slots, params, backends: backendsFor(inbox, config.backends) }, signal),
    ),
  );
  await announcing;
  log.info({}, "stopping");
  await folders.stop();
  await prepared;
  await shoots;
  await line.stop();
  await courier.stop();
  await ledger.daemon.leave(instance);
  await ports.close();
  lock.release();
}
