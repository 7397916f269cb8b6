import { describe, expect, test } from "vitest";
import { type Fill, fillGraph } from "../../../src/core/workflow/patch.ts";
import { findSlots } from "../../../src/core/workflow/slots.ts";
import { graphOf, PLAIN, SHIPPED, shipped } from "./sample.ts";

const FILL: Fill = { image: "hotgrade/2026-01-31/ab12.png", prompt: "teal", prefix: "hotgrade/2026-01-31/t1" };

type Sent = Record<string, { inputs: Record<string, unknown> }>;
const fill = (graph: ReturnType<typeof graphOf>, values: Partial<Fill> = {}): Sent =>
  fillGraph(graph, findSlots(graph), { ...FILL, ...values }) as Sent;

describe("a filled graph", () => {
  test("is the file's own, but for what was filled", () => {
    const graph = shipped("kontext-color-grade");
    const sent = fill(graph, { seed: 7, steps: 8, strength: 0.5 });
    const expected = structuredClone(graph.raw) as Sent;
    expected["4"]!.inputs.image = FILL.image;
    expected["7"]!.inputs.text = "teal";
    Object.assign(expected["11"]!.inputs, { seed: 7, steps: 8, denoise: 0.5 });
    expected["13"]!.inputs.filename_prefix = FILL.prefix;
    expected["15"]!.inputs.filename_prefix = `${FILL.prefix}-baseline`;
    expect(sent).toEqual(expected);
  });

  test("leaves the workflow as it was", () => {
    const graph = shipped("flux2-dev");
    const before = JSON.stringify(graph);
    fill(graph, { seed: 1 });
    expect(JSON.stringify(graph)).toBe(before);
  });

  test.each(SHIPPED)("of %s saves nothing under a name it was exported with", (name) => {
    expect(JSON.stringify(fill(shipped(name)))).not.toMatch(/hotgrade\/(graded|baseline)"/);
  });

  test("gives every other saver a name of its own", () => {
    const graph = graphOf({
      ...PLAIN,
      4: ["SaveImage", { images: ["2", 0], filename_prefix: "x" }, "@result"],
      "57:2": ["SaveImage", { images: ["2", 0], filename_prefix: "x" }],
      8: ["SaveLatent", { samples: ["2", 0], filename_prefix: ["9", 0] }],
    });
    const sent = fill(graph);
    expect(sent["4"]!.inputs.filename_prefix).toBe(FILL.prefix);
    expect(sent["57:2"]!.inputs.filename_prefix).toBe(`${FILL.prefix}-57_2`);
    expect(sent["8"]!.inputs.filename_prefix).toBe(`${FILL.prefix}-8`);
  });

  test("takes a prompt letter by letter", () => {
    const prompt = "“naïve”\n\\ {not: json} $& 写真";
    expect(fill(graphOf(PLAIN), { prompt })["3"]!.inputs.text).toBe(prompt);
  });

  test("keeps its own seed where it has no place for one", () => {
    expect(fill(graphOf(PLAIN), { seed: 3 })).toEqual(fill(graphOf(PLAIN)));
  });
});

describe("a refusal", () => {
  test.each(["negative", "strength", "steps", "reference", "mask"] as const)(
    "of %s without a place says how to make one",
    (slot) => {
      const value = slot === "strength" || slot === "steps" ? 1 : "x.png";
      expect(() => fill(graphOf(PLAIN), { [slot]: value })).toThrow(
        `Workflow sample has no place for ${slot}: title the node`,
      );
    },
  );

  test.each([
    "a b.png",
    "../a.png",
    "/a.png",
    "a//b.png",
    "a/../b.png",
    "写.png",
    "a%2F.png",
    'a".png',
    "-a.png",
    "",
    "a".repeat(201),
  ])("of the name %j comes before it is sent", (name) => {
    expect(() => fill(graphOf(PLAIN), { image: name })).toThrow("is not a plain name");
    expect(() => fill(graphOf(PLAIN), { prefix: name })).toThrow("is not a plain name");
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])("of the seed %d", (seed) => {
    expect(() => fill(graphOf(PLAIN), { seed })).toThrow("is not a whole number");
  });
});
