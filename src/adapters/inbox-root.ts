/**
 * The root of an inbox comes and goes: a card is pulled, a share is not mounted yet. While it is away nothing is missing;
 * it is reported as trouble and goes on by itself.
 */
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { InboxEvents, InboxOptions, Log } from "../ports.ts";
import type { Book } from "./inbox-book.ts";
import type { Disk } from "./inbox-disk.ts";
import { whyUnread } from "./inbox-share-away.ts";
import type { Ground } from "./inbox-walk.ts";

type Trouble = { readonly folder: string | null; readonly files: string | null };
const CALM: Trouble = { folder: null, files: null };

export function openRootWatch(
  options: Omit<InboxOptions, "known">,
  events: InboxEvents,
  book: Book,
  disk: Disk,
  now: () => number,
) {
  const { root } = options;
  const troubles = new Map<PathText, Trouble>();
  /** device:inode of the root as last trusted, as seen now, and as doubted (an empty folder in its place). */
  let trusted: string | null = null;
  let current: string | null = null;
  let doubted: string | null = null;
  /** It was not there, or not itself: nobody told what changed in it meanwhile. */
  let wasAway = false;

  /** What the folder itself says, or else its files; told when it changes. */
  function trouble(folder: PathText, message: string | null, about: "folder" | "files" = "folder"): void {
    const before = troubles.get(folder) ?? CALM;
    const after = { ...before, [about]: message };
    if (after.folder === null && after.files === null) troubles.delete(folder);
    else troubles.set(folder, after);
    const told = after.folder ?? after.files;
    if (told !== (before.folder ?? before.files)) events.trouble(folder, told);
  }

  async function identify(): Promise<string | null> {
    const seen = await disk.stat(root);
    return seen?.kind === "folder" ? `${seen.device}:${seen.inode}` : null;
  }

  /**
   * An empty folder in the place of one that had files is most likely a mountpoint without its disk. Its files are parked:
   * not missing, not looked at, until the disk is back. So is an inbox that is empty at the first look though the ledger
   * knows of files in it.
   */
  function trustRoot(isEmpty: boolean): boolean {
    if (isEmpty && current !== trusted && current !== null) {
      const known = [...book.entries()];
      if (known.length > 0) {
        doubted = current;
        for (const entry of known) entry.parked = true;
        wasAway = true;
        trouble(root, `The folder is empty, though ${known.length} of its files are known. Is its disk mounted?`);
        return false;
      }
    }
    if (current !== doubted) for (const entry of book.entries()) entry.parked = false;
    trusted = current;
    if (wasAway) book.doubt();
    wasAway = false;
    return true;
  }

  return {
    trouble,
    id: (): string | null => current,

    /** The ground for a walk; undefined while the root is not there. */
    async enter(log: Log, isStopped: () => boolean): Promise<Ground | undefined> {
      try {
        current = await identify();
        const rootReal = current === null ? undefined : await disk.real(root);
        if (rootReal === undefined) {
          wasAway = true;
          trouble(root, `The folder ${showPath(root)} is not there.`);
          return undefined;
        }
        const skipIds = new Set<string>();
        const share = await disk.share?.(root);
        for (const folder of options.skip) {
          // Another share's folder is no other way to one of ours, and that share may never answer.
          if ((await disk.share?.(folder)) !== share) continue;
          const seen = await disk.stat(folder).catch(() => undefined);
          if (seen) skipIds.add(`${seen.device}:${seen.inode}`);
        }
        return { root, rootReal, skip: options.skip, skipIds, disk, book, log, trouble, isStopped, now, trustRoot };
      } catch (thrown) {
        wasAway = true;
        trouble(root, whyUnread(thrown));
        return undefined;
      }
    },

    /** Is it still the root that this look entered? */
    async isStill(): Promise<boolean> {
      return current !== null && (await identify().catch(() => null)) === current;
    },
  };
}
