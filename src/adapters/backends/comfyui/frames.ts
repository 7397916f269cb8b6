/** What the frames of a ComfyUI's socket say: text as `Said` of a prompt, binary as a preview. Pure. */
import type { Glimpse } from "../../../ports.ts";
import type { Said, Step } from "./course.ts";

export type Heard =
  /** The queue changed, or the line is new and may have missed something. */
  | { readonly kind: "queue" }
  | { readonly kind: "prompt"; readonly pid: string; readonly said: Said }
  /** Older servers do not say whose preview it is: then it is that of the prompt that was heard of last. */
  | { readonly kind: "preview"; readonly pid: string | null; readonly glimpse: Glimpse };

/** The first frame we send: previews then come with the id of their prompt. */
export const FEATURES = JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } });

/** A preview is a few hundred kB at most; what is larger is somebody's whole picture. */
const PREVIEW_BYTES_MAX = 1 << 20;
const METADATA_BYTES_MAX = 65_536;
const PLAIN_PREVIEW = 1;
const PREVIEW_WITH_METADATA = 4;

/** What a text frame says to us; frames of an unknown kind say nothing. */
export function understand(text: string): Heard | undefined {
  let message: { type?: unknown; data?: Record<string, unknown> | null };
  try {
    message = JSON.parse(text);
  } catch {
    return undefined; // not from ComfyUI; the poll decides anyway
  }
  const { type, data } = message ?? {};
  if (type === "status") return { kind: "queue" };
  if (typeof type !== "string" || typeof data !== "object" || data === null) return undefined;
  const pid = data.prompt_id;
  if (typeof pid !== "string" || !/^(progress|progress_state|executing|executed|execution_.*)$/.test(type))
    return undefined;
  return { kind: "prompt", pid, said: saidOf(type, data) };
}

function saidOf(type: string, data: Readonly<Record<string, unknown>>): Said {
  const node = typeof data.node === "string" ? data.node : null;
  switch (type) {
    case "execution_cached":
      return { kind: "cached", nodes: Array.isArray(data.nodes) ? data.nodes.map(String) : [] };
    case "executing":
      return node === null ? { kind: "over" } : { kind: "at", node };
    case "executed":
      return node === null ? { kind: "other" } : { kind: "done", node };
    case "progress":
      return { kind: "steps", nodes: node === null ? [] : stepOf(node, data) };
    case "progress_state":
      return { kind: "steps", nodes: Object.entries(data.nodes ?? {}).flatMap(([id, each]) => stepOf(id, each)) };
    case "execution_success":
      return { kind: "success" };
    default:
      return { kind: "other" };
  }
}

function stepOf(node: string, said: unknown): readonly Step[] {
  const { value, max, state } = (said ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof value !== "number" || typeof max !== "number") return [];
  return [{ node, value, max, ended: state === "finished" }];
}

/** The preview in a binary frame; undefined for frames of other kinds, broken and oversized ones. */
export function previewIn(frame: Buffer): Heard | undefined {
  if (frame.length < 8 || frame.length > PREVIEW_BYTES_MAX + METADATA_BYTES_MAX) return undefined;
  const event = frame.readUInt32BE(0);
  if (event === PLAIN_PREVIEW) return preview(null, frame.subarray(8));
  if (event !== PREVIEW_WITH_METADATA) return undefined;
  const length = frame.readUInt32BE(4);
  if (length > METADATA_BYTES_MAX || 8 + length > frame.length) return undefined;
  try {
    const { prompt_id: pid } = JSON.parse(frame.toString("utf8", 8, 8 + length)) as { prompt_id?: unknown };
    return typeof pid === "string" ? preview(pid, frame.subarray(8 + length)) : undefined;
  } catch {
    return undefined; // a preview less; nothing is decided by it
  }
}

/** By its own first bytes, whatever the frame calls it: it will be shown in a browser. */
function preview(pid: string | null, bytes: Buffer): Heard | undefined {
  if (bytes.length > PREVIEW_BYTES_MAX) return undefined;
  const isJpeg = bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
  const mime = isJpeg ? "image/jpeg" : bytes.toString("latin1", 1, 4) === "PNG" ? "image/png" : undefined;
  // A copy: the frame's own memory is a slice of a larger read.
  return mime && { kind: "preview", pid, glimpse: { mime, bytes: Uint8Array.from(bytes) } };
}
