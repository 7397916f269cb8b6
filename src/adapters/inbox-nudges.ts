/** Collects nudges between looks and keeps the watch on the right root: scan-only where watching is of no use. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { InboxOptions, Log } from "../ports.ts";
import type { Disk } from "./inbox-disk.ts";
import { isAway } from "./inbox-share-away.ts";
import { type Watching, watchFolders } from "./inbox-watch.ts";

/** Names kept of one folder between two looks; beyond it the folder is looked at as a whole. */
const NAMES_MAX = 10_000;
const FOLDERS_MAX = 1_000;
/** What an escaped byte looks like in a PathText: such a path is no text for chokidar. */
const ESCAPED = /[\uf780-\uf7ff]/;

export function openNudges(options: InboxOptions, log: Log, disk: Disk, wake: () => void) {
  let pending = new Map<PathText, Set<string>>();
  let isAll = false;
  let watching: Watching | undefined;
  /** device:inode of the root that is watched, or was found unwatchable. */
  let watched: string | null = null;
  let isClosed = false;
  let isOnShare = false;

  function nudge(realRoot: string, folder: string, name: string | null): void {
    const isBelow = folder.startsWith(`${realRoot}/`);
    // Without a name below the root anything may have happened, as it may when there are too many to keep.
    if ((!isBelow && (folder !== realRoot || name === null)) || pending.size >= FOLDERS_MAX) isAll = true;
    else {
      const path = folder.slice(realRoot.length + 1) as PathText;
      const names = pending.get(path) ?? new Set();
      pending.set(path, names);
      names.add(names.size < NAMES_MAX && name !== null ? name : "");
    }
    wake();
  }

  async function open(): Promise<Watching | undefined> {
    const real = await disk.real(options.root);
    if (real === undefined) return undefined;
    const { watchable, share } = await disk.mount(real);
    isOnShare = !watchable;
    if (!watchable || ESCAPED.test(real)) {
      const why = watchable ? "its path is not valid text" : `network share${share ? ` (${share})` : ""}`;
      const everyMs = watchable ? options.rescanMs : (options.shareRescanMs ?? options.rescanMs);
      log.info({ inbox: options.root, why, everyMs }, "folder is scanned, not watched");
      return undefined;
    }
    return watchFolders(real, options.skip, {
      nudge: (folder, name) => nudge(real, folder, name),
      failed(errno) {
        watching = undefined;
        const hint = errno === "ENOSPC" ? "raise fs.inotify.max_user_watches" : undefined;
        log.warn({ inbox: options.root, errno, hint, everyMs: options.rescanMs }, "watch failed, scanning only");
      },
    });
  }

  async function close(): Promise<void> {
    isClosed = true;
    const open = watching;
    watching = undefined;
    await open?.close();
  }

  return {
    /** Does the root lie where nothing is watched? As far as the last look knows. */
    isOnShare: (): boolean => isOnShare,

    isPending: (): boolean => isAll || pending.size > 0,

    /** What came in since the last call: names by folder, or "all" when no folder can be named. */
    take(): ReadonlyMap<PathText, ReadonlySet<string>> | "all" {
      const taken = isAll ? "all" : pending;
      pending = new Map();
      isAll = false;
      return taken;
    },

    /** Watches the root that the last look saw; another one under the same path needs another watch. */
    async follow(rootId: string | null): Promise<void> {
      if (isClosed || rootId === watched) return;
      watched = rootId;
      await watching?.close();
      watching = undefined;
      if (rootId === null) return;
      try {
        watching = await open();
      } catch (thrown) {
        if (isAway(thrown))
          watched = null; // asked again when it is back
        else log.warn({ inbox: options.root, err: thrown }, "watch failed, scanning only");
      }
      if (isClosed) await close(); // stopped while the watch was opened
    },

    close,
  };
}
