/** What a job is: one settled photo on its way through the line. Plain data, as the ledger keeps it. */
import type { ErrorCode } from "../errors.ts";
import type { Companion, Moving } from "../inbox/companions.ts";
import type { PathText } from "../inbox/path-text.ts";
import type { FitReport } from "../lut/fit/report.ts";
import type { BitDepth, OutputProfile, PictureInfo, RawWay, WrittenFormat } from "./picture.ts";

/** The stages of the line, in order. `LINE` in stages/index.ts holds their programs. */
export const STAGES = ["upload", "queue", "fetch", "lut", "write", "retire"] as const;
export type Stage = (typeof STAGES)[number];

export const STATUSES = ["ready", "leased", "done", "failed", "cancelled", "held", "superseded"] as const;
export type Status = (typeof STATUSES)[number];

/** Statuses in which nothing more happens by itself. A held job waits for a person. */
export const ENDED: readonly Status[] = ["done", "failed", "cancelled", "superseded"];

export type Origin = "inbox" | "command" | "api" | "viewer";

/** What becomes of a photo whose picture lies in its inbox already: the other's look, nothing, or a grade of its own. */
export const DUPLICATES = ["reuse", "skip", "regrade"] as const;
export type Duplicates = (typeof DUPLICATES)[number];

/** What becomes of the original: stay, or go to a folder (relative to the inbox), or to the system's trash. */
export type Disposition =
  | { readonly kind: "leave" }
  | { readonly kind: "move" | "copy"; readonly folder: PathText }
  | { readonly kind: "trash" };

/** What becomes of originals, by outcome. */
export type Originals = Readonly<Record<"done" | "failed" | "duplicate" | "unsupported", Disposition>> & {
  // Left out where nothing was asked for: recipes from before these were known stay the same ones.
  readonly held?: Disposition;
  /** Folders of the inbox that a move has emptied go. */
  readonly removeEmptyFolders?: true;
};

/** How the model's picture becomes the output: by its look alone, by look and bilateral grid, or made larger as it is. */
export const FINISHES = ["lut", "local", "direct"] as const;
export type FinishName = (typeof FINISHES)[number];

/** What becomes of an edit that is more than a colour grade. */
export type OnSpatial = "hold" | "local" | "direct" | "write";

/** Files that hold a look: a .cube, a HaldCLUT PNG, a Lightroom profile. */
export type LookFormat = "cube" | "hald" | "lightroom";
export type Sidecar = LookFormat | "report";
export type OutputFormat = "same" | WrittenFormat;

/** Everything that decides how a photo is graded and written; a snapshot taken when the job is made. */
export type Recipe = {
  readonly prompt: string;
  readonly promptSuffix: string;
  readonly workflow: string;
  readonly slots: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string | number>>;
  readonly seed: number | "random" | "from-content";
  /** Names of the backends that may serve it, in the order of preference. */
  readonly backends: readonly string[];
  readonly finish: FinishName;
  readonly look: LookSource;
  readonly lutSize: number;
  readonly strength: number;
  readonly onSpatial: OnSpatial;
  /** A person sees a proof before the photo is written; left out where nobody asked to. */
  readonly review?: true;
  /** How a RAW becomes a picture; without it, by its preview. Only the recipes of RAW files have it. */
  readonly raw?: RawWay;
  readonly output: OutputRecipe;
  readonly original: Originals;
};

/** A look in the looks folder, known by the SHA-256 of its .cube. */
export type KeptLook = { readonly sha256: string; readonly file: PathText };

/** Where a photo's look comes from: a model asked for each photo, or for the heroes of its shoot; or one that is kept. */
export type LookSource =
  | { readonly kind: "each" }
  | ({ readonly kind: "shoot" } & ShootRules)
  /** `locked`: by `look lock`, and not by the configuration. */
  | ({ readonly kind: "kept"; readonly locked?: true } & KeptLook);

export type ShootRules = {
  /** How many photos of a shoot go to the model; their pairs make one look. */
  readonly heroes: number;
  /** Photos that lie in the inbox itself are of one shoot while no pause between two is longer. */
  readonly gapMs: number;
  /** Share 0 … 1 of a photo's pixels that may lie outside the colours a look rests on. */
  readonly outsideMax: number;
};

/** A hero's picture goes to the model; a frame waits for the look that the heroes give. */
export type ShootRole = "hero" | "frame";

export type OutputRecipe = {
  /** Absolute folder of the results. */
  readonly outbox: PathText;
  readonly structure: "keep" | "flat";
  /** Template over the words of `NAME_WORDS`. */
  readonly name: string;
  readonly suffix: string;
  readonly format: OutputFormat;
  /** 1 … 100; null keeps the source's. */
  readonly quality: number | null;
  // Left out where nothing was asked for: recipes from before these were known stay the same ones.
  readonly bitDepth?: BitDepth;
  /** Pixels of the long edge. */
  readonly resize?: number;
  readonly profile?: OutputProfile;
  /** The output's file time; left out means now. */
  readonly times?: "now" | "keep";
  readonly sidecars: readonly Sidecar[];
};

/** The identity of a file on disk, for "has it changed?". Decimal strings where a number would lose digits. */
export type Signature = { readonly sizeBytes: number; readonly mtimeNs: string; readonly inode: string };

/** What stages learn and later stages need. Every value survives a restart. */
export type Facts = {
  readonly signature?: Signature;
  readonly photo?: PictureInfo;
  /** Of a RAW: the picture made of it, in the work folder, and the hash of that. It can be made again. */
  readonly developed?: {
    readonly file: PathText;
    readonly pictureSha256: string;
    readonly notes: readonly string[];
  };
  readonly backend?: string;
  readonly plate?: string;
  readonly ticket?: string;
  readonly preview?: PathText;
  /** How many times as large as the plate the preview is; left out for once. */
  readonly factor?: number;
  readonly baseline?: PathText;
  readonly rounding?: "rounded" | "truncated";
  /** The finish a person chose for this preview. */
  readonly approvedAs?: FinishName;
  /** SHA-256 of the look, and its .cube. */
  readonly look?: string;
  readonly cube?: PathText;
  readonly verdict?: "global" | "warn" | "spatial";
  readonly score?: number;
  readonly fit?: FitReport;
  /** The .grid of what the model changed by place, on top of `cube`. */
  readonly grid?: PathText;
  /** How the output is made; a look that was given is `lut` and says nothing here. */
  readonly finish?: FinishName;
  /** A picture of where the look does not explain the edit. */
  readonly heatmap?: PathText;
  /** A small picture of what would be written, in the work folder. */
  readonly proof?: PathText;
  /** A person has said that it may be written. */
  readonly reviewed?: true;
  /** Sentences worth the user's attention, for status and report. */
  readonly notes?: readonly string[];
  /** Temp files being written in the outbox, named before they are made. */
  readonly temps?: readonly PathText[];
  /** SHA-256 of the outputs that are written again, by path: those files may be replaced. */
  readonly replaces?: Readonly<Record<string, string>>;
  /** Of a shoot's heroes, the job that the look fails on, while it is held. */
  readonly failsOn?: string;
  /** When a person rejected what the model made of it for its shoot. */
  readonly passedOverAt?: number;
  /** Share 0 … 1 of a frame's pixels outside the colours that its shoot's look rests on. */
  readonly outside?: number;
  readonly outputs?: readonly PathText[];
  /** Backends that failed it: others get it, as long as there are some. */
  readonly failedOn?: readonly string[];
  /** Of a photo that lies in its inbox twice: whether it takes the other's look, or is left out for it. */
  readonly copy?: "reuse" | "skip";
  /** The job whose look it took. */
  readonly copyOf?: string;
  /** The stage at which it is held, while its original is put away for that. */
  readonly heldAt?: Stage;
  /** Its original was put away while it was held, or since it failed: done, it goes on from there. */
  readonly away?: boolean;
  /** Where the retire stage is putting the original, written before it moves. */
  readonly retiring?: {
    readonly kind: "move" | "copy";
    readonly from: PathText;
    readonly to: PathText;
    /** Its companions; they go first. Left out where there are none. */
    readonly along?: readonly Moving[];
  };
  /** Where the companions are that went with the original. */
  readonly companions?: readonly Companion[];
};

/** Why a job failed, and the stage it goes on from when it is retried. */
export type Failure = { readonly code: ErrorCode; readonly message: string; readonly stage: Stage };

export type Job = {
  readonly id: string;
  readonly seq: number;
  readonly origin: Origin;
  /** The inbox's absolute path, or null for a job without one. */
  readonly inbox: PathText | null;
  /** The original's path relative to the inbox (the identity), or absolute without one. */
  readonly path: PathText;
  /** Where the original is now, absolute. */
  readonly original: PathText;
  readonly pictureSha256: string;
  readonly contentSha256: string;
  readonly generation: number;
  readonly recipe: Recipe;
  readonly recipeHash: string;
  readonly stage: Stage;
  readonly status: Status;
  readonly facts: Facts;
  /** Counted attempts that failed at this stage. */
  readonly attempt: number;
  readonly rewinds: number;
  readonly dueAt: number;
  readonly waitsOn: string | null;
  readonly holdReason: string | null;
  readonly failure: Failure | null;
  readonly priority: number;
  readonly shoot: { readonly id: string; readonly role: ShootRole } | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
};

/** What the runner is given by a claim: the job, and the token every later write must show. */
export type Claimed = { readonly job: Job; readonly lease: string; readonly leaseUntil: number };

/** What a wait waits for: time to pass, or a named thing to change (the ledger clears it in that same transaction). */
export type WaitFor = { readonly afterMs: number } | { readonly on: string };

export type Outcome =
  | { readonly kind: "done"; readonly facts: Facts }
  | { readonly kind: "wait"; readonly for: WaitFor; readonly reason: string; readonly facts?: Facts }
  /** On from an earlier stage, as it should be: not counted. */
  | { readonly kind: "go-on"; readonly to: Stage; readonly reason: string }
  | { readonly kind: "rewind"; readonly to: Stage; readonly code: ErrorCode; readonly reason: string }
  /** `retryFrom` is where the job goes on when a person says retry; its own stage by default. */
  | {
      readonly kind: "hold";
      readonly code: ErrorCode;
      readonly reason: string;
      readonly facts: Facts;
      readonly retryFrom: Stage;
    }
  | {
      readonly kind: "end";
      readonly status: "cancelled" | "superseded";
      readonly code: ErrorCode;
      readonly reason: string;
    };

export const done = (facts: Facts = {}): Outcome => ({ kind: "done", facts });
export const wait = (waitFor: WaitFor, reason: string, facts: Facts = {}): Outcome => ({
  kind: "wait",
  for: waitFor,
  reason,
  facts,
});
/** The name that photos wait on for the look of their shoot. */
export const shootWait = (id: string): string => `shoot:${id}`;
/** The name that a copy waits on for the job of the photo it is a copy of. */
export const copyWait = (job: string): string => `copy:${job}`;

export const goOn = (to: Stage, reason: string): Outcome => ({ kind: "go-on", to, reason });
export const rewind = (to: Stage, code: ErrorCode, reason: string): Outcome => ({ kind: "rewind", to, code, reason });
export const end = (status: "cancelled" | "superseded", code: ErrorCode, reason: string): Outcome => ({
  kind: "end",
  status,
  code,
  reason,
});
