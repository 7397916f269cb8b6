/** The one worker: takes prompts from the queue, runs them node by node, tells the sockets and keeps the history. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Cache, cache, signaturesOf } from "./cache.ts";
import type { Folders } from "./files.ts";
import { type Entry, type Job, jobOf } from "./job.ts";
import { isRecord } from "./json.ts";
import type { Catalogue } from "./nodes.ts";
import type { Control } from "./options.ts";
import { NodeError, type Performed, perform, SAMPLERS, type SavedImage, type Stage } from "./perform.ts";
import { encodePreview, type Picture } from "./pixels.ts";
import { type Item, queue } from "./queue.ts";
import type { Message, Sockets } from "./sockets.ts";
import type { GraphJson } from "./validate.ts";

class Interrupted extends Error {}

export type Worker = ReturnType<typeof worker>;

/** One life of a server: what a restart forgets. */
export function worker(control: Control, folders: Folders, _nodes: Catalogue, sockets: Sockets) {
  const pending = queue();
  const history = new Map<string, Entry>();
  const results = cache(control.options.cache ?? "classic");
  let running: Item | undefined;
  let dead = false;
  let alive = true;
  let interrupt = false;
  let wake: () => void = () => {};
  let nextNumber = 0;
  /** When the worker took what it runs. */
  let begunAt = 0;
  /** Whose job ran last, and which node it stands at: what a new socket of that client is told. */
  const last: { clientId: string | undefined; node: string | undefined } = { clientId: undefined, node: undefined };

  const remaining = () => pending.pending.length + (running ? 1 : 0);
  const status = (): Message => ({ type: "status", data: { status: { exec_info: { queue_remaining: remaining() } } } });
  const announce = () => {
    sockets.send(status(), undefined);
    control.changed();
  };

  async function work(): Promise<void> {
    if (running || dead || !alive) return;
    const item = pending.take();
    if (!item) return;
    running = item;
    announce();
    begunAt = Date.now();
    const entry = await run(item);
    if (!alive || !entry) return;
    await nextTurn(); // a GET sent at execution_success may still miss the entry
    history.delete(item.promptId);
    history.set(item.promptId, entry);
    control.counts.spans.push({ promptId: item.promptId, begunAt, endedAt: Date.now() });
    running = undefined;
    announce();
    if (last.clientId !== undefined)
      sockets.send({ type: "executing", data: { node: null, prompt_id: item.promptId } }, last.clientId);
    last.node = undefined;
    control.changed();
    void work();
  }

  async function run(item: Item): Promise<Entry | undefined> {
    const graph = item.graph as GraphJson;
    if (!isRecord(item.extra)) {
      dead = true;
      return undefined;
    }
    const clientId = typeof item.extra.client_id === "string" ? item.extra.client_id : undefined;
    last.clientId = clientId;
    interrupt = false;
    const job = jobOf(item, graph, clientId, { control, sockets, last });
    job.tell("execution_start", {});
    if (Object.values(graph).some((node) => !isRecord(node.inputs)) || control.faults.take("kill-worker")) {
      dead = true; // the thread ended in an exception nobody caught
      return undefined;
    }
    const signatures = signaturesOf(graph, folders);
    results.keep(signatures.values());
    const cached = Object.keys(graph).filter((id) => results.get(signatures.get(id)!));
    job.tell("execution_cached", { nodes: cached });
    const ended = await runNodes(job, signatures);
    if (!alive) return undefined;
    return ended;
  }

  async function runNodes(job: Job, signatures: ReadonlyMap<string, string>): Promise<Entry> {
    const { item, graph } = job;
    const done = new Map<string, Performed>();
    const executed: string[] = [];
    const outputs: Entry["outputs"] = {};
    let at = "";
    try {
      for (const id of orderOf(graph, item.outputs, (node) => results.get(signatures.get(node)!) !== undefined)) {
        at = id;
        const { class_type, inputs } = graph[id]!;
        const known = results.get(signatures.get(id)!);
        if (!known) {
          job.progress(id, 0, 1, "running");
          job.executing(id);
          if (interrupt) throw new Interrupted();
          if (isDecisive(job, id)) await decide(job);
        }
        const result = known ?? {
          ...(await perform(class_type, linked(inputs, done, signatures), stageFor(job, id))),
          node: id,
        };
        if (!alive) break;
        results.set(signatures.get(id)!, result);
        done.set(id, result);
        if (!known) executed.push(id);
        if (result.images) {
          const images = control.traits.extraKeys ? result.images.map(withMedia) : result.images;
          outputs[id] = { images };
          job.executed(id, images, result.node ?? id);
        }
        job.finish(id);
      }
      const { wholeMs } = control.options;
      const samples = Object.values(graph).some(({ class_type }) => SAMPLERS.has(class_type));
      if (alive && samples && wholeMs) await pause(begunAt + wholeMs - Date.now());
      if (alive) job.tell("execution_success", {});
      return job.entry("success", outputs);
    } catch (thrown) {
      const where = { node_id: at, node_type: graph[at]?.class_type, executed };
      if (thrown instanceof Interrupted) {
        job.tell("execution_interrupted", where, true);
        return job.entry("error", {});
      }
      const { message, type } =
        thrown instanceof NodeError ? thrown : { message: String(thrown), type: "RuntimeError" };
      const exception = { exception_message: message, exception_type: type, traceback: [`  File "nodes.py"\n`] };
      job.tell("execution_error", { ...where, ...exception, current_inputs: {}, current_outputs: executed });
      return job.entry("error", outputs);
    }
  }

  /** Follows links to the values of earlier nodes, run now or kept. */
  function linked(
    inputs: Readonly<Record<string, unknown>>,
    done: ReadonlyMap<string, Performed>,
    signatures: ReadonlyMap<string, string>,
  ): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => {
        if (!Array.isArray(value)) return [name, value];
        const [from, slot] = value as [string, number];
        return [name, (done.get(from) ?? results.get(signatures.get(from)!))?.values[slot]];
      }),
    );
  }

  /** Where a job waits, counts and fails: its sampler, or without one its first saver. */
  function isDecisive({ graph, item }: Job, id: string): boolean {
    const samples = Object.values(graph).some(({ class_type }) => SAMPLERS.has(class_type));
    return samples ? SAMPLERS.has(graph[id]!.class_type) : id === item.outputs[0];
  }

  function stageFor(job: Job, id: string): Stage {
    const sample = (steps: number, picture: Picture, totalMs = control.renderMs) =>
      sampleSteps(job, id, steps, picture, totalMs);
    return {
      control,
      folders,
      graph: job.graph,
      extra: job.item.extra as Record<string, unknown>,
      alive: () => alive,
      sample,
    };
  }

  async function sampleSteps(job: Job, id: string, steps: number, picture: Picture, totalMs: number): Promise<void> {
    const started = performance.now();
    const preview = control.options.previews === false ? undefined : await encodePreview(picture);
    for (let step = 1; step <= steps && alive; step++) {
      await pause(started + (totalMs * step) / steps - performance.now());
      if (interrupt) throw new Interrupted();
      job.step(id, step, steps, preview);
    }
  }

  /** Where renders wait for `release`, are counted, and fail on command. */
  async function decide(job: Job): Promise<void> {
    control.counts.renders.push(renderOf(job.item));
    control.changed();
    while (control.gate && alive && !interrupt) await Promise.race([control.gate.opened, woken()]);
    if (interrupt || control.faults.take("interrupt")) throw new Interrupted();
    if (control.faults.take("out-of-memory"))
      throw new NodeError(
        "torch.OutOfMemoryError",
        "Allocation on device \nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.",
      );
    if (control.faults.take("node-error"))
      throw new NodeError("RuntimeError", "mat1 and mat2 shapes cannot be multiplied\n");
  }

  const woken = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  async function pause(ms: number): Promise<void> {
    if (ms < 1) return void (await nextTurn());
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, ms))), woken()]);
    clearTimeout(timer);
  }

  return {
    history,
    pending: () => pending.pending,
    running: () => (running ? [running] : []),
    remaining,
    cache: results as Cache,
    /** The next number; refused prompts use one up, too. */
    number: () => nextNumber++,
    put(item: Item): void {
      try {
        pending.put(item);
        announce(); // not of one whose number and id were taken: the real one breaks before it says so
      } finally {
        control.counts.prompts.push(item.promptId);
        control.counts.atOnce.push(remaining());
        control.changed();
        setImmediate(() => void work());
      }
    },
    /** Whether it was there. */
    remove(promptId: string): boolean {
      const removed = pending.remove(promptId);
      if (removed) announce();
      return removed;
    },
    clear(): void {
      pending.clear();
      announce();
    },
    interrupt(promptId: string | undefined): void {
      if (promptId !== undefined && running?.promptId !== promptId) return;
      interrupt = true;
      wake();
    },
    /** What a new socket hears first. */
    greetings(clientId: string): readonly Message[] {
      const { data } = status();
      const hello = { type: "status", data: { ...(data as object), sid: clientId } };
      if (last.clientId !== clientId || last.node === undefined) return [hello];
      return [hello, { type: "executing", data: { node: last.node } }];
    },
    kill(): void {
      alive = false;
      wake();
    },
  };
}

/** The nodes to run, each after what it needs; what is cached hides what lies before it, outputs are always there. */
function orderOf(graph: GraphJson, outputs: readonly string[], isCached: (id: string) => boolean): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (id: string, isOutput: boolean): void => {
    if (seen.has(id) || (isCached(id) && !isOutput)) return;
    seen.add(id);
    if (!isCached(id))
      for (const value of Object.values(graph[id]!.inputs)) if (Array.isArray(value)) visit(String(value[0]), false);
    order.push(id);
  };
  for (const id of outputs) visit(id, true);
  return order;
}

/** Later versions say more of an image than where it lies. */
function withMedia(image: SavedImage): SavedImage {
  return { ...image, ...{ media_type: "image/png", asset: { tags: ["output"] } } };
}

function renderOf({ promptId, graph }: Item): Control["counts"]["renders"][number] {
  const all = Object.values(graph as GraphJson);
  const input = all.find(({ class_type }) => class_type === "LoadImage")?.inputs.image;
  const prefixes = all
    .filter(({ class_type }) => class_type === "SaveImage")
    .map(({ inputs }) => inputs.filename_prefix);
  const prefix = prefixes.find((each) => !String(each).endsWith("-baseline")) ?? prefixes[0];
  return { promptId, inputName: String(input ?? ""), prefix: String(prefix ?? "") };
}
