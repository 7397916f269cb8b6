/** What a stand-in ComfyUI is started with, and the ways it can be told to misbehave. */
import type { Lattice } from "../../../src/core/lut/lattice.ts";
import type { Traits } from "./versions.ts";

/** The colours of a render: one lattice, or one for each prompt and seed. */
export type Look = Lattice | ((prompt: string, seed: number) => Lattice);

/** What a render does to the plate besides its look; all off by default. */
export type Flaws = {
  /** Pixels the picture moves right and down. */
  readonly shift?: { readonly x: number; readonly y: number };
  /** Scale about the centre, 1.003 is 0.3 % larger. */
  readonly zoom?: number;
  /** Standard deviation of the noise, in levels of 255. */
  readonly noise?: number;
  /** Share of the area that is repainted, 0.03 is 3 %. */
  readonly repaint?: number;
  /** Brighter on the right, darker on the left, by this factor: no LUT can follow. */
  readonly relight?: number;
  /** How much darker than the middle the corners are, 0.6 leaves 40 %. */
  readonly vignette?: number;
  /** The picture shows something else: the plate upside down. */
  readonly stranger?: boolean;
  /** Colour error of the autoencoder, on result and baseline alike; 1 is about 3 levels. */
  readonly warp?: number;
};

export type Models = {
  readonly diffusion_models: readonly string[];
  readonly text_encoders: readonly string[];
  readonly vae: readonly string[];
};

export type ComfyuiOptions = {
  /** 0, the default, takes a free one; a restart keeps it. */
  readonly port?: number;
  /** Where input, output and temp live; default a new temporary folder, removed by `close`. */
  readonly dir?: string;
  readonly look?: Look;
  readonly flaws?: Flaws;
  /** How long a sampler takes. */
  readonly renderMs?: number;
  /** How long a prompt with a sampler takes in all, the stand-in's own work counted in; where that takes longer, so long. */
  readonly wholeMs?: number;
  /** zlib's level of saved pictures; ComfyUI's own is 4. */
  readonly compressionLevel?: number;
  /** Preview frames while it samples; on by default, as with `--preview-method`. */
  readonly previews?: boolean;
  /** Default: the model files of the workflows that come with hotgrade. */
  readonly models?: Partial<Models>;
  /** Node classes this server does not know, as an older ComfyUI. */
  readonly missingNodes?: readonly string[];
  /** The nodes that were made for the recordings: LabSteps samples by the clock, LabFail raises an error. */
  readonly labNodes?: boolean;
  readonly maxUploadBytes?: number;
  /** As PEM; then it speaks https and wss alone. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** A path before every route, such as `/comfy`, as behind a reverse proxy. */
  readonly prefix?: string;
  /** Wanted as `Authorization: Bearer`; 401 without it. */
  readonly token?: string;
  /** Further headers that are wanted; 401 without them. */
  readonly wants?: Readonly<Record<string, string>>;
  /** `classic` keeps what the last prompt used (the default of 0.3.64), `lru` everything, `none` nothing. */
  readonly cache?: "classic" | "lru" | "none";
  /** 0.3.64; older and later ones behave as versions.ts says, unless a trait is set here by itself. */
  readonly version?: string;
  /** As a server that does not say its version. */
  readonly versionless?: boolean;
  readonly promptIds?: Traits["promptIds"];
  readonly interrupts?: Traits["interrupts"];
  readonly jobs?: Traits["jobs"];
};

/**
 * Each lasts for `times` occasions, or until `heal`; "deaf" and "lose-output" always until `heal`.
 *
 *   stall            accepts a request and never answers it
 *   not-comfyui      answers every request with somebody else's web page
 *   server-error     answers every request with 500
 *   deaf             sockets stay open and hear nothing
 *   lose-request     drops the connection of a POST /prompt before it is taken
 *   lose-reply       takes a POST /prompt and drops the connection instead of answering
 *   cut-upload       keeps only half of an uploaded file, and answers as if all were well
 *   cut-view         sends half of a picture and drops the connection
 *   truncated-view   sends half of a picture as if it were the whole
 *   out-of-memory    a render fails for want of GPU memory
 *   black-picture    a render ends well with a black picture, as when a number in the VAE is none
 *   node-error       a render fails in its sampler (without one, in its saver)
 *   interrupt        somebody interrupts a render
 *   kill-worker      the worker ends with a job in its hands: running for ever, everything after it pending
 *   lose-output      a render succeeds, and its files are gone
 */
export const FAULTS = [
  "stall",
  "not-comfyui",
  "server-error",
  "deaf",
  "lose-request",
  "lose-reply",
  "cut-upload",
  "cut-view",
  "truncated-view",
  "out-of-memory",
  "black-picture",
  "node-error",
  "interrupt",
  "kill-worker",
  "lose-output",
] as const;
export type Fault = (typeof FAULTS)[number];

export type Faults = {
  set(fault: Fault, times: number): void;
  /** Whether the fault is on; uses up one occasion. */
  take(fault: Fault): boolean;
  /** Whether the fault is on, without using it up. */
  on(fault: Fault): boolean;
  heal(fault?: Fault): void;
};

export function faults(): Faults {
  const left = new Map<Fault, number>();
  return {
    set: (fault, times) => void left.set(fault, times),
    on: (fault) => (left.get(fault) ?? 0) > 0,
    take(fault) {
      const times = left.get(fault) ?? 0;
      if (times > 0) left.set(fault, times - 1);
      return times > 0;
    },
    heal: (fault) => (fault ? void left.delete(fault) : left.clear()),
  };
}

/** What a test may count. */
export type Counts = {
  /** Renders that really ran; answers from the cache are none. */
  readonly renders: { readonly promptId: string; readonly inputName: string; readonly prefix: string }[];
  /** Prompts accepted, answered or not. */
  readonly prompts: string[];
  /** Prompts running and pending, after each that was accepted. */
  readonly atOnce: number[];
  /** From the moment the worker took a prompt until its history entry lay there, in ms of the clock. */
  readonly spans: { readonly promptId: string; readonly begunAt: number; readonly endedAt: number }[];
  readonly uploads: {
    readonly name: string;
    readonly subfolder: string;
    readonly type: string;
    readonly sizeBytes: number;
  }[];
  readonly views: string[];
  /** Requests by method and path without the query, `GET /queue`. */
  readonly requests: Map<string, number>;
};

/** The state that tests change while a server runs, kept over restarts. */
export type Control = {
  readonly options: ComfyuiOptions;
  readonly traits: Traits;
  readonly faults: Faults;
  readonly counts: Counts;
  look: Look;
  flaws: Flaws;
  renderMs: number;
  /** Open while renders may go on. */
  gate: { readonly opened: Promise<void>; open(): void } | undefined;
  /** Says that something happened, for those who wait for it. */
  changed(): void;
};
