/** Lists folders and writes into the book what is in them. Names only: files are looked at afterwards. */
import { setImmediate } from "node:timers/promises";
import { joinPath, type PathText } from "../core/inbox/path-text.ts";
import { isSystemFolder, kindOfName } from "../core/inbox/rule.ts";
import type { Log } from "../ports.ts";
import type { Book, Entry, Folder } from "./inbox-book.ts";
import { type Disk, eachOf, type Name, within } from "./inbox-disk.ts";
import { isAway, whyUnread } from "./inbox-share-away.ts";

export type Ground = {
  readonly root: PathText;
  readonly rootReal: PathText;
  /** Absolute real paths never entered, and the device:inode of each, for other ways to the same folder. */
  readonly skip: readonly PathText[];
  readonly skipIds: ReadonlySet<string>;
  readonly disk: Disk;
  readonly book: Book;
  readonly log: Log;
  trouble(folder: PathText, message: string | null): void;
  isStopped(): boolean;
  /** Monotonic milliseconds. */
  now(): number;
  /** False when the root is empty and may be an unmounted mountpoint. */
  trustRoot(isEmpty: boolean): boolean;
};

/** What a walk found missing; the caller checks that the disk is still there before it believes it. */
export type Missing = { readonly entries: Entry[]; readonly folders: PathText[] };

const FOLDERS_AT_ONCE = 4;
const NAMES_AT_ONCE = 4096;
const DEPTH_MAX = 64;
/** A folder's own time changes with its names, if not twice within one tick of a coarse clock. */
const TICK_MS = 2_000;
/** Names are read at least this often, whatever the folder's time says. */
const LIST_AGAIN_MS = 3_600_000;

/** Lists these folders, those that are new in them, and (`deep`) all below. */
export async function walk(start: readonly Folder[], deep: boolean, ground: Ground): Promise<Missing> {
  const missing: Missing = { entries: [], folders: [] };
  const queue = [...start];
  await eachOf(queue, FOLDERS_AT_ONCE, async (folder) => {
    if (ground.isStopped()) return;
    const names = await listFolder(folder, ground);
    if (names === "unchanged") {
      if (deep) for (const name of folder.folders) queue.push(ground.book.folder(joinPath(folder.path, name)));
      return;
    }
    if (names === undefined) return;
    const files = new Set<PathText>();
    const folders = new Set<PathText>();
    for (const [index, item] of names.entries()) {
      if (index % NAMES_AT_ONCE === NAMES_AT_ONCE - 1) await setImmediate();
      const found = await placeName(folder, item, ground);
      if (found === undefined) continue;
      if (found.kind !== "folder") files.add(item.name);
      if (found.kind !== "file") folders.add(item.name);
      if (found.kind === "folder" && (deep || found.isNew)) queue.push(found.folder);
    }
    for (const entry of folder.entries.values()) {
      if (files.has(entry.name)) entry.parked = false;
      else missing.entries.push(entry);
    }
    for (const name of folder.folders) {
      if (folders.has(name)) continue;
      for (const below of ground.book.below(joinPath(folder.path, name))) {
        missing.folders.push(below.path);
        missing.entries.push(...below.entries.values());
      }
    }
  });
  return missing;
}

/** The names in a folder; undefined when it cannot be trusted just now, which is reported and costs nothing. */
async function listFolder(folder: Folder, ground: Ground): Promise<readonly Name[] | "unchanged" | undefined> {
  const { disk, book, root } = ground;
  const absolute = within(root, folder.path);
  try {
    const seen = await disk.stat(absolute);
    if (seen?.kind !== "folder" || ground.skipIds.has(`${seen.device}:${seen.inode}`)) return undefined;
    const signature = `${seen.device}:${seen.inode}:${seen.mtimeNs}:${seen.ctimeNs}`;
    const at = ground.now();
    if (isUnchanged(folder, signature, at) && (folder.path !== "" || ground.trustRoot(folder.listing!.isEmpty))) {
      ground.trouble(absolute, null);
      return "unchanged";
    }
    const names = await disk.list(absolute);
    if (names === undefined) return undefined; // gone meanwhile: its parent's next listing tells
    const isTrusted =
      folder.path === "" ? ground.trustRoot(names.length === 0) : !isUnmounted(folder, seen.device, names, book);
    if (!isTrusted) {
      if (folder.path !== "")
        ground.trouble(absolute, "The folder is empty since its disk changed. Is it still mounted?");
      return undefined;
    }
    if (!book.hasInodes.has(seen.device)) {
      const { inodes } = await disk.mount(absolute).catch(() => ({ inodes: false }));
      book.hasInodes.set(seen.device, inodes);
    }
    folder.device = seen.device;
    // What a link leads to changes without the folder, and some systems keep no such times.
    const isTold =
      book.hasInodes.get(seen.device) === true && names.every(({ kind }) => kind !== "link" && kind !== "unknown");
    const since = folder.listing?.signature === signature ? folder.listing.since : at;
    folder.listing = isTold ? { signature, since, at, isEmpty: names.length === 0 } : null;
    if (folder.path === "") folder.real = ground.rootReal;
    ground.trouble(absolute, null);
    return names;
  } catch (thrown) {
    ground.trouble(isAway(thrown) ? root : absolute, whyUnread(thrown));
    return undefined;
  }
}

/** Have its names been read since its last change, and not in the same tick? */
function isUnchanged({ listing }: Folder, signature: string, at: number): boolean {
  if (listing === null || listing.signature !== signature) return false;
  return listing.at - listing.since >= TICK_MS && at - listing.at < LIST_AGAIN_MS;
}

/** A folder that had files, is empty now and lies on another device: its disk was taken away, not its files. */
function isUnmounted(folder: Folder, device: string, names: readonly Name[], book: Book): boolean {
  if (names.length > 0 || folder.device === null || folder.device === device) return false;
  for (const below of book.below(folder.path)) if (below.entries.size > 0) return true;
  return false;
}

type Placed =
  | { readonly kind: "file" }
  /** It is there but cannot be followed just now: what is known of it stays. */
  | { readonly kind: "kept" }
  | { readonly kind: "folder"; readonly folder: Folder; readonly isNew: boolean }
  | undefined;

/** What a name is to the inbox: a file that matters (now in the book), a folder to enter, or nothing. */
async function placeName(folder: Folder, { name, kind }: Name, ground: Ground): Promise<Placed> {
  switch (kind) {
    case "file":
      return placeFile(folder, name, ground, false);
    case "folder":
      return placeFolder(folder, name, joinPath(folder.real!, name), folder.linked, ground);
    case "link":
      return placeLink(folder, name, ground);
    case "other":
      return undefined;
    case "unknown":
      return placeUnknown(folder, name, ground);
  }
}

/** A file system that does not say what a name is; a real path that differs gives a link away. */
async function placeUnknown(folder: Folder, name: PathText, ground: Ground): Promise<Placed> {
  const absolute = joinPath(within(ground.root, folder.path), name);
  const plain = joinPath(folder.real!, name);
  try {
    if ((await ground.disk.real(absolute)) !== plain) return placeLink(folder, name, ground);
    const seen = await ground.disk.stat(absolute);
    if (seen?.kind === "folder") return placeFolder(folder, name, plain, folder.linked, ground);
    return seen?.kind === "file" ? placeFile(folder, name, ground, false) : undefined;
  } catch {
    return { kind: "kept" };
  }
}

function placeFile(folder: Folder, name: PathText, { book }: Ground, blocked: boolean): Placed {
  const kind = kindOfName(name);
  if (kind !== "photo" && kind !== "foreign") return undefined;
  const entry = folder.entries.get(name) ?? book.add(folder, name);
  if (blocked) book.block(entry);
  else book.unblock(entry);
  return { kind: "file" };
}

function placeFolder(parent: Folder, name: PathText, real: PathText, linked: boolean, ground: Ground): Placed {
  const path = joinPath(parent.path, name);
  if (isSystemFolder(name) || isSkipped(real, ground) || path.split("/").length > DEPTH_MAX) return undefined;
  const isNew = !parent.folders.has(name);
  const folder = ground.book.folder(path);
  folder.real = real;
  folder.linked = linked;
  return { kind: "folder", folder, isNew };
}

/**
 * Links are followed only to places inside the inbox. A folder reached by a link is entered under the link's name, but
 * links to folders are not followed from there, nor one that leads to a folder above it, so that no walk is endless.
 */
async function placeLink(folder: Folder, name: PathText, ground: Ground): Promise<Placed> {
  const absolute = joinPath(within(ground.root, folder.path), name);
  try {
    const real = await ground.disk.real(absolute);
    const seen = await ground.disk.stat(absolute);
    if (real === undefined || seen === undefined) return undefined;
    const isInside = real.startsWith(`${ground.rootReal}/`) && !isSkipped(real, ground);
    if (seen.kind === "file") return placeFile(folder, name, ground, !isInside);
    if (seen.kind === "other") return undefined;
    const isAbove = `${folder.real}/`.startsWith(`${real}/`);
    if (isInside && !isAbove && !folder.linked) return placeFolder(folder, name, real, true, ground);
    ground.log.debug({ inbox: ground.root, path: absolute, target: real }, "link to a folder not followed");
    return undefined;
  } catch {
    return { kind: "kept" };
  }
}

function isSkipped(real: PathText, { skip }: Ground): boolean {
  return skip.some((folder) => real === folder || real.startsWith(`${folder}/`));
}
