/**
 * The disk. Only this adapter turns a PathText into the bytes the system knows a file by.
 * Finished files arrive by temp name, fsync and link, so that a reader sees a whole file or none, and nothing is replaced
 * but by `writeAtomic` and `replace`, which say so.
 */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { AppError } from "../core/errors.ts";
import { decodePath, encodePath, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import type { FileStat, Files } from "../ports.ts";
import { readWhole } from "./files/read.ts";
import { tempIn, tempOfCopy } from "./files/temps.ts";
import { openTrash } from "./files/trash.ts";

export { readWhole };

export type FilesOptions = {
  /** The user's home folder and XDG_DATA_HOME, for the trash. */
  readonly home: string;
  readonly dataHome?: string | undefined;
  /** The user's number; undefined where the system has none. */
  readonly uid?: number | undefined;
  /** False for disks without hard links; left out, the first refusal tells. */
  readonly hardLinks?: boolean | undefined;
  /** Unix time in ms, for the date the trash keeps. */
  readonly now?: (() => number) | undefined;
};

/** What systems say where a disk has no hard links (FAT, some network mounts). */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL", "EACCES"]);
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);
const FULL = new Set(["ENOSPC", "EDQUOT"]);
const FORBIDDEN = new Set(["EACCES", "EROFS", "EPERM", "ENOTDIR", "EEXIST", "ENOENT"]);

/** What the surroundings do to a file, and not the file: the right to read it is missing, or its disk is. */
const OUT_OF_REACH = new Set(["EACCES", "EPERM", "EIO", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "ENODEV"]);
/** Always the same name, so that the next proof removes what a killed one left. */
const PROBE_NAME = ".hotgrade-probe.tmp";
const READING = new Set(["read", "list", "look at", "resolve"]);
/** The bytes the system knows the file by. */
export const bytesOf = (path: PathText): Buffer => Buffer.from(decodePath(path));

export const errnoOf = (thrown: unknown): string => String((thrown as NodeJS.ErrnoException | null)?.code ?? "");

/** What the system said, as one of ours. */
export function diskError(thrown: unknown, doing: string, path: PathText): AppError {
  if (thrown instanceof AppError) return thrown;
  const errno = errnoOf(thrown);
  const data = { path, errno };
  if (FULL.has(errno)) return new AppError("disk-full", `No room to ${doing} ${showPath(path)}.`, data, thrown);
  if (READING.has(doing) && OUT_OF_REACH.has(errno))
    return new AppError("folder-unreadable", `Cannot ${doing} ${showPath(path)}: ${errno}.`, data, thrown);
  return new AppError("file-failed", `Cannot ${doing} ${showPath(path)}: ${errno || String(thrown)}.`, data, thrown);
}

export async function told<T>(doing: string, path: PathText, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    throw diskError(thrown, doing, path);
  }
}

/** `act`, or undefined when nothing is there. */
export async function ifThere<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (thrown) {
    if (ABSENT.has(errnoOf(thrown))) return undefined;
    throw thrown;
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): FileStat["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "link" : "other";
}

async function stat(path: PathText): Promise<FileStat | undefined> {
  const found = await ifThere(() => fs.lstat(bytesOf(path), { bigint: true }));
  if (!found) return undefined;
  return {
    kind: kindOf(found),
    sizeBytes: Number(found.size),
    mtimeNs: String(found.mtimeNs),
    mtimeMs: Number(found.mtimeNs / 1_000_000n),
    changedMs: Number(found.ctimeNs / 1_000_000n),
    inode: String(found.ino),
  };
}

async function sha256(path: PathText): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(bytesOf(path), { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function sameBytes(one: PathText, other: PathText): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other)]);
  if (a?.kind !== "file" || b?.kind !== "file" || a.sizeBytes !== b.sizeBytes) return false;
  return (await sha256(one)) === (await sha256(other));
}

async function syncFolder(folder: PathText): Promise<void> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(bytesOf(folder), "r");
  } catch (thrown) {
    if (errnoOf(thrown) === "EISDIR" || errnoOf(thrown) === "EPERM") return; // Windows opens no folders
    throw thrown;
  }
  try {
    await handle.sync();
  } catch (thrown) {
    if (!["EINVAL", "ENOTSUP", "EPERM", "EBADF"].includes(errnoOf(thrown))) throw thrown; // some mounts sync no folders
  } finally {
    await handle.close();
  }
}

const parentOf = (path: PathText): PathText => (folderOf(path) === "" ? ("." as PathText) : folderOf(path));
const discard = async (path: PathText) => void (await ifThere(() => fs.unlink(bytesOf(path))));

/**
 * The folder, and those above it that are not there. Not Node's recursive mkdir: that one never ends where an existing
 * folder says ENOENT to a new one, as /proc does.
 */
async function makeFolder(path: PathText): Promise<void> {
  try {
    await fs.mkdir(bytesOf(path));
    await syncFolder(parentOf(path)).catch(() => undefined); // one that may not be read is not ours to sync
  } catch (thrown) {
    if ((await ifThere(() => fs.stat(bytesOf(path))))?.isDirectory()) return;
    const parent = parentOf(path);
    const isParentThere = parent === path || (await ifThere(() => fs.stat(bytesOf(parent)))) !== undefined;
    if (errnoOf(thrown) !== "ENOENT" || isParentThere) throw thrown;
    await makeFolder(parent);
    await makeFolder(path);
  }
}

/** Makes a new file of these parts on the disk; a file cut short by an error goes. */
export async function writeNew(path: PathText, ...parts: readonly (Uint8Array | string)[]): Promise<void> {
  const handle = await fs.open(bytesOf(path), "wx");
  try {
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } catch (thrown) {
    await discard(path);
    throw thrown;
  } finally {
    await handle.close();
  }
}

/** By temp name, fsync and rename: who looks sees the old file or the new one, whole. */
export async function writeAtomic(path: PathText, bytes: Uint8Array | string): Promise<void> {
  const temp = tempIn(parentOf(path));
  await writeNew(temp, bytes);
  try {
    await fs.rename(bytesOf(temp), bytesOf(path));
  } catch (thrown) {
    await discard(temp);
    throw thrown;
  }
  await syncFolder(parentOf(path));
}

/** The disk, for this user. */
export function openFiles(options: FilesOptions): Files {
  /** Gives `from` the name `to` without replacing anything: "taken" when something has that name. */
  async function rename(from: PathText, to: PathText): Promise<"renamed" | "taken"> {
    const [source, target] = [bytesOf(from), bytesOf(to)];
    if (options.hardLinks !== false) {
      try {
        await fs.link(source, target);
        await fs.unlink(source);
        return "renamed";
      } catch (thrown) {
        if (errnoOf(thrown) === "EEXIST") return "taken";
        if (!NO_LINKS.has(errnoOf(thrown))) throw thrown;
      }
    }
    if (await ifThere(() => fs.lstat(target))) return "taken";
    await fs.rename(source, target);
    return "renamed";
  }

  async function publish(temp: PathText, final: PathText): Promise<"published" | "taken"> {
    if ((await rename(temp, final)) === "renamed") return "published";
    // An earlier run may have linked the name and not come to remove the temp: then both are one file.
    const [ours, theirs] = [await stat(temp), await stat(final)];
    if (!ours || ours.inode !== theirs?.inode || ours.sizeBytes !== theirs.sizeBytes) return "taken";
    await discard(temp);
    return "published";
  }

  /** A verified copy that carries the times of its source. The source must stand still meanwhile. */
  async function copy(from: PathText, to: PathText): Promise<"copied" | "taken" | "gone"> {
    const before = await stat(from);
    if (!before) return "gone";
    await makeFolder(parentOf(to));
    const temp = await tempOfCopy(from, to, parentOf(to));
    if (await stat(to)) return (await sameBytes(from, to)) ? "copied" : "taken";
    try {
      await fs.copyFile(bytesOf(from), bytesOf(temp), constants.COPYFILE_EXCL);
      const handle = await fs.open(bytesOf(temp), "r+");
      const seconds = before.mtimeMs / 1000;
      await handle.utimes(seconds, seconds).finally(() => handle.sync().finally(() => handle.close()));
      if ((await sha256(from)) !== (await sha256(temp)) || !same(before, await stat(from)))
        throw new AppError("file-failed", `${showPath(from)} changed while it was copied.`, { path: from });
      const outcome = await publish(temp, to);
      await syncFolder(parentOf(to));
      return outcome === "taken" ? "taken" : "copied";
    } finally {
      await discard(temp);
    }
  }

  async function move(from: PathText, to: PathText): Promise<"moved" | "taken" | "gone"> {
    const before = await stat(from);
    if (!before) return "gone";
    await makeFolder(parentOf(to));
    try {
      if ((await rename(from, to)) === "renamed") {
        await syncFolder(parentOf(to));
        return "moved";
      }
    } catch (thrown) {
      if (errnoOf(thrown) !== "EXDEV") throw thrown;
    }
    // Another disk, or an earlier run that copied and did not come to remove the source.
    const outcome = await copy(from, to);
    if (outcome !== "copied") return outcome;
    if (!same(before, await stat(from)))
      throw new AppError("file-failed", `${showPath(from)} changed while it was moved; it stays.`, { path: from });
    await discard(from);
    await syncFolder(parentOf(from));
    return "moved";
  }

  const trash = openTrash(options, { rename, move, stat, writeNew, makeFolder, discard });

  return {
    stat: (path) => told("look at", path, () => stat(path)),
    real: (path) =>
      told("resolve", path, async () => {
        const real = await ifThere(() => fs.realpath(bytesOf(path), { encoding: "buffer" }));
        return real && encodePath(real);
      }),
    read: (path, maxBytes) => told("read", path, () => readWhole(path, maxBytes)),
    list: (folder) =>
      told("list", folder, async () => {
        const entries = await fs.readdir(bytesOf(folder), { withFileTypes: true, encoding: "buffer" });
        return entries.map((entry) => ({ name: encodePath(entry.name), kind: kindOf(entry) }));
      }),
    makeFolder: (path) => told("make the folder", path, () => makeFolder(path)),
    proveWritable: (folder) => proveWritable(folder),
    writeNew: (path, bytes) => told("write", path, () => writeNew(path, bytes)),
    writeAtomic: (path, bytes) => told("write", path, () => writeAtomic(path, bytes)),
    sha256: (path) => told("read", path, () => sha256(path)),
    publish: (temp, final) => told("publish", final, () => publish(temp, final)),
    replace: (temp, final) => told("replace", final, () => fs.rename(bytesOf(temp), bytesOf(final))),
    syncFolder: (folder) => told("sync", folder, () => syncFolder(folder)),
    discard: (path) => told("delete", path, () => discard(path)),
    discardFolder: (path) => told("delete", path, () => fs.rm(bytesOf(path), { recursive: true, force: true })),
    removeFolder: (path) => told("remove", path, () => fs.rmdir(bytesOf(path)).then(() => true, isKept)),
    move: (from, to) => told("move", from, () => move(from, to)),
    copy: (from, to) => told("copy", from, () => copy(from, to)),
    trash: (path) => told("move to the trash", path, () => trash(path)),
  };
}

function isKept(thrown: unknown): false {
  if (["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "EBUSY"].includes(errnoOf(thrown))) return false;
  throw thrown;
}

const same = (one: FileStat, other: FileStat | undefined): boolean =>
  one.sizeBytes === other?.sizeBytes && one.mtimeNs === other.mtimeNs && one.inode === other.inode;

async function proveWritable(folder: PathText): Promise<void> {
  const probe = joinPath(folder, PROBE_NAME);
  try {
    await makeFolder(folder);
    await discard(probe); // of a run that was killed
    await writeNew(probe, "hotgrade");
  } catch (thrown) {
    if (errnoOf(thrown) === "EEXIST" && (await stat(probe))) return; // somebody else proves the same
    if (!FORBIDDEN.has(errnoOf(thrown))) throw diskError(thrown, "write in", folder);
    const message = `Cannot write in ${showPath(folder)}: ${errnoOf(thrown)}.`;
    throw new AppError("outbox-unwritable", message, { path: folder, errno: errnoOf(thrown) }, thrown);
  }
  await told("delete", probe, () => discard(probe));
}
