/** Fills the slots of a workflow with one job's values: the graph as it is sent. */
import { AppError } from "../errors.ts";
import { type Graph, graphFrom, invalid } from "./graph.ts";
import type { InputSlot, Slots } from "./slots.ts";

export type Fill = {
  /** The plate's name on the backend, `folder/name.png`. */
  readonly image: string;
  readonly prompt: string;
  /** Used where the workflow has a seed slot; others keep the seed they were saved with. */
  readonly seed?: number;
  readonly negative?: string;
  readonly strength?: number;
  readonly steps?: number;
  readonly reference?: string;
  readonly mask?: string;
  /** Values for the workflow's own parameters, by the names `findSlots` gives them. */
  readonly params?: Readonly<Record<string, string | number>>;
  /** Where the results go on the backend, unlike any other job's: else ComfyUI answers from its cache with old names. */
  readonly prefix: string;
};

/** Names ComfyUI keeps as they are, in every version and on every system. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const NAME_LENGTH_MAX = 200;

/** The graph to send: the file's own JSON, with the slots and the names of all saved pictures replaced. */
export function fillGraph(graph: Graph, slots: Slots, fill: Fill): Record<string, unknown> {
  for (const name of [fill.image, fill.reference, fill.mask, fill.prefix]) if (name !== undefined) requirePlain(name);
  if (fill.seed !== undefined && !(Number.isSafeInteger(fill.seed) && fill.seed >= 0))
    throw new AppError("internal", `seed ${fill.seed} is not a whole number from 0 to 2^53 − 1`);

  const changes = new Map<string, Record<string, unknown>>();
  const set = (node: string, input: string, value: string | number): void => {
    changes.set(node, { ...changes.get(node), [input]: value });
  };
  for (const [slot, value] of valuesOf(fill)) {
    const places = slots.inputs[slot] ?? [];
    if (places.length === 0 && slot !== "seed") noPlace(graph, slot);
    for (const { node, input } of places) set(node, input, value);
  }
  for (const [name, value] of Object.entries(fill.params ?? {}))
    for (const { node, input } of slots.params[name] ?? noPlace(graph, name)) set(node, input, value);
  for (const [id, node] of Object.entries(graph.nodes))
    if (Object.hasOwn(node.inputs, "filename_prefix")) set(id, "filename_prefix", prefixOf(id, slots, fill.prefix));

  const filled = Object.fromEntries(
    Object.entries(graph.raw).map(([id, node]) => {
      const changed = changes.get(id);
      if (!changed) return [id, node];
      return [id, { ...(node as object), inputs: { ...graph.nodes[id]!.inputs, ...changed } }];
    }),
  );
  // A broken graph may end the server's worker for good, so what is sent is looked at once more.
  graphFrom(filled, graph.name);
  return filled;
}

function noPlace(graph: Graph, name: string): never {
  throw invalid(graph.name, `has no place for ${name}: title the node that takes it @${name}`, { slot: name });
}

/** The prefix a saver gets: the result's is the job's own, every other one is told apart by a suffix. */
export function prefixOf(node: string, slots: Slots, prefix: string): string {
  if (node === slots.result) return prefix;
  if (node === slots.baseline) return `${prefix}-baseline`;
  return `${prefix}-${node.replace(/[^A-Za-z0-9]/g, "_")}`;
}

function valuesOf(fill: Fill): readonly (readonly [InputSlot, string | number])[] {
  const { image, prompt, negative, seed, strength, steps, reference, mask } = fill;
  const all = { image, prompt, negative, seed, strength, steps, reference, mask };
  return Object.entries(all).filter((entry): entry is [InputSlot, string | number] => entry[1] !== undefined);
}

function requirePlain(name: string): void {
  if (name.length <= NAME_LENGTH_MAX && PLAIN_NAME.test(name)) return;
  throw new AppError("internal", `"${name}" is not a plain name for a file on the backend`);
}
