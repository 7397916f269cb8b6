/**
 * Plays a recording of a real ComfyUI against the stand-in: every request is sent again when what was heard before it has
 * been heard, and its answer compared. Times, tracebacks and paths differ; ids the server made are followed by a map.
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Comfyui } from "../comfyui.ts";
import { clientOf, type Heard, type Socket } from "./client.ts";
import { isRecord } from "./json.ts";

const TRANSCRIPTS = join(import.meta.dirname, "../../fixtures/comfyui/transcripts");

type Part = { readonly name: string; readonly filename?: string; readonly value?: string } & {
  readonly content_type?: string;
  readonly size?: number;
  readonly sha256?: string;
};
type Step = {
  readonly do?: string;
  readonly json?: Record<string, unknown>;
  readonly body?: string;
  readonly form?: readonly Part[];
  readonly headers?: Record<string, string>;
  readonly answer?: {
    readonly status: number;
    readonly type?: string;
    readonly json?: unknown;
    readonly body?: string | { readonly sha256: string };
  };
  readonly why?: string;
  readonly note?: string;
  readonly open?: string;
  readonly url?: string;
  readonly closed?: string;
  readonly code?: number | null;
  readonly send?: string;
  readonly hear?: string;
  readonly frame?: string;
  readonly event?: number;
};
type Line = { readonly socket: Socket; readonly told: unknown[]; readonly frames: number[] };

export type Difference = { readonly at: string; readonly recorded: unknown; readonly answered: unknown };
export type Played = {
  readonly requests: number;
  readonly messages: number;
  readonly differences: readonly Difference[];
};

export async function replay(name: string, server: Comfyui): Promise<Played> {
  const text = readFileSync(join(TRANSCRIPTS, `${name}.json`), "utf8");
  const player = playerOn(server);
  for (const step of JSON.parse(text) as readonly Step[]) await player.play(step);
  return await player.end();
}

function playerOn(server: Comfyui) {
  const client = clientOf(server.url);
  const lines = new Map<string, Line>();
  const ids = new Map<string, string>();
  const numbers = new Map<number, number>();
  const sent = new Map<string, Buffer>();
  const differences: Difference[] = [];
  let [requests, messages] = [0, 0];

  /** A recorded value as it must read here: ids that the server made over there are those it made here. */
  const here = <T>(value: T): T => {
    if (value === undefined) return value;
    let text = JSON.stringify(value);
    for (const [theirs, ours] of ids) text = text.replaceAll(theirs, ours);
    text = text.replace(/ComfyUI_temp_[a-z]{5}_/g, "ComfyUI_temp_hotgr_");
    return JSON.parse(text) as T;
  };
  const compare = (at: string, recorded: unknown, answered: unknown): void => {
    differences.push(...leaves(at, recorded, answered));
  };
  const learn = (theirs: unknown, ours: unknown): void => {
    if (typeof theirs === "string" && typeof ours === "string" && theirs !== ours) ids.set(theirs, ours);
  };
  /** The counter of prompts does not start at 0 in a recording. */
  const numbered = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const isRow = typeof value[0] === "number" && typeof value[1] === "string" && value.length > 2;
      return isRow ? [numbers.get(value[0]) ?? value[0], ...value.slice(1).map(numbered)] : value.map(numbered);
    }
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, numbered(each)]));
  };

  /** Until everything that had been heard over there by now has been heard here, too. */
  async function caughtUp(): Promise<void> {
    for (const { socket, told, frames } of lines.values())
      await socket.until(
        () =>
          (socket.heard.length >= told.length && socket.frames.length >= frames.length) ||
          socket.closeCode() !== undefined,
      );
  }

  async function request(step: Step): Promise<void> {
    requests++;
    const [method, path] = here(step.do!).split(" ") as [string, string];
    const json = here(step.json);
    const body = step.form ? await formOf(step.form, sent) : json === undefined ? step.body : JSON.stringify(json);
    const got = await ask(client.url + path, {
      method,
      headers: headersFor(step.headers, client.url),
      ...(body === undefined ? {} : { body }),
    });
    const { answer } = step;
    const at = `${step.do}${step.why ? ` (${step.why})` : ""}`;
    compare(`${at}: status`, answer!.status, got.status);
    compare(`${at}: type`, answer!.type ?? null, got.type);
    if (typeof answer!.body === "string") compare(`${at}: text`, answer!.body, got.bytes.toString("utf8"));
    else if (answer!.body && sent.has(answer!.body.sha256) && got.status === 200)
      compare(`${at}: bytes`, true, sent.get(answer!.body.sha256)!.equals(got.bytes));
    if (answer!.json === undefined) return;
    const answered = parsed(got.bytes.toString("utf8").replaceAll(server.dir, "<BASE>"));
    if (isRecord(answer!.json) && isRecord(answered) && typeof answer!.json.number === "number") {
      learn(answer!.json.prompt_id, answered.prompt_id);
      numbers.set(answer!.json.number, answered.number as number);
      if (json?.number !== undefined) compare(`${at}: number`, answer!.json.number, answered.number);
      compare(
        `${at}: sign of the number`,
        Math.sign(answer!.json.number),
        Math.sign(answered.number as number) || Math.sign(answer!.json.number),
      );
    }
    if (Array.isArray(answer!.json) && isRecord(answered))
      return compare(`${at}: keys`, answer!.json, Object.keys(answered));
    compare(
      `${at}: JSON`,
      withoutNumber(numbered(here(answer!.json))),
      withoutNumber(trimmed(essential(answered), answer!.json)),
    );
  }

  return {
    async play(step: Step): Promise<void> {
      if (step.hear !== undefined) {
        const { socket, told } = lines.get(step.hear)!;
        const said = step.json as { data?: { sid?: unknown } };
        if (told.length === 0) learn(said.data?.sid, socket.heard[0]?.data.sid);
        told.push(step.json);
        return;
      }
      if (step.frame !== undefined) return void lines.get(step.frame)!.frames.push(step.event!);
      await caughtUp();
      if (step.do !== undefined) await request(step);
      else if (step.open !== undefined) {
        const clientId = new URL(here(step.url!), client.url).searchParams.get("clientId") ?? "";
        lines.set(step.open, { socket: await client.socket(clientId), told: [], frames: [] });
      } else if (step.send !== undefined) lines.get(step.send)!.socket.send(JSON.stringify(step.json));
      else if (step.closed !== undefined) await close(step.closed, step.code ?? null);
      else if (step.note === "SIGKILL") await server.kill();
      else if (step.note === "started again") await server.start();
      else if (step.note === "the output file was removed from disk by hand")
        rmSync(join(server.dir, "output/lab/cache/pic_00001_.png"));
    },
    async end(): Promise<Played> {
      await caughtUp();
      for (const name of [...lines.keys()]) await close(name, null);
      return { requests, messages, differences };
    },
  };

  async function close(name: string, code: number | null): Promise<void> {
    const { socket, told, frames } = lines.get(name)!;
    lines.delete(name);
    if (code === null) await socket.close();
    else await socket.until(() => socket.closeCode() !== undefined);
    if (code !== null) compare(`${name}: close code`, code, socket.closeCode());
    messages += told.length + frames.length;
    const recorded = byPrompt(here(told));
    const heard = byPrompt(
      socket.heard
        .slice(0, told.length)
        .map(briefly)
        .map((message) => JSON.parse(JSON.stringify(message).replaceAll(server.dir, "<BASE>"))),
    );
    for (const key of new Set([...recorded.keys(), ...heard.keys()]))
      compare(`${name} hears of ${key}`, recorded.get(key), heard.get(key));
    compare(
      `${name}: frames`,
      frames,
      socket.frames.slice(0, frames.length).map((frame) => frame.readUInt32BE(0)),
    );
  }
}

/** Where two values differ, leaf by leaf. */
function leaves(at: string, recorded: unknown, answered: unknown): readonly Difference[] {
  const both = [recorded, answered].map((value) => (typeof value === "object" && value !== null ? value : undefined));
  const [theirs, ours] = both as (Record<string, unknown> | undefined)[];
  if (!theirs || !ours || Array.isArray(recorded) !== Array.isArray(answered))
    return Object.is(recorded, answered) ? [] : [{ at, recorded, answered }];
  const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
  return [...keys].flatMap((key) => leaves(`${at} ${key}`, theirs[key], ours[key]));
}

/** What is said of one prompt keeps its order; of two at once it does not. */
function byPrompt(messages: readonly unknown[]): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const message of messages as readonly { type: string; prompt_id?: string; data?: { prompt_id?: string } }[]) {
    const key = message.prompt_id ?? message.data?.prompt_id ?? message.type;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return groups;
}

/** As the recordings keep a message: of progress_state the nodes, and the last of them. */
function briefly({ type, data }: Heard): unknown {
  if (type !== "progress_state") return essential({ type, data });
  const nodes = data.nodes as Record<string, { node_id: string; value: number; max: number; state: string }>;
  const { node_id, value, max, state } = Object.values(nodes).at(-1)!;
  return { type, prompt_id: data.prompt_id, nodes: Object.keys(nodes), last: [node_id, value, max, state] };
}

const PASSING = new Set(["timestamp", "traceback", "current_inputs", "current_outputs"]);

function essential(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essential);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (PASSING.has(key) ? [] : [[key, essential(each)]])),
  );
}

/** Cut where the recording is cut: "..." stands for a graph and what follows it; absent keys of an entry were left out. */
function trimmed(answered: unknown, recorded: unknown): unknown {
  if (Array.isArray(recorded) && Array.isArray(answered)) {
    if (recorded.at(-1) === "...") return [...answered.slice(0, recorded.length - 1), "..."];
    return answered.map((each, at) => trimmed(each, recorded[at]));
  }
  if (!isRecord(recorded) || !isRecord(answered)) return answered;
  const isCut = "status" in recorded && !("prompt" in recorded);
  const kept = Object.entries(answered).filter(([key]) => !isCut || key in recorded);
  return Object.fromEntries(kept.map(([key, each]) => [key, trimmed(each, recorded[key])]));
}

const withoutNumber = (value: unknown): unknown =>
  isRecord(value) && "number" in value ? { ...value, number: 0 } : value;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return `no JSON: ${text}`;
  }
}

function headersFor(headers: Record<string, string> = {}, url: string): Record<string, string> {
  const { host } = new URL(url);
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, value.replace("127.0.0.1:8188", host)]),
  );
}

async function ask(url: string, init: RequestInit): Promise<{ status: number; type: string | null; bytes: Buffer }> {
  const response = await fetch(url, init);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

async function formOf(parts: readonly Part[], sent: Map<string, Buffer>): Promise<FormData> {
  const form = new FormData();
  for (const part of parts) {
    if (part.filename === undefined) {
      form.append(part.name, part.value ?? "");
      continue;
    }
    const bytes = await bytesFor(part);
    sent.set(part.sha256!, bytes);
    form.append(part.name, new Blob([Uint8Array.from(bytes)], { type: part.content_type! }), quoted(part.filename));
  }
  return form;
}

/** The client of the recordings sent names percent-encoded, apostrophes too. */
function quoted(name: string): string {
  return encodeURIComponent(name).replace(/['()!*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Recordings keep the hash of a file, not its bytes: each hash stands for a picture of its own. */
async function bytesFor({ filename, size, sha256, content_type }: Part): Promise<Buffer> {
  if (size === 0) return Buffer.alloc(0);
  if (content_type === "text/html") return Buffer.from("<html>");
  const seed = createHash("sha256").update(sha256!).digest();
  if (!content_type?.startsWith("image/") || size! < 1_000) return Buffer.alloc(size!, seed);
  const pixels = Uint8Array.from({ length: 256 * 192 * 3 }, (_, at) => seed[at % 32]! ^ ((at * 31) >> 4));
  const picture = sharp(pixels, { raw: { width: 256, height: 192, channels: 3 } });
  if (content_type === "image/jpeg") return await picture.jpeg().toBuffer();
  if (content_type === "image/webp") return await picture.webp({ lossless: true }).toBuffer();
  const png = await picture.png().toBuffer();
  return filename === "bad.png" ? png.subarray(0, png.length >> 1) : png;
}
