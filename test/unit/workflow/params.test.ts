import { describe, expect, test } from "vitest";
import { exposedParams, readParams } from "../../../src/core/workflow/params.ts";
import { fillGraph } from "../../../src/core/workflow/patch.ts";
import { findSlots } from "../../../src/core/workflow/slots.ts";
import { graphOf, PLAIN, shipped } from "./sample.ts";

const SAMPLER = { seed: 1, steps: 20, cfg: 1.5, sampler_name: "euler", denoise: 1, model: ["6", 0] };
const GRAPH = {
  ...PLAIN,
  5: ["KSampler", SAMPLER, "@steps @denoise @cfg @Sampler"],
  6: ["LoraLoaderModelOnly", { lora_name: "a.safetensors", strength_model: 1, model: ["9", 0] }, "@lora @lorastrength"],
  7: ["FluxGuidance", { guidance: 2.5, conditioning: ["3", 0] }],
} as const;
const place = (node: string, input: string) => [{ node, input }];
const exposed = (...[graph, map]: Parameters<typeof findSlots>) => exposedParams(findSlots(graph, map));

describe("a parameter", () => {
  test("is any marker that is no slot, in its usual spelling", () => {
    expect(exposed(graphOf(GRAPH))).toEqual({
      steps: place("5", "steps"),
      denoise: place("5", "denoise"),
      cfg: place("5", "cfg"),
      sampler: place("5", "sampler_name"),
      lora: place("6", "lora_name"),
      loraStrength: place("6", "strength_model"),
    });
  });

  test("may name its input, and stand on several nodes", () => {
    const graph = graphOf({
      ...PLAIN,
      5: ["Two", { image2: "b.png" }, "@second:image2"],
      6: ["Two", { image2: "c.png" }, "@second:image2"],
    });
    expect(exposed(graph)).toEqual({ second: [...place("5", "image2"), ...place("6", "image2")] });
  });

  test("is a further key of the map, which wins over a marker", () => {
    expect(exposed(graphOf(GRAPH), { guidance: "7.guidance", cfg: "5.denoise" })).toMatchObject({
      guidance: place("7", "guidance"),
      cfg: place("5", "denoise"),
    });
  });

  test.each([
    ["names no input", "@imgae", { image: "a.png" }],
    ["names an input the node lacks", "@cfg:cgf", { cfg: 1 }],
    ["gets its value from another node", "@guidance", { guidance: ["1", 0] }],
  ])("is none where the marker %s: that is told", (_, title, inputs) => {
    const slots = findSlots(graphOf({ ...PLAIN, 5: ["Odd", inputs, title] }));
    expect(slots.params).toEqual({});
    expect(slots.unknownMarkers).toHaveLength(1);
  });

  test("that a mail address looks like is none", () => {
    expect(findSlots(graphOf({ ...PLAIN, 5: ["KSampler", { cfg: 1 }, "me@cfg.example"] })).params).toEqual({});
  });
});

describe("a recipe's params", () => {
  const graph = graphOf(GRAPH);
  const slots = findSlots(graph);

  test("go to their inputs", () => {
    const params = readParams(graph, slots, { CFG: 3, lora_strength: 0.5, sampler: "heun" });
    expect(params).toEqual({ cfg: 3, loraStrength: 0.5, sampler: "heun" });
    const sent = fillGraph(graph, slots, { image: "a.png", prompt: "x", prefix: "p", params }) as Record<
      string,
      { inputs: object }
    >;
    expect(sent["5"]!.inputs).toMatchObject({ cfg: 3, sampler_name: "heun", steps: 20 });
    expect(sent["6"]!.inputs).toMatchObject({ strength_model: 0.5 });
  });

  test.each([
    [{ stesp: 3 }, /exposes no parameter stesp: did you mean steps\? it exposes steps, denoise, cfg/],
    [{ warmth: 3 }, /exposes no parameter warmth: it exposes steps.*title the node that takes it @warmth/],
    [{ seed: 3 }, /exposes no parameter seed/],
    [{ constructor: 3 }, /exposes no parameter constructor/],
    [{ cfg: "3" }, /takes a number for cfg \(cfg of node 5 \(KSampler.*not "3"/],
    [{ sampler: 3 }, /takes a string for sampler/],
  ] as const)("%j is refused, with what there is", (params, why) => {
    expect(() => readParams(graph, slots, params as Record<string, string | number>)).toThrow(why);
  });

  test("two for one input are refused", () => {
    const kontext = shipped("kontext-color-grade");
    expect(() => readParams(kontext, findSlots(kontext), { strength: 0.5, denoise: 0.6 })).toThrow(
      /both strength and denoise/,
    );
  });

  test("of a workflow that exposes none say so", () => {
    const plain = graphOf(PLAIN);
    expect(() => readParams(plain, findSlots(plain), { steps: 3 })).toThrow("it exposes none");
  });
});
