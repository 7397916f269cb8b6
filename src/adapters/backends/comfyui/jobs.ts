/**
 * Prompts on one ComfyUI: send, follow, take back. The server's queue and history decide, in that order;
 * a prompt_id is no guard against doing a thing twice, so every submit looks first.
 */
import { z } from "zod";
import { AppError } from "../../../core/errors.ts";
import { leftOfRun, percentByTime } from "../../../core/job/progress.ts";
import type { Clock, Log, Progress, Submission } from "../../../ports.ts";
import { type PostedGraph, progressOf } from "./answers.ts";
import { cancel } from "./cancel.ts";
import { courseOf, UNBEGUN } from "./course.ts";
import { type Http, notComfyUi } from "./http.ts";
import { againMs, pendingAgainMs } from "./pace.ts";
import type { Transfers } from "./pictures.ts";
import { errorsFor, readNodeErrors, refusal } from "./refusals.ts";
import type { Seen, Server } from "./server.ts";
import type { Socket } from "./socket.ts";
import type { Ticket, Tickets } from "./tickets.ts";
import type { Watch } from "./watch.ts";

/** A server that was heard of a prompt says something of it more often than this; then its socket is deaf. */
const SILENT_MS = 10_000;

/** A graph ready to be sent, and which node of it gives the result. */
export type Filled = { readonly graph: PostedGraph; readonly result: string };

export type Jobs = {
  submit(submission: Submission, signal?: AbortSignal): Promise<void>;
  /** Sends a graph of our own making, ahead of what waits. */
  post(ticket: string, filled: Filled, front: boolean, signal?: AbortSignal): Promise<void>;
  look(wanted: Pick<Submission, "ticket" | "prefix">, signal?: AbortSignal): Promise<Seen>;
  progress(submission: Submission, signal?: AbortSignal): Promise<Progress>;
  /** Out of the queue, if it only waits there. */
  withdraw(ticket: string, signal?: AbortSignal): Promise<"withdrawn" | "kept">;
  cancel(ticket: string, signal?: AbortSignal): Promise<void>;
};

export type JobsWiring = {
  readonly http: Http;
  readonly server: Server;
  readonly socket: Socket;
  readonly tickets: Tickets;
  readonly watch: Watch;
  readonly transfers: Transfers;
  readonly fill: (submission: Submission) => Promise<Filled>;
  readonly clock: Clock;
  readonly log: Log;
  readonly lookGapMs: number;
};

const AcceptedShape = z.looseObject({ prompt_id: z.string() });

export function runJobs(wiring: JobsWiring): Jobs {
  return {
    submit: (submission, signal) => submit(wiring, submission, signal),
    post: (ticket, filled, front, signal) => post(wiring, ticket, filled, front, signal),
    look: (submission, signal) => look(wiring, submission, signal),
    progress: (submission, signal) => progress(wiring, submission, signal),
    withdraw: (ticket, signal) => withdraw(wiring, ticket, signal),
    cancel: (ticket, signal) => cancel(wiring, ticket, signal),
  };
}

type Sought = Pick<Submission, "ticket" | "prefix">;

async function look({ tickets, server }: JobsWiring, { ticket, prefix }: Sought, signal?: AbortSignal): Promise<Seen> {
  const known = tickets.of(ticket);
  const seen = await server.look({ ticket, pid: known.pid, mark: prefix }, signal);
  if (seen.kind === "ended") known.pid = seen.pid;
  else if (seen.kind !== "absent") {
    known.pid = seen.item.pid;
    if (known.course === UNBEGUN) known.course = courseOf(seen.item.graph);
  }
  return seen;
}

/** Absent only when it was absent twice: a prompt may still be on its way in. */
async function lookTwice(wiring: JobsWiring, sought: Sought, signal?: AbortSignal): Promise<Seen> {
  const first = await look(wiring, sought, signal);
  if (first.kind !== "absent") return first;
  await wiring.clock.sleep(wiring.lookGapMs, signal);
  signal?.throwIfAborted();
  return await look(wiring, sought, signal);
}

async function submit(wiring: JobsWiring, submission: Submission, signal?: AbortSignal): Promise<void> {
  const { tickets, fill, log } = wiring;
  const { ticket } = submission;
  const filled = await fill(submission);
  const known = tickets.of(ticket);
  const before = await (known.tried ? lookTwice : look)(wiring, submission, signal);
  if (before.kind !== "absent") return log.debug({ ticket, seen: before.kind }, "ticket is there already");
  known.tried = true;
  try {
    await post(wiring, ticket, filled, false, signal);
  } catch (thrown) {
    if (!(thrown instanceof AppError && thrown.data.unsure === true)) throw thrown;
    const after = await lookTwice(wiring, submission, signal).catch((again: unknown) => {
      log.debug({ ticket, reason: String(again) }, "no look after a lost answer");
      throw thrown;
    });
    if (after.kind === "absent") throw thrown;
    log.debug({ ticket }, "answer lost, ticket found");
  }
}

async function post(
  wiring: JobsWiring,
  ticket: string,
  { graph, result }: Filled,
  front: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { http, socket, tickets, log } = wiring;
  socket.start();
  tickets.of(ticket).course = courseOf(graph);
  // Never `number`: an equal number and id answers 500 and is queued all the same.
  const json = { prompt: graph, prompt_id: ticket, client_id: socket.clientId(), ...(front ? { front } : {}) };
  const answer = await http.exchange("/prompt", { method: "POST", json, accept: [400], signal });
  const reply = jsonOf(answer.body);
  const errors = readNodeErrors(reply);
  if (answer.status === 400) throw refusal(reply, errors, graph);
  const accepted = AcceptedShape.safeParse(reply);
  if (!accepted.success) throw notComfyUi("A prompt is answered without a prompt_id", { ticket });
  tickets.of(ticket).pid = accepted.data.prompt_id;

  const ours = errorsFor(errors, result);
  if (Object.keys(ours).length === 0) {
    if (Object.keys(errors).length > 0)
      log.warn({ ticket, nodes: Object.keys(errors) }, "part of the workflow refused");
    return;
  }
  // What is left of the graph runs all the same and would end as a success without our picture.
  await cancel(wiring, ticket, signal).catch((thrown: unknown) => {
    log.debug({ ticket, reason: String(thrown) }, "rest of a refused prompt not cancelled");
  });
  throw refusal(reply, ours, graph);
}

async function progress(wiring: JobsWiring, submission: Submission, signal?: AbortSignal): Promise<Progress> {
  const { clock, socket, tickets, watch } = wiring;
  const now = () => clock.now();
  socket.start();
  const known = tickets.of(submission.ticket);
  known.usualMs = submission.usual?.medianMs ?? null;
  const seen = await lookTwice(wiring, submission, signal);
  switch (seen.kind) {
    case "pending":
      watch.saw(seen.head);
      return { kind: "pending", ahead: seen.ahead, againMs: pendingAgainMs(known.usualMs) };
    case "running":
      known.runningSince ??= now();
      watch.saw(seen.item, submission);
      return {
        kind: "running",
        ...standingOf(known, now()),
        againMs: againMs(known.usualMs, now() - known.runningSince),
      };
    case "ended":
      watch.ranOne();
      tickets.ended(submission.ticket);
      return await ended(wiring, progressOf(seen.entry, submission.prefix), signal);
    case "absent": {
      tickets.ended(submission.ticket);
      const pictures = await wiring.transfers.salvage(submission.prefix, signal);
      return pictures.length > 0
        ? { kind: "finished", pictures, ranMs: null }
        : { kind: "unknown", ran: known.runningSince !== null };
    }
  }
}

/** The history may outlive the file it names. */
async function ended({ transfers }: JobsWiring, progress: Progress, signal?: AbortSignal): Promise<Progress> {
  const name = progress.kind === "finished" ? progress.pictures[0]!.name : undefined;
  if (name === undefined || (await transfers.isThere(name, signal))) return progress;
  return { kind: "failed", code: "backend-lost", message: `The picture ${name} is gone from the ComfyUI machine.` };
}

async function withdraw(wiring: JobsWiring, ticket: string, signal?: AbortSignal): Promise<"withdrawn" | "kept"> {
  const { http, server, tickets } = wiring;
  const wanted = { ticket, pid: tickets.of(ticket).pid, mark: ticket };
  const before = await server.ours(wanted, signal);
  if (before.running.length > 0 || before.pending.length === 0) return "kept";
  const ids = before.pending.map(({ pid }) => pid);
  await http.exchange("/queue", { method: "POST", json: { delete: ids }, signal });
  // It may have begun, or even ended, in between.
  const seen = await server.look(wanted, signal);
  return seen.kind === "absent" ? "withdrawn" : "kept";
}

/** How far a ticket is: by what its server said of it, else by the time it takes as a rule. */
export function standingOf(known: Ticket, now: number): { fraction: number | null; leftMs: number | null } {
  const elapsedMs = now - (known.runningSince ?? now);
  const byTime = percentByTime(elapsedMs, known.usualMs);
  const told = known.heardAt > 0 && now - known.heardAt < SILENT_MS ? known.course.percent : null;
  const percent = told ?? (byTime === null && known.heardAt === 0 ? null : Math.max(byTime ?? 0, known.course.percent));
  const leftMs = leftOfRun(told ?? 0, elapsedMs, known.usualMs);
  return { fraction: percent === null ? null : percent / 100, leftMs };
}

/** Bodies of refusals are not always JSON; what is none says nothing. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return { error: { message: body.toString("utf8", 0, 300) } };
  }
}
