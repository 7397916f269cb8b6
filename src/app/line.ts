/** The line at work: the runner, its sweep and the backends' nudges, from start to stop. */
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
  readonly only?: () => readonly string[];
};

/** Starts the line. Whoever calls holds the ledger's lock. */
export async function startLine(ports: LinePorts, { instance, limits, only }: LineOptions): Promise<Line> {
  const { backends, clock, ledger, log } = ports;
  await backends.begin();
  await ledger.jobs.freeLeases(instance, clock.now());
  const runner = openRunner(ports, {
    instance,
    attemptsMax: limits.attempts,
    rewindsMax: limits.rewinds,
    ...(only ? { only } : {}),
  });
  const sweep = openSweep(ports, instance, () => runner.nudge());
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
  };
  const working = Promise.all([runner.run(), sweep.run(stopping.signal), watchLedger(ports, steered, stopping.signal)]);
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
