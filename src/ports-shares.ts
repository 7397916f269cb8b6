/** Network shares, on which any system call may wait for ever: what the line asks of whoever guards them. Types only. */
import type { AppError } from "./core/errors.ts";
import type { Share } from "./core/inbox/mounts.ts";
import type { PathText } from "./core/inbox/path-text.ts";

export type { Share } from "./core/inbox/mounts.ts";

export type Shares = {
  /** The share that a path lies on, links followed; never asks a share. */
  of(path: PathText): Promise<Share | undefined>;
  /** Asks the share's own process. Errors: `share-away` for a share that does not answer, `interrupted`, and the file's. */
  call(share: Share, what: ShareCall, args: readonly unknown[]): Promise<unknown>;
  /** Runs work of another process on these paths for as long as their shares answer. Errors: `share-away`, `interrupted`. */
  guard<T>(
    paths: readonly PathText[],
    signal: AbortSignal | undefined,
    act: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T>;
  /** Told when a share stops answering, and (null) when it answers again. */
  onChange(listener: (share: Share, away: AppError | null) => void): void;
  /** What is asked of shares has this long to end, then ends as interrupted; and their processes with it. */
  leave(graceMs: number): void;
};

/** `files NAME`, `disk NAME`: a method of those ports; `facts`, `piece`: the size of a file, and a stretch of it. */
export type ShareCall = `files ${string}` | `disk ${string}` | "facts" | "piece" | "ping";
