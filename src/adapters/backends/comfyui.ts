/**
 * A ComfyUI as a backend. Its history decides, its socket only nudges, and every name over there is ours.
 * Its parts lie in comfyui/; they rely on what ComfyUI 0.3.64 was seen to do, and allow for older and later ones.
 */
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { plateRule } from "../../core/workflow/framing.ts";
import { parseGraph } from "../../core/workflow/graph.ts";
import { readNotes } from "../../core/workflow/notes.ts";
import { fillGraph } from "../../core/workflow/patch.ts";
import { findSlots } from "../../core/workflow/slots.ts";
import type { Backend, Clock, Files, Ids, Log, Submission, WorkflowUse } from "../../ports.ts";
import { checkServer } from "./comfyui/check.ts";
import type { Heard } from "./comfyui/frames.ts";
import { connectHttp } from "./comfyui/http.ts";
import { type Filled, runJobs, standingOf } from "./comfyui/jobs.ts";
import { moveFiles } from "./comfyui/pictures.ts";
import { paramFill, type ReadWorkflow, rememberReadiness } from "./comfyui/preflight.ts";
import { measureRounding } from "./comfyui/rounding.ts";
import { askServer } from "./comfyui/server.ts";
import { connectSocket } from "./comfyui/socket.ts";
import { rememberTickets } from "./comfyui/tickets.ts";
import { tidyHistory } from "./comfyui/tidy.ts";
import { watchWorker } from "./comfyui/watch.ts";

const ms = (usual: number) => z.number().int().positive().default(usual);

export const options = z.strictObject({
  name: z.string().min(1).describe("What inboxes, logs and the dashboard call it."),
  kind: z.literal("comfyui").describe("A ComfyUI server of your own."),
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^[^/]*\/\/[^/]*@/.test(url), "put the secret into `token`, not into the url")
    .refine((url) => !/[?#]/.test(url), "leave out what follows ? or #")
    .describe("Where ComfyUI listens, such as http://127.0.0.1:8188; a path before a proxied ComfyUI is kept."),
  depth: z.number().int().min(1).max(64).default(2).describe("How many prompts wait or run there at once."),
  token: z.string().min(1).optional().describe("Sent as `Authorization: Bearer`, for a proxy in front of ComfyUI."),
  headers: z.record(z.string(), z.string()).default({}).describe("Further headers of every request, sockets too."),
  ca: z.string().optional().describe("Certificate authorities to trust besides the usual ones, as PEM text."),
  tidy: z.boolean().default(true).describe("Take the entries of our prompts out of its history when they have ended."),
  timeouts: z
    .strictObject({
      connectMs: ms(5_000).describe("To reach the host."),
      answerMs: ms(30_000).describe("For one answer; a busy ComfyUI holds its answers back for seconds."),
      transferMs: ms(120_000).describe("For one picture up or down."),
      stuckMs: ms(600_000).describe("A running prompt without any progress for so long is taken for hung."),
      probeMs: ms(60_000).describe("How long the first look at its rounding may wait for its turn."),
      idleMs: ms(20_000).describe("Between pings of the socket; the third without an answer ends the connection."),
      reconnectMs: ms(1_000).describe("Before the socket connects again; doubled up to 30 s."),
      lookGapMs: ms(500).describe("Between the two looks that a prompt must be missing from to count as lost."),
    })
    .prefault({})
    .describe("Time limits, in ms."),
});

export type Options = z.infer<typeof options>;

export type Context = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly files: Files;
  /** The file of a workflow. Throws `workflow-missing`. */
  readonly workflowText: (name: string) => Promise<WorkflowFile>;
};

export type WorkflowFile = {
  readonly name: string;
  readonly text: string;
  /** The text of the notes beside it; absent where there are none. */
  readonly notes?: string;
};

type Listener = Parameters<Backend["onNudge"]>[0];

/** Of no ticket, or of one that has just ended: look. */
const NOWHERE = { fraction: null, leftMs: null };

export function open(config: Options, context: Context): Backend {
  const { clock, ids, log, files } = context;
  const { token, headers, ca, timeouts } = config;
  const url = config.url.replace(/\/+$/, "");
  const listeners = new Set<Listener>();
  const tickets = rememberTickets(clock);

  function hear(heard: Heard): void {
    if (heard.kind === "preview") {
      tickets.glimpsed(heard.pid, heard.glimpse);
      return;
    }
    const ticket = heard.kind === "prompt" ? tickets.heard(heard.pid, heard.said) : null;
    if (ticket === undefined) return; // somebody else's prompt
    const onItsWay = ticket !== null && heard.kind === "prompt" && heard.said.kind !== "over";
    const { fraction, leftMs } = onItsWay ? standingOf(tickets.of(ticket), clock.now()) : NOWHERE;
    for (const listener of listeners) {
      try {
        listener(ticket, fraction, leftMs);
      } catch (thrown) {
        log.error({ backend: config.name, reason: String(thrown) }, "nudge listener failed");
      }
    }
  }

  const read = (use: WorkflowUse) => readWorkflow(context, use);
  const http = connectHttp({ url, token, headers, ca, connectMs: timeouts.connectMs, answerMs: timeouts.answerMs });
  const socket = connectSocket({ url, token, headers, ca, ...timeouts }, { clock, ids, log, hear });
  const server = askServer(http, url, socket.clientId);
  const transfers = moveFiles({ http, files, url, transferMs: timeouts.transferMs });
  const fill = (submission: Submission) => fillWorkflow(context, submission);
  const watch = watchWorker({ clock, socket, tickets, stuckMs: timeouts.stuckMs });
  const jobs = runJobs({ http, server, socket, tickets, watch, transfers, fill, clock, log, ...timeouts });
  const preflight = rememberReadiness({ http, server, socket, clock, read });
  const tidy = config.tidy ? tidyHistory({ http, server, tickets }) : async () => {};
  const rounding = measureRounding({ jobs, transfers, clock, ids, log, probeMs: timeouts.probeMs, tidy });

  return {
    name: config.name,
    kind: config.kind,
    depth: config.depth,
    plateRule: async (workflow, slots) => plateRule((await read({ workflow, slots, params: {} })).graph),
    remarks: () => [],
    async probe(signal) {
      await server.probe(signal);
      await watch.proveAlive(() => server.queue(signal));
    },
    check: (uses, signal) => checkServer({ http, server, url, read }, uses, signal),
    preflight: preflight.ask,
    put: transfers.put,
    async submit(submission, signal) {
      try {
        await jobs.submit(submission, signal);
      } catch (thrown) {
        if (thrown instanceof AppError && thrown.code === "backend-rejected") preflight.forget();
        throw thrown;
      }
    },
    progress: jobs.progress,
    picture: transfers.picture,
    withdraw: jobs.withdraw,
    cancel: jobs.cancel,
    tidy,
    rounding,
    glimpse: tickets.glimpse,
    onNudge(listener) {
      socket.start();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      listeners.clear();
      await socket.close();
      await http.close();
    },
  };
}

async function readWorkflow(context: Context, use: WorkflowUse): Promise<ReadWorkflow> {
  const { name, text, notes } = await context.workflowText(use.workflow);
  const graph = parseGraph(text, name);
  const readThem = async () => (notes === undefined ? undefined : readNotes(notes, name));
  return { use, text, graph, slots: findSlots(graph, use.slots), notes: readThem };
}

async function fillWorkflow(context: Context, submission: Submission): Promise<Filled> {
  const { graph, slots } = await readWorkflow(context, submission);
  const { prompt, seed, prefix, placement: image } = submission;
  const values = { ...paramFill(graph, slots, submission.params), image, prompt, seed, prefix };
  return { graph: fillGraph(graph, slots, values), result: slots.result };
}
