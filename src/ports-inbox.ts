/** The Inbox port: a watched folder, and what is known of its files. Types only. */
import type { ErrorCode } from "./core/errors.ts";
import type { InboxOrder } from "./core/inbox/order.ts";
import type { PathText } from "./core/inbox/path-text.ts";
import type { Signature } from "./core/job/job.ts";
import type { PairOptions } from "./ports-pairs.ts";
export type SightingState = "settling" | "truncated" | "refused" | "taken" | "own" | "ignored";

/** What a scan knows of a file before, or instead of, it becoming a job. */
export type Sighting = {
  /** Relative to the inbox. */
  readonly path: PathText;
  readonly sizeBytes: number;
  readonly mtimeNs: string;
  /** "" where inodes say nothing (network mounts). */
  readonly inode: string;
  readonly state: SightingState;
  readonly code: ErrorCode | null;
  readonly message: string | null;
};

/** A file that has stopped changing and whose format has ended. */
export type Settled = { readonly path: PathText; readonly absolute: PathText; readonly signature: Signature };

export type InboxOptions = {
  readonly root: PathText;
  readonly settleMs: number;
  readonly rescanMs: number;
  /** The same on a network share, where nothing is watched; left out, as elsewhere. */
  readonly shareRescanMs?: number;
  readonly order: InboxOrder;
  /** Absolute real paths below the root that are never looked into. */
  readonly skip: readonly PathText[];
  /** What the ledger remembers of this inbox. */
  readonly known: readonly Sighting[];
  /** Left out, every file is a photo of its own. */
  readonly pairs?: PairOptions | undefined;
};

export type InboxEvents = {
  /**
   * Takes one settled file; the answer is what it became. A throw means: look again at the next scan. Files are read side by
   * side; `before` resolves when those before it in the order are in the ledger.
   */
  settled(file: Settled, before: Promise<void>): Promise<Pick<Sighting, "state" | "code" | "message">>;
  /** States that changed, for the ledger. */
  sighted(sightings: readonly Sighting[]): Promise<void>;
  /** Files that the ledger knows and that are gone. */
  gone(paths: readonly PathText[]): Promise<void>;
  /** The folder, or a folder in it (absolute), cannot be read; null when it can again. */
  trouble(folder: PathText, message: string | null): void;
  /** The system refuses to report changes, in words; null when it is asked anew. */
  watched?(failure: string | null): void;
};

export type Inbox = {
  /**
   * Looks once at everything that is due. Resolves when all settled files of this look are taken. `settling` counts those
   * that another look may still take: it comes to 0 in time, since an incomplete file that stands still counts no more
   * (unless `start` was called, after three times the settle time), nor does one whose hand-in has thrown three times.
   */
  scan(): Promise<{ readonly settling: number /** The folder itself could not be read. */; readonly isAway: boolean }>;
  /** Scans by itself until stopped: by the clock, and sooner when the system reports a change. */
  start(): void;
  stop(): Promise<void>;
};
