/**
 * The server that the numbered rules are held against: the stand-in, or with HOTGRADE_COMFYUI_URL a real ComfyUI, which
 * needs core nodes only. What a suite posts there it takes back at its end; its small files stay, under a folder of their own.
 */
import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, type TestContext, test, vi } from "vitest";
import { atLeast } from "../../../src/adapters/backends/comfyui/server.ts";
import { type Comfyui, startComfyui } from "../comfyui.ts";
import { type Client, clientOf, type Heard, type Socket } from "./client.ts";
import type { ComfyuiOptions } from "./options.ts";

export const REAL = process.env.HOTGRADE_COMFYUI_URL;

type Graph = Record<string, { class_type: string; inputs: Record<string, unknown> }>;
export type QueueRow = readonly [number, string, Graph, Record<string, unknown>, readonly string[]];
export type Image = { readonly filename: string; readonly subfolder: string; readonly type: string };
export type Entry = {
  readonly prompt: QueueRow;
  readonly outputs: Readonly<Record<string, { readonly images: readonly Image[] }>>;
  readonly status: {
    readonly status_str: string;
    readonly completed: boolean;
    readonly messages: readonly (readonly [string, Record<string, unknown>])[];
  };
};

export type Target = {
  readonly client: Client;
  readonly socket: Socket;
  /** The stand-in, where it is one; tests that steer it are `standInOnly`. */
  readonly own: Comfyui;
  /** Every file of this run lies below. */
  readonly folder: string;
  readonly photo: Buffer;
  readonly ramp: Buffer;
  /** Whether the server's version is that or later. */
  since(version: string): boolean;
  /** Load, invert (or not), save under the folder. */
  graph(prefix: string, image?: string, middle?: "ImageInvert" | null): Graph;
  /** Posts without waiting, heard of by the socket; gives the id it runs under. */
  post(prompt: unknown, more?: Record<string, unknown>): Promise<string>;
  entry(promptId: string): Promise<Entry | undefined>;
  /** Waits until the history knows the prompt. */
  ended(promptId: string): Promise<Entry>;
  queue(): Promise<{ readonly queue_running: readonly QueueRow[]; readonly queue_pending: readonly QueueRow[] }>;
  /** Holds the worker with a prompt of ours, until `release`; `finish` lets it run to its own end. */
  occupy(
    more?: Record<string, unknown>,
  ): Promise<{ readonly promptId: string; release(): Promise<void>; finish(): Promise<Entry> }>;
};

const POLL = { timeout: 120_000, interval: 20 };
/** Enough resampling to keep a processor busy for seconds, with places to interrupt it between the nodes. */
const SLOW_NODES = 28;

/** For the whole file, from its first test to its last. */
export function useTarget(options: ComfyuiOptions = {}): Target {
  const folder = `hotgrade-test-${randomUUID().slice(0, 8)}`;
  const made = {} as { client: Client; socket: Socket; own: Comfyui; photo: Buffer; ramp: Buffer; version: string };
  const target: Target = {
    get client() {
      return made.client;
    },
    get socket() {
      return made.socket;
    },
    get own() {
      return made.own;
    },
    get photo() {
      return made.photo;
    },
    get ramp() {
      return made.ramp;
    },
    folder,
    since: (version) => atLeast(made.version, version),
    graph: (prefix, image = `${folder}/photo.png`, middle = "ImageInvert") => ({
      1: { class_type: "LoadImage", inputs: { image } },
      ...(middle ? { 2: { class_type: middle, inputs: { image: ["1", 0] } } } : {}),
      3: {
        class_type: "SaveImage",
        inputs: { images: [middle ? "2" : "1", 0], filename_prefix: `${folder}/${prefix}` },
      },
    }),
    async post(prompt, more = {}) {
      const sent = { prompt, prompt_id: randomUUID(), client_id: made.socket.clientId, ...more };
      const { status, text, json } = await made.client.post("/prompt", sent);
      if (status !== 200) throw new Error(`refused: ${text}`);
      return (json as { prompt_id: string }).prompt_id;
    },
    entry: async (promptId) => (await made.client.history(promptId)) as Entry | undefined,
    ended: (promptId) => vi.waitUntil(() => target.entry(promptId), POLL) as Promise<Entry>,
    queue: async () => (await made.client.get("/queue")).json as Awaited<ReturnType<Target["queue"]>>,
    async occupy(more) {
      const before = REAL ? 0 : made.own.renders.length;
      if (!REAL) made.own.hold();
      const promptId = await target.post(REAL ? slowGraph(target) : target.graph(`busy-${randomUUID()}`), more);
      const isRunning = async () => (await target.queue()).queue_running.some(([, pid]) => pid === promptId);
      if (REAL) await vi.waitUntil(isRunning, POLL);
      else await made.own.until(({ renders }) => renders.length > before);
      return {
        promptId,
        finish() {
          made.own?.release();
          return target.ended(promptId);
        },
        async release() {
          if (REAL) await made.client.post("/interrupt", { prompt_id: promptId });
          else made.own.release();
          await target.ended(promptId);
        },
      };
    },
  };

  beforeAll(async () => {
    if (!REAL)
      made.own = await startComfyui({ models: { diffusion_models: [], text_encoders: [], vae: [] }, ...options });
    made.client = clientOf(REAL?.replace(/\/+$/, "") ?? made.own.url);
    const { json } = await made.client.get("/system_stats");
    made.version = (json as { system: { comfyui_version?: string } }).system.comfyui_version ?? "";
    made.ramp = await png(256, 16, (at) => Math.floor(at / 3) % 256);
    made.photo = await png(96, 64, (at) => (at * 7919 + (at >> 4)) % 251);
    await made.client.upload("photo.png", made.photo, { subfolder: folder });
    await made.client.upload("ramp.png", made.ramp, { subfolder: folder });
    made.socket = await made.client.socket();
  });
  // What a test that failed left behind must not hold up the next one.
  afterEach(() => made.own?.release());
  afterAll(async () => {
    if (REAL) await made.client.tidy(target.since("0.3.57"));
    await made.socket?.close();
    await made.own?.close();
  });
  return target;
}

/** A rule that only the stand-in can be put to; the report on a real server gives the reason. */
export function standInOnly(name: string, reason: string, check: () => Promise<void>): void {
  test(name, async (context) => {
    if (REAL) unchecked(context, reason);
    await check();
  });
}

/** Leaves a test out, with the reason on record. */
export function unchecked(context: TestContext, reason: string): never {
  Object.assign(context.task.meta, { unchecked: reason });
  return context.skip(reason);
}

/** Each message in a word or two. */
export const brief = (heard: readonly Heard[]) =>
  heard.map(({ type, data }) => {
    if (type === "status")
      return `status ${(data.status as { exec_info: { queue_remaining: number } }).exec_info.queue_remaining}`;
    if (type === "execution_cached") return `execution_cached ${(data.nodes as string[]).toSorted().join(",")}`;
    if (type === "progress_state") {
      const [id, node] = Object.entries(data.nodes as Record<string, { state: string }>).at(-1)!;
      return `progress_state ${id} ${node.state}`;
    }
    return data.node === undefined ? type : `${type} ${data.node}`;
  });

function slowGraph({ folder }: Target): Graph {
  const graph: Graph = { 1: { class_type: "LoadImage", inputs: { image: `${folder}/photo.png` } } };
  for (let node = 2; node < SLOW_NODES; node++) {
    const size = { width: 1800 + 8 * node, height: 1800 - 8 * node };
    const inputs = { image: [String(node - 1), 0], upscale_method: "lanczos", crop: "disabled", ...size };
    graph[node] = { class_type: "ImageScale", inputs };
  }
  const inputs = {
    image: [String(SLOW_NODES - 1), 0],
    upscale_method: "area",
    crop: "disabled",
    width: 64,
    height: 64,
  };
  graph[SLOW_NODES] = { class_type: "ImageScale", inputs };
  const saved = { images: [String(SLOW_NODES), 0], filename_prefix: `${folder}/slow-${randomUUID()}` };
  graph[SLOW_NODES + 1] = { class_type: "SaveImage", inputs: saved };
  return graph;
}

async function png(width: number, height: number, level: (at: number) => number): Promise<Buffer> {
  const levels = Uint8Array.from({ length: width * height * 3 }, (_, at) => level(at));
  return await sharp(levels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
