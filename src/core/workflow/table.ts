/** The table of workflows in workflows/README.md, from their graphs and notes. */
import { plateRule, ruleText } from "./framing.ts";
import type { Graph } from "./graph.ts";
import { type Notes, sizeText } from "./notes.ts";
import { exposedParams } from "./params.ts";
import { findSlots } from "./slots.ts";

export type Described = { readonly name: string; readonly graph: Graph; readonly notes: Notes };

export function workflowTable(workflows: readonly Described[]): string {
  const head =
    "| workflow | model files, each below ComfyUI's `models/` | settings; parameters | plates | licence of the model | needs |";
  return [head, "|---|---|---|---|---|---|", ...workflows.map(row)].join("\n");
}

function row({ name, graph, notes }: Described): string {
  const { licence, models, needs, gpuMemory, settings } = notes;
  const files = models.map(
    ({ file, folder, url, sizeMb }) => `[\`${folder.replace("models/", "")}/${file}\`](${url}) ${sizeText(sizeMb)}`,
  );
  const params = Object.keys(exposedParams(findSlots(graph))).map((param) => `\`${param}\``);
  const may = licence.commercial ? "commercial use allowed" : "**not for commercial use**";
  const cells = [
    `\`${name}\``,
    files.join("<br>"),
    `${settings}; ${params.join(" ") || "none"}`,
    ruleText(plateRule(graph)),
    `[${licence.name}](${licence.url}), ${may}`,
    `ComfyUI ${needs}${gpuMemory === null ? "" : `; GPU memory: ${gpuMemory}`}`,
  ];
  return `| ${cells.join(" | ")} |`;
}
