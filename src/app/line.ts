/** The line at work: the runner, its sweep and the backends' nudges, from start to stop. */
import { type HoursOf, keepHours, setHours } from "./hours.ts";
import type { Housekeeping } from "./housekeeping.ts";
import { openProgress } from "./progress.ts";
import { openRunner, type Runner } from "./runner.ts";
import { openSweep } from "./sweep.ts";
import { watchLedger } from "./watch.ts";
import type { LinePorts } from "./wire.ts";

export type Line = {
  readonly runner: Runner;
  stop(): Promise<void>;
};

export type LineOptions = {
  readonly instance: string;
  readonly limits: { readonly attempts: number; readonly rewinds: number };
  readonly inboxes: readonly HoursOf[];
  readonly house: Housekeeping;
  readonly only?: () => readonly string[];
  /** Another process wrote to the ledger. */
  readonly steered?: () => Promise<void>;
};

/** Starts the line. Whoever calls holds the ledger's lock. */
export async function startLine(
  ports: LinePorts,
  { instance, limits, inboxes, house, only, steered: told }: LineOptions,
): Promise<Line> {
  const { backends, clock, ledger, log } = ports;
  await backends.begin();
  await ledger.jobs.freeLeases(instance, clock.now());
  await setHours(inboxes, ports);
  const runner = openRunner(ports, {
    instance,
    attemptsMax: limits.attempts,
    rewindsMax: limits.rewinds,
    ...(only ? { only } : {}),
  });
  const sweep = openSweep(ports, instance, house, () => runner.nudge());
  const tellProgress = openProgress(ports);
  const stopping = new AbortController();

  /** Steps of a render under way change nothing for its job; its end does. */
  const heard = async (ticket: string, fraction: number | null, leftMs: number | null): Promise<void> => {
    if (fraction !== null && fraction < 1) return tellProgress(ticket, fraction, leftMs);
    const found = await ledger.tickets.get(ticket);
    if (!found) return;
    await ledger.jobs.wake(found.job, clock.now());
    runner.nudge();
  };
  const unsubscribe = backends.all.map((backend) =>
    backend.onNudge((ticket, fraction, leftMs) => {
      if (ticket === null) runner.nudge();
      else
        heard(ticket, fraction, leftMs).catch((err) =>
          log.warn({ err, ticket }, "nudge was lost; the poll will see it"),
        );
    }),
  );
  /** A person cancels, retries or approves by another process. */
  const steered = async (): Promise<void> => {
    sweep.nudge();
    await runner.refresh();
    await told?.();
  };
  const hoursChanged = (): void => {
    sweep.nudge();
    runner.nudge();
  };
  const working = Promise.all([
    runner.run(),
    sweep.run(stopping.signal),
    watchLedger(ports, steered, stopping.signal),
    keepHours(inboxes, ports, hoursChanged, stopping.signal),
  ]);
  // The rejection is handed on by stop(); until then it must not count as unhandled.
  working.catch((err) => log.fatal({ err }, "the line has ended"));
  return {
    runner,
    async stop() {
      for (const end of unsubscribe) end();
      stopping.abort();
      await runner.stop();
      await working;
    },
  };
}
