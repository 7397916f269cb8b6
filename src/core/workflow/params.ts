/**
 * The parameters of a workflow: what a recipe's `params` may set. Any marker that is no slot names one (`@guidance` on
 * the node with that input, `@lora:lora_name`), as does any further key of the recipe's map; the slots that take a
 * value of the recipe (`steps`, `negative` …) count as well.
 */
import { suggest } from "../config/suggest.ts";
import { type Graph, invalid, nodeAt, nodeLabel } from "./graph.ts";
import { type Marker, type Place, target } from "./markers.ts";
import type { InputSlot, Slots } from "./slots.ts";

export type Params = Readonly<Record<string, string | number>>;

/** Slots that `params` may set; the others are filled from the photo and the recipe's own keys. */
export const PARAM_SLOTS = ["negative", "strength", "steps", "reference", "mask"] as const satisfies InputSlot[];

/** Words whose input has another name. Every other word names its input, however it is spelt. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  sampler: ["sampler_name"],
  lora: ["lora_name"],
  loraStrength: ["strength_model", "strength"],
  model: ["unet_name", "ckpt_name", "model_name"],
  upscaler: ["model_name"],
};

const plain = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, "");

/** The parameters that markers and map name, and the markers that turn out to be none. */
export function findParams(
  graph: Graph,
  map: Readonly<Record<string, string>>,
  markers: readonly Marker[],
): { readonly params: Slots["params"]; readonly strays: readonly Marker[] } {
  const params = new Map<string, Place[]>();
  const strays: Marker[] = [];
  for (const [name, text] of Object.entries(map)) params.set(nameOf(name, params), [mappedPlace(graph, name, text)]);
  const mapped = new Set(params.keys());
  for (const marker of markers) {
    const name = nameOf(marker.word, params);
    if (mapped.has(name)) continue; // the map wins
    const place = markedPlace(graph, marker);
    if (place) params.set(name, [...(params.get(name) ?? []), place]);
    else strays.push(marker);
  }
  return { params: Object.fromEntries(params), strays };
}

/** One spelling a parameter: the usual one, else the first that was met. */
function nameOf(word: string, known: ReadonlyMap<string, unknown>): string {
  const same = (other: string) => plain(other) === plain(word);
  return Object.keys(USUAL).find(same) ?? [...known.keys()].find(same) ?? word;
}

function mappedPlace(graph: Graph, name: string, text: string): Place {
  const { node, input } = target(text);
  const found = nodeAt(graph, node);
  if (!found)
    throw invalid(graph.name, `has no node ${node}, which the slot map names for ${name}; its nodes are ${ids(graph)}`);
  if (input === undefined || !Object.hasOwn(found.inputs, input)) {
    const has = Object.keys(found.inputs).join(", ") || "none";
    throw invalid(graph.name, `has no ${name} at ${text}: ${nodeLabel(graph, node)} has the inputs ${has}`);
  }
  if (Array.isArray(found.inputs[input]))
    throw invalid(graph.name, `cannot set ${name} at ${text}: that input comes from another node`);
  return { node, input };
}

const ids = (graph: Graph): string => Object.keys(graph.nodes).slice(0, 30).join(", ");

/** Undefined where the node has no such input, or gets it from another node: then the word is no parameter. */
function markedPlace(graph: Graph, { node, word, input }: Marker): Place | undefined {
  const { inputs } = nodeAt(graph, node)!;
  const own = Object.keys(inputs).filter((name) => !Array.isArray(inputs[name]));
  const usual = Object.entries(USUAL).find(([name]) => plain(name) === plain(word))?.[1] ?? [];
  const found =
    input === undefined
      ? (usual.find((name) => own.includes(name)) ?? own.find((name) => plain(name) === plain(word)))
      : own.find((name) => name === input);
  return found === undefined ? undefined : { node, input: found };
}

/** All a recipe may set, with the inputs it goes to. */
export function exposedParams({ inputs, params }: Slots): Readonly<Record<string, readonly Place[]>> {
  const slots = PARAM_SLOTS.flatMap((slot) => (inputs[slot] ? [[slot, inputs[slot]] as const] : []));
  return { ...Object.fromEntries(slots), ...params };
}

/**
 * The recipe's params as they will be filled: names in the workflow's spelling. Throws `workflow-invalid` for a name
 * the workflow does not expose, a text where the file has a number or the reverse, or two values for one input.
 */
export function readParams(graph: Graph, slots: Slots, params: Params): Params {
  const exposed = exposedParams(slots);
  const set = new Map<string, string | number>();
  const taken = new Map<string, string>();
  for (const [given, value] of Object.entries(params)) {
    const name = Object.keys(exposed).find((known) => plain(known) === plain(given));
    if (name === undefined) throw noSuchParam(graph, given, Object.keys(exposed));
    for (const { node, input } of exposed[name]!) {
      const before = nodeAt(graph, node)!.inputs[input];
      if (typeof before !== typeof value)
        throw invalid(
          graph.name,
          `takes a ${typeof before} for ${name} (${input} of ${nodeLabel(graph, node)}), not ${JSON.stringify(value)}`,
          { name },
        );
      const other = taken.get(`${node}.${input}`);
      if (other !== undefined)
        throw invalid(
          graph.name,
          `is given both ${other} and ${name}, which set the same input of ${nodeLabel(graph, node)}`,
        );
      taken.set(`${node}.${input}`, name);
    }
    set.set(name, value);
  }
  return Object.fromEntries(set);
}

function noSuchParam(graph: Graph, given: string, exposed: readonly string[]): Error {
  const near = suggest(given, exposed);
  const list = exposed.length > 0 ? `it exposes ${exposed.join(", ")}` : "it exposes none";
  const mend = near === null ? `${list}; title the node that takes it @${given}` : `did you mean ${near}? ${list}`;
  return invalid(graph.name, `exposes no parameter ${given}: ${mend}`, { name: given });
}
