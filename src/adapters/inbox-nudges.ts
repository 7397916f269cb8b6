/** Collects nudges between looks and keeps the watch on the right root: scan-only where watching is of no use. */
import type { PathText } from "../core/inbox/path-text.ts";
import { watchFailure } from "../core/inbox/watch-limits.ts";
import type { InboxEvents, InboxOptions, Log } from "../ports.ts";
import { errnoOf } from "./files.ts";
import type { Disk } from "./inbox-disk.ts";
import { isAway } from "./inbox-share-away.ts";
import { type Watching, watchFolders } from "./inbox-watch.ts";

/** Names kept of one folder between two looks; beyond it the folder is looked at as a whole. */
const NAMES_MAX = 10_000;
const FOLDERS_MAX = 1_000;
/** What an escaped byte looks like in a PathText: such a path is no text for chokidar. */
const ESCAPED = /[\uf780-\uf7ff]/;

export type NudgePorts = {
  readonly disk: Disk;
  readonly log: Log;
  /** Left out, the system's. */
  readonly watch?: typeof watchFolders | undefined;
  readonly told?: InboxEvents["watched"] | undefined;
  /** The watch stands: what changed since the last look may have been told to nobody. */
  stands(): void;
  wake(): void;
};

export function openNudges(
  options: Omit<InboxOptions, "known">,
  { disk, log, watch = watchFolders, told, stands, wake }: NudgePorts,
) {
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
    return watch(real, options.skip, {
      nudge: (folder, name) => nudge(real, folder, name),
      stands() {
        stands();
        isAll = true;
        wake();
      },
      failed(errno) {
        watching = undefined;
        fail(errno);
      },
    });
  }

  /** Without a watch everything goes on, later: said once, with what mends it. */
  function fail(errno: string): void {
    const reason = watchFailure(errno, options.rescanMs);
    log.warn({ inbox: options.root, errno, reason }, "folder is scanned, not watched");
    told?.(reason);
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

    /** What came in since the last call: names by folder; `isAll` when something was told that names no folder. */
    take(): { readonly names: ReadonlyMap<PathText, ReadonlySet<string>>; readonly isAll: boolean } {
      const taken = { names: pending, isAll };
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
      told?.(null);
      try {
        watching = await open();
      } catch (thrown) {
        if (isAway(thrown))
          watched = null; // asked again when it is back
        else fail(errnoOf(thrown));
      }
      if (isClosed) await close(); // stopped while the watch was opened
    },

    close,
  };
}
