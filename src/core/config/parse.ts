/** From the plain values of a configuration file to a Config, or to everything that is wrong with them at once. */
import type { z } from "zod";
import type { InboxOrder } from "../inbox/order.ts";
import type { PathText } from "../inbox/path-text.ts";
import type {
  Disposition,
  Duplicates,
  FinishName,
  OnSpatial,
  Originals,
  OutputFormat,
  ShootRules,
  Sidecar,
} from "../job/job.ts";
import type { BitDepth, OutputProfile, RawWay } from "../job/picture.ts";
import { isLookName } from "../lut/names.ts";
import type { ScheduleSettings } from "../schedule/settings.ts";
import { parseDuration, parsePixels, parseSize } from "./durations.ts";
import { type Hooks, hooksOf } from "./hooks.ts";
import { type Issue, issuesOf, sentenceOf } from "./issues.ts";
import { type ConfigText, configSchema, type InboxText } from "./schema.ts";
import { backend } from "./schema-backend.ts";
import type { PairSetting } from "./schema-pairs.ts";
import { type Retention, retentionOf } from "./schema-retention.ts";

export type { Issue } from "./issues.ts";

export type BackendConfig =
  | { readonly name: string; readonly kind: "builtin" }
  | {
      readonly name: string;
      readonly kind: "comfyui";
      /** Without a slash at its end. */
      readonly url: string;
      readonly depth: number;
      readonly token: string | null;
      readonly headers: Readonly<Record<string, string>>;
      /** A PEM file of certificate authorities to trust, besides the usual ones. */
      readonly ca: PathText | null;
      readonly weight: number;
      /** Workflows it runs, or null for all. */
      readonly only: readonly string[] | null;
      readonly tidy: boolean;
      readonly timeouts: {
        readonly connectMs: number;
        readonly answerMs: number;
        readonly transferMs: number;
        readonly stuckMs: number;
        readonly idleMs: number;
        readonly awayMs: number;
      };
    };

/** Paths are as written until `resolvePaths` made them absolute; a FOLDER of `original` stays relative to the inbox. */
export type InboxConfig = ScheduleSettings &
  PairSetting & {
    readonly path: PathText;
    readonly outbox: PathText;
    readonly prompt: string;
    readonly promptSuffix: string;
    readonly workflow: string;
    readonly slots: Readonly<Record<string, string>>;
    readonly params: Readonly<Record<string, string | number>>;
    readonly seed: number | "random" | "from-content";
    /** Names as written, or null for the usual choice; `backendsFor` answers. */
    readonly backends: readonly string[] | null;
    readonly finish: FinishName;
    readonly look: LookSetting;
    readonly lutSize: number;
    readonly strength: number;
    readonly onSpatial: OnSpatial;
    readonly review: boolean;
    readonly raw: RawSetting;
    readonly settleMs: number;
    readonly rescanMs: number;
    readonly shareRescanMs: number;
    readonly order: InboxOrder;
    readonly format: OutputFormat;
    readonly quality: number | null;
    readonly bitDepth: BitDepth | "same";
    readonly resize: number | null;
    readonly profile: OutputProfile | "keep";
    readonly suffix: string;
    readonly name: string;
    readonly structure: "keep" | "flat";
    readonly times: "now" | "keep";
    readonly sidecars: readonly Sidecar[];
    readonly duplicates: Duplicates;
    readonly metadataChanges: "refresh" | "ignore";
    readonly ownOutputs: "skip" | "take";
    readonly original: Originals;
    readonly priority: number;
    readonly hooks: Hooks;
    readonly shootGapMs: number;
    readonly contactSheet: boolean;
  };

/** How RAW files become pictures, or that they are left alone. */
export type RawSetting = RawWay | { readonly kind: "skip" };

/** Where looks come from: a model, a .cube, or a look that was kept under a name. */
export type LookSetting =
  | { readonly kind: "each" }
  | ({ readonly kind: "shoot" } & ShootRules)
  | { readonly kind: "file"; readonly file: PathText }
  | { readonly kind: "named"; readonly name: string };

export type Config = {
  readonly ledger: { readonly driver: "sqlite"; readonly file: PathText };
  readonly backends: readonly BackendConfig[];
  readonly inboxes: readonly InboxConfig[];
  readonly retention: Retention;
  /** Cron's words; null is every now and then. */
  readonly housekeeping: string | null;
  readonly hooks: Hooks;
  /** Bytes for pictures in work, or "auto": see `memoryBudget` in adapters/system.ts. */
  readonly memory: "auto" | number;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" | "fatal"; readonly file: PathText | null };
  readonly limits: {
    readonly pixels: number;
    readonly fileSizeBytes: number;
    readonly attempts: number;
    readonly rewinds: number;
  };
};

export type Parsed =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Checks plain values (as YAML or JSON give them) and fills in the defaults. */
export function parse(plain: unknown): Parsed {
  const given = plain ?? {};
  const checked = configSchema.safeParse(given, { error: sentenceOf });
  const issues = issuesOf(given, checked.error?.issues ?? []);
  if (!checked.success || issues.length > 0) return { ok: false, issues };
  return { ok: true, config: configOf(checked.data, given as ConfigText) };
}

function configOf(text: ConfigText, given: ConfigText): Config {
  return {
    ledger: { driver: text.ledger.driver, file: text.ledger.file as PathText },
    backends: backendsOf(text),
    inboxes: text.inboxes.map((inbox, at) => {
      const named = given.inboxes?.[at]?.workflow !== undefined;
      return inboxOf(inbox, named ? inbox.workflow : (text.comfyui?.workflow ?? inbox.workflow));
    }),
    retention: retentionOf(text.retention),
    housekeeping: text.housekeeping,
    hooks: hooksOf(text.hooks),
    memory: text.memory === "auto" ? "auto" : parseSize(text.memory)!,
    log: { level: text.log.level, file: text.log.file as PathText | null },
    limits: {
      pixels: parsePixels(text.limits.pixels)!,
      fileSizeBytes: parseSize(text.limits.fileSize)!,
      attempts: text.limits.attempts,
      rewinds: text.limits.rewinds,
    },
  };
}

function backendsOf({ backends, comfyui }: ConfigText): readonly BackendConfig[] {
  if (backends) return backends.map(backendOf);
  if (!comfyui?.enabled) return [{ name: "here", kind: "builtin" }];
  const { host, port } = comfyui;
  const bracketed = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return [backendOf(backend.parse({ name: "comfyui", kind: "comfyui", url: `http://${bracketed}:${port}` }))];
}

function backendOf(text: z.output<typeof backend>): BackendConfig {
  if (text.kind === "builtin") return text;
  const { connect, answer, transfer, stuck, idle, away } = text.timeouts;
  return {
    ...text,
    url: text.url.replace(/\/+$/, ""),
    token: text.token || null,
    ca: text.ca as PathText | null,
    timeouts: {
      connectMs: parseDuration(connect)!,
      answerMs: parseDuration(answer)!,
      transferMs: parseDuration(transfer)!,
      stuckMs: parseDuration(stuck)!,
      idleMs: parseDuration(idle)!,
      awayMs: parseDuration(away)!,
    },
  };
}

function inboxOf(text: InboxText, workflow: string): InboxConfig {
  const {
    backend,
    look: _look,
    shootGap,
    heroes: _heroes,
    outsideMax: _outside,
    rawCommand: _command,
    rawLimit: _limit,
    removeEmptyFolders: _removes,
    pairWait,
    settle,
    rescan,
    shareRescan,
    ...inbox
  } = text;
  return {
    ...inbox,
    path: inbox.path as PathText,
    outbox: inbox.outbox as PathText,
    workflow,
    backends: backend === undefined ? null : [backend].flat(),
    look: lookOf(text),
    raw: rawOf(text),
    hooks: hooksOf(text.hooks),
    shootGapMs: parseDuration(shootGap)!,
    pairWaitMs: parseDuration(pairWait)!,
    settleMs: parseDuration(settle)!,
    rescanMs: parseDuration(rescan)!,
    shareRescanMs: parseDuration(shareRescan)!,
    structure: text.structure === "keep" ? "keep" : "flat",
    original: originalsOf(text),
    hours: inbox.hours === null ? null : [inbox.hours].flat(),
  };
}

function lookOf({ look, shootGap, heroes, outsideMax }: InboxText): LookSetting {
  if (look === "each") return { kind: "each" };
  if (look === "shoot") return { kind: "shoot", heroes, gapMs: parseDuration(shootGap)!, outsideMax };
  return isLookName(look) ? { kind: "named", name: look } : { kind: "file", file: look as PathText };
}

function rawOf({ raw, rawCommand, rawLimit }: InboxText): RawSetting {
  if (raw !== "command") return { kind: raw };
  return { kind: "command", command: rawCommand ?? [], limitMs: parseDuration(rawLimit)! };
}

function originalsOf({ original, removeEmptyFolders }: InboxText): Originals {
  const { done, failed, duplicate, unsupported, held } = original;
  return {
    done: dispositionOf(done),
    failed: dispositionOf(failed),
    duplicate: dispositionOf(duplicate),
    unsupported: dispositionOf(unsupported),
    ...(held !== "leave" && { held: dispositionOf(held) }),
    ...(removeEmptyFolders && { removeEmptyFolders }),
  };
}

function dispositionOf(text: string): Disposition {
  if (text === "leave" || text === "trash") return { kind: text };
  const at = text.indexOf(":");
  return { kind: text.slice(0, at) as "move" | "copy", folder: text.slice(at + 1).trim() as PathText };
}
