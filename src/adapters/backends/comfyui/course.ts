/** How far a prompt has come, from what its server says of it: percent that only rise. Pure. */
import type { PostedGraph } from "./answers.ts";

/** One message, as far as it speaks of how far the prompt is. */
export type Said =
  /** Taken up, with these nodes known from an earlier run. */
  | { readonly kind: "cached"; readonly nodes: readonly string[] }
  /** This node is at work now; those before it have ended. */
  | { readonly kind: "at"; readonly node: string }
  | { readonly kind: "done"; readonly node: string }
  | { readonly kind: "steps"; readonly nodes: readonly Step[] }
  /** Every node has ended. */
  | { readonly kind: "success" }
  /** It is off the worker, however it went, and the history knows. */
  | { readonly kind: "over" }
  | { readonly kind: "other" };

export type Step = { readonly node: string; readonly value: number; readonly max: number; readonly ended: boolean };

export type Course = {
  /** Nodes of the graph, 0 while it is not known; and how many of them take their time in steps. */
  readonly nodes: number;
  readonly samplers: number;
  readonly at: string | null;
  readonly done: ReadonlySet<string>;
  /** Share 0 … 1 of each node that is seen to take steps. */
  readonly steps: ReadonlyMap<string, number>;
  /** 0 … 99, never less than before. */
  readonly percent: number;
};

export const UNBEGUN: Course = { nodes: 0, samplers: 0, at: null, done: new Set(), steps: new Map(), percent: 0 };

/** What is not steps (loading, encoding, saving) is given this much of the whole. */
const NODES_PERCENT = 10;
/** Only the picture itself is the last percent. */
const PERCENT_MAX = 99;

export function courseOf(graph: PostedGraph): Course {
  const isSampler = (node: unknown) =>
    /sampler/i.test(String((node as { class_type?: unknown } | null)?.class_type ?? ""));
  const nodes = Object.values(graph);
  // Selecting a sampler takes no steps.
  const samplers = nodes.filter((node) => isSampler(node) && hasLatent(node)).length;
  return { ...UNBEGUN, nodes: nodes.length, samplers };
}

const hasLatent = (node: unknown): boolean =>
  Object.keys((node as { inputs?: object } | null)?.inputs ?? {}).some((name) => /latent/i.test(name));

export function advance(course: Course, said: Said): Course {
  const done = new Set(course.done);
  const steps = new Map(course.steps);
  let { at } = course;
  const end = (node: string) => {
    done.add(node);
    if (steps.has(node)) steps.set(node, 1);
  };
  switch (said.kind) {
    case "cached":
      for (const node of said.nodes) end(node);
      break;
    case "at":
      if (at !== null && at !== said.node) end(at);
      at = said.node;
      break;
    case "done":
      end(said.node);
      break;
    case "steps":
      for (const { node, value, max, ended } of said.nodes) {
        if (max > 1) steps.set(node, Math.max(steps.get(node) ?? 0, Math.min(1, Math.max(0, value / max))));
        if (ended) end(node);
      }
      break;
    case "success":
    case "over":
      return { ...course, percent: PERCENT_MAX };
    case "other":
      return course;
  }
  return { ...course, at, done, steps, percent: Math.max(course.percent, percentOf(course, done, steps)) };
}

function percentOf({ nodes, samplers }: Course, done: ReadonlySet<string>, steps: ReadonlyMap<string, number>): number {
  const ofNodes = nodes > 0 ? Math.min(1, done.size / nodes) : 0;
  const stepping = Math.max(samplers, steps.size);
  if (stepping === 0) return Math.floor(PERCENT_MAX * ofNodes);
  const ofSteps = [...steps.values()].reduce((sum, share) => sum + share, 0) / stepping;
  return Math.floor(NODES_PERCENT * ofNodes + (PERCENT_MAX - NODES_PERCENT) * ofSteps);
}
