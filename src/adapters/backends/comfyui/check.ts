/** Everything that would fail on one ComfyUI, found without a run: version, nodes, model files. */
import { z } from "zod";
import { asAppError } from "../../../core/errors.ts";
import { type Graph, nodeLabel } from "../../../core/workflow/graph.ts";
import type { Slots } from "../../../core/workflow/slots.ts";
import type { Finding } from "../../../ports.ts";
import type { Http } from "./http.ts";
import { missingModel, modelFolder } from "./refusals.ts";
import { atLeast, type Server } from "./server.ts";

/** Ids of our choosing, which every look relies on. */
const VERSION_WANTED = "0.3.45";
/** A plate is about one megapixel: 3 MB as a PNG, and this is ample. */
const UPLOAD_BYTES_WANTED = 8 * 1024 * 1024;

/** Nodes of ComfyUI itself that older versions lack, and the last known version without them, where it is known. */
const NEWER_NODES: Readonly<Record<string, string>> = {
  EmptyFlux2LatentImage: "newer than 0.3.64",
  Flux2Scheduler: "newer than 0.3.64",
  FluxKontextImageScale: "0.3.42 or newer",
  FluxKontextMultiReferenceLatentMethod: "0.3.64 or newer",
  TextEncodeQwenImageEdit: "0.3.64 or newer",
  TextEncodeQwenImageEditPlus: "0.3.64 or newer",
};

const StatsShape = z.looseObject({
  system: z.looseObject({ comfyui_version: z.string().optional() }),
  devices: z.array(z.looseObject({ name: z.string(), vram_total: z.number().optional() })).default([]),
});
const FeaturesShape = z.looseObject({ max_upload_size: z.number().optional() });
const InputsShape = z.record(z.string(), z.tuple([z.unknown()], z.unknown()));
const NodeShape = z.looseObject({
  input: z.looseObject({ required: InputsShape.default({}), optional: InputsShape.default({}) }).optional(),
});
type NodeInfo = z.infer<typeof NodeShape>;

export type Checked = { readonly graph: Graph; readonly slots: Slots };

type Wiring = {
  readonly http: Http;
  readonly server: Server;
  readonly url: string;
  readonly workflow: (name: string) => Promise<Checked>;
};

export async function checkServer(
  wiring: Wiring,
  workflows: readonly string[],
  signal?: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const graphs: Checked[] = [];
  for (const name of new Set(workflows)) {
    try {
      graphs.push(await wiring.workflow(name));
    } catch (thrown) {
      findings.push(problem(thrown));
    }
  }
  try {
    await wiring.server.probe(signal);
    findings.push(...(await aboutServer(wiring, signal)));
    const version = await wiring.server.version(signal);
    const infos = new Map<string, NodeInfo | undefined>();
    for (const checked of graphs) {
      const before = findings.length;
      for (const { classType } of Object.values(checked.graph.nodes))
        if (!infos.has(classType)) infos.set(classType, await nodeInfo(wiring.http, classType, signal));
      findings.push(...aboutWorkflow(checked, infos, version));
      if (findings.length === before)
        findings.push(ok(`Workflow ${checked.graph.name}: all nodes and model files are there.`));
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    findings.push(problem(thrown));
  }
  return findings;
}

const ok = (message: string): Finding => ({ level: "ok", code: null, message });

function problem(thrown: unknown): Finding {
  const { code, message } = asAppError(thrown);
  return { level: "error", code, message };
}

async function aboutServer({ http, url }: Wiring, signal?: AbortSignal): Promise<Finding[]> {
  const stats = StatsShape.safeParse(await http.json("/system_stats", { signal })).data;
  const version = stats?.system.comfyui_version;
  const device = stats?.devices[0];
  const gigabytes = device?.vram_total === undefined ? "" : `, ${Math.round(device.vram_total / 2 ** 30)} GB`;
  const findings = [
    ok(`ComfyUI ${version ?? "of unknown version"} at ${url}${device ? `, on ${device.name}${gigabytes}` : ""}.`),
  ];
  if (!atLeast(version, VERSION_WANTED))
    findings.push({
      level: "warn",
      code: null,
      message: `ComfyUI ${version ?? "of unknown version"} chooses its own ids, so finding a prompt again costs more: update it to ${VERSION_WANTED} or newer.`,
    });
  // Absent before 0.3.45.
  const answer = await http.exchange("/features", { accept: [404, 405], signal });
  const limit = answer.status === 200 ? FeaturesShape.safeParse(jsonOf(answer.body)).data?.max_upload_size : undefined;
  if (limit !== undefined && limit < UPLOAD_BYTES_WANTED)
    findings.push({
      level: "warn",
      code: null,
      message: `ComfyUI takes uploads of ${Math.round(limit)} bytes at most, which a plate may exceed: start it with a larger --max-upload-size.`,
    });
  findings.push(
    ok(
      "Plates and results stay in hotgrade/ of its input and output folders; ComfyUI has no call to list or delete them.",
    ),
  );
  return findings;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined; // a server without the route may answer it with its page
  }
}

/** Undefined when the server has no such node: it says so with an empty object. */
async function nodeInfo(http: Http, classType: string, signal?: AbortSignal): Promise<NodeInfo | undefined> {
  const answer = await http.json(`/object_info/${encodeURIComponent(classType)}`, { signal });
  const all = z.record(z.string(), z.unknown()).safeParse(answer).data ?? {};
  if (!Object.hasOwn(all, classType)) return undefined;
  return NodeShape.safeParse(all[classType]).data ?? {};
}

function aboutWorkflow(
  { graph, slots }: Checked,
  infos: ReadonlyMap<string, NodeInfo | undefined>,
  version: string | undefined,
): Finding[] {
  const filled = new Set(
    Object.values(slots.inputs).flatMap((places) => places.map(({ node, input }) => `${node}.${input}`)),
  );
  const missing = new Set<string>();
  const findings: Finding[] = slots.unknownMarkers.map((marker) => ({
    level: "warn",
    code: null,
    message: `Workflow ${graph.name} has the marker ${marker}, which is no slot.`,
  }));
  for (const [id, { classType, inputs }] of Object.entries(graph.nodes)) {
    const info = infos.get(classType);
    if (!info) {
      if (!missing.has(classType)) findings.push(missingNode(graph, id, classType, version));
      missing.add(classType);
      continue;
    }
    for (const [input, value] of Object.entries(inputs)) {
      if (typeof value !== "string" || filled.has(`${id}.${input}`)) continue;
      const options = optionsOf(info, input);
      if (options && !options.includes(value)) findings.push(missingValue(graph, id, input, value, options));
    }
  }
  return findings;
}

function missingNode(graph: Graph, id: string, classType: string, version: string | undefined): Finding {
  const since = NEWER_NODES[classType];
  const mend = since
    ? `this ComfyUI (${version ?? "unknown version"}) is too old; update it to ${since}`
    : "install the custom node that brings it (ComfyUI Manager → Install Missing Custom Nodes), or update ComfyUI";
  const message = `Workflow ${graph.name} needs ${nodeLabel(graph, id)}, which is not on the ComfyUI machine: ${mend}.`;
  return { level: "error", code: "backend-rejected", message };
}

function missingValue(graph: Graph, id: string, input: string, value: string, options: readonly string[]): Finding {
  const where = `${nodeLabel(graph, id)} of workflow ${graph.name}`;
  const folder = modelFolder(graph.nodes[id]!.classType, input);
  const few = options.length <= 8 ? `it knows ${options.join(", ") || "none"}` : `it knows ${options.length} others`;
  const message = folder
    ? missingModel(value, where, folder, options)
    : `This ComfyUI does not know "${value}" for ${input} of ${where}: ${few}.`;
  return { level: "error", code: "backend-rejected", message };
}

/** The values an input may have: older nodes give the list itself, newer ones "COMBO" and a list of options. */
function optionsOf(info: NodeInfo, input: string): readonly string[] | undefined {
  const spec = info.input?.required[input] ?? info.input?.optional[input];
  if (!spec) return undefined;
  const [kind, more] = spec;
  const list = kind === "COMBO" ? z.looseObject({ options: z.unknown() }).safeParse(more).data?.options : kind;
  const options = z.array(z.unknown()).safeParse(list).data;
  return options?.filter((option): option is string => typeof option === "string");
}
