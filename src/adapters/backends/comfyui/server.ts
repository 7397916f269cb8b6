/** Questions to one ComfyUI whose answers have a known shape; anything else means it is not a ComfyUI. */
import { z } from "zod";
import { type Entry, mentions, type Queue, type QueueItem, readHistory, readQueue } from "./answers.ts";
import { type Http, notComfyUi } from "./http.ts";

/** How many of the newest history entries are searched for a ticket that runs under a foreign id. */
const ENTRIES_SEARCHED = 200;
/** From this version on the server takes the prompt_id we choose. */
export const KEEPS_OUR_ID = "0.3.45";
/** Later than every version known to be without `/api/jobs`; which one brought it is for the server to show. */
const MAY_HAVE_JOBS = "0.3.65";

export type Seen =
  | { readonly kind: "running"; readonly item: QueueItem }
  /** `head` is what runs meanwhile. */
  | { readonly kind: "pending"; readonly item: QueueItem; readonly ahead: number; readonly head: QueueItem | undefined }
  | { readonly kind: "ended"; readonly pid: string; readonly entry: Entry }
  | { readonly kind: "absent" };

/** One submission over there: its id, the id it may run under instead, and a text its graph holds. */
export type Wanted = { readonly ticket: string; readonly pid: string; readonly mark: string };

export type Server = {
  /** Throws unless a ComfyUI answers. */
  probe(signal?: AbortSignal): Promise<void>;
  /** Such as "0.3.64"; undefined when the server does not say. Asked once per socket connection. */
  version(signal?: AbortSignal): Promise<string | undefined>;
  queue(signal?: AbortSignal): Promise<Queue>;
  /** The newest entries of its history, newest last. */
  recent(signal?: AbortSignal): Promise<readonly Entry[]>;
  /** What of a submission runs and waits now. */
  ours(wanted: Wanted, signal?: AbortSignal): Promise<Queue>;
  /** Can it cancel one prompt and no other, in one step? False once it has shown that it cannot, until it reconnects. */
  cancel(pid: string, signal?: AbortSignal): Promise<boolean>;
  /** Queue first, then history: in the other order a job that just ends is missed. */
  look(wanted: Wanted, signal?: AbortSignal): Promise<Seen>;
};

const StatsShape = z.looseObject({ system: z.looseObject({ comfyui_version: z.string().optional() }) });
const CancelledShape = z.looseObject({ cancelled: z.boolean() });
const LiveShape = z.looseObject({ exec_info: z.looseObject({ queue_remaining: z.number() }) });

/** Compares by numbers: "0.3.9" is below "0.3.45". */
export function atLeast(version: string | undefined, wanted: string): boolean {
  if (version === undefined) return false;
  const parts = (text: string) => text.split(/[^0-9]+/).map(Number);
  const [ours, theirs] = [parts(version.replace(/^[^0-9]+/, "")), parts(wanted)];
  for (let at = 0; at < theirs.length; at++) {
    const difference = (ours[at] ?? 0) - theirs[at]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function askServer(http: Http, url: string, connection: () => string): Server {
  let known: { readonly connection: string; readonly version: string | undefined } | undefined;

  async function version(signal?: AbortSignal): Promise<string | undefined> {
    const now = connection();
    if (known?.connection !== now) {
      const stats = StatsShape.safeParse(await http.json("/system_stats", { signal }));
      known = { connection: now, version: stats.data?.system.comfyui_version };
    }
    return known.version;
  }

  async function queue(signal?: AbortSignal): Promise<Queue> {
    const read = readQueue(await http.json("/queue", { signal }));
    if (!read) throw notComfyUi(`${url} answers /queue with something else`, { url });
    return read;
  }

  async function history(path: string, signal?: AbortSignal): Promise<readonly Entry[]> {
    const read = readHistory(await http.json(path, { signal }));
    if (!read) throw notComfyUi(`${url} answers /history with something else`, { url });
    return read;
  }

  const recent = (signal?: AbortSignal) => history(`/history?max_items=${ENTRIES_SEARCHED}`, signal);
  /**
   * Is it ours? By its id; by our mark only where the server chooses ids itself, since whoever opens one of our pictures
   * in ComfyUI and runs it again posts a graph with our mark in it, and that run is theirs.
   */
  async function picker({ running, pending }: Queue, wanted: Wanted, signal?: AbortSignal) {
    const all = [...running, ...pending];
    const isNamed = ({ pid }: QueueItem) => pid === wanted.ticket || pid === wanted.pid;
    const isMarked = ({ graph }: QueueItem) => mentions(graph, wanted.mark);
    if (all.some(isNamed) || !all.some(isMarked)) return isNamed;
    return atLeast(await version(signal), KEEPS_OUR_ID) ? isNamed : isMarked;
  }

  /** The connection on which a server showed that it has no such route. */
  let withoutJobs: string | undefined;

  async function cancel(pid: string, signal?: AbortSignal): Promise<boolean> {
    const said = await version(signal);
    const now = connection();
    if (withoutJobs === now || (said !== undefined && !atLeast(said, MAY_HAVE_JOBS))) return false;
    const path = `/api/jobs/${encodeURIComponent(pid)}/cancel`;
    const answer = await http.exchange(path, { method: "POST", json: {}, accept: [400, 403, 404, 405], signal });
    if (answer.status === 200 && CancelledShape.safeParse(jsonOf(answer.body)).success) return true;
    // A refusal in JSON is the route's own, of this id; anything else comes from a server without it.
    if (!/json/.test(answer.contentType)) withoutJobs = now;
    return false;
  }

  async function ended(wanted: Wanted, signal?: AbortSignal): Promise<Seen> {
    for (const pid of new Set([wanted.pid, wanted.ticket])) {
      const [entry] = await history(`/history/${encodeURIComponent(pid)}`, signal);
      if (entry) return { kind: "ended", pid, entry };
    }
    if (atLeast(await version(signal), KEEPS_OUR_ID)) return { kind: "absent" };
    const entry = (await recent(signal)).findLast(({ prompt }) => mentions(prompt[2], wanted.mark));
    return entry ? { kind: "ended", pid: entry.prompt[1], entry } : { kind: "absent" };
  }

  return {
    async probe(signal) {
      const live = LiveShape.safeParse(await http.json("/prompt", { signal }));
      if (!live.success) throw notComfyUi(`${url} answers /prompt with other JSON`, { url });
    },
    version,
    queue,
    recent,
    cancel,
    async ours(wanted, signal) {
      const whole = await queue(signal);
      const isOurs = await picker(whole, wanted, signal);
      return { running: whole.running.filter(isOurs), pending: whole.pending.filter(isOurs) };
    },
    async look(wanted, signal) {
      const { running, pending } = await queue(signal);
      const isOurs = await picker({ running, pending }, wanted, signal);
      const item = running.find(isOurs);
      if (item) return { kind: "running", item };
      const place = pending.findIndex(isOurs);
      if (place >= 0)
        return { kind: "pending", item: pending[place]!, ahead: place + running.length, head: running[0] };
      return await ended(wanted, signal);
    },
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined; // a web page, say: not the answer of this route
  }
}
