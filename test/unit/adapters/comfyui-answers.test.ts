/** A history entry as progress: whose picture it names, and how long it ran. */
import { expect, test } from "vitest";
import { progressOf, readHistory } from "../../../src/adapters/backends/comfyui/answers.ts";

const PREFIX = "hotgrade/2026-11-22/0b6f0c1e-0000-4000-8000-000000000001";
const [FOLDER, TICKET] = ["hotgrade/2026-11-22", "0b6f0c1e-0000-4000-8000-000000000001"];

type Image = { filename: string; subfolder: string; type: string };
const own = (ending = "_00001_.png"): Image => ({ filename: TICKET + ending, subfolder: FOLDER, type: "output" });

function seen(result: Image, { baseline = own("-baseline_00001_.png"), cached = [] as string[] } = {}) {
  const graph = {
    "1": { class_type: "KSampler", inputs: {} },
    "2": { class_type: "SaveImage", inputs: { filename_prefix: PREFIX } },
    "3": { class_type: "SaveImage", inputs: { filename_prefix: `${PREFIX}-baseline` } },
    "4": { class_type: "UNETLoader", inputs: {} },
  };
  const messages = [
    ["execution_start", { prompt_id: TICKET, timestamp: 1_000 }],
    ["execution_cached", { nodes: cached, prompt_id: TICKET, timestamp: 1_001 }],
    ["execution_success", { prompt_id: TICKET, timestamp: 8_400 }],
  ];
  const outputs = { "2": { images: [result] }, "3": { images: [baseline] } };
  const status = { status_str: "success", completed: true, messages };
  const entry = { prompt: [0, TICKET, graph, {}, ["2", "3"]], outputs, status };
  return progressOf(readHistory({ [TICKET]: entry })![0]!, PREFIX);
}

test("a run's own pictures are named as it was told, with slashes either way", () => {
  expect(seen(own())).toMatchObject({ kind: "finished", pictures: [{ slot: "result" }, { slot: "baseline" }] });
  expect(seen({ ...own(), subfolder: "hotgrade\\2026-11-22" })).toMatchObject({ kind: "finished" });
});

test("a picture under another name is nobody's answer, nor is another ticket's baseline", () => {
  const foreign = { kind: "failed", code: "picture-foreign" };
  expect(seen({ ...own(), filename: "ComfyUI_00001_.png" })).toMatchObject(foreign);
  expect(seen({ ...own(), subfolder: "" })).toMatchObject(foreign);
  expect(seen(own("0_00001_.png"))).toMatchObject(foreign);
  expect(seen(own(), { baseline: own() })).toMatchObject(foreign);
});

test("how long it ran comes from the server's own times, unless its sampler was cached", () => {
  expect(seen(own())).toMatchObject({ ranMs: 7_400 });
  expect(seen(own(), { cached: ["4"] })).toMatchObject({ ranMs: 7_400 });
  expect(seen(own(), { cached: ["1", "4"] })).toMatchObject({ ranMs: null });
});
