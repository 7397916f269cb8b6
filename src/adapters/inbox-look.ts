/** One look at an inbox: list, stat, believe or doubt what is missing, take what has settled, report. */
import { asAppError } from "../core/errors.ts";
import { folderOf, type PathText } from "../core/inbox/path-text.ts";
import type { InboxEvents, InboxOptions, Log } from "../ports.ts";
import { errnoOf } from "./files.ts";
import { type Book, type Entry, type Folder, pathOf, phaseOf } from "./inbox-book.ts";
import { type Disk, eachOf, within } from "./inbox-disk.ts";
import { openHolds } from "./inbox-holds.ts";
import { openPairing } from "./inbox-pairs.ts";
import { openRootWatch } from "./inbox-root.ts";
import { isAway, whyUnread } from "./inbox-share-away.ts";
import { FAILURES_MAX, takeReady } from "./inbox-take.ts";
import { type Missing, walk } from "./inbox-walk.ts";

export type LookPorts = {
  readonly disk: Disk;
  readonly log: Log;
  now(): number;
  isStopped(): boolean;
  truncatedMs(): number;
};

export type Seen = { readonly settling: number; readonly rootId: string | null };

const STATS_AT_ONCE = 16;
/** A candidate is looked at again after half the settle time, and a little earlier when a look happens anyway. */
const LOOK_AGAIN = 0.45;
/** Every taken file is looked at again within this time, a share of them in each full look. */
const TURN_MS = 3_600_000;
/** Sightings and missing paths told at once. */
const TELL_AT_ONCE = 500;
const ESCAPED = /[\uf780-\uf7ff]/;

/** The name of a nudge that says no name: in no folder, so that the folder is listed. */
const NOWHERE: ReadonlySet<string> = new Set([""]);

type Nudged = ReadonlyMap<PathText, ReadonlySet<string>>;
const NOTHING: Nudged = new Map();

export function openLooks(options: Omit<InboxOptions, "known">, book: Book, events: InboxEvents, ports: LookPorts) {
  const { disk, log, now } = ports;
  const holds = openHolds(options.root, options.settleMs, disk, now);
  const pairing = openPairing(options.pairs, book, now);
  const root = openRootWatch(options, events, book, disk, now);
  /** Folders whose files vanished between two listings. */
  const doubtful = new Set<PathText>();

  async function report(): Promise<void> {
    const { entries, sightings } = book.takeChanges();
    for (let from = 0; from < entries.length; from += TELL_AT_ONCE) {
      try {
        await events.sighted(sightings.slice(from, from + TELL_AT_ONCE));
        for (const entry of entries.slice(from, from + TELL_AT_ONCE)) entry.told = true;
      } catch (thrown) {
        book.returnChanges(entries.slice(from));
        log.error({ inbox: options.root, code: asAppError(thrown).code, err: thrown }, "sightings not stored");
        return;
      }
    }
  }

  /** Forgets what is missing, after one more look at the root: a disk that went away in mid-walk took nothing with it. */
  async function forget(missing: Missing): Promise<void> {
    const entries = missing.entries.filter((entry) => !entry.parked);
    if (entries.length === 0 && missing.folders.length === 0) return;
    if (!(await root.isStill())) return;
    const told: PathText[] = [];
    for (const entry of entries) {
      book.remove(entry);
      if (entry.told) told.push(pathOf(entry));
    }
    for (const path of missing.folders) {
      for (const about of ["folder", "files"] as const) root.trouble(within(options.root, path), null, about);
      if ((book.folders.get(path)?.entries.size ?? 0) === 0) book.removeFolder(path);
    }
    for (let from = 0; from < told.length; from += TELL_AT_ONCE) {
      try {
        await events.gone(told.slice(from, from + TELL_AT_ONCE));
      } catch (thrown) {
        log.error({ inbox: options.root, code: asAppError(thrown).code, err: thrown }, "missing files not stored");
      }
    }
  }

  /** Is it this taken file's turn? Each has its own moment in the hour, so that every look has a small share. */
  function isDue(entry: Entry, at: number): boolean {
    const turn = Math.max(1, TURN_MS - options.rescanMs);
    const turnOf = (time: number): number => Math.floor(time / turn + phaseOf(entry));
    return entry.settling === null && turnOf(at) !== turnOf(entry.seenAt);
  }

  async function stat(entries: ReadonlySet<Entry>): Promise<void> {
    const failures = new Map<PathText, string | null>();
    await eachOf([...entries], STATS_AT_ONCE, async (entry) => {
      if (ports.isStopped()) return;
      const { path } = entry.folder;
      try {
        const seen = await disk.stat(within(options.root, pathOf(entry)));
        if (seen?.kind === "file") book.observe(entry, seen, now());
        else {
          entry.failures++;
          doubtful.add(path);
        }
        if (!failures.has(path)) failures.set(path, null);
      } catch (thrown) {
        entry.failures++;
        if (isAway(thrown)) root.trouble(options.root, whyUnread(thrown));
        else failures.set(path, `A file in it cannot be looked at: ${errnoOf(thrown) || String(thrown)}.`);
      }
    });
    for (const [path, message] of failures) root.trouble(within(options.root, path), message, "files");
  }

  async function look(start: readonly Folder[], deep: boolean, due: () => Iterable<Entry>): Promise<Seen> {
    holds.begin(book.candidates.size > 0);
    const ground = await root.enter(log, ports.isStopped);
    if (ground === undefined) return { settling: 0, rootId: null };
    if (start.length > 0) await forget(await walk(start, deep, ground));
    await pairing.begin(deep);
    const at = now();
    const looked = new Set([...due(), ...book.unseen]);
    for (const entry of looked) if (entry.blocked || entry.parked) looked.delete(entry);
    await stat(looked);
    await report();
    for (const path of new Set([...book.candidates].map(({ folder }) => folder.path))) await holds.isHeld(path);
    const limits = { settleMs: options.settleMs, truncatedMs: ports.truncatedMs() };
    const { isStopped } = ports;
    const taken = await takeReady({
      options,
      limits,
      book,
      disk,
      holds,
      pairing,
      log,
      settled: events.settled,
      now,
      isStopped,
      report,
    });
    await report();
    const settling = [...book.candidates].filter(isSettling).length;
    if (taken > 0) log.debug({ inbox: options.root, looked: looked.size, taken, settling, ms: now() - at }, "looked");
    return { settling, rootId: root.id() };
  }

  /** May another look take it soon? What cannot be looked at or taken must not keep a single pass from ending. */
  const isSettling = (entry: Entry): boolean =>
    entry.state !== "truncated" && entry.failures < FAILURES_MAX && !entry.parked;

  return {
    /** Is there anything to look at before the next full look? */
    isWaiting: (): boolean => book.candidates.size > 0 || doubtful.size > 0,

    /** Lists every folder; looks at candidates, at all that is new, at the names that were nudged and at a share of the rest. */
    everything(nudged: Nudged = NOTHING): Promise<Seen> {
      const at = now();
      doubtful.clear();
      const { named } = meant(nudged);
      return look([book.folder("" as PathText)], true, () => [
        ...named,
        ...book.candidates,
        ...[...book.entries()].filter((entry) => isDue(entry, at)),
      ]);
    },

    /** Looks at candidates and at the names that were nudged; lists a nudged folder when one of them is new to it. */
    some(nudged: Nudged): Promise<Seen> {
      const at = now();
      const { named, folders } = meant(nudged);
      for (const path of doubtful) folders.add(nearest(path));
      doubtful.clear();
      const isTurn = ({ seenAt }: Entry): boolean => at - seenAt >= options.settleMs * LOOK_AGAIN;
      return look([...folders], false, () => [...named, ...[...book.candidates].filter(isTurn)]);
    },
  };

  /** The known files that nudges mean, and the folders that must be listed to find the others. */
  function meant(nudged: Nudged) {
    const named: Entry[] = [];
    const folders = new Set<Folder>();
    for (const [path, names] of nudged) {
      const folder = nearest(path);
      const { entries, isWhole } = entriesOf(folder, folder.path === path ? names : NOWHERE);
      named.push(...entries);
      if (!isWhole) folders.add(folder);
    }
    return { named, folders };
  }

  /** The known files of these names, and whether the folder must be listed to find them all. */
  function entriesOf(folder: Folder, names: ReadonlySet<string>) {
    const entries: Entry[] = [];
    let isWhole = true;
    for (const name of names) {
      const entry = folder.entries.get(name as PathText);
      if (entry) entries.push(entry);
      else isWhole = false;
      // A name that is not valid UTF-8 comes garbled from the system: every such file of the folder may be meant.
      if (name.includes("\ufffd"))
        entries.push(...[...folder.entries.values()].filter((each) => ESCAPED.test(each.name)));
    }
    return { entries, isWhole };
  }

  /** The known folder at or above a path. */
  function nearest(path: PathText): Folder {
    for (let at = path; at !== ""; at = folderOf(at)) {
      const found = book.folders.get(at);
      if (found?.real) return found;
    }
    return book.folder("" as PathText);
  }
}
