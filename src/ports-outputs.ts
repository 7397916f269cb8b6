/** The part of the Ledger port that knows what jobs write. Types only. */
import type { PathText } from "./core/inbox/path-text.ts";
import type { Sidecar } from "./core/job/job.ts";

export type OutputKind = "photo" | Sidecar;
export type OutputState = "reserved" | "staged" | "published";
export type Output = {
  readonly job: string;
  readonly kind: OutputKind;
  readonly stem: string;
  /** Final path, absolute. */
  readonly path: PathText;
  /** Temp path while staged. */
  readonly temp: PathText | null;
  readonly sha256: string | null;
  /** Of a photo: its hash apart from its metadata. */
  readonly pictureSha256: string | null;
  readonly state: OutputState;
};

export type Outputs = {
  /**
   * Reserves the first free stem in this outbox for this job, for photo and sidecars together. The same job asking
   * again gets the stem it holds, unless `not` names it (a foreign file has that name). Throws `lease-lost`.
   */
  reserve(wanted: {
    readonly job: string;
    readonly lease: string;
    readonly outbox: PathText;
    readonly stems: readonly string[];
    readonly files: readonly { readonly kind: OutputKind; readonly suffix: string }[];
    readonly not: readonly string[];
  }): Promise<readonly Output[]>;
  /** Throws `lease-lost`. */
  stage(staged: {
    readonly job: string;
    readonly lease: string;
    readonly kind: OutputKind;
    readonly temp: PathText;
    readonly sha256: string;
    /** Of a photo: its hash apart from its metadata. */
    readonly pictureSha256?: string | null;
  }): Promise<void>;
  /** Throws `lease-lost`. */
  publish(published: {
    readonly job: string;
    readonly lease: string;
    readonly kind: OutputKind;
    readonly now: number;
  }): Promise<void>;
  /** Temp files of jobs that ended without them; forgotten here once they are discarded. */
  abandoned(limit: number): Promise<readonly { readonly job: string; readonly temps: readonly PathText[] }[]>;
  forget(job: string): Promise<void>;
  /** Gives up the stem of a job whose outputs are all gone. */
  release(job: string): Promise<void>;
  /** Folders that outputs were written to. */
  folders(): Promise<readonly PathText[]>;
  of(job: string): Promise<readonly Output[]>;
  /** Did we write this file, or this picture with other metadata? */
  isOurs(file: { readonly contentSha256: string; readonly pictureSha256: string }): Promise<boolean>;
};
