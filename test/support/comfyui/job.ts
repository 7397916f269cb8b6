/** What a running job tells the sockets, and the history entry it ends in. */
import type { Control } from "./options.ts";
import type { SavedImage } from "./perform.ts";
import type { Item } from "./queue.ts";
import type { Sockets } from "./sockets.ts";
import type { GraphJson } from "./validate.ts";

export type Entry = {
  readonly prompt: readonly unknown[];
  readonly outputs: Record<string, { images: readonly SavedImage[] }>;
  readonly status: {
    status_str: "success" | "error";
    completed: boolean;
    messages: [string, Record<string, unknown>][];
  };
  readonly meta: Record<string, unknown>;
};

export type Job = ReturnType<typeof jobOf>;

/** The messages of one job, and the entry they end in. */
export function jobOf(
  item: Item,
  graph: GraphJson,
  clientId: string | undefined,
  world: { control: Control; sockets: Sockets; last: { node: string | undefined } },
) {
  const { control, sockets, last } = world;
  const prompt_id = item.promptId;
  const messages: Entry["status"]["messages"] = [];
  const nodes: Record<string, Record<string, unknown>> = {};
  const meta: Record<string, unknown> = {};
  const send = (type: string, data: Record<string, unknown>) => sockets.send({ type, data }, clientId);
  const own = (type: string, data: Record<string, unknown>) => clientId !== undefined && send(type, data);

  function progress(id: string, value: number, max: number, state: "running" | "finished"): void {
    const names = { node_id: id, prompt_id, display_node_id: id, parent_node_id: null, real_node_id: id };
    nodes[id] = { value, max, state, ...names };
    if (!control.traits.features) return;
    const hearer = control.traits.progressState === "everybody" ? undefined : clientId;
    sockets.send({ type: "progress_state", data: { prompt_id, nodes } }, hearer);
  }
  return {
    item,
    graph,
    progress,
    tell(type: string, data: Record<string, unknown>, everybody = false): void {
      const full = { prompt_id, ...data, timestamp: Date.now() };
      messages.push([type, full]);
      if (everybody) send(type, full);
      else own(type, full);
    },
    executing(id: string): void {
      last.node = id;
      own("executing", { node: id, display_node: id, prompt_id });
    },
    /** `ran` is the id it ran under, which may be another graph's. */
    executed(id: string, images: readonly SavedImage[], ran: string): void {
      meta[id] = { node_id: ran, display_node: ran, parent_node: null, real_node_id: ran };
      own("executed", { node: id, display_node: id, output: { images }, prompt_id });
    },
    step(id: string, value: number, max: number, preview: Buffer | undefined): void {
      progress(id, value, max, "running");
      const first = sockets.wantsMetadata(clientId);
      if (first && preview) sockets.preview(preview, id, prompt_id, clientId);
      send("progress", { value, max, prompt_id, node: id });
      if (!first && preview) sockets.preview(preview, id, prompt_id, clientId);
      control.changed();
    },
    finish(id: string): void {
      const max = (nodes[id]?.max as number | undefined) ?? 1;
      progress(id, max, max, "finished");
    },
    entry(status_str: "success" | "error", outputs: Entry["outputs"]): Entry {
      const { number, extra } = item;
      const status = { status_str, completed: status_str === "success", messages };
      return { prompt: [number, prompt_id, graph, extra, item.outputs], outputs, status, meta };
    },
  };
}
