/** The watched folders: one scanner an inbox, each handing settled files to intake and sightings to the ledger. */
import { performance } from "node:perf_hooks";
import { openInbox } from "../adapters/inbox.ts";
import { sharedDisk } from "../adapters/inbox-shares.ts";
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { dispositionFolders } from "../core/config/recipe.ts";
import { hintOf } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { isRawName } from "../core/inbox/rule.ts";
import type { Inbox, Sighting } from "../ports.ts";
import { forgetAway, keepAway } from "./away.ts";
import { type IntakeContext, intakeFor } from "./intake.ts";

export type OpenInbox = { readonly config: InboxConfig; readonly scanner: Inbox };

export async function openInboxes(
  config: Config,
  inboxes: readonly InboxConfig[],
  context: IntakeContext,
): Promise<readonly OpenInbox[]> {
  const outboxes = config.inboxes.map(({ outbox }) => outbox);
  return Promise.all(
    inboxes.map(async (inbox) => ({ config: inbox, scanner: await openOne(inbox, outboxes, context) })),
  );
}

/** A RAW that was refused or left alone is asked about again: the configuration may have changed its mind. */
function afresh(known: Sighting, { raw }: InboxConfig): Sighting {
  const isAnswer = known.state === "ignored" || (known.state === "refused" && known.code === "file-unsupported");
  const wasLinked = known.state === "ignored" && raw.kind === "skip";
  if (!isAnswer || wasLinked || !isRawName(known.path)) return known;
  return { ...known, state: "settling", code: null, message: null };
}

async function openOne(inbox: InboxConfig, outboxes: readonly PathText[], context: IntakeContext): Promise<Inbox> {
  const { clock, files, ledger, log } = context.ports;
  // One that cannot be made is told as trouble by its scanner, which looks again; the others are served meanwhile.
  await files
    .makeFolder(inbox.path)
    .catch((err) => log.warn({ folder: showPath(inbox.path), err }, "inbox cannot be made"));
  await forgetAway(inbox.path, context.ports);
  const take = intakeFor(inbox, context);
  return openInbox(
    {
      root: inbox.path,
      settleMs: inbox.settleMs,
      rescanMs: inbox.rescanMs,
      shareRescanMs: inbox.shareRescanMs,
      order: inbox.order,
      skip: [...outboxes, ...dispositionFolders(inbox)],
      known: (await ledger.sightings.of(inbox.path)).map((known) => afresh(known, inbox)),
    },
    {
      settled: take,
      async sighted(sightings) {
        await ledger.sightings.put(inbox.path, sightings, clock.now());
        for (const { path, state, code, message } of sightings) {
          const hint = code === null ? null : hintOf(code);
          const fields = { inbox: inbox.path, file: showPath(path), code, reason: message, hint };
          if (state === "refused" || state === "truncated") log.warn(fields, "file is not graded");
        }
      },
      gone: (paths) => ledger.sightings.remove(inbox.path, paths),
      trouble(folder, message) {
        if (folder === inbox.path) keepAway(inbox.path, message, context.ports);
        if (message === null) log.info({ folder: showPath(folder) }, "folder can be read again");
        else
          log.warn({ folder: showPath(folder), code: "folder-unreadable", reason: message }, "folder cannot be read");
      },
    },
    {
      clock,
      log,
      monotonic: () => performance.now(),
      ...(files.shares && { disk: sharedDisk(files.shares) }),
    },
  );
}
