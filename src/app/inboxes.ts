/** The watched folders: one scanner an inbox, each handing settled files to intake and sightings to the ledger. */
import { performance } from "node:perf_hooks";
import { openInbox } from "../adapters/inbox.ts";
import { diskOf } from "../adapters/inbox-shares.ts";
import { releaseMemory } from "../adapters/system.ts";
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { dispositionFolders } from "../core/config/recipe.ts";
import { hintOf } from "../core/errors.ts";
import { ownerIn } from "../core/inbox/pairs.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { isRawName } from "../core/inbox/rule.ts";
import type { Inbox, Ledger, Sighting } from "../ports.ts";
import { forgetAway, keepAway } from "./away.ts";
import { beginInbox, THERE_BEFORE } from "./first-start.ts";
import { type IntakeContext, intakeFor } from "./intake.ts";
import { followPhotos, ownerAway } from "./late-halves.ts";
import { unwatchedTeller } from "./unwatched.ts";

const KNOWN_AT_ONCE = 2_000;

export type OpenInbox = { readonly config: InboxConfig; readonly scanner: Inbox };

export async function openInboxes(
  config: Config,
  inboxes: readonly InboxConfig[],
  context: IntakeContext,
): Promise<readonly OpenInbox[]> {
  return Promise.all(
    inboxes.map(async (inbox) => ({ config: inbox, scanner: await openOne(inbox, config.inboxes, context) })),
  );
}

/** A RAW that was refused or left alone is asked about again: the configuration may have changed its mind. */
function afresh(known: Sighting, { raw, pairs }: InboxConfig): Sighting {
  if (known.message === THERE_BEFORE) return known;
  // What belongs to another goes on doing so, as long as there are pairs.
  if (known.state === "ignored" && ownerIn(known.message) !== undefined)
    return pairs === "both" || raw.kind === "skip" ? { ...known, state: "settling", message: null } : known;
  const isAnswer = known.state === "ignored" || (known.state === "refused" && known.code === "file-unsupported");
  const wasLinked = known.state === "ignored" && raw.kind === "skip";
  if (!isAnswer || wasLinked || !isRawName(known.path)) return known;
  return { ...known, state: "settling", code: null, message: null };
}

/** In pages: an answer of 100,000 rows would be copied from thread to thread in one piece. */
async function knownOf(inbox: InboxConfig, { sightings }: Pick<Ledger, "sightings">): Promise<readonly Sighting[]> {
  const known: Sighting[] = [];
  for (let after = ""; ; after = known.at(-1)!.path) {
    const page = await sightings.of(inbox.path, { after, limit: KNOWN_AT_ONCE });
    for (const one of page) known.push(afresh(one, inbox));
    if (page.length < KNOWN_AT_ONCE) return known;
  }
}

async function openOne(inbox: InboxConfig, inboxes: readonly InboxConfig[], context: IntakeContext): Promise<Inbox> {
  const { clock, files, ledger, log } = context.ports;
  // One that cannot be made is told as trouble by its scanner, which looks again; the others are served meanwhile.
  await files
    .makeFolder(inbox.path)
    .catch((err) => log.warn({ folder: showPath(inbox.path), err }, "inbox cannot be made"));
  await forgetAway(inbox.path, context.ports);
  const say = context.say ?? (() => {});
  const take = await beginInbox(inbox, intakeFor(inbox, context), { ...context.config, inboxes }, context.ports, say);
  return openInbox(
    {
      root: inbox.path,
      settleMs: inbox.settleMs,
      rescanMs: inbox.rescanMs,
      shareRescanMs: inbox.shareRescanMs,
      order: inbox.order,
      skip: [...inboxes.map(({ outbox }) => outbox), ...dispositionFolders(inbox)],
      ...(inbox.pairs !== "both" &&
        inbox.raw.kind !== "skip" && {
          pairs: {
            rule: inbox.pairs,
            waitMs: inbox.pairWaitMs,
            lost: () => ledger.pairs.lost(inbox.path),
            owner: (half) => ownerAway(half, inbox, context.ports),
            isOwn: (path) => ledger.pairs.isOwn(inbox.path, path),
          },
        }),
      known: await knownOf(inbox, ledger),
    },
    {
      settled: take,
      async sighted(sightings) {
        await ledger.sightings.put(inbox.path, sightings, clock.now());
        await followPhotos(inbox.path, sightings, context.ports);
        for (const { path, state, code, message } of sightings) {
          const hint = code === null ? null : hintOf(code);
          const fields = { inbox: inbox.path, file: showPath(path), code, reason: message, hint };
          if (state === "refused" || state === "truncated") log.warn(fields, "file is not graded");
        }
      },
      watched: unwatchedTeller(inbox.path, context.ports),
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
      started: releaseMemory,
      disk: diskOf(files),
    },
  );
}
