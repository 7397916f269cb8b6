/** Small graphs for the workflow tests, and the ones that come with hotgrade. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Graph, parseGraph } from "../../../src/core/workflow/graph.ts";

export const SHIPPED = ["kontext-color-grade", "flux2-klein-color-grade", "flux2-dev", "qwen-color-grade"] as const;
export const EXAMPLES = ["direct-edit", "upscale", "cutout"] as const;

export const shipped = (name: (typeof SHIPPED | typeof EXAMPLES)[number]): Graph =>
  parseGraph(readFileSync(join(import.meta.dirname, `../../../workflows/${name}.json`), "utf8"), name);

type Node = readonly [classType: string, inputs: Record<string, unknown>, title?: string];

/** A graph from short notes: `graphOf({ 1: ["LoadImage", { image: "a.png" }, "@image"] })`. */
export function graphOf(nodes: Readonly<Record<string, Node>>, name = "sample"): Graph {
  const raw = Object.entries(nodes).map(([id, [class_type, inputs, title]]) => [
    id,
    { class_type, inputs, ...(title === undefined ? {} : { _meta: { title } }) },
  ]);
  return parseGraph(JSON.stringify(Object.fromEntries(raw)), name);
}

/** Load, invert, encode some words, save: one candidate for each slot. */
export const PLAIN = {
  1: ["LoadImage", { image: "a.png" }],
  2: ["ImageInvert", { image: ["1", 0] }],
  3: ["CLIPTextEncode", { text: "warm", clip: ["9", 1] }],
  4: ["SaveImage", { images: ["2", 0], filename_prefix: "ComfyUI" }],
  9: ["CheckpointLoaderSimple", { ckpt_name: "x.safetensors" }],
} as const satisfies Record<string, Node>;
