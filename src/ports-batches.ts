/** Shoots that are complete, in the Ledger port. Types only. */
import type { PathText } from "./core/inbox/path-text.ts";
import type { Job } from "./core/job/job.ts";

export type Batch = {
  readonly id: string;
  readonly inbox: PathText;
  /** Relative to the inbox, "" for the inbox itself. */
  readonly folder: PathText;
  readonly data: Readonly<Record<string, unknown>>;
  readonly closedAt: number;
};

export type Sheet = {
  readonly n: number;
  readonly temp: PathText;
  /** Null until it gets a name. */
  readonly path: PathText | null;
  readonly sha256: string;
};

export type Batches = {
  /** Shoots of this inbox that are complete: the ids of their photos, and what is told of them. */
  complete(
    inbox: PathText,
    gapMs: number,
    now: number,
  ): Promise<readonly (Pick<Batch, "folder" | "data"> & { readonly ids: readonly string[] })[]>;
  /** From now on these photos are of this batch and of no other one. */
  close(batch: Batch, jobs: readonly string[]): Promise<void>;
  /** Closed, and nobody was told of them yet. */
  untold(): Promise<readonly Batch[]>;
  /** In the order they came. */
  jobs(batch: string): Promise<readonly Job[]>;
  sheets(batch: string): Promise<readonly Sheet[]>;
  /** Before any of them gets its name: from now on they are known as ours. */
  stage(batch: string, sheets: readonly Sheet[]): Promise<void>;
  /** The name that one is about to get. */
  name(batch: string, n: number, path: PathText): Promise<void>;
  /** The event, and what hooks are to be told, once and for all. */
  tell(batch: string, data: object, now: number): Promise<void>;
};
