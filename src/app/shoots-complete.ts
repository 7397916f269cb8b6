/**
 * Shoots that are complete: each is closed once, gets its contact sheets where the inbox wants them, and is told of once.
 * Safe to run twice: what is closed, staged and named is on record before the next step, and a restart goes on from there.
 */
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { type AppError, asAppError, hintOf } from "../core/errors.ts";
import { outboxFolder } from "../core/inbox/naming.ts";
import { baseName, joinPath, type PathText } from "../core/inbox/path-text.ts";
import type { Job } from "../core/job/job.ts";
import type { Ledger, Ports } from "../ports.ts";
import type { Batch, Sheet } from "../ports-batches.ts";

/** Photos on one sheet. */
const SHEET_PHOTOS = 40;
const NAMES_TRIED_MAX = 1_000;
const LOOK_MIN_MS = 500;
const LOOK_MAX_MS = 15_000;
/** A pause is at least so many times as long as the look before it. */
const LOOK_PAUSE = 200;
/** Switches that say why the sheets of a shoot are not there yet. */
const WAITS_PREFIX = "contact-sheet-waits:";

export type ShootKeeper = {
  /** Looks once: closes what is complete in these inboxes (all), and tells of everything that is closed. */
  look(signal: AbortSignal, closing?: readonly InboxConfig[]): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
};

/** Shoots whose contact sheets wait, and why. */
export async function sheetsWaiting({ batches, switches }: Pick<Ledger, "batches" | "switches">) {
  const reasons = new Map((await switches.all(WAITS_PREFIX)).map(({ name, value }) => [name, value]));
  return (await batches.untold()).flatMap(({ id, inbox, folder }) => {
    const reason = reasons.get(WAITS_PREFIX + id);
    return reason === undefined
      ? []
      : [{ inbox, folder, ...(JSON.parse(reason) as Pick<AppError, "code" | "message">) }];
  });
}

export function openShootKeeper(ports: Ports, { inboxes }: Pick<Config, "inboxes">): ShootKeeper {
  const { clock, ids, ledger, log } = ports;
  const lookMs = Math.max(LOOK_MIN_MS, Math.min(LOOK_MAX_MS, ...inboxes.map(({ shootGapMs }) => shootGapMs / 4)));

  async function closeAll({ path: inbox, shootGapMs }: InboxConfig): Promise<void> {
    const now = clock.now();
    for (const { folder, data, ids: photos } of await ledger.batches.complete(inbox, shootGapMs, now))
      await ledger.batches.close({ id: ids.uuid(), inbox, folder, data, closedAt: now }, photos);
  }

  async function tell(batch: Batch, signal: AbortSignal): Promise<void> {
    const inbox = inboxes.find(({ path }) => path === batch.inbox);
    let more: object = { contactSheets: [] };
    try {
      if (inbox?.contactSheet) more = { contactSheets: await sheetsOf(batch, inbox, ports, signal) };
    } catch (thrown) {
      const error = asAppError(thrown);
      // It may go better: the shoot is told of when its sheets are there.
      if (signal.aborted || error.retry) throw error;
      more = { contactSheets: [], contactSheetError: error.message };
    }
    const data = { ...batch.data, ...more };
    await ledger.batches.tell(batch.id, data, clock.now());
    await ledger.switches.set(WAITS_PREFIX + batch.id, null, clock.now());
    log.info({ inbox: batch.inbox, ...data }, "shoot complete");
  }

  /** Said once in the log for each reason, and in `status` as long as it waits. */
  async function keepWaiting({ id, inbox, folder }: Batch, { code, message }: AppError): Promise<void> {
    const reason = JSON.stringify({ code, message });
    if ((await ledger.switches.get(WAITS_PREFIX + id)) === reason) return;
    await ledger.switches.set(WAITS_PREFIX + id, reason, clock.now());
    log.warn({ inbox, folder, code, reason: message, hint: hintOf(code) }, "contact sheet waits");
  }

  async function look(signal: AbortSignal, closing: readonly InboxConfig[] = inboxes): Promise<void> {
    for (const inbox of closing) await closeAll(inbox);
    for (const batch of await ledger.batches.untold()) {
      if (signal.aborted) return;
      await tell(batch, signal).catch(async (thrown) => {
        if (!signal.aborted) await keepWaiting(batch, asAppError(thrown));
      });
    }
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        const from = clock.now();
        await look(signal).catch((err) => log.warn({ err: asAppError(err) }, "shoots could not be looked at"));
        // A hundred thousand photos that are under way for days are not counted through all the time.
        await clock.sleep(Math.max(lookMs, LOOK_PAUSE * (clock.now() - from)), signal);
      }
    },
  };
}

/** The sheets' paths, in order; made and named where they are not yet. */
async function sheetsOf(batch: Batch, inbox: InboxConfig, ports: Ports, signal: AbortSignal) {
  const { files, ledger } = ports;
  const jobs = (await ledger.batches.jobs(batch.id)).filter(({ status }) => status === "done");
  const folder = joinPath(inbox.outbox, outboxFolder(inbox.structure, joinPath(batch.folder, "photo")));
  if ((await ledger.batches.sheets(batch.id)).length === 0 && jobs.length > 0) {
    await files.proveWritable(folder);
    await ledger.batches.stage(batch.id, await make(jobs, batch, folder, ports, signal));
  }
  const paths: PathText[] = [];
  for (const sheet of await ledger.batches.sheets(batch.id)) {
    const path = await publish(sheet, batch, folder, ports);
    if (path) paths.push(path);
  }
  await files.syncFolder(folder).catch(() => undefined); // no folder where nothing was written
  return paths;
}

async function make(
  jobs: readonly Job[],
  { id }: Batch,
  folder: PathText,
  { files, ledger, pictures }: Ports,
  signal: AbortSignal,
): Promise<readonly Sheet[]> {
  const sheets: Sheet[] = [];
  // As people look for them: IMG_2 before IMG_10.
  const order = new Intl.Collator("en", { numeric: true });
  const sorted = jobs.toSorted((one, other) => order.compare(one.path, other.path));
  for (let at = 0; at < sorted.length; at += SHEET_PHOTOS) {
    const n = sheets.length + 1;
    const cells = [];
    for (const { facts, original, path } of sorted.slice(at, at + SHEET_PHOTOS)) {
      // A RAW shows nothing by itself, and an original may be gone: the plate then stands for it, a copy's first one's.
      const plate = facts.plate ?? (facts.copyOf && (await ledger.jobs.get(facts.copyOf))?.facts.plate);
      const shown = plate === undefined ? undefined : await ledger.plates.get(plate);
      const before = [...(facts.photo?.raw === undefined ? [original] : []), ...(shown ? [shown.file] : [])];
      cells.push({ before, after: facts.outputs?.slice(-1) ?? [], name: baseName(path) });
    }
    const temp = joinPath(folder, `.hotgrade-${id.replaceAll("-", "")}${n.toString(16).padStart(4, "0")}.tmp`);
    await files.discard(temp);
    await pictures.contactSheet({ cells, to: temp }, signal);
    sheets.push({ n, temp, path: null, sha256: await files.sha256(temp) });
  }
  return sheets;
}

/** Its final path; undefined when somebody took the file away in between. */
async function publish(
  { n, temp, path, sha256 }: Sheet,
  { id, closedAt }: Batch,
  folder: PathText,
  { files, ledger }: Ports,
): Promise<PathText | undefined> {
  const isThere = (await files.stat(temp)) !== undefined;
  if (!isThere) return path && (await files.stat(path)) && (await files.sha256(path)) === sha256 ? path : undefined;
  const date = new Date(closedAt).toISOString().slice(0, 10);
  const names = Array.from({ length: NAMES_TRIED_MAX }, (_, k) =>
    joinPath(folder, `contact-sheet-${date}-${k + 1}.jpg`),
  );
  for (const to of path ? [path, ...names] : names) {
    if (to !== path && (await files.stat(to))) continue;
    await ledger.batches.name(id, n, to);
    if ((await files.publish(temp, to)) === "published") return to;
  }
  return undefined;
}
