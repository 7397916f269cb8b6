/** While `prompt.txt` or `look.cube` of a folder is being written, the photos of that folder and below wait. */
import { folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import { RECIPE_FILES } from "../core/inbox/rule.ts";
import { decide, LOOKS_MIN, lookAgain, type Settling, withEnding } from "../core/inbox/settle.ts";
import { type Disk, within } from "./inbox-disk.ts";

type Held = { readonly at: number; readonly isHeld: boolean; readonly files: readonly Settling[] };
export type Holds = ReturnType<typeof openHolds>;

const ABSENT = "absent";

export function openHolds(root: PathText, settleMs: number, disk: Disk, now: () => number) {
  const known = new Map<PathText, Held>();
  let lookAt = Number.NEGATIVE_INFINITY;
  const fresh = new Set<PathText>();

  /** A recipe file that is absent at the first look holds nothing; one that vanishes later is about to be replaced. */
  async function look(folder: PathText, name: string, previous: Settling | undefined, at: number): Promise<Settling> {
    const seen = await disk.stat(joinPath(within(root, folder), name)).catch(() => undefined);
    const file = seen?.kind === "file" ? seen : undefined;
    const signature = file ? `${file.device}:${file.inode}:${file.sizeBytes}:${file.mtimeNs}:${file.ctimeNs}` : ABSENT;
    // Words and lattices end anywhere, so quiet is all the proof there is; an empty file gets more time to be filled.
    const next = lookAgain(previous, { signature, sizeBytes: 1, at });
    const started =
      previous === undefined && !file ? { ...next, looks: LOOKS_MIN, since: Number.NEGATIVE_INFINITY } : next;
    return withEnding(started, file?.sizeBytes === 0 ? "unknown" : "complete", at);
  }

  async function isFolderHeld(folder: PathText): Promise<boolean> {
    const at = now();
    const last = known.get(folder);
    if (last && fresh.has(folder) && at - last.at < settleMs / 2) return last.isHeld;
    const files = await Promise.all(RECIPE_FILES.map((name, index) => look(folder, name, last?.files[index], at)));
    const limits = { settleMs, truncatedMs: Number.POSITIVE_INFINITY };
    const isHeld = files.some((state) => decide(state, at, limits) !== "accept");
    known.set(folder, { at, isHeld, files });
    fresh.add(folder);
    return isHeld;
  }

  return {
    /** A new look begins: what the last one saw of recipe files is old. */
    begin(hasCandidates: boolean): void {
      if (!hasCandidates && now() - lookAt > settleMs) known.clear();
      lookAt = now();
      fresh.clear();
    },

    /** Is this folder, or one above it, held? */
    async isHeld(folder: PathText): Promise<boolean> {
      let held = false;
      for (let path = folder; ; path = folderOf(path)) {
        if (await isFolderHeld(path)) held = true; // go on: each look at a file counts towards its settling
        if (path === "") return held;
      }
    },
  };
}
