/** What is known of an inbox: its folders and, in each, the files that matter. Plain state; looks fill it. */
import type { ErrorCode } from "../core/errors.ts";
import { baseName, folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import { lookAgain, type Settling } from "../core/inbox/settle.ts";
import { isSameFile } from "../core/job/identity.ts";
import type { Signature } from "../core/job/job.ts";
import type { Sighting, SightingState } from "../ports.ts";
import type { Seen } from "./inbox-disk.ts";
import { addHalf, type Halves, removeHalf } from "./inbox-pairs.ts";

export type Folder = {
  /** Relative to the inbox, "" for the inbox itself. */
  readonly path: PathText;
  readonly entries: Map<PathText, Entry>;
  readonly halves: Halves;
  /** Names of the folders in it. */
  readonly folders: Set<PathText>;
  /** Absolute, links followed; null until it has been listed. */
  real: PathText | null;
  device: string | null;
  /** What the folder was when its names were last read; null when that says nothing about its names. */
  listing: Listing | null;
  /** It was reached through a link; links to folders are not followed from there. */
  linked: boolean;
};

/** `since`: when this signature was first seen; `at`: when the names were read. Monotonic milliseconds. */
export type Listing = {
  readonly signature: string;
  readonly since: number;
  readonly at: number;
  readonly isEmpty: boolean;
};

export type Entry = {
  readonly folder: Folder;
  readonly name: PathText;
  signature: Signature;
  state: SightingState;
  code: ErrorCode | null;
  message: string | null;
  /** Null once intake has answered. */
  settling: Settling | null;
  endingReason: string | null;
  /** Looks and hand-ins that failed since it last changed, and when to try again. */
  failures: number;
  retryAt: number;
  /** When it was last looked at. */
  seenAt: number;
  /** The how manieth it is. */
  readonly turn: number;
  /** The ledger has heard of it. */
  told: boolean;
  /** Known before its disk seemed to be unmounted. */
  parked: boolean;
  /** A link that leads out of the inbox: never looked at. */
  blocked: boolean;
};

const NOTHING: Signature = { sizeBytes: 0, mtimeNs: "0", inode: "" };
const GOLDEN = 0.618033988749895;

/** Whole numbers, here and below: a hundred thousand entries keep them in place, and fractions elsewhere. */
const LONG_AGO = -(2 ** 30);

/** Where in the hour a file's turn is, 0 … 1: spread evenly, whatever their number. */
export const phaseOf = ({ turn }: Pick<Entry, "turn">): number => (turn * GOLDEN) % 1;

export function pathOf(entry: Entry): PathText {
  return joinPath(entry.folder.path, entry.name);
}

export const isAnswered = (entry: Entry): boolean => entry.state !== "settling" && entry.state !== "truncated";

export type Book = ReturnType<typeof openBook>;

export function openBook(known: readonly Sighting[]) {
  const folders = new Map<PathText, Folder>();
  const candidates = new Set<Entry>();
  /** Files that no look has seen yet, in this run. */
  const unseen = new Set<Entry>();
  let changed = new Set<Entry>();
  /** Devices by whether their inodes say something. */
  const hasInodes = new Map<string, boolean>();
  let made = 0;

  function folder(path: PathText): Folder {
    const found = folders.get(path);
    if (found) return found;
    const fresh: Folder = {
      path,
      entries: new Map(),
      halves: new Map(),
      folders: new Set<PathText>(),
      real: null,
      device: null,
      listing: null,
      linked: false,
    };
    folders.set(path, fresh);
    if (path !== "") folder(folderOf(path)).folders.add(baseName(path));
    return fresh;
  }

  function add(into: Folder, name: PathText): Entry {
    const entry: Entry = {
      folder: into,
      name,
      signature: NOTHING,
      state: "settling",
      code: null,
      message: null,
      settling: null,
      endingReason: null,
      failures: 0,
      retryAt: LONG_AGO,
      seenAt: LONG_AGO,
      turn: made++,
      told: false,
      parked: false,
      blocked: false,
    };
    into.entries.set(name, entry);
    addHalf(into.halves, entry);
    unseen.add(entry);
    return entry;
  }

  function set(entry: Entry, state: SightingState, code: ErrorCode | null, message: string | null): void {
    if (entry.told && entry.state === state && entry.code === code && entry.message === message) return;
    Object.assign(entry, { state, code, message });
    changed.add(entry);
  }

  for (const { path, sizeBytes, mtimeNs, inode, state, code, message } of known) {
    const entry = add(folder(folderOf(path)), baseName(path));
    Object.assign(entry, { signature: { sizeBytes, mtimeNs, inode }, state, code, message, told: true });
  }

  return {
    folders,
    candidates,
    unseen,
    hasInodes,
    folder,
    add,
    set,

    /** A look at a file: unchanged since intake's answer, or (still, again) a candidate. */
    observe(entry: Entry, seen: Seen, at: number): void {
      const { sizeBytes, mtimeNs, device } = seen;
      const signature = { sizeBytes, mtimeNs, inode: hasInodes.get(device) === false ? "" : seen.inode };
      const isSame = isSameFile(entry.signature, signature);
      entry.seenAt = Math.floor(at);
      unseen.delete(entry);
      if (entry.settling === null && isAnswered(entry) && isSame) return;
      const full = `${device}:${seen.inode}:${sizeBytes}:${mtimeNs}:${seen.ctimeNs}`;
      const settling = lookAgain(entry.settling ?? undefined, { signature: full, sizeBytes, at });
      if (settling.looks === 1) {
        entry.failures = 0;
        entry.retryAt = LONG_AGO;
        entry.endingReason = null;
      }
      entry.signature = signature;
      entry.settling = settling;
      candidates.add(entry);
      if (!entry.told || isAnswered(entry) || (settling.looks === 1 && !isSame)) set(entry, "settling", null, null);
    },

    /** Intake's answer: the file is no candidate any more. */
    answer(entry: Entry, { state, code, message }: Pick<Sighting, "state" | "code" | "message">): void {
      Object.assign(entry, { state, code, message, settling: null, endingReason: null, failures: 0 });
      candidates.delete(entry);
      changed.add(entry);
    },

    /** A link that leads out of the inbox is shown and left alone. */
    block(entry: Entry): void {
      Object.assign(entry, { blocked: true, settling: null, signature: NOTHING });
      candidates.delete(entry);
      unseen.delete(entry);
      set(entry, "refused", "link-outside", "The link leads out of the inbox.");
    },

    unblock(entry: Entry): void {
      if (!entry.blocked) return;
      entry.blocked = false;
      unseen.add(entry);
    },

    /** Every file is looked at once more, also those that intake has answered for. */
    doubt(): void {
      for (const each of folders.values()) for (const entry of each.entries.values()) unseen.add(entry);
    },

    /** An answer that holds no more: the file settles again. */
    reopen(entry: Entry): void {
      set(entry, "settling", null, null);
      unseen.add(entry);
    },

    remove(entry: Entry): void {
      candidates.delete(entry);
      unseen.delete(entry);
      changed.delete(entry);
      entry.folder.entries.delete(entry.name);
      removeHalf(entry.folder.halves, entry);
    },

    removeFolder(path: PathText): void {
      folders.delete(path);
      folders.get(folderOf(path))?.folders.delete(baseName(path));
    },

    /** The folder and all below it. */
    *below(path: PathText): Generator<Folder> {
      const queue = [path];
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const found = folders.get(next);
        if (!found) continue;
        yield found;
        for (const name of found.folders) queue.push(joinPath(found.path, name));
      }
    },

    *entries(): Generator<Entry> {
      for (const each of folders.values()) yield* each.entries.values();
    },

    changes: (): number => changed.size,

    /** All that changed since the last call, as the ledger keeps it. */
    takeChanges(): { readonly entries: readonly Entry[]; readonly sightings: readonly Sighting[] } {
      const entries = [...changed];
      changed = new Set();
      const sightings = entries.map((entry) => {
        const { state, code, message, signature } = entry;
        return { path: pathOf(entry), ...signature, state, code, message };
      });
      return { entries, sightings };
    },

    /** Gives changes back that the ledger could not take. */
    returnChanges(entries: readonly Entry[]): void {
      for (const entry of entries) if (entry.folder.entries.get(entry.name) === entry) changed.add(entry);
    },
  };
}
