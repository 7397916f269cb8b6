/**
 * What keeps a filled workflow from running on one ComfyUI, as sentences: the one place that knows the rules, for
 * `check` and `preflight` alike. They are those of ComfyUI's own validation, found out without posting anything. Pure.
 */
import { suggest } from "../../../core/config/suggest.ts";
import { type Graph, nodeAt, nodeLabel } from "../../../core/workflow/graph.ts";
import { type Notes, sizeText } from "../../../core/workflow/notes.ts";
import type { InputInfo, NodeInfo } from "./node-info.ts";
import { missingModel, modelFolder } from "./refusals.ts";
import { atLeast } from "./server.ts";

/** Nodes of ComfyUI itself, and the first version that has them. */
export const NODES_SINCE: Readonly<Record<string, string>> = {
  PrimitiveStringMultiline: "0.3.32",
  GetImageSize: "0.3.40",
  FluxKontextImageScale: "0.3.42",
  ReferenceLatent: "0.3.42",
  CFGNorm: "0.3.45",
  FluxKontextMultiReferenceLatentMethod: "0.3.51",
  TextEncodeQwenImageEdit: "0.3.51",
  TextEncodeQwenImageEditPlus: "0.3.60",
  EmptyFlux2LatentImage: "0.3.72",
  Flux2Scheduler: "0.3.72",
  LoadBackgroundRemovalModel: "0.21.0",
  RemoveBackground: "0.21.0",
};

export type Judged = {
  /** As it would be sent. */
  readonly graph: Graph;
  /** `node.input` that are filled for each photo, and so are not looked at. */
  readonly filled: ReadonlySet<string>;
  /** `node.input` → the parameter that sets it. */
  readonly params: ReadonlyMap<string, string>;
  readonly notes: Notes | undefined;
};

export type ServerFacts = {
  readonly version: string | undefined;
  /** What the server says of each class of the graph; undefined when it has none of that name. */
  readonly infos: ReadonlyMap<string, NodeInfo | undefined>;
  /** All classes it has; asked for only where one is missing. */
  readonly classes: readonly string[];
};

/** Empty when it can run. */
export function lacksOf(judged: Judged, facts: ServerFacts): readonly string[] {
  const { graph, notes } = judged;
  const tooNew: string[] = [];
  const lacks: string[] = [];
  for (const [id, { classType }] of Object.entries(graph.nodes)) {
    const info = facts.infos.get(classType);
    const since = Object.hasOwn(NODES_SINCE, classType) ? NODES_SINCE[classType] : undefined;
    if (info) lacks.push(...badInputs(judged, id, info));
    else if (since !== undefined && !atLeast(facts.version, since)) tooNew.push(classType);
    else lacks.push(foreignNode(graph, id, since, facts.classes));
  }
  const needed = [notes?.needs ?? "0", ...tooNew.map((classType) => NODES_SINCE[classType]!)].reduce((most, one) =>
    atLeast(one, most) ? one : most,
  );
  // An old server that has all it takes is left to try; where something is missing, its age is the likely reason.
  const isOld = facts.version !== undefined && !atLeast(facts.version, needed);
  const because = tooNew.length === 0 ? "" : ` (it lacks ${[...new Set(tooNew)].join(", ")})`;
  const old = `ComfyUI is ${facts.version ?? "of unknown version"}, workflow ${graph.name} needs ${needed} or newer${because}: update ComfyUI.`;
  return [...new Set([...(tooNew.length > 0 || (isOld && lacks.length > 0) ? [old] : []), ...lacks])];
}

function foreignNode(graph: Graph, id: string, since: string | undefined, classes: readonly string[]): string {
  const { classType } = graph.nodes[id]!;
  const near = suggest(classType, classes);
  const meant = near === null ? "" : ` Did you mean ${near}?`;
  const mend = since
    ? "it belongs to ComfyUI itself, so repair or update that"
    : "install the custom node that brings it (ComfyUI Manager → Install Missing Custom Nodes), or update ComfyUI";
  return `Workflow ${graph.name} needs ${nodeLabel(graph, id)}, which is not on the ComfyUI machine: ${mend}.${meant}`;
}

function badInputs(judged: Judged, id: string, info: NodeInfo): string[] {
  const { graph, filled } = judged;
  const { inputs } = graph.nodes[id]!;
  const absent = Object.entries(info.required).filter(
    // Inputs of a changing number (COMFY_…) go by other names in the graph.
    ([name, spec]) => !Object.hasOwn(inputs, name) && !(spec.kind === "other" && spec.type.startsWith("COMFY_")),
  );
  const lacks = absent.map(
    ([name]) =>
      `${capital(nodeLabel(graph, id))} of workflow ${graph.name} has no ${name}, which it needs: connect or set it, and export again.`,
  );
  for (const [name, value] of Object.entries(inputs)) {
    const spec = own(info.required, name) ?? own(info.optional, name);
    if (!spec || Array.isArray(value) || filled.has(`${id}.${name}`)) continue;
    const problem = badValue(judged, id, name, value, spec);
    if (problem) lacks.push(problem);
  }
  return lacks;
}

const own = <Value>(all: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(all, key) ? all[key] : undefined;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function badValue(judged: Judged, id: string, input: string, value: unknown, spec: InputInfo): string | undefined {
  switch (spec.kind) {
    case "choice":
      return spec.options.includes(value) ? undefined : notAChoice(judged, id, input, value, spec.options);
    case "number":
      return badNumber(judged, id, input, value, spec);
    case "other":
      return undefined;
  }
}

function notAChoice(
  judged: Judged,
  id: string,
  input: string,
  value: unknown,
  options: readonly unknown[],
): string | undefined {
  const { classType } = nodeAt(judged.graph, id)!;
  const where = `${nodeLabel(judged.graph, id)} of workflow ${judged.graph.name}`;
  const folder = modelFolder(classType, input);
  const texts = options.filter((option): option is string => typeof option === "string");
  // The list holds the top of the folder; a file below it, or of another folder, may be there all the same.
  if (folder === "input" && typeof value === "string" && /[/\\]| \[/.test(value)) return undefined;
  if (folder !== undefined && typeof value === "string") {
    const model = judged.notes?.models.find(({ file }) => file === value);
    const source = model && `${sizeText(model.sizeMb)}, from ${model.url}`;
    return missingModel(value, where, folder, texts, source);
  }
  const near = typeof value === "string" ? suggest(value, texts) : null;
  const few = options.length <= 8 ? `it knows ${options.join(", ") || "none"}` : `it knows ${options.length} others`;
  const mend = near === null ? few : `did you mean "${near}"?`;
  const what = judged.params.get(`${id}.${input}`);
  const named = what === undefined ? input : `parameter ${what}, ${input}`;
  return `This ComfyUI does not know "${value}" for ${named} of ${where}: ${mend.endsWith("?") ? mend : `${mend}.`}`;
}

function badNumber(
  judged: Judged,
  id: string,
  input: string,
  value: unknown,
  { whole, min, max }: Extract<InputInfo, { kind: "number" }>,
): string | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "boolean") return undefined; // Python takes it for 0 or 1
  const range = `${whole ? "a whole number" : "a number"}${rangeText(min, max)}`;
  const fits = typeof number === "number" && number >= min && number <= max && (!whole || Number.isInteger(number));
  if (fits) return undefined;
  const param = judged.params.get(`${id}.${input}`);
  const what = param === undefined ? `${input} of` : `parameter ${param}, ${input} of`;
  return `${capital(what)} ${nodeLabel(judged.graph, id)} of workflow ${judged.graph.name} is ${JSON.stringify(value)}, but takes ${range}.`;
}

function rangeText(min: number, max: number): string {
  if (min === -Infinity && max === Infinity) return "";
  if (max === Infinity) return ` from ${min}`;
  return min === -Infinity ? ` up to ${max}` : ` from ${min} to ${max}`;
}
