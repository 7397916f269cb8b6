/** Marks in the titles of nodes: `@image`, `@prompt:text`, several to a title. */
import type { Graph } from "./graph.ts";

/** One input of one node. */
export type Place = { readonly node: string; readonly input: string };

export type Marker = {
  readonly node: string;
  /** As written, without the @. */
  readonly word: string;
  readonly input?: string;
};

const MARKER = /(?<![\w@])@([a-z][a-z0-9_]*)(?::([\w-]+))?/gi;

export function markersOf(graph: Graph): readonly Marker[] {
  return Object.entries(graph.nodes).flatMap(([node, { title }]) =>
    [...(title ?? "").matchAll(MARKER)].map(([, word, input]) => ({
      node,
      word: word!,
      ...(input === undefined ? {} : { input }),
    })),
  );
}

/** `10.image` or `10`; a node id holds no dot, an input's name may. */
export function target(text: string): { readonly node: string; readonly input?: string } {
  const dot = text.indexOf(".");
  return dot < 0 ? { node: text } : { node: text.slice(0, dot), input: text.slice(dot + 1) };
}
