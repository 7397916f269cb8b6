/** A comfyui backend wired to a stand-in server, for the contract tests: real files, real sockets, a clock that can jump. */
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import sharp from "sharp";
import { type Context, open, options as schema } from "../../src/adapters/backends/comfyui.ts";
import { openFiles } from "../../src/adapters/files.ts";
import { AppError } from "../../src/core/errors.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Backend, Clock, Ids, Log, Submission, WorkflowUse } from "../../src/ports.ts";
import { type Comfyui, type ComfyuiOptions, startComfyui } from "./comfyui.ts";

const WORKFLOWS = join(import.meta.dirname, "../../workflows");
/** Short where a test waits for them, long where they must not come into play. */
const TIMEOUTS = {
  connectMs: 5_000,
  answerMs: 10_000,
  transferMs: 10_000,
  stuckMs: 600_000,
  probeMs: 10_000,
  idleMs: 20_000,
  reconnectMs: 20,
  lookGapMs: 20,
};

export type JumpingClock = Clock & { jump(ms: number): void };

export function jumpingClock(): JumpingClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    jump: (ms) => {
      ahead += ms;
    },
    async sleep(ms, signal) {
      try {
        await pass(ms, undefined, { signal });
      } catch (thrown) {
        if (!signal?.aborted) throw thrown;
      }
    },
  };
}

export const ids: Ids = { uuid: () => randomUUID(), random: () => 0.5, seed: () => 7 };

export type LogLine = {
  readonly level: string;
  readonly phrase: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

export function keepingLog(lines: LogLine[]): Log {
  const at = (level: string) => (fields: LogLine["fields"], phrase: string) =>
    void lines.push({ level, phrase, fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") };
}

/** A colourful PNG of that size, with its name on disk. */
export async function makePlate(folder: string, width: number, height: number) {
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 31 + ((at / 7) | 0)) & 255);
  const bytes = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const file = join(folder, `${width}x${height}.png`) as PathText;
  writeFileSync(file, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file, sha256, sizeBytes: bytes.length, width, height, bytes };
}
export type Plate = Awaited<ReturnType<typeof makePlate>>;

export type Rig = {
  readonly server: Comfyui;
  readonly backend: Backend;
  readonly clock: JumpingClock;
  readonly log: readonly LogLine[];
  readonly folder: string;
  readonly plate: Plate;
  /** A second client of the same server, as after a restart of the program. */
  reopen(): Backend;
  /** A fresh ticket for the plate, which is put first. */
  submission(changes?: Partial<Submission>): Promise<Submission>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type RigOptions = {
  readonly server?: ComfyuiOptions;
  readonly timeouts?: Partial<typeof TIMEOUTS>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly workflows?: Readonly<Record<string, string>>;
  /** Notes beside those, by the same names. */
  readonly notes?: Readonly<Record<string, string>>;
};

/** A workflow as an inbox uses it. */
export const use = (workflow: string, more: Partial<WorkflowUse> = {}): WorkflowUse => ({
  workflow,
  slots: {},
  params: {},
  ...more,
});

type RawNode = { class_type: string; inputs: Record<string, unknown>; _meta?: { title: string } };

/** The shipped Kontext workflow without its scaling, so that a tiny plate will do. */
export function smallWorkflow(): Record<string, RawNode> {
  const graph = JSON.parse(readFileSync(join(WORKFLOWS, "kontext-color-grade.json"), "utf8"));
  const [scale] = Object.entries<RawNode>(graph).find(([, { class_type }]) => class_type === "FluxKontextImageScale")!;
  const from = graph[scale].inputs.image;
  delete graph[scale];
  for (const node of Object.values<RawNode>(graph))
    for (const [input, value] of Object.entries(node.inputs))
      if (Array.isArray(value) && value[0] === scale) node.inputs[input] = from;
  return graph;
}

export async function openRig(given: RigOptions = {}): Promise<Rig> {
  const server = await startComfyui(given.server);
  const folder = mkdtempSync(join(tmpdir(), "hotgrade-backend-"));
  const clock = jumpingClock();
  const log: LogLine[] = [];
  const known: Record<string, string> = { small: JSON.stringify(smallWorkflow()), ...given.workflows };
  const context: Context = {
    clock,
    ids,
    log: keepingLog(log),
    files: openFiles({ home: folder }),
    async workflowText(name) {
      const notes = given.notes?.[name];
      if (Object.hasOwn(known, name)) return { name, text: known[name]!, ...(notes === undefined ? {} : { notes }) };
      throw new AppError("workflow-missing", `There is no workflow ${name}.`, { name });
    },
  };
  const timeouts = { ...TIMEOUTS, ...given.timeouts };
  const config = schema.parse({ name: "gpu-1", kind: "comfyui", url: server.url, timeouts, ...given.config });
  const opened: Backend[] = [];
  const reopen = () => {
    const backend = open(config, context);
    opened.push(backend);
    return backend;
  };
  const backend = reopen();
  const plate = await makePlate(folder, 64, 48);
  return {
    server,
    backend,
    clock,
    log,
    folder,
    plate,
    reopen,
    async submission(changes) {
      const ticket = ids.uuid();
      const placement = await backend.put({ ...plate, folder: "hotgrade/2026-11-22" });
      const { file, width, height } = plate;
      return {
        ticket,
        prefix: `hotgrade/2026-11-22/${ticket}`,
        prompt: "warm",
        seed: 7,
        workflow: "small",
        slots: {},
        params: {},
        plate: { file, width, height },
        placement,
        usual: null,
        ...changes,
      };
    },
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
