/**
 * The system's trash: a file a person can take back, never a deleted one.
 *
 * Source  freedesktop.org Trash specification 1.0: the home trash where file and home share a disk, else the trash at the
 *         top of the file's own disk; a .trashinfo, made first and exclusively, reserves the name.
 */
import * as fs from "node:fs/promises";
import { AppError } from "../../core/errors.ts";
import {
  baseName,
  decodePath,
  encodePath,
  folderOf,
  joinPath,
  type PathText,
  showPath,
} from "../../core/inbox/path-text.ts";
import type { FileStat, Files } from "../../ports.ts";
import type { FilesOptions } from "../files.ts";

type Disk = Pick<Files, "move" | "makeFolder" | "discard"> & {
  stat(path: PathText): Promise<FileStat | undefined>;
  rename(from: PathText, to: PathText): Promise<"renamed" | "taken">;
  writeNew(path: PathText, text: string): Promise<void>;
};

/** A trash folder, and the folder its paths are relative to (null: they are absolute). */
type Trash = { readonly folder: PathText; readonly top: PathText | null };

/** Names tried beside the first, "name 2" …; far more than a folder of photos repeats one. */
const NAMES_MAX = 10_000;
/** Bytes of a name that leave room for a number and ".trashinfo" below the 255 a disk takes. */
const NAME_BYTES_MAX = 230;

export function openTrash(options: FilesOptions, disk: Disk): (path: PathText) => Promise<PathText> {
  const home = joinPath((options.dataHome || `${options.home}/.local/share`) as PathText, "Trash");
  const now = options.now ?? Date.now;

  return async (given) => {
    const path = await absolute(given);
    const { folder, top } = await trashFor(path);
    const origin = top === null ? path : (path.slice(top === "/" ? 1 : top.length + 1) as PathText);
    const info = `[Trash Info]\nPath=${percentEncoded(origin)}\nDeletionDate=${localTime(new Date(now()))}\n`;
    for (let number = 1; number <= NAMES_MAX; number++) {
      const name = numbered(baseName(path), number);
      const infoFile = joinPath(folder, `info/${name}.trashinfo`);
      const target = joinPath(folder, `files/${name}`);
      try {
        await disk.writeNew(infoFile, info);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === "EEXIST") continue;
        throw thrown;
      }
      try {
        const outcome = await disk.move(path, target);
        if (outcome === "moved") return target;
        await disk.discard(infoFile);
        if (outcome === "gone") throw new AppError("file-failed", `${showPath(path)} is not there.`, { path });
      } catch (thrown) {
        await disk.discard(infoFile);
        throw thrown;
      }
    }
    throw new AppError("file-failed", `The trash holds ${NAMES_MAX} files called ${showPath(baseName(path))}.`, {
      path,
    });
  };

  /** The home trash when it is on the file's disk; else the one at the disk's top, or home after all if that is closed. */
  async function trashFor(path: PathText): Promise<Trash> {
    const device = (await fs.lstat(bytes(path))).dev;
    await ready(home);
    if ((await fs.stat(bytes(home))).dev === device || options.uid === undefined) return { folder: home, top: null };
    const top = await topOf(folderOf(path), device);
    const shared = joinPath(top, ".Trash");
    const found = await fs.lstat(bytes(shared)).catch(() => undefined);
    const candidates = [joinPath(top, `.Trash-${options.uid}`)];
    if (found?.isDirectory() && (found.mode & 0o1000) !== 0) candidates.unshift(joinPath(shared, `${options.uid}`));
    for (const folder of candidates) {
      try {
        await ready(folder);
        return { folder, top };
      } catch (thrown) {
        if (!["EACCES", "EPERM", "EROFS"].includes(String((thrown as NodeJS.ErrnoException).code))) throw thrown;
      }
    }
    return { folder: home, top: null };
  }

  async function ready(folder: PathText): Promise<void> {
    for (const part of ["info", "files"])
      await fs.mkdir(bytes(joinPath(folder, part)), { recursive: true, mode: 0o700 });
  }
}

const bytes = (path: PathText): Buffer => Buffer.from(decodePath(path));

/** The folder's real path with the file's own name: a link is trashed, not what it points to. */
async function absolute(path: PathText): Promise<PathText> {
  const folder = folderOf(path) === "" ? ("." as PathText) : folderOf(path);
  return joinPath(encodePath(await fs.realpath(bytes(folder), { encoding: "buffer" })), baseName(path));
}

/** The highest folder above that is still on this disk. */
async function topOf(folder: PathText, device: number): Promise<PathText> {
  let top = folder;
  for (let above = folderOf(top); top !== "/"; above = folderOf(top)) {
    if ((await fs.stat(bytes(above === "" ? ("/" as PathText) : above))).dev !== device) break;
    top = above;
  }
  return top;
}

/** "a.jpg" → "a 2.jpg", cut at a whole character so that it fits. */
function numbered(name: PathText, number: number): PathText {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 && name.length - dot <= 10 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const room = NAME_BYTES_MAX - bytes(ending as PathText).length;
  const characters = [...stem];
  while (bytes(characters.join("") as PathText).length > room) characters.pop();
  return (characters.join("") + (number === 1 ? "" : ` ${number}`) + ending) as PathText;
}

function percentEncoded(path: PathText): string {
  let text = "";
  for (const byte of decodePath(path)) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9\-_.~/]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** "2026-11-22T09:08:07", the local time, as the specification wants. */
function localTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date}T${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}
