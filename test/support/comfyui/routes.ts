/** ComfyUI's routes: what each request changes and how it is answered. */
import { randomUUID } from "node:crypto";
import { type Folders, storeUpload } from "./files.ts";
import { isRecord, pythonText } from "./json.ts";
import { parseMultipart } from "./multipart.ts";
import type { Catalogue } from "./nodes.ts";
import { describeNode, MODEL_FOLDERS, MODELS } from "./nodes.ts";
import type { Control } from "./options.ts";
import type { Item } from "./queue.ts";
import { validatePrompt } from "./validate.ts";
import { VERSION } from "./versions.ts";
import type { Worker } from "./worker.ts";

export type Asked = {
  readonly method: string;
  /** Without query and `/api`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: Buffer;
};
/** `drop` closes the connection instead of answering. */
export type Reply = {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly drop?: boolean;
};

export type Site = {
  readonly control: Control;
  readonly folders: Folders;
  readonly nodes: Catalogue;
  readonly worker: Worker;
  readonly maxUploadBytes: number;
};

export type Route = (asked: Asked, site: Site, rest: string) => Reply;

const EMPTY: Reply = { status: 200 };
const CANONICAL = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** By path, then method. A path that ends in `/` takes one more segment. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/prompt": { GET: (_, site) => ok({ exec_info: { queue_remaining: site.worker.remaining() } }), POST: postPrompt },
  "/queue": {
    GET: (_, { worker }) => ok({ queue_running: worker.running().map(row), queue_pending: worker.pending().map(row) }),
    POST: postQueue,
  },
  "/history": { GET: getHistory, POST: postHistory },
  "/history/": {
    GET(_, { worker }, id) {
      const entry = worker.history.get(id);
      return ok(entry ? { [id]: entry } : {});
    },
  },
  "/interrupt": { POST: postInterrupt },
  "/free": { POST: postFree },
  "/upload/image": { POST: postUpload },
  "/object_info": {
    GET: (_, site) => ok(Object.fromEntries([...site.nodes.keys()].map((name) => describe(site, name)))),
  },
  "/object_info/": {
    GET: (_, site, name) => ok(site.nodes.has(name) ? Object.fromEntries([describe(site, name)]) : {}),
  },
  "/models": { GET: () => ok(MODEL_FOLDERS) },
  "/models/": { GET: getModels },
  "/embeddings": { GET: () => ok([]) },
  "/extensions": { GET: () => ok([]) },
  "/features": {
    GET: (_, { maxUploadBytes }) => ok({ supports_preview_metadata: true, max_upload_size: maxUploadBytes }),
  },
  "/system_stats": { GET: getSystemStats },
};

function ok(json: unknown): Reply {
  return { status: 200, json };
}

function row({ number, promptId, graph, extra, outputs }: Item): readonly unknown[] {
  return [number, promptId, graph, extra, outputs];
}

function describe({ nodes, folders }: Site, name: string): readonly [string, Record<string, unknown>] {
  return [name, describeNode(name, nodes.get(name)!, folders.inputNames())];
}

function json(body: Buffer): unknown {
  return JSON.parse(body.toString("utf8"));
}

function object(body: Buffer): Record<string, unknown> {
  const value = json(body);
  if (!isRecord(value)) throw new TypeError("not an object");
  return value;
}

function postPrompt({ body }: Asked, site: Site): Reply {
  const { control, worker, nodes, folders } = site;
  const sent = object(body);
  const number = numberOf(sent, worker);
  if (!Object.hasOwn(sent, "prompt")) {
    const error = { type: "no_prompt", message: "No prompt provided", details: "No prompt provided", extra_info: {} };
    return { status: 400, json: { error, node_errors: {} } };
  }
  const ids = control.traits.promptIds;
  const given =
    ids !== "server" && Object.hasOwn(sent, "prompt_id") && !(ids === "canonical" && sent.prompt_id === null);
  const promptId = given ? pythonText(sent.prompt_id) : randomUUID();
  if (ids === "canonical" && !CANONICAL.test(promptId)) {
    const message = "prompt_id must be a canonical lower-case UUID";
    return {
      status: 400,
      json: { error: { type: "invalid_prompt_id", message, details: promptId, extra_info: {} }, node_errors: {} },
    };
  }
  const inputExists = (name: string) => folders.exists(name);
  const { refusals } = control.traits;
  const verdict = validatePrompt(sent.prompt, sent.partial_execution_targets, { nodes, inputExists, refusals });
  if (verdict.kind === "refused")
    return { status: 400, json: { error: verdict.error, node_errors: verdict.nodeErrors } };
  const extra = Object.hasOwn(sent, "extra_data") ? sent.extra_data : {};
  if (Object.hasOwn(sent, "client_id")) {
    if (!isRecord(extra)) throw new TypeError("'NoneType' object does not support item assignment");
    extra.client_id = sent.client_id;
  }
  worker.put({ number, promptId, graph: sent.prompt, extra, outputs: verdict.outputs });
  const answer = ok({ prompt_id: promptId, number, node_errors: verdict.nodeErrors });
  return control.faults.take("lose-reply") ? { ...answer, drop: true } : answer;
}

function numberOf(sent: Record<string, unknown>, worker: Worker): number {
  if (Object.hasOwn(sent, "number")) {
    const number = Number(sent.number);
    if (Number.isNaN(number)) throw new TypeError("could not convert string to float");
    return number;
  }
  const number = worker.number();
  return sent.front ? -number : number;
}

function postQueue({ body }: Asked, { worker }: Site): Reply {
  const sent = object(body);
  if (sent.clear) worker.clear();
  for (const id of listOf(sent.delete)) worker.remove(id);
  return EMPTY;
}

function getHistory({ query }: Asked, { worker, control }: Site): Reply {
  const number = (name: string, otherwise: number): number => {
    const text = query.get(name);
    if (text === null) return otherwise;
    if (!/^[+-]?\d+$/.test(text)) throw new TypeError(`invalid literal for int() with base 10: '${text}'`);
    return Number(text);
  };
  const all = [...worker.history];
  const count = number("max_items", all.length);
  const offset = control.traits.historyOffset ? number("offset", -1) : -1;
  const from = offset >= 0 ? offset : Math.max(0, all.length - count);
  return ok(Object.fromEntries(count <= 0 ? [] : all.slice(from, from + count)));
}

function postHistory({ body }: Asked, { worker }: Site): Reply {
  const sent = object(body);
  if (sent.clear) worker.history.clear();
  for (const id of listOf(sent.delete)) worker.history.delete(id);
  return EMPTY;
}

function postInterrupt({ body }: Asked, { control, worker }: Site): Reply {
  let promptId: unknown;
  try {
    promptId = object(body).prompt_id;
  } catch {
    promptId = undefined; // an empty body interrupts whatever runs
  }
  const targeted = control.traits.interrupts === "targeted" && typeof promptId === "string" && promptId !== "";
  worker.interrupt(targeted ? (promptId as string) : undefined);
  return EMPTY;
}

function postFree({ body }: Asked, { worker }: Site): Reply {
  if (object(body).free_memory) worker.cache.clear();
  return EMPTY;
}

function postUpload({ body, contentType }: Asked, { control, folders }: Site): Reply {
  const parts = parseMultipart(contentType, body);
  if (!parts) return { status: 400 };
  const image = parts.find(({ name }) => name === "image");
  if (!image) return { status: 400 };
  if (image.filename === undefined) throw new TypeError("'str' object has no attribute 'file'");
  const fields = new Map(
    parts.filter((part) => part !== image).map(({ name, bytes }) => [name, bytes.toString("utf8")]),
  );
  const cut = control.faults.take("cut-upload");
  const bytes = cut ? image.bytes.subarray(0, image.bytes.length >> 1) : image.bytes;
  const answer = storeUpload(folders, { name: image.filename, bytes, fields });
  if (answer.status === 200) {
    const { name, subfolder, type } = answer.json as { name: string; subfolder: string; type: string };
    control.counts.uploads.push({ name, subfolder, type, sizeBytes: bytes.length });
    control.changed();
    if (control.traits.extraKeys) {
      const asset = {
        id: randomUUID(),
        name,
        asset_hash: "blake3:0",
        size: bytes.length,
        mime_type: "image/png",
        tags: [],
      };
      return { status: 200, json: { name, subfolder, type, asset } };
    }
  }
  return answer;
}

function getModels(_: Asked, { control }: Site, folder: string): Reply {
  const models = { ...MODELS, ...control.options.models } as Readonly<Record<string, readonly string[]>>;
  if (Object.hasOwn(models, folder)) return ok(models[folder]);
  return MODEL_FOLDERS.includes(folder) ? ok([]) : { status: 404 };
}

function getSystemStats(_: Asked, { control, folders }: Site): Reply {
  const memory = { vram_total: 25_757_220_864, vram_free: 24_000_000_000 };
  const torch = { torch_vram_total: 25_757_220_864, torch_vram_free: 24_000_000_000 };
  return ok({
    system: {
      os: "posix",
      ram_total: 25_276_063_744,
      ram_free: 24_377_970_688,
      ...(control.options.versionless ? {} : { comfyui_version: control.options.version ?? VERSION }),
      python_version: "3.11.7 (main) [GCC 12.2.0]",
      pytorch_version: "2.9.0+cpu",
      embedded_python: false,
      argv: ["main.py", "--cpu", "--base-directory", folders.root],
    },
    devices: [{ name: "cpu", type: "cpu", index: null, ...memory, ...torch }],
  });
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
