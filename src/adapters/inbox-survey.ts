/** What lies in an inbox at one moment, by the scanner's own rules; nothing is taken. */
import { type Ending, endingOf } from "../core/inbox/endings.ts";
import { joinPath, type PathText } from "../core/inbox/path-text.ts";
import { isTempName, kindOfName } from "../core/inbox/rule.ts";
import type { Log } from "../ports.ts";
import { openBook, pathOf } from "./inbox-book.ts";
import { type Disk, eachOf, systemDisk, within } from "./inbox-disk.ts";
import { openRootWatch } from "./inbox-root.ts";
import { walk } from "./inbox-walk.ts";

export type Lying = {
  readonly path: PathText;
  readonly sizeBytes: number;
  readonly mtimeNs: string;
  readonly inode: string;
};

export type Named = Lying & {
  /** Why no look takes it, whatever it holds; null for what may be a photo. */
  readonly left: string | null;
  /** Does it end as its format says? */
  ending(): Promise<Ending>;
};

const STATS_AT_ONCE = 16;

export function openSystemSurvey(
  { root, skip }: { readonly root: PathText; readonly skip: readonly PathText[] },
  log: Log,
  disk: Disk = systemDisk,
) {
  const book = openBook([]);
  let isWhole = true;
  const events = {
    settled: async () => ({ state: "ignored", code: null, message: null }) as const,
    sighted: async () => {},
    gone: async () => {},
    // A folder in it that cannot be read is the scanner's to tell; the others need not wait for it.
    trouble: (folder: PathText, message: string | null) => {
      if (message !== null && folder === root) isWhole = false;
    },
  };
  const options = { root, skip, settleMs: 1, rescanMs: 1, order: "name", known: [] } as const;
  const watch = openRootWatch(options, events, book, disk, () => 0);

  async function list(): Promise<boolean> {
    const ground = await watch.enter(log, () => false);
    if (ground === undefined) return false;
    await walk([book.folder("" as PathText)], true, ground);
    return true;
  }

  const nameOf = (path: PathText, left: string | null): Omit<Named, keyof Lying> & Pick<Lying, "path"> => ({
    path,
    left,
    ending: async () => {
      const seen = await disk.stat(within(root, path));
      return disk.reading(within(root, path), (read) => endingOf(read, seen?.sizeBytes ?? 0));
    },
  });

  async function photos(): Promise<Named[]> {
    const found: Named[] = [];
    await eachOf([...book.entries()], STATS_AT_ONCE, async (entry) => {
      const path = pathOf(entry);
      const seen = await disk.stat(within(root, path)).catch(() => undefined);
      if (seen?.kind !== "file") return;
      const { sizeBytes, mtimeNs, device } = seen;
      const inode = book.hasInodes.get(device) === false ? "" : seen.inode;
      found.push({ ...nameOf(path, entry.blocked ? entry.message : null), sizeBytes, mtimeNs, inode });
    });
    return found;
  }

  /** Files that no look counts as photos: temporary names, and what is no picture. */
  async function others(): Promise<Named[]> {
    const found: Named[] = [];
    for (const folder of [...book.folders.values()])
      for (const { name, kind } of (await disk.list(within(root, folder.path)).catch(() => undefined)) ?? []) {
        if (kind !== "file" || folder.entries.has(name)) continue;
        const path = joinPath(folder.path, name);
        found.push({ ...nameOf(path, leftReason(name)), sizeBytes: 0, mtimeNs: "0", inode: "" });
      }
    return found;
  }

  return {
    /** What may be photos, as far as it can be read; undefined while the folder itself cannot. */
    async photos(): Promise<readonly Lying[] | undefined> {
      if (!(await list()) || !isWhole) return undefined;
      const wanted = (await photos()).filter(({ left }) => left === null);
      return wanted.map(({ path, sizeBytes, mtimeNs, inode }) => ({ path, sizeBytes, mtimeNs, inode }));
    },
    /** Every file, as far as it can be read; undefined while the folder itself cannot. */
    async everything(): Promise<readonly Named[] | undefined> {
      return (await list()) && isWhole ? [...(await photos()), ...(await others())] : undefined;
    },
  };
}

function leftReason(name: string): string {
  if (isTempName(name)) return "A temporary or hidden name.";
  return kindOfName(name) === "recipe" ? "It says how the photos beside it are graded." : "No photo, by its name.";
}
