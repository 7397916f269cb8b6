/**
 * Files and Disk that send what concerns a network share to that share's own process, and everything else where it went
 * before. Whether a path lies on a share is asked anew each time, of the system's table of mounts: shares come and go.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { AppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import type { Files } from "../ports.ts";
import type { Share, ShareCall, Shares } from "../ports-shares.ts";
import { type FilesOptions, openFiles } from "./files.ts";
import { type Disk, type Name, type Seen, systemDisk } from "./inbox-disk.ts";
import { openMounts } from "./inbox-mounts.ts";
import { type OpenShare, openShare, SHARE_LIMITS, type ShareLimits, type ShareProgram } from "./inbox-share.ts";

export type SharesOptions = {
  readonly files: Omit<FilesOptions, "now">;
  /** Left out: as the system's table of mounts says. */
  readonly find?: (path: PathText) => Promise<Share | undefined>;
  readonly limits?: ShareLimits;
  /** The surroundings of the shares' processes. */
  readonly env: ShareProgram["env"];
};

/** How many paths each method of Files takes first; one where it is not said. */
const PATHS: Readonly<Record<string, number>> = { publish: 2, replace: 2, move: 2, copy: 2 };

/** The disk, with every share behind a process of its own. */
export function openSharedFiles(options: SharesOptions): Files & { readonly shares: Shares } {
  const local = openFiles({ ...options.files, now: () => Date.now() });
  const shares = openShares(options);
  const routed = Object.entries(local).map(([name, method]) => {
    const act = async (...args: PathText[]): Promise<unknown> => {
      const paths = args.slice(0, PATHS[name] ?? 1);
      const found = await sharesOf(paths, shares);
      if (found.length === 0) return (method as (...args: PathText[]) => Promise<unknown>)(...args);
      const [first, ...others] = found;
      const call = () => shares.call(first!, `files ${name}`, args);
      const gives = await (others.length === 0 ? call() : shares.guard(paths, undefined, call));
      return gives instanceof Uint8Array ? Buffer.from(gives) : gives;
    };
    return [name, act];
  });
  return { ...(Object.fromEntries(routed) as Files), shares };
}

async function sharesOf(paths: readonly PathText[], shares: Pick<Shares, "of">): Promise<readonly Share[]> {
  const found = new Map<string, Share>();
  for (const path of paths) {
    const share = await shares.of(path);
    if (share) found.set(share.root, share);
  }
  return [...found.values()];
}

export function openShares({ files, find = openMounts(), limits = SHARE_LIMITS, env }: SharesOptions): Shares {
  const open = new Map<PathText, OpenShare>();
  const listeners = new Set<(share: Share, away: AppError | null) => void>();
  const file = fileURLToPath(new URL(`./inbox-share-worker${extname(import.meta.filename)}`, import.meta.url));
  const program = { file, words: [JSON.stringify(files)], env };
  let isLeft = false;

  function of(share: Share): OpenShare {
    const found = open.get(share.root);
    if (found) return found;
    const fresh = openShare(share, program, limits, (away) => {
      for (const listener of listeners) listener(share, away);
    });
    if (isLeft) fresh.leave();
    open.set(share.root, fresh);
    return fresh;
  }

  return {
    of: find,
    call: (share, what, args) => of(share).call(what, args),
    async guard(paths, signal, act) {
      const found = await sharesOf(paths, { of: find });
      if (found.length === 0) return act(signal);
      const lost = new AbortController();
      const ended = Promise.withResolvers<never>();
      ended.promise.catch(() => undefined); // heard by the race below, when that has begun
      const releases = found.map((share) =>
        of(share).hold((error) => {
          ended.reject(error);
          lost.abort(error);
        }),
      );
      try {
        // Work that would hang at its first step is not begun.
        await Promise.all(found.map((share) => of(share).call("ping", [share.root])));
        const both = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
        return await Promise.race([act(both), ended.promise]);
      } finally {
        for (const release of releases) release();
      }
    },
    onChange: (listener) => void listeners.add(listener),
    leave(graceMs) {
      setTimeout(() => {
        isLeft = true;
        for (const share of open.values()) share.leave();
      }, graceMs).unref();
    },
  };
}

/** The disk as these files reach it: over the processes of network shares, where there are such. */
export const diskOf = ({ shares }: Pick<Files, "shares">): Disk => (shares ? sharedDisk(shares) : systemDisk);

/** The disk of a scanner whose inbox may lie on a share. */
export function sharedDisk(shares: Shares): Disk {
  const ask = async <T>(
    path: PathText,
    what: ShareCall,
    args: readonly unknown[],
    here: () => Promise<T>,
  ): Promise<T> => {
    const share = await shares.of(path);
    return share ? ((await shares.call(share, what, args)) as T) : here();
  };
  return {
    stat: (path) => ask<Seen | undefined>(path, "disk stat", [path], () => systemDisk.stat(path)),
    list: (folder) => ask<readonly Name[] | undefined>(folder, "disk list", [folder], () => systemDisk.list(folder)),
    real: (path) => ask<PathText | undefined>(path, "disk real", [path], () => systemDisk.real(path)),
    share: async (path) => (await shares.of(path))?.root,
    async mount(path) {
      const share = await shares.of(path);
      return share ? { watchable: false, inodes: false, share: share.type } : systemDisk.mount(path);
    },
    async reading(file, use) {
      const share = await shares.of(file);
      if (!share) return systemDisk.reading(file, use);
      return use(async (at, length) => bufferOf(await shares.call(share, "piece", [file, at, length])));
    },
  };
}

type Pieces = { readonly size: number; read(at: number, length: number): Promise<Buffer> };

/** Reads a file in pieces by the share's process; undefined for one that lies on this machine. */
export async function piecesOf(path: PathText, shares: Shares): Promise<Pieces | undefined> {
  const share = await shares.of(path);
  if (!share) return undefined;
  const { size } = (await shares.call(share, "facts", [path])) as { readonly size: number };
  return {
    size,
    async read(at, length) {
      const wanted = Math.max(0, Math.min(length, size - at, PIECE_MAX));
      return bufferOf(await shares.call(share, "piece", [path, at, wanted]));
    },
  };
}

const PIECE_MAX = 64 << 20;
const bufferOf = (bytes: unknown): Buffer => {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, byteLength);
};
