/**
 * Nudges from the system: something happened in this folder. They only make the scanner look sooner.
 * Folders alone are watched: chokidar needs 430 MiB for 100,000 files, and its `raw` event tells of files anyway.
 */
import { basename, dirname, join, sep } from "node:path";
import { watch } from "chokidar";
import { isSystemFolder, isTempName, kindOfName } from "../core/inbox/rule.ts";
import { errnoOf } from "./files.ts";

export type Watching = { close(): Promise<void> };

export type WatchEvents = {
  /** From now on everything is told; what happened before may not have been. */
  stands(): void;
  /** Something happened below the root: to this name in this folder (absolute), as far as the system says. */
  nudge(folder: string, name: string | null): void;
  /** It cannot go on; the scanner works without. */
  failed(errno: string): void;
};

/** Watches the folders at and below `root`, a path that is valid text, but for `skip`. */
export function watchFolders(root: string, skip: readonly string[], events: WatchEvents): Watching {
  const isSkipped = (path: string): boolean =>
    path.startsWith(root + sep) && (isSystemFolder(basename(path)) || skip.includes(path));
  const watcher = watch(root, {
    ignored: (path, stats) => (stats !== undefined && !stats.isDirectory()) || isSkipped(path),
    ignoreInitial: true,
    ignorePermissionErrors: true,
    followSymlinks: false,
    atomic: false,
    persistent: false,
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= watcher.close();
    return closing;
  };
  watcher.on("raw", (event: string, path: unknown, details: unknown) => {
    const { watchedPath = root } = details as { watchedPath?: string };
    if (typeof path !== "string" || path === "") return events.nudge(watchedPath, null);
    // Where the system watches a whole tree at once, it names files by their path in it.
    const name = basename(path);
    if (isTempName(name) || (event === "change" && kindOfName(name) === "none")) return;
    events.nudge(join(watchedPath, dirname(path)), name);
  });
  watcher.on("ready", () => events.stands());
  watcher.on("addDir", (path) => events.nudge(path, null));
  watcher.on("error", (thrown) => {
    if (closing) return;
    void close();
    events.failed(errnoOf(thrown));
  });
  return { close };
}
