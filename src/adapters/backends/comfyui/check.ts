/** Everything that would fail on one ComfyUI, found without a run, and what is worth knowing of its workflows. */
import { z } from "zod";
import { suggest } from "../../../core/config/suggest.ts";
import { asAppError } from "../../../core/errors.ts";
import { plateRule, ruleText } from "../../../core/workflow/framing.ts";
import { nodeLabel } from "../../../core/workflow/graph.ts";
import type { Notes } from "../../../core/workflow/notes.ts";
import { exposedParams } from "../../../core/workflow/params.ts";
import { SLOT_NAMES } from "../../../core/workflow/slots.ts";
import type { Finding, WorkflowUse } from "../../../ports.ts";
import type { Http } from "./http.ts";
import { lacksOn, type NodesSeen, nothingSeen, paramFill, type ReadWorkflow, UNREADY } from "./preflight.ts";
import { atLeast, type Server } from "./server.ts";

/** Ids of our choosing, which every look relies on. */
const VERSION_WANTED = "0.3.45";
/** A plate is about one megapixel: 3 MB as a PNG, and this is ample. */
const UPLOAD_BYTES_WANTED = 8 * 1024 * 1024;

const bytes = z.number().optional().catch(undefined);
const StatsShape = z.looseObject({
  system: z.looseObject({ comfyui_version: z.string().optional() }),
  devices: z
    .array(
      z.looseObject({
        name: z.string(),
        vram_total: bytes,
        vram_free: bytes,
        torch_vram_total: bytes,
        torch_vram_free: bytes,
      }),
    )
    .default([]),
});
type Device = z.infer<typeof StatsShape>["devices"][number];
const FeaturesShape = z.looseObject({ max_upload_size: z.number().optional() });

type Wiring = {
  readonly http: Http;
  readonly server: Server;
  readonly url: string;
  readonly read: (use: WorkflowUse) => Promise<ReadWorkflow>;
};

export async function checkServer(
  wiring: Wiring,
  uses: readonly WorkflowUse[],
  signal?: AbortSignal,
): Promise<Finding[]> {
  // What the files alone tell comes also where no server answers.
  const known: { readonly use: WorkflowUse; readonly read: ReadWorkflow | null; readonly said: Finding[] }[] = [];
  for (const use of uses) known.push({ use, ...(await readAndTell(wiring, use)) });
  let version: string | undefined;
  let server: Finding[];
  let answers = false;
  try {
    await wiring.server.probe(signal);
    version = await wiring.server.version(signal);
    server = await aboutServer(wiring, signal);
    answers = true;
  } catch (thrown) {
    signal?.throwIfAborted();
    server = [problem(thrown)];
  }
  const seen = nothingSeen();
  const blocks = [];
  for (const { use, read, said } of known) {
    const there = answers && read ? await whetherReady(wiring, read, seen, version, signal) : [];
    blocks.push([...there, ...said].map((finding) => ({ ...finding, workflow: use.workflow })));
  }
  return [...server, ...blocks.flat()];
}

const ok = (message: string): Finding => ({ level: "ok", code: null, message });
const warn = (message: string): Finding => ({ level: "warn", code: null, message });

function problem(thrown: unknown): Finding {
  const { code, message } = asAppError(thrown);
  return { level: "error", code, message };
}

async function readAndTell(
  wiring: Wiring,
  use: WorkflowUse,
): Promise<{ readonly read: ReadWorkflow | null; readonly said: Finding[] }> {
  try {
    const read = await wiring.read(use);
    paramFill(read.graph, read.slots, use.params);
    return { read, said: await aboutWorkflow(read) };
  } catch (thrown) {
    return { read: null, said: [problem(thrown)] };
  }
}

async function whetherReady(
  wiring: Wiring,
  read: ReadWorkflow,
  seen: NodesSeen,
  version: string | undefined,
  signal?: AbortSignal,
): Promise<Finding[]> {
  try {
    const lacks = await lacksOn(wiring, read, seen, signal);
    const errors = lacks.map((message): Finding => ({ level: "error", code: UNREADY, message }));
    if (errors.length > 0) return errors;
    const notes = await notesOf(read);
    const isOld = notes !== undefined && version !== undefined && !atLeast(version, notes.needs);
    const needs = `ComfyUI is ${version}, workflow ${read.graph.name} needs ${notes?.needs} or newer: its nodes are there, but it may fail or look wrong.`;
    return [...(isOld ? [warn(needs)] : []), ok("It can run: nodes, model files and values are there.")];
  } catch (thrown) {
    signal?.throwIfAborted();
    return [problem(thrown)];
  }
}

async function notesOf(read: ReadWorkflow): Promise<Notes | undefined> {
  return await read.notes().catch(() => undefined); // wrong ones are told below
}

async function aboutWorkflow({ graph, slots, notes }: ReadWorkflow): Promise<Finding[]> {
  const said: Finding[] = slots.unknownMarkers.map((marker) => {
    const near = suggest(marker.slice(1).split(" ")[0]!, SLOT_NAMES);
    const mend = near === null ? "no slot, and no input of that node" : `no slot: did you mean @${near}?`;
    return warn(`The marker ${marker} is ${mend}`.replace(/[^?.]$/, "$&."));
  });
  try {
    const known = await notes();
    if (known) {
      const { name, commercial, url } = known.licence;
      const may = commercial ? "commercial use is allowed" : "not for commercial use";
      said.push(ok(`Licence of the model: ${name}, ${may} (${url}).`));
    }
  } catch (thrown) {
    said.push({ level: "warn", code: null, message: asAppError(thrown).message });
  }
  said.push(ok(`Plates: ${ruleText(plateRule(graph))}.`));
  for (const slot of slots.guessed) {
    const node = slot === "result" ? slots.result : slots.inputs[slot as keyof typeof slots.inputs]?.[0]?.node;
    if (node !== undefined)
      said.push(warn(`Nobody marked @${slot}; ${nodeLabel(graph, node)} is taken, the only one that could be it.`));
  }
  const params = Object.entries(exposedParams(slots)).map(([name, [place]]) => {
    const value = place && graph.nodes[place.node]!.inputs[place.input];
    return `${name} (${JSON.stringify(value)})`;
  });
  said.push(ok(`Parameters, as the file has them: ${params.join(", ") || "none"}.`));
  return said;
}

async function aboutServer({ http, url }: Wiring, signal?: AbortSignal): Promise<Finding[]> {
  const stats = StatsShape.safeParse(await http.json("/system_stats", { signal })).data;
  const version = stats?.system.comfyui_version;
  const [device] = stats?.devices ?? [];
  const findings = [
    ok(`ComfyUI ${version ?? "of unknown version"} at ${url}${device ? `, ${memoryText(device)}` : ""}.`),
  ];
  if (!atLeast(version, VERSION_WANTED))
    findings.push(
      warn(
        `ComfyUI ${version ?? "of unknown version"} chooses its own ids, so finding a prompt again costs more: update it to ${VERSION_WANTED} or newer.`,
      ),
    );
  // Absent before 0.3.45.
  const answer = await http.exchange("/features", { accept: [404, 405], signal });
  const limit = answer.status === 200 ? FeaturesShape.safeParse(jsonOf(answer.body)).data?.max_upload_size : undefined;
  if (limit !== undefined && limit < UPLOAD_BYTES_WANTED)
    findings.push(
      warn(
        `ComfyUI takes uploads of ${Math.round(limit)} bytes at most, which a plate may exceed: start it with a larger --max-upload-size.`,
      ),
    );
  findings.push(
    ok(
      "Plates and results stay in hotgrade/ of its input and output folders; ComfyUI has no call to list or delete them.",
    ),
  );
  return findings;
}

/** ComfyUI does not tell which models are loaded, only what they take. */
function memoryText({ name, vram_total: total, vram_free: free, torch_vram_total, torch_vram_free }: Device): string {
  const gigabytes = (count: number) => (count / 2 ** 30).toFixed(1);
  if (total === undefined || free === undefined) return `on ${name}`;
  const used = (torch_vram_total ?? 0) - (torch_vram_free ?? 0);
  const loaded = used > 0 ? `loaded models take ${gigabytes(used)} GB` : "no model is loaded";
  return `on ${name}: ${gigabytes(free)} of ${gigabytes(total)} GB memory free, ${loaded}`;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined; // a server without the route may answer it with its page
  }
}
