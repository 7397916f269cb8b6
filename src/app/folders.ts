/** The daemon's inboxes at work: watched, or swept by their schedules; opened anew when a person wants what they left alone. */
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { followBacklog } from "./backlog.ts";
import { existingOf } from "./first-start.ts";
import { type OpenInbox, openInboxes } from "./inboxes.ts";
import type { IntakeContext } from "./intake.ts";
import { awayError, runSchedule, sweepUntilSettled } from "./schedules.ts";

export type Folders = {
  /** Another process wrote to the ledger. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
};

/** Opens and starts them all. The signal ends the schedules; `stop` waits for everything. */
export async function openFolders(config: Config, context: IntakeContext, signal: AbortSignal): Promise<Folders> {
  const { ledger, log } = context.ports;
  const say = context.say ?? (() => {});
  const open = new Map<string, OpenInbox>();
  const working: Promise<void>[] = [];
  const sweeps = new Map<string, Promise<unknown>>();
  let refreshing: Promise<void> = Promise.resolve();

  async function begin(inbox: InboxConfig): Promise<void> {
    const [opened] = await openInboxes(config, [inbox], context);
    open.set(inbox.path, opened!);
    if (inbox.schedule === null) opened!.scanner.start();
  }
  const sweep = async (inbox: InboxConfig): Promise<void> => {
    // A scanner that is closed meanwhile would never settle: the two wait for each other.
    await refreshing.catch(() => undefined);
    const scanner = open.get(inbox.path)!.scanner;
    const sweeping = sweepUntilSettled([scanner], inbox.settleMs, context.ports, signal);
    sweeps.set(inbox.path, sweeping);
    // It is swept as soon as it is back, unless that is too late for `catchUp`.
    if ((await sweeping).length > 0) throw awayError(inbox.path);
  };
  const reopen = async (): Promise<void> => {
    for (const inbox of config.inboxes) {
      if (signal.aborted || (await ledger.switches.get(existingOf(inbox.path))) === undefined) continue;
      await sweeps.get(inbox.path)?.catch(() => undefined);
      await open.get(inbox.path)?.scanner.stop();
      await begin(inbox);
      log.info({ inbox: inbox.path }, "photos that were there before are taken");
    }
  };

  await Promise.all(config.inboxes.map(begin));
  for (const inbox of config.inboxes) {
    const { path, outbox, schedule } = inbox;
    if (schedule === null) log.info({ inbox: path, outbox }, "inbox is watched");
    else log.info({ inbox: path, outbox, schedule }, "inbox is swept by its schedule");
    working.push(runSchedule(inbox, () => sweep(inbox), context.ports, signal));
    working.push(
      followBacklog(inbox, config, context.ports, say, signal).catch((err) => log.debug({ err }, "no estimate")),
    );
  }
  return {
    async refresh() {
      refreshing = refreshing.then(reopen, reopen);
      await refreshing;
    },
    async stop() {
      await Promise.all([...open.values()].map(({ scanner }) => scanner.stop()));
      await Promise.all(working);
      await refreshing.catch((err) => log.debug({ err }, "inbox could not be opened anew"));
    },
  };
}
