/** What the inbox asks of the disk, and the real one. Tests hand in another to make disks misbehave. */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import type { ReadAt } from "../core/inbox/endings.ts";
import { encodePath, joinPath, type PathText } from "../core/inbox/path-text.ts";
import type { Signature } from "../core/job/job.ts";
import { readFully } from "./files/read.ts";
import { bytesOf, ifThere } from "./files.ts";

export type Seen = Signature & {
  readonly kind: "file" | "folder" | "other";
  readonly device: string;
  readonly ctimeNs: string;
};

export type Name = { readonly name: PathText; readonly kind: "file" | "folder" | "link" | "other" | "unknown" };

/** What the kind of file system tells: whether changes are reported, and whether inodes last. */
export type Mount = {
  readonly watchable: boolean;
  readonly inodes: boolean;
  /** The type of the network share that it is. */
  readonly share?: string;
};

/** Absent things are undefined; every other failure is thrown as the system said it. */
export type Disk = {
  /** Follows links. */
  stat(path: PathText): Promise<Seen | undefined>;
  list(folder: PathText): Promise<readonly Name[] | undefined>;
  real(path: PathText): Promise<PathText | undefined>;
  mount(path: PathText): Promise<Mount>;
  /** The root of the network share that the path lies on, told without asking the share. */
  share?(path: PathText): Promise<PathText | undefined>;
  /** Opens a file for as long as `use` runs. */
  reading<T>(file: PathText, use: (read: ReadAt) => Promise<T>): Promise<T>;
};

/** Names fetched from the system at once; the event loop runs between two such batches. */
const NAMES_AT_ONCE = 512;

async function stat(path: PathText): Promise<Seen | undefined> {
  const found = await ifThere(() => fs.stat(bytesOf(path), { bigint: true }));
  if (found === undefined) return undefined;
  return {
    kind: found.isFile() ? "file" : found.isDirectory() ? "folder" : "other",
    device: String(found.dev),
    inode: String(found.ino),
    sizeBytes: Number(found.size),
    mtimeNs: String(found.mtimeNs),
    ctimeNs: String(found.ctimeNs),
  };
}

async function list(folder: PathText): Promise<readonly Name[] | undefined> {
  return ifThere(async () => {
    // Names are bytes: "buffer" works here as in readdir, though the types do not know.
    const encoding = "buffer" as unknown as BufferEncoding;
    const names: Name[] = [];
    for await (const entry of await fs.opendir(bytesOf(folder), { encoding, bufferSize: NAMES_AT_ONCE })) {
      const kind = entry.isFile()
        ? "file"
        : entry.isDirectory()
          ? "folder"
          : entry.isSymbolicLink()
            ? "link"
            : entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice()
              ? "other"
              : "unknown"; // some file systems do not say what a name is
      names.push({ name: encodePath(entry.name as unknown as Buffer), kind });
    }
    return names;
  });
}

/** Linux numbers of file systems that other machines or programs change unseen (statfs(2), linux/magic.h). */
const NETWORK_MAGIC = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x5346414f, 0x00c36400, 0x73757245, 0x564c,
  0x786f4256, 0x0bd00bd0, 0x01161970, 0x7461636f, 0x47504653, 0x19830326, 0xbacbacbc, 0x20030528,
]);
/** FAT and exFAT make inode numbers up at every mount. */
const NO_INODES_MAGIC = new Set([0x4d44, 0x2011bab0]);

async function mount(path: PathText): Promise<Mount> {
  if (process.platform !== "linux") return { watchable: true, inodes: process.platform !== "win32" };
  const { type } = await fs.statfs(bytesOf(path), { bigint: true });
  const magic = Number(type & 0xffffffffn);
  const isNetwork = NETWORK_MAGIC.has(magic);
  return { watchable: !isNetwork, inodes: !isNetwork && !NO_INODES_MAGIC.has(magic) };
}

export const systemDisk: Disk = {
  stat,
  list,
  real: (path) => ifThere(async () => encodePath(await fs.realpath(bytesOf(path), { encoding: "buffer" }))),
  mount,
  async reading(file, use) {
    // Without O_NONBLOCK a pipe that took the file's place would hold a thread until somebody writes to it.
    const handle = await fs.open(bytesOf(file), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return await use((offset, length) => readFully(handle, Buffer.allocUnsafe(length), offset));
    } finally {
      await handle.close();
    }
  },
};

/** A path relative to the inbox, absolute; "" is the inbox itself. */
export function within(root: PathText, path: PathText): PathText {
  return path === "" ? root : joinPath(root, path);
}

/** Runs `act` over a queue that may grow meanwhile, so many at once. The first throw ends it. */
export async function eachOf<T>(queue: T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  let at = 0;
  let running = 0;
  await new Promise<void>((resolve, reject) => {
    const next = (): void => {
      if (running === 0 && at >= queue.length) resolve();
      while (running < atOnce && at < queue.length) {
        running++;
        act(queue[at++]!).then(() => {
          running--;
          next();
        }, reject);
      }
    };
    next();
  });
}
