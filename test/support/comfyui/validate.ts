/** ComfyUI's check of a prompt before it is queued (`validate_prompt` of its execution.py), refusal for refusal. */
import { isRecord, pythonText } from "./json.ts";
import type { Catalogue, InputInfo } from "./nodes.ts";
import type { Traits } from "./versions.ts";

export type NodeJson = { class_type: string; inputs: Record<string, unknown> };
export type GraphJson = Record<string, NodeJson>;

type Reason = { type: string; message: string; details: string; extra_info: Record<string, unknown> };
type NodeErrors = Record<string, { errors: Reason[]; dependent_outputs: string[]; class_type: string }>;
export type Verdict =
  | { readonly kind: "valid"; readonly outputs: readonly string[]; readonly nodeErrors: NodeErrors }
  | { readonly kind: "refused"; readonly error: Reason; readonly nodeErrors: NodeErrors };
type Checked = { readonly valid: boolean; readonly reasons: Reason[] };

/** What Python raised: its type and message. */
class Raised extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export type Validation = {
  readonly nodes: Catalogue;
  /** Whether LoadImage finds the file. */
  readonly inputExists: (name: string) => boolean;
  readonly refusals: Traits["refusals"];
};

/** Throws where the real one breaks (a graph that is no object). Converts values in the graph, as the real one does. */
export function validatePrompt(graph: unknown, targets: unknown, validation: Validation): Verdict {
  if (Array.isArray(graph) && graph.length === 0) return refused("prompt_no_outputs", "Prompt has no outputs", "");
  if (!isRecord(graph)) throw new TypeError("a prompt is an object");
  const wanted = Array.isArray(targets) ? new Set(targets) : undefined;
  const outputs: string[] = [];
  for (const [id, node] of Object.entries(graph as GraphJson)) {
    const info = validation.nodes.get(node.class_type);
    if (!info && validation.refusals === "named") return missingNode(id, node);
    if (node.class_type === undefined)
      return refused(
        "invalid_prompt",
        "Cannot execute because a node is missing the class_type property.",
        `Node ID '#${id}'`,
      );
    if (!info)
      return refused(
        "invalid_prompt",
        `Cannot execute because node ${node.class_type} does not exist.`,
        `Node ID '#${id}'`,
      );
    if (info.outputNode && (!wanted || wanted.has(id))) outputs.push(id);
  }
  if (outputs.length === 0) return refused("prompt_no_outputs", "Prompt has no outputs", "");
  return checkOutputs(graph as GraphJson, outputs, validation);
}

function checkOutputs(graph: GraphJson, outputs: readonly string[], validation: Validation): Verdict {
  const checked = new Map<string, Checked>();
  const nodeErrors: NodeErrors = {};
  const good: string[] = [];
  const told: string[] = [];
  for (const output of outputs) {
    let result: Checked;
    try {
      result = hasCycle(graph, output)
        ? cyclic(output, checked, validation)
        : checkNode(graph, output, checked, validation);
    } catch (thrown) {
      const { type, message } = raised(thrown);
      const extra_info = { exception_type: type, traceback: ['  File "execution.py", in validate_prompt\n'] };
      result = {
        valid: false,
        reasons: [
          {
            type: "exception_during_validation",
            message: "Exception when validating node",
            details: message,
            extra_info,
          },
        ],
      };
      checked.set(output, result);
    }
    if (result.valid) good.push(output);
    else {
      told.push(...result.reasons.map(({ message, details }) => `${message}: ${details}`));
      for (const [id, { valid, reasons }] of checked) {
        if (valid || reasons.length === 0) continue;
        nodeErrors[id] ??= { errors: reasons, dependent_outputs: [], class_type: graph[id]!.class_type };
        nodeErrors[id].dependent_outputs.push(output);
      }
    }
  }
  if (good.length > 0) return { kind: "valid", outputs: good, nodeErrors };
  const refusal = refused("prompt_outputs_failed_validation", "Prompt outputs failed validation", told.join("\n"));
  return { ...refusal, nodeErrors };
}

function checkNode(graph: GraphJson, id: string, checked: Map<string, Checked>, validation: Validation): Checked {
  const known = checked.get(id);
  if (known) return known;
  const node = graph[id]!;
  if (!isRecord(node.inputs)) throw new Raised("KeyError", "'inputs'");
  const info = validation.nodes.get(node.class_type)!;
  const reasons: Reason[] = [];
  let upstreamValid = true;
  for (const [name, spec, required] of [
    ...Object.entries(info.required).map(([name, spec]) => [name, spec, true] as const),
    ...Object.entries(info.optional ?? {}).map(([name, spec]) => [name, spec, false] as const),
  ]) {
    if (!Object.hasOwn(node.inputs, name)) {
      if (required)
        reasons.push(reason("required_input_missing", "Required input is missing", name, { input_name: name }));
      continue;
    }
    const value = node.inputs[name];
    if (Array.isArray(value)) {
      const found = checkLink(graph, name, spec, value, checked, validation);
      if (found === "invalid") upstreamValid = false;
      else if (found) reasons.push(found);
    } else {
      const found = checkValue(node, name, spec, value, validation);
      if (found) reasons.push(found);
    }
  }
  const result = { valid: upstreamValid && reasons.length === 0, reasons };
  checked.set(id, result);
  return result;
}

function checkLink(
  graph: GraphJson,
  name: string,
  spec: InputInfo,
  link: readonly unknown[],
  checked: Map<string, Checked>,
  validation: Validation,
): Reason | "invalid" | undefined {
  const extra = { input_name: name, input_config: configOf(spec) };
  if (link.length !== 2)
    return reason("bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", name, {
      ...extra,
      received_value: link,
    });
  const [from, slot] = link;
  if (typeof from !== "string" || !Object.hasOwn(graph, from))
    throw new Raised("KeyError", typeof from === "string" ? `'${from}'` : pythonText(from));
  const received = validation.nodes.get(graph[from]!.class_type)!.output[slot as number];
  if (received === undefined) throw new Raised("IndexError", "tuple index out of range");
  const wanted = typeof spec[0] === "string" ? spec[0] : "COMBO";
  if (received !== wanted)
    return reason(
      "return_type_mismatch",
      "Return type mismatch between linked nodes",
      `${name}, received_type(${received}) mismatch input_type(${wanted})`,
      { ...extra, received_type: received, linked_node: link },
    );
  try {
    return checkNode(graph, from, checked, validation).valid ? undefined : "invalid";
  } catch (thrown) {
    // Filed under the node that broke, with the name of the input that led to it.
    const { type, message } = raised(thrown);
    const extra_info = {
      ...extra,
      exception_message: message,
      exception_type: type,
      traceback: ['  File "execution.py", in validate_inputs\n'],
      linked_node: link,
    };
    const told = reason(
      "exception_during_inner_validation",
      "Exception when validating inner node",
      message,
      extra_info,
    );
    checked.set(from, { valid: false, reasons: [told] });
    return "invalid";
  }
}

function checkValue(
  node: NodeJson,
  name: string,
  spec: InputInfo,
  value: unknown,
  validation: Validation,
): Reason | undefined {
  const [type, bounds = {}] = spec;
  const extra = { input_name: name, input_config: configOf(spec) };
  if (node.class_type === "LoadImage" && name === "image") {
    if (validation.inputExists(String(value))) return undefined;
    const details = `image - Invalid image file: ${pythonText(value)}`;
    return reason("custom_validation_failed", "Custom validation failed for node", details, { input_name: name });
  }
  let converted: unknown;
  try {
    converted = convert(type, value);
  } catch (thrown) {
    const { message } = raised(thrown);
    const what = `Failed to convert an input value to a ${pythonText(type)} value`;
    return reason("invalid_input_type", what, `${name}, ${pythonText(value)}, ${message}`, {
      ...extra,
      received_value: value,
      exception_message: message,
    });
  }
  node.inputs[name] = converted;
  const [min, max] = [bounds.min, bounds.max];
  if (typeof converted === "number" && typeof min === "number" && converted < min)
    return reason("value_smaller_than_min", `Value ${converted} smaller than min of ${min}`, name, {
      ...extra,
      received_value: converted,
    });
  if (typeof converted === "number" && typeof max === "number" && converted > max)
    return reason("value_bigger_than_max", `Value ${converted} bigger than max of ${max}`, name, {
      ...extra,
      received_value: converted,
    });
  if (typeof type === "string" || type.includes(converted as string)) return undefined;
  const long = type.length > 20;
  const choices = long ? `(list of length ${type.length})` : pythonText(type);
  return reason("value_not_in_list", "Value not in list", `${name}: '${pythonText(value)}' not in ${choices}`, {
    input_name: name,
    input_config: long ? null : extra.input_config,
    received_value: value,
  });
}

/** Python's int(), float(), str() and bool(), with what they say when they fail. */
function convert(type: InputInfo[0], value: unknown): unknown {
  if (type === "STRING") return pythonText(value);
  if (type === "BOOLEAN") return Boolean(value);
  if (type !== "INT" && type !== "FLOAT") return value;
  const name = type === "INT" ? "int" : "float";
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return type === "INT" ? Math.trunc(value) : value;
  if (typeof value === "string") {
    const pattern = type === "INT" ? /^\s*[+-]?\d+\s*$/ : /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
    if (pattern.test(value)) return Number(value);
    if (type === "INT") throw new Raised("ValueError", `invalid literal for int() with base 10: '${value}'`);
    throw new Raised("ValueError", `could not convert string to float: '${value}'`);
  }
  const kind = value === null ? "NoneType" : "dict";
  const takes = type === "INT" ? "a string, a bytes-like object or a real number" : "a string or a real number";
  throw new Raised("TypeError", `${name}() argument must be ${takes}, not '${kind}'`);
}

function configOf([type, extra]: InputInfo): unknown {
  return [type, extra ?? {}];
}

function hasCycle(graph: GraphJson, from: string, path: ReadonlySet<string> = new Set()): boolean {
  if (path.has(from)) return true;
  const inputs = graph[from]?.inputs;
  if (!isRecord(inputs)) return false;
  const next = new Set([...path, from]);
  return Object.values(inputs).some((value) => Array.isArray(value) && hasCycle(graph, String(value[0]), next));
}

/** Later versions say that it is a cycle, where older ones give no reason at all. */
function cyclic(output: string, checked: Map<string, Checked>, { refusals }: Validation): Checked {
  const reasons = [reason("dependency_cycle", "Dependency cycle detected", `Node ID '#${output}'`)];
  const result = { valid: false, reasons: refusals === "named" ? reasons : [] };
  checked.set(output, result);
  return result;
}

function missingNode(id: string, node: NodeJson): Verdict {
  const title = (node as { _meta?: { title?: string } })._meta?.title;
  const named = `Node '${title ?? node.class_type ?? `ID #${id}`}'`;
  const message = node.class_type
    ? `${named} not found. The custom node may not be installed.`
    : `${named} has no class_type. The workflow may be corrupted or a custom node is missing.`;
  const extra_info = { node_id: id, class_type: node.class_type ?? null, node_title: title ?? null };
  const error = reason("missing_node_type", message, `Node ID '#${id}'`, extra_info);
  return { kind: "refused", error, nodeErrors: {} };
}

function raised(thrown: unknown): { readonly type: string; readonly message: string } {
  if (thrown instanceof Raised) return thrown;
  return { type: "Exception", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function reason(type: string, message: string, details: string, extra_info: Record<string, unknown> = {}): Reason {
  return { type, message, details, extra_info };
}

function refused(type: string, message: string, details: string): Extract<Verdict, { kind: "refused" }> {
  return { kind: "refused", error: reason(type, message, details), nodeErrors: {} };
}
