/**
 * A workflow file: ComfyUI's API export, read into nodes and kept as it was.
 * The raw JSON is what is sent later, so nothing a person built gets lost on the way.
 */
import { z } from "zod";
import { AppError } from "../errors.ts";

/** Far above any graph people draw; below it a hostile file costs little. */
export const NODES_MAX = 5_000;
const PROBLEMS_SHOWN = 5;

export type GraphNode = {
  readonly classType: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The name a person gave the node; slots are marked in it. */
  readonly title?: string;
};

export type Graph = {
  /** The workflow's name, for messages. */
  readonly name: string;
  readonly nodes: Readonly<Record<string, GraphNode>>;
  /** The file as parsed. Never changed: `fillGraph` copies what it fills. */
  readonly raw: Readonly<Record<string, unknown>>;
};

const NodeShape = z.looseObject({
  class_type: z.string().min(1),
  inputs: z.record(z.string(), z.unknown()),
  _meta: z.looseObject({ title: z.string().optional() }).optional(),
});

const HOW_TO_EXPORT =
  'open it in ComfyUI and save it with File → Export (API), which some versions call "Export Workflow (API)" or have under Workflow';

/** Reads an API export; `name` is what messages call it. Throws `workflow-invalid` with every problem found. */
export function parseGraph(text: string, name: string): Graph {
  const raw = parseJson(text, name);
  if (!isObject(raw)) throw invalid(name, `is not a workflow: ${HOW_TO_EXPORT}`);
  if (Array.isArray(raw.nodes))
    throw invalid(name, `is in ComfyUI's editor format, which only the editor can run: ${HOW_TO_EXPORT}`);
  if (isObject(raw.prompt) && raw.prompt.class_type === undefined)
    throw invalid(name, "is a whole request; keep only the object under `prompt`");
  return graphFrom(raw, name);
}

/** The same of nodes that are parsed already: what a file holds, or what is about to be sent. */
export function graphFrom(raw: Readonly<Record<string, unknown>>, name: string): Graph {
  const ids = Object.keys(raw);
  if (ids.length === 0) throw invalid(name, `has no nodes: ${HOW_TO_EXPORT}`);
  if (ids.length > NODES_MAX) throw invalid(name, `has ${ids.length} nodes; ${NODES_MAX} is the most`);

  const problems: string[] = [];
  const nodes = new Map<string, GraphNode>();
  for (const [id, value] of Object.entries(raw)) {
    const parsed = NodeShape.safeParse(value);
    if (parsed.success) nodes.set(id, nodeFrom(parsed.data));
    else problems.push(problemOf(id, value));
  }
  for (const [id, node] of nodes) problems.push(...brokenLinks(id, node, raw));
  if (problems.length > 0) throw invalid(name, summary(problems), { problems });
  return { name, nodes: Object.fromEntries(nodes), raw };
}

/** A node by id; ids come from people, so names such as `constructor` must not find anything. */
export function nodeAt(graph: Graph, id: string): GraphNode | undefined {
  return Object.hasOwn(graph.nodes, id) ? graph.nodes[id] : undefined;
}

/** Where a link comes from, or undefined where the value is none. ComfyUI takes every list for a link. */
export function linkOf(value: unknown): { readonly node: string; readonly output: number } | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [node, output] = value as readonly unknown[];
  return typeof node === "string" && typeof output === "number" ? { node, output } : undefined;
}

/** How messages call a node: `node 4 (LoadImage, "@image")`. */
export function nodeLabel(graph: Graph, id: string): string {
  const node = nodeAt(graph, id);
  if (!node) return `node ${id}`;
  return `node ${id} (${node.classType}${node.title === undefined ? "" : `, "${node.title}"`})`;
}

export function invalid(name: string, what: string, data: Readonly<Record<string, unknown>> = {}): AppError {
  return new AppError("workflow-invalid", `Workflow ${name} ${what}.`, { workflow: name, ...data });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError("workflow-invalid", `Workflow ${name} is not JSON: ${reason}`, { workflow: name }, thrown);
  }
}

function nodeFrom(shape: z.infer<typeof NodeShape>): GraphNode {
  const title = shape._meta?.title;
  const node = { classType: shape.class_type, inputs: shape.inputs };
  return title === undefined ? node : { ...node, title };
}

function problemOf(id: string, value: unknown): string {
  if (!isObject(value)) return `entry ${id} is not a node`;
  if (typeof value.class_type !== "string" || value.class_type === "") return `node ${id} has no class_type`;
  const label = `node ${id} (${value.class_type})`;
  // A node without inputs passes ComfyUI's own check and then ends its worker for good.
  if (!isObject(value.inputs)) return `${label} has no inputs`;
  return `${label} has a title that is not text`;
}

function brokenLinks(id: string, node: GraphNode, raw: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(node.inputs).flatMap(([input, value]) => {
    const link = linkOf(value);
    if (!link || Object.hasOwn(raw, link.node)) return [];
    return [`node ${id} (${node.classType}) takes ${input} from node ${link.node}, which is not in the file`];
  });
}

function summary(problems: readonly string[]): string {
  const more = problems.length - PROBLEMS_SHOWN;
  const shown = problems.slice(0, PROBLEMS_SHOWN).join("; ");
  return `cannot be used: ${shown}${more > 0 ? `; and ${more} more` : ""}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
