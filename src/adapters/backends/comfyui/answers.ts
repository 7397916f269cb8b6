/** What ComfyUI's answers mean: queue and history as plain values, and a history entry as progress. Pure. */
import { z } from "zod";
import type { PictureRef, Progress } from "../../../ports.ts";

/** The nodes of a posted graph, as the server gives them back. */
export type PostedGraph = Readonly<Record<string, unknown>>;

export type QueueItem = {
  readonly number: number;
  readonly pid: string;
  readonly graph: PostedGraph;
  readonly clientId: string | null;
};
export type Queue = { readonly running: readonly QueueItem[]; readonly pending: readonly QueueItem[] };

const ObjectShape = z.record(z.string(), z.unknown());
const ItemShape = z.tuple([z.number(), z.string(), ObjectShape], z.unknown());
const QueueShape = z.looseObject({ queue_running: z.array(ItemShape), queue_pending: z.array(ItemShape) });
const ImageShape = z.looseObject({
  filename: z.string().min(1),
  subfolder: z.string().default(""),
  type: z.string().default("output"),
});
const OutputShape = z.looseObject({ images: z.array(z.unknown()).optional() });
const EntryShape = z.looseObject({
  prompt: z.tuple([z.number(), z.string(), ObjectShape], z.unknown()),
  outputs: z.record(z.string(), z.unknown()).default({}),
  status: z
    .looseObject({
      status_str: z.string().optional(),
      messages: z.array(z.tuple([z.string(), z.unknown()], z.unknown())).default([]),
    })
    .nullish(),
});
export type Entry = z.infer<typeof EntryShape>;

/** Pending items come in heap order; here they stand in the order they will run. Undefined when it is no queue. */
export function readQueue(answer: unknown): Queue | undefined {
  const parsed = QueueShape.safeParse(answer);
  if (!parsed.success) return undefined;
  const item = ([number, pid, graph, extra]: z.infer<typeof ItemShape>): QueueItem => {
    const clientId = ObjectShape.safeParse(extra).data?.client_id;
    return { number, pid, graph, clientId: typeof clientId === "string" ? clientId : null };
  };
  const pending = parsed.data.queue_pending.map(item).sort((a, b) => a.number - b.number);
  return { running: parsed.data.queue_running.map(item), pending };
}

/** The entries of `/history…`, newest last; undefined when it is no history. */
export function readHistory(answer: unknown): readonly Entry[] | undefined {
  const parsed = z.record(z.string(), EntryShape).safeParse(answer);
  return parsed.success ? Object.values(parsed.data) : undefined;
}

/** Does a posted graph name this text, our unique prefix, in any input? So a ticket is found under a foreign id. */
export function mentions(graph: PostedGraph, text: string): boolean {
  return Object.values(graph).some((node) =>
    Object.values(inputsOf(node)).some((value) => typeof value === "string" && value.includes(text)),
  );
}

function inputsOf(node: unknown): Readonly<Record<string, unknown>> {
  const inputs = ObjectShape.safeParse(node).data?.inputs;
  return ObjectShape.safeParse(inputs).data ?? {};
}

/** The id of the node that saves under exactly this prefix. */
export function saverOf(graph: PostedGraph, prefix: string): string | undefined {
  return Object.keys(graph).find((id) => inputsOf(graph[id]).filename_prefix === prefix);
}

/** How messages call a node: `node 2 (ImageScale, "Smaller")`. */
export function labelOf(graph: PostedGraph, id: string): string {
  const node = ObjectShape.safeParse(graph[id]).data;
  const title = ObjectShape.safeParse(node?._meta).data?.title;
  const what = [String(node?.class_type ?? ""), title ? `"${title}"` : ""].filter((part) => part !== "");
  return `node ${id}${what.length > 0 ? ` (${what.join(", ")})` : ""}`;
}

/** A picture's place on the server as one text, and back: `a/b_00001_.png`, `b.png [temp]`. */
export function refName(image: {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}): string {
  const path = image.subfolder === "" ? image.filename : `${image.subfolder}/${image.filename}`;
  return image.type === "output" ? path : `${path} [${image.type}]`;
}

export function viewQuery(name: string): string {
  const [, path, type = "output"] = /^(.*?)(?: \[([a-z]+)\])?$/s.exec(name)!;
  const slash = path!.lastIndexOf("/");
  const query = { filename: path!.slice(slash + 1), subfolder: path!.slice(0, Math.max(0, slash)), type };
  return `/view?${new URLSearchParams(query)}`;
}

/** What became of a prompt that has ended. Only a picture of our own result node makes it finished. */
export function progressOf(entry: Entry, prefix: string): Progress {
  const graph = entry.prompt[2];
  const messages = new Map(
    entry.status?.messages.map(([event, data]) => [event, ObjectShape.safeParse(data).data ?? {}]),
  );
  const interrupted = messages.get("execution_interrupted");
  if (interrupted) {
    const where = typeof interrupted.node_id === "string" ? ` at ${labelOf(graph, interrupted.node_id)}` : "";
    return { kind: "cancelled", message: `The run was interrupted on the ComfyUI machine${where}.` };
  }
  const error = messages.get("execution_error");
  if (error) return failure(error, graph);
  if (entry.status?.status_str === "error")
    return {
      kind: "failed",
      code: "backend-failed",
      message: "The run ended with an error that ComfyUI does not explain.",
    };

  const saver = saverOf(graph, prefix);
  const pictures = picturesOf(entry, saver, "result");
  if (pictures.length > 0) {
    const baseline = picturesOf(entry, saverOf(graph, `${prefix}-baseline`), "baseline");
    const foreign =
      pictures.find(({ name }) => !isNamed(name, `${prefix}_`)) ??
      baseline.find(({ name }) => !isNamed(name, `${prefix}-baseline_`));
    if (foreign) {
      const message = `The run gave ${foreign.name}, which is not named as ours are (${prefix}_…): it may be another photo's.`;
      return { kind: "failed", code: "picture-foreign", message };
    }
    return { kind: "finished", pictures: [...pictures, ...baseline], ranMs: ranMs(messages, graph) };
  }
  const where = saver === undefined ? "its result node" : labelOf(graph, saver);
  return { kind: "failed", code: "backend-failed", message: `The run ended well but ${where} saved no picture.` };
}

/** A server on Windows says its folders with backslashes. */
const isNamed = (name: string, start: string): boolean => name.replaceAll("\\", "/").startsWith(start);

/** How long it ran by the server's own clock; null where that says nothing of another run, as when its sampler was cached. */
function ranMs(messages: ReadonlyMap<string, Readonly<Record<string, unknown>>>, graph: PostedGraph): number | null {
  const at = (event: string) => messages.get(event)?.timestamp;
  const [from, to] = [at("execution_start"), at("execution_success")];
  const cached = messages.get("execution_cached")?.nodes;
  const isCached = (id: unknown) =>
    /sampler/i.test(String(ObjectShape.safeParse(graph[String(id)]).data?.class_type ?? ""));
  if (Array.isArray(cached) && cached.some(isCached)) return null;
  return typeof from === "number" && typeof to === "number" && to >= from ? to - from : null;
}

function picturesOf(entry: Entry, node: string | undefined, slot: PictureRef["slot"]): readonly PictureRef[] {
  const output = OutputShape.safeParse(node === undefined ? undefined : entry.outputs[node]).data;
  return (output?.images ?? []).flatMap((image) => {
    const parsed = ImageShape.safeParse(image);
    return parsed.success ? [{ slot, name: refName(parsed.data) }] : [];
  });
}

function failure(error: Readonly<Record<string, unknown>>, graph: PostedGraph): Progress {
  const type = String(error.exception_type ?? "");
  const text = brief(String(error.exception_message ?? type));
  const node = labelOf(graph, String(error.node_id ?? "?"));
  if (/(^|\.)OutOfMemoryError$/.test(type) || /^(Allocation on device|CUDA out of memory)/.test(text))
    return { kind: "failed", code: "backend-out-of-memory", message: `The GPU ran out of memory at ${node}: ${text}.` };
  if (error.node_type === "LoadImage")
    return { kind: "failed", code: "backend-failed", message: `ComfyUI could not read the plate at ${node}: ${text}.` };
  return { kind: "failed", code: "backend-failed", message: `It failed at ${node}: ${text}.` };
}

/** The first line of a server's message, without a full stop. */
export function brief(text: string): string {
  return text.trim().split("\n")[0]!.trim().replace(/\.$/, "").slice(0, 300);
}
