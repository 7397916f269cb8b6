/** Can one ComfyUI run a workflow as it stands? Asked of the server, and remembered while nothing changes over there. */
import type { ErrorCode } from "../../../core/errors.ts";
import { type Graph, graphFrom } from "../../../core/workflow/graph.ts";
import type { Notes } from "../../../core/workflow/notes.ts";
import { exposedParams, PARAM_SLOTS, readParams } from "../../../core/workflow/params.ts";
import { type Fill, fillGraph } from "../../../core/workflow/patch.ts";
import type { Slots } from "../../../core/workflow/slots.ts";
import type { Clock, Readiness, WorkflowUse } from "../../../ports.ts";
import type { Http } from "./http.ts";
import { type NodeInfo, readNodeInfo } from "./node-info.ts";
import { type Judged, lacksOf } from "./readiness.ts";
import type { Server } from "./server.ts";
import type { Socket } from "./socket.ts";

/** How long a "no" holds: somebody may be putting the model file in place right now. */
const UNREADY_MS = 10_000;
/** Far above the workflows of one config; the oldest goes first. */
const ANSWERS_MAX = 200;

export const UNREADY: ErrorCode = "workflow-unready";

/** A workflow as read, with the recipe's own map and values. */
export type ReadWorkflow = {
  readonly use: WorkflowUse;
  readonly text: string;
  readonly graph: Graph;
  readonly slots: Slots;
  /** Undefined where it has none. Throws `workflow-invalid`. */
  readonly notes: () => Promise<Notes | undefined>;
};

export type Wiring = {
  readonly http: Http;
  readonly server: Server;
  readonly socket: Pick<Socket, "start" | "clientId">;
  readonly clock: Clock;
  readonly read: (use: WorkflowUse) => Promise<ReadWorkflow>;
};

/** What one server has said of its nodes, so that it is asked once. */
export type NodesSeen = {
  readonly infos: Map<string, NodeInfo | undefined>;
  /** All it has; undefined before it was asked for. */
  classes: readonly string[] | undefined;
};

export const nothingSeen = (): NodesSeen => ({ infos: new Map(), classes: undefined });

export type Preflight = {
  ask(use: WorkflowUse, signal?: AbortSignal): Promise<Readiness>;
  /** The server refused what was held for ready. */
  forget(): void;
};

/** `until` is null while the connection lasts. */
type Held = {
  readonly connection: string;
  readonly version: string | undefined;
  readonly until: number | null;
  readonly answer: Readiness;
};

export function rememberReadiness(wiring: Wiring): Preflight {
  const answers = new Map<string, Held>();
  let listed: { readonly connection: string; readonly classes: readonly string[] | undefined } | undefined;
  return {
    async ask(use, signal) {
      const read = await wiring.read(use);
      const key = JSON.stringify([read.text, use.slots, use.params]);
      wiring.socket.start(); // a server that restarted shows by a new connection
      const connection = wiring.socket.clientId();
      const version = await wiring.server.version(signal);
      const held = answers.get(key);
      const fresh = held?.connection === connection && held.version === version;
      if (held && fresh && (held.until === null || wiring.clock.now() < held.until)) return held.answer;
      await wiring.server.probe(signal);
      // Model files come while a server runs, so choices are asked for anew; its classes stay.
      const seen: NodesSeen = {
        infos: new Map(),
        classes: listed?.connection === connection ? listed.classes : undefined,
      };
      const [first, ...others] = await lacksOn(wiring, read, seen, signal);
      listed = { connection, classes: seen.classes };
      const more = others.length === 0 ? "" : ` And ${others.length} more: \`hotgrade check\` says all.`;
      const answer: Readiness =
        first === undefined ? { ready: true } : { ready: false, code: UNREADY, message: first + more };
      const until = answer.ready ? null : wiring.clock.now() + UNREADY_MS;
      answers.delete(key);
      answers.set(key, { connection, version, until, answer });
      if (answers.size > ANSWERS_MAX) answers.delete(answers.keys().next().value!);
      return answer;
    },
    forget: () => answers.clear(),
  };
}

/** What is missing for it over there, as sentences. `seen` keeps what was asked already. */
export async function lacksOn(
  { http, server }: Pick<Wiring, "http" | "server">,
  read: ReadWorkflow,
  seen: NodesSeen,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { infos } = seen;
  const judged = await judgedOf(read);
  for (const { classType } of Object.values(judged.graph.nodes)) {
    if (infos.has(classType)) continue;
    const answer = await http.json(`/object_info/${encodeURIComponent(classType)}`, { signal });
    infos.set(classType, readNodeInfo(answer, classType));
  }
  const isMissing = Object.values(judged.graph.nodes).some(({ classType }) => infos.get(classType) === undefined);
  // All classes at once may be megabytes, so they are asked for only to guess what was meant.
  if (isMissing && !seen.classes) {
    const all = await http.json("/object_info", { signal });
    seen.classes = typeof all === "object" && all !== null ? Object.keys(all) : [];
  }
  return lacksOf(judged, { version: await server.version(signal), infos, classes: seen.classes ?? [] });
}

/** The graph as a job would send it, with something in the place of what only a job knows. */
async function judgedOf({ graph, slots, use, notes }: ReadWorkflow): Promise<Judged> {
  const stand: Fill = { image: "hotgrade/plate.png", prompt: "", seed: 0, prefix: "hotgrade/preflight" };
  const filled = fillGraph(graph, slots, { ...stand, ...paramFill(graph, slots, use.params) });
  const exposed = exposedParams(slots);
  const places = (["image", "reference", "mask"] as const).flatMap((slot) => slots.inputs[slot] ?? []);
  const set = Object.keys(readParams(graph, slots, use.params)).flatMap((name) =>
    exposed[name]!.map(({ node, input }) => [`${node}.${input}`, name] as const),
  );
  return {
    graph: graphFrom(filled, graph.name),
    filled: new Set(places.map(({ node, input }) => `${node}.${input}`)),
    params: new Map(set),
    // Wrong notes are said by `check`, and keep nothing from running.
    notes: await notes().catch(() => undefined),
  };
}

/** The recipe's params as values of slots and of the workflow's own parameters. Throws `workflow-invalid`. */
export function paramFill(graph: Graph, slots: Slots, given: WorkflowUse["params"]): Partial<Fill> {
  const isSlot = (name: string) => (PARAM_SLOTS as readonly string[]).includes(name);
  const all = Object.entries(readParams(graph, slots, given));
  const params = Object.fromEntries(all.filter(([name]) => !isSlot(name)));
  return { ...Object.fromEntries(all.filter(([name]) => isSlot(name))), params };
}
