/**
 * The shapes that adapters fill: all that the line knows of the world. Types only.
 * Every Ledger method returns a promise, since a second ledger will live across a network.
 */
import type { ErrorCode } from "./core/errors.ts";
import type { PathText } from "./core/inbox/path-text.ts";
import type { Job, Recipe, Signature } from "./core/job/job.ts";
import type { PlateRule } from "./core/workflow/framing.ts";
import type { Ledger, Usual } from "./ports-ledger.ts";
import type { Pictures } from "./ports-pictures.ts";
import type { Shares } from "./ports-shares.ts";

export type { Inbox, InboxEvents, InboxOptions, Settled, Sighting, SightingState } from "./ports-inbox.ts";
export type { Ledger } from "./ports-ledger.ts";

export type Clock = {
  /** Unix time in ms. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export type Ids = {
  /** A fresh canonical lower-case UUID. */
  uuid(): string;
  /** 0 … 1, for jitter. */
  random(): number;
  /** A whole number 0 … 2⁴⁸−1, for seeds. */
  seed(): number;
};

/** One structured line: the message is a constant phrase, the rest are fields. */
export type Log = Readonly<
  Record<
    "debug" | "info" | "warn" | "error" | "fatal",
    (fields: Readonly<Record<string, unknown>>, phrase: string) => void
  >
>;

// ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type FileStat = Signature & {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly mtimeMs: number;
  /** When the disk last saw any change of it: a time that nobody can set. */
  readonly changedMs: number;
};

/** The disk. Only this adapter turns a PathText into the bytes the system wants. Errors: `file-failed`, `disk-full`. */
export type Files = {
  stat(path: PathText): Promise<FileStat | undefined>;
  /** The real path, every link followed; undefined when nothing is there. */
  real(path: PathText): Promise<PathText | undefined>;
  read(path: PathText, maxBytes: number): Promise<Buffer>;
  list(folder: PathText): Promise<readonly { readonly name: PathText; readonly kind: FileStat["kind"] }[]>;
  makeFolder(path: PathText): Promise<void>;
  /** Throws `outbox-unwritable` unless a file can be made in the folder (which is made when absent). */
  proveWritable(folder: PathText): Promise<void>;
  /** Writes and fsyncs a file that is not there yet: one under a temp name, which is noted before and `publish`ed after. */
  writeNew(path: PathText, bytes: Uint8Array | string): Promise<void>;
  /** Writes by a temp name of its own, fsync and rename; an existing file is replaced. */
  writeAtomic(path: PathText, bytes: Uint8Array | string): Promise<void>;
  /** Lower-case hex SHA-256 of the file's bytes. */
  sha256(path: PathText): Promise<string>;
  /**
   * Gives the whole, fsynced file `temp` its final name without ever replacing a file. "taken" when another file has
   * that name; when both names are one file, an earlier run came that far: the temp name goes, "published".
   */
  publish(temp: PathText, final: PathText): Promise<"published" | "taken">;
  /** Gives the whole, fsynced file `temp` its final name in place of a file of ours that has it. */
  replace(temp: PathText, final: PathText): Promise<void>;
  syncFolder(folder: PathText): Promise<void>;
  /** Deletes a file of our own making (temp or work file); absent is fine. Never used on an original. */
  discard(path: PathText): Promise<void>;
  discardFolder(path: PathText): Promise<void>;
  /** Removes an empty folder; false when it is not empty, or gone. */
  removeFolder(path: PathText): Promise<boolean>;
  /** Copies, verifies by hash and then removes the source when the two are on different disks; never replaces. */
  move(from: PathText, to: PathText): Promise<"moved" | "taken" | "gone">;
  copy(from: PathText, to: PathText): Promise<"copied" | "taken" | "gone">;
  /** To the system's trash (freedesktop.org trash of the file's own disk). Gives where it went. */
  trash(path: PathText): Promise<PathText>;
  /** The network shares among them; left out where none is told apart. */
  readonly shares?: Shares;
};

export type * from "./ports-pictures.ts";

// ── Backends ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One render asked of a backend, the same in every call about it, rebuilt from the ledger after a restart. */
export type Submission = {
  /** Canonical lower-case UUID, chosen and stored by us before the first submit. */
  readonly ticket: string;
  /** Unique, plain ASCII: prefix of the result's file name on the backend, such as "hotgrade/2026-11-22/<ticket>". */
  readonly prefix: string;
  readonly prompt: string;
  readonly seed: number;
  readonly workflow: string;
  readonly slots: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string | number>>;
  readonly plate: { readonly file: PathText; readonly width: number; readonly height: number };
  /** What `put` called the plate over there. */
  readonly placement: string;
  /** How long its workflow usually runs there; null before the first run. */
  readonly usual: Usual | null;
};

export type PictureRef = { readonly slot: "result" | "baseline"; readonly name: string };

export type Progress =
  /** `againMs`: when it is worth asking again, where the backend can tell. */
  | { readonly kind: "pending"; readonly ahead: number; readonly againMs?: number }
  /** `fraction` of the way, 0 … 1; `leftMs`, about so long to go. Each null when nothing is known. */
  | {
      readonly kind: "running";
      readonly fraction: number | null;
      readonly leftMs: number | null;
      readonly againMs?: number;
    }
  | {
      readonly kind: "finished";
      readonly pictures: readonly PictureRef[];
      /** How long it ran there, by that machine's clock; null where it does not say. */
      readonly ranMs: number | null;
    }
  /** It ended without a picture: retry per the code (`backend-failed`, `backend-rejected`, `backend-out-of-memory`). */
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string }
  /** Interrupted or deleted by a person over there. */
  | { readonly kind: "cancelled"; readonly message: string }
  /** In neither queue nor history, twice, and no result file under its prefix. `ran`: it was seen running before. */
  | { readonly kind: "unknown"; readonly ran: boolean };

/** A workflow with what a recipe says of it. */
export type WorkflowUse = Pick<Submission, "workflow" | "slots" | "params">;

/** Whether a backend can run a workflow as both stand. `message` says what is missing, and where it belongs. */
export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly code: ErrorCode; readonly message: string };

/** A small picture of a render under way. */
export type Glimpse = { readonly mime: "image/jpeg" | "image/png"; readonly bytes: Uint8Array };

/** Something `check` has to say. */
export type Finding = {
  /** The workflow it is about; absent where it is about the backend. */
  readonly workflow?: string;
  readonly level: "ok" | "warn" | "error";
  readonly code: ErrorCode | null;
  readonly message: string;
};

/**
 * What runs workflows. Errors: `backend-unreachable` (costs no attempt), `backend-rejected`, `backend-failed`,
 * `backend-not-comfyui`, `picture-incomplete`.
 */
export type Backend = {
  readonly name: string;
  readonly kind: string;
  /** Prompts it takes at once. */
  readonly depth: number;
  /** The size a plate must have for this workflow. Errors: `workflow-missing`, `workflow-invalid`. */
  plateRule(workflow: string, slots: Readonly<Record<string, string>>): Promise<PlateRule>;
  /** What a person should hear about these words, in sentences: such as words it does not know. */
  remarks(prompt: string): readonly string[];
  /** Alive? A cheap probe that throws `backend-unreachable`, `backend-not-comfyui` or, once it was found hung, `backend-stuck`. */
  probe(signal?: AbortSignal): Promise<void>;
  /** Everything that would fail, for these workflows, without a run; and what is worth knowing of them. */
  check(uses: readonly WorkflowUse[], signal?: AbortSignal): Promise<readonly Finding[]>;
  /**
   * Can it run this workflow as it stands? Cheap while nothing changed over there. Errors: `backend-unreachable`,
   * `backend-not-comfyui`, `workflow-missing`, `workflow-invalid`.
   */
  preflight(asked: WorkflowUse, signal?: AbortSignal): Promise<Readiness>;
  /** Uploads a plate, verifies the stored length, gives its name over there. Safe to repeat. */
  put(
    plate: { readonly file: PathText; readonly sha256: string; readonly sizeBytes: number; readonly folder: string },
    signal?: AbortSignal,
  ): Promise<string>;
  /** Sends the prompt. Throws `backend-unreachable` with data.unsure = true when the answer was lost on the way. */
  submit(submission: Submission, signal?: AbortSignal): Promise<void>;
  /** Throws `backend-stuck` when the backend has hung with this or another prompt in its hands. */
  progress(submission: Submission, signal?: AbortSignal): Promise<Progress>;
  /** Takes it out of the queue if it only waits there; "kept" when it runs or has ended, or is not there. */
  withdraw(ticket: string, signal?: AbortSignal): Promise<"withdrawn" | "kept">;
  /** Downloads one picture whole. Errors: `picture-incomplete`. */
  picture(submission: Submission, ref: PictureRef, to: PathText, signal?: AbortSignal): Promise<void>;
  /** Takes it out of the queue or interrupts it, if it is there. */
  cancel(ticket: string, signal?: AbortSignal): Promise<void>;
  /** Forgets what it keeps of these tickets, all of which have ended; of nobody else's. Safe to repeat. */
  tidy(tickets: readonly string[], signal?: AbortSignal): Promise<void>;
  /** How the backend turns floats into bytes; found out once per backend. */
  rounding(signal?: AbortSignal): Promise<"rounded" | "truncated">;
  /** The last preview of a ticket that is under way. */
  glimpse(ticket: string): Glimpse | undefined;
  /**
   * Calls back when something may have changed for a ticket, or (null) in general; with a fraction when nothing has but how
   * far it is. Returns an unsubscribe.
   */
  onNudge(listener: (ticket: string | null, fraction: number | null, leftMs: number | null) => void): () => void;
  close(): Promise<void>;
};

/** Where a photo goes; disposed of when its plate is over there, or will never be. */
export type Chosen = {
  /** Null when none may have it now; `reason` says why. */
  readonly backend: Backend | null;
  readonly reason: string;
  [Symbol.dispose](): void;
};

/** The backends that are configured, and which of them answer. */
export type Backends = {
  /** Errors: `backend-unknown`. */
  get(name: string): Backend;
  /**
   * The one with the least expected wait among those of the job's recipe that answer, are not paused and can run its
   * workflow; or why there is none. Errors: `backend-unknown`.
   */
  choose(job: Pick<Job, "recipe" | "facts">, signal?: AbortSignal): Promise<Chosen>;
  isUp(name: string): boolean;
  /** Asks again, after a refusal: a backend that cannot run this workflow gets no more of it until it can. */
  isAble(name: string, recipe: Recipe, signal?: AbortSignal): Promise<boolean>;
};

/** All that stages may use. */
export type Ports = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly files: Files;
  readonly pictures: Pictures;
  readonly ledger: Ledger;
  readonly backends: Backends;
  /** Absolute folder of looks, each named by its SHA-256. */
  readonly looksFolder: PathText;
  /** Absolute folder for work files, one folder a job below it. */
  readonly workFolder: PathText;
};
