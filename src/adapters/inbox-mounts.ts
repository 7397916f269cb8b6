/** The system's table of mounts, read without touching any of them, and the way of a path through links up to a share. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { promisify } from "node:util";
import { type Mount, parseMountinfo, parseMountList, parseNetUse, type Share, shareOf } from "../core/inbox/mounts.ts";
import { baseName, encodePath, folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import { bytesOf } from "./files.ts";

const run = promisify(execFile);
/** Reading a list of mounts again costs nothing on Linux, a process elsewhere. */
const KEPT_MS = process.platform === "linux" ? 1_000 : 30_000;
const PROGRAM_MS = 5_000;
const LINKS_MAX = 40;

async function readMounts(): Promise<readonly Mount[]> {
  switch (process.platform) {
    case "linux":
      return parseMountinfo(encodePath(await fs.readFile("/proc/self/mountinfo")));
    case "darwin":
      return parseMountList((await run("/sbin/mount", [], { timeout: PROGRAM_MS })).stdout);
    case "win32":
      return parseNetUse((await run("net", ["use"], { timeout: PROGRAM_MS, windowsHide: true })).stdout);
    default:
      return [];
  }
}

type Place = { readonly share: Share } | { readonly real: PathText };
type Table = { readonly at: number; readonly mounts: readonly Mount[]; readonly folders: Map<PathText, Place> };

/** Finds the share that an absolute path lies on. */
export function openMounts(): (path: PathText) => Promise<Share | undefined> {
  let kept: Table | undefined;
  let reading: Promise<Table> | undefined;

  async function table(): Promise<Table> {
    if (kept && performance.now() - kept.at <= KEPT_MS) return kept;
    reading ??= readMounts()
      // A table that cannot be read names no share; the kind of file system still tells what to watch.
      .catch((): readonly Mount[] => [])
      .then((mounts) => {
        const hasShares = mounts.some((mount) => shareOf(mount.point, [mount], process.platform));
        kept = { at: performance.now(), mounts: hasShares ? mounts : [], folders: new Map() };
        reading = undefined;
        return kept;
      });
    return reading;
  }

  /** Links are read one by one, and none of a share's own: that would be asking it. */
  async function place(path: PathText, known: Table, links: number): Promise<Place> {
    const share = shareOf(path, known.mounts, process.platform);
    if (share) return { share };
    if (path === "/" || path === "") return { real: path };
    const folder = folderOf(path);
    const above = known.folders.get(folder) ?? (await place(folder, known, links));
    known.folders.set(folder, above);
    if ("share" in above) return above;
    const real = joinPath(above.real, baseName(path));
    const there = shareOf(real, known.mounts, process.platform);
    if (there) return { share: there };
    const target = await fs.readlink(bytesOf(real), { encoding: "buffer" }).catch(() => undefined);
    if (target === undefined || links >= LINKS_MAX) return { real };
    return place(resolve(above.real, encodePath(target)) as PathText, known, links + 1);
  }

  return async (path) => {
    const known = await table();
    if (process.platform === "win32") return shareOf(path, known.mounts, "win32");
    if (known.mounts.length === 0 || !isAbsolute(path)) return undefined;
    const found = await place(path, known, 0);
    return "share" in found ? found.share : undefined;
  };
}
