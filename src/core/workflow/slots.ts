/**
 * The slots of a workflow: which input of which node takes the plate, the prompt, the seed …, and which node gives
 * the result. A slot is named by the recipe's map, else by a marker in a node's title (`@image`, `@prompt:text`,
 * several to a title), else guessed where only one node comes into question.
 */
import { suggest } from "../config/suggest.ts";
import { type Graph, type GraphNode, invalid, linkOf, nodeAt, nodeLabel } from "./graph.ts";
import { type Marker, markersOf, type Place, target } from "./markers.ts";
import { findParams } from "./params.ts";

export type { Place } from "./markers.ts";

/** Slots that take a value, and the input names they usually have, most usual first. */
const INPUT_NAMES = {
  image: ["image"],
  prompt: ["text", "prompt"],
  negative: ["text", "prompt"],
  seed: ["seed", "noise_seed"],
  strength: ["denoise", "strength"],
  steps: ["steps"],
  reference: ["image"],
  mask: ["mask", "image"],
} as const satisfies Record<string, readonly string[]>;

export type InputSlot = keyof typeof INPUT_NAMES;
export type OutputSlot = "result" | "baseline";
export type SlotName = InputSlot | OutputSlot;

const INPUT_SLOTS = Object.keys(INPUT_NAMES) as readonly InputSlot[];
export const SLOT_NAMES: readonly SlotName[] = [...INPUT_SLOTS, "result", "baseline"];

export type Slots = {
  /** A slot may be marked on several nodes; all of them get the value. `image` and `prompt` always have one. */
  readonly inputs: Readonly<Partial<Record<InputSlot, readonly Place[]>>>;
  /** The node whose picture is the graded preview. */
  readonly result: string;
  /** The node whose picture is the plate after encoding and decoding alone. */
  readonly baseline?: string;
  /** Slots nobody named: found because there was no other candidate. */
  readonly guessed: readonly SlotName[];
  /** Further inputs a recipe may set: markers that are no slot, by their word, and further keys of the map. */
  readonly params: Readonly<Record<string, readonly Place[]>>;
  /** Markers that are neither slot nor parameter, such as `@imgae`; worth a warning. */
  readonly unknownMarkers: readonly string[];
};

/**
 * Finds the slots of a workflow. `map` is the recipe's own, `{ image: "10.image", result: "13" }`, and wins; a key of
 * it that is no slot names a parameter, with its input: `{ guidance: "9.guidance" }`.
 */
export function findSlots(graph: Graph, map: Readonly<Record<string, string>> = {}): Slots {
  const further = Object.entries(map).filter(([name]) => !isSlot(name));
  for (const [name, text] of further) if (target(text).input === undefined) throw noSlot(graph, name);
  const all = markersOf(graph);
  const markers = all.flatMap((marker) => (isSlot(slotOf(marker)) ? [{ ...marker, word: slotOf(marker) }] : []));
  const { params, strays } = findParams(
    graph,
    Object.fromEntries(further),
    all.filter((marker) => !isSlot(slotOf(marker))),
  );
  const guessed: SlotName[] = [];
  const inputs: Partial<Record<InputSlot, readonly Place[]>> = {};
  for (const slot of INPUT_SLOTS) {
    const places = namedPlaces(graph, slot, map, markers);
    if (places.length > 0) inputs[slot] = places;
  }
  const baseline = namedOutput(graph, "baseline", map, markers);
  let result = namedOutput(graph, "result", map, markers);
  const unknownMarkers = strays.map((stray) => `@${slotOf(stray)} on node ${stray.node}`);

  for (const slot of ["image", "prompt", "seed"] as const) {
    if (inputs[slot]) continue;
    const found = candidates(graph, slot, claimed(inputs));
    // A workflow without a marked seed keeps the one it was saved with.
    if (found.length !== 1 && slot === "seed") continue;
    inputs[slot] = [onlyOne(graph, slot, found, unknownMarkers)];
    guessed.push(slot);
  }
  if (result === undefined) {
    const found = savers(graph).filter((node) => node !== baseline);
    result = onlyOne(
      graph,
      "result",
      found.map((node) => ({ node, input: "" })),
      unknownMarkers,
    ).node;
    guessed.push("result");
  }
  if (result === baseline) throw invalid(graph.name, `marks ${nodeLabel(graph, result)} as both result and baseline`);
  return { inputs, result, ...(baseline === undefined ? {} : { baseline }), params, guessed, unknownMarkers };
}

const slotOf = ({ word }: Marker): string => word.toLowerCase();

function noSlot(graph: Graph, name: string): Error {
  const near = suggest(name, SLOT_NAMES);
  const meant = near === null ? "" : ` (did you mean ${near}?)`;
  return invalid(
    graph.name,
    `has no slot "${name}"${meant}; slots are ${SLOT_NAMES.join(", ")}, and a parameter is named with its input, such as 9.${name}`,
  );
}

function isSlot(word: string): word is SlotName {
  return (SLOT_NAMES as readonly string[]).includes(word);
}

function namedPlaces(
  graph: Graph,
  slot: InputSlot,
  map: Readonly<Record<string, string>>,
  markers: readonly Marker[],
): readonly Place[] {
  if (Object.hasOwn(map, slot)) {
    const { node, input } = target(map[slot]!);
    requireNode(graph, slot, node);
    return [placeAt(graph, slot, node, input)];
  }
  return markers.filter(({ word }) => word === slot).map(({ node, input }) => placeAt(graph, slot, node, input));
}

function namedOutput(
  graph: Graph,
  slot: OutputSlot,
  map: Readonly<Record<string, string>>,
  markers: readonly Marker[],
): string | undefined {
  const marked = [...new Set(markers.filter(({ word }) => word === slot).map(({ node }) => node))];
  const named = Object.hasOwn(map, slot) ? [target(map[slot]!).node] : marked;
  if (named.length > 1)
    throw invalid(graph.name, `marks ${slot} more than once: ${named.map((id) => nodeLabel(graph, id)).join(", ")}`);
  const [node] = named;
  if (node === undefined) return undefined;
  const { inputs } = requireNode(graph, slot, node);
  // Only a saver keeps the picture on disk under a name of ours; a preview is wiped at every start.
  if (!Object.hasOwn(inputs, "filename_prefix"))
    throw invalid(graph.name, `marks ${nodeLabel(graph, node)} as ${slot}, which must be a SaveImage node`);
  return node;
}

function requireNode(graph: Graph, slot: SlotName, id: string): GraphNode {
  const node = nodeAt(graph, id);
  if (node) return node;
  const ids = Object.keys(graph.nodes).slice(0, 30).join(", ");
  throw invalid(graph.name, `has no node ${id}, which the slot map names for ${slot}; its nodes are ${ids}`);
}

/** The input that takes the slot's value: the named one, else the first usual one that holds a value of its own. */
function placeAt(graph: Graph, slot: InputSlot, node: string, named?: string): Place {
  const { inputs } = nodeAt(graph, node)!;
  const wanted: readonly string[] = named === undefined ? INPUT_NAMES[slot] : [named];
  const present = wanted.filter((input) => Object.hasOwn(inputs, input));
  const input = present.find((name) => !Array.isArray(inputs[name]));
  if (input !== undefined) return { node, input };
  const label = nodeLabel(graph, node);
  const [linked] = present;
  if (linked === undefined) {
    const has = Object.keys(inputs).join(", ") || "none";
    throw invalid(graph.name, `marks ${label} as ${slot}, but it has no input ${wanted.join(" or ")} (it has ${has})`);
  }
  const from = linkOf(inputs[linked])?.node;
  const mend = from === undefined ? "" : `; mark ${nodeLabel(graph, from)} instead`;
  throw invalid(graph.name, `marks ${label} as ${slot}, but its ${linked} comes from another node${mend}`);
}

function claimed(inputs: Slots["inputs"]): ReadonlySet<string> {
  return new Set(Object.values(inputs).flatMap((places) => places.map(({ node, input }) => `${node}.${input}`)));
}

/** Inputs that could be the slot, leaving out those another slot has. */
function candidates(graph: Graph, slot: "image" | "prompt" | "seed", taken: ReadonlySet<string>): readonly Place[] {
  return Object.entries(graph.nodes).flatMap(([node, { classType, inputs }]) => {
    if (slot === "image" && classType !== "LoadImage") return [];
    if (slot === "prompt" && !classType.includes("TextEncode")) return [];
    const kind = slot === "seed" ? "number" : "string";
    const names: readonly string[] = INPUT_NAMES[slot];
    const input = names.find((name) => Object.hasOwn(inputs, name) && typeof inputs[name] === kind);
    return input === undefined || taken.has(`${node}.${input}`) ? [] : [{ node, input }];
  });
}

function savers(graph: Graph): readonly string[] {
  return Object.keys(graph.nodes).filter((id) => nodeAt(graph, id)!.classType === "SaveImage");
}

function onlyOne(graph: Graph, slot: SlotName, found: readonly Place[], unknownMarkers: readonly string[]): Place {
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const typo = unknownMarkers.length > 0 ? ` (unknown: ${unknownMarkers.join(", ")})` : "";
  const labels = found.map(({ node }) => nodeLabel(graph, node));
  const what = only ? `could take ${slot} at ${labels.join(" or ")}` : `has no node for ${slot}`;
  throw invalid(graph.name, `${what}: title the right one @${slot}, or name it under \`slots:\`${typo}`, {
    slot,
    candidates: found.map(({ node }) => node),
  });
}
