import { describe, expect, test } from "vitest";
import { findSlots } from "../../../src/core/workflow/slots.ts";
import { graphOf, PLAIN, SHIPPED, shipped } from "./sample.ts";

const place = (node: string, input: string) => [{ node, input }];

describe("the workflows that come with hotgrade", () => {
  test.each(SHIPPED)("%s marks all its slots, so that nothing is guessed", (name) => {
    const slots = findSlots(shipped(name));
    expect(slots.guessed).toEqual([]);
    expect(slots.unknownMarkers).toEqual([]);
    expect(slots.inputs.image).toEqual(place("4", "image"));
    expect(Object.keys(slots.inputs)).toEqual(expect.arrayContaining(["image", "prompt", "seed", "steps"]));
    expect(slots.baseline).toBeDefined();
  });

  test("Kontext's sampler takes seed, steps and strength", () => {
    expect(findSlots(shipped("kontext-color-grade"))).toMatchObject({
      inputs: {
        prompt: place("7", "text"),
        seed: place("11", "seed"),
        steps: place("11", "steps"),
        strength: place("11", "denoise"),
      },
      result: "13",
      baseline: "15",
    });
  });

  test("FLUX.2's seed is noise_seed, Qwen's words are prompt", () => {
    expect(findSlots(shipped("flux2-klein-color-grade")).inputs.seed).toEqual(place("16", "noise_seed"));
    expect(findSlots(shipped("qwen-color-grade")).inputs).toMatchObject({
      prompt: place("7", "prompt"),
      negative: place("8", "prompt"),
    });
  });
});

describe("a marker", () => {
  test("may name its input", () => {
    const graph = graphOf({ ...PLAIN, 5: ["CLIPTextEncodeFlux", { clip_l: "", t5xxl: "" }, "Words @prompt:t5xxl"] });
    expect(findSlots(graph).inputs.prompt).toEqual(place("5", "t5xxl"));
  });

  test("may stand on several nodes, which all get the value", () => {
    const graph = graphOf({ ...PLAIN, 5: ["KSampler", { seed: 1 }, "@seed"], 6: ["KSampler", { seed: 2 }, "@seed"] });
    expect(findSlots(graph).inputs.seed).toEqual([...place("5", "seed"), ...place("6", "seed")]);
  });

  test("is found in any case, among other words, not inside them", () => {
    const graph = graphOf({ ...PLAIN, 3: ["CLIPTextEncode", { text: "" }, "me@seed.com @PROMPT, please"] });
    expect(findSlots(graph)).toMatchObject({ inputs: { prompt: place("3", "text") }, unknownMarkers: [] });
  });

  test("that is no slot is told", () => {
    const graph = graphOf({ ...PLAIN, 1: ["LoadImage", { image: "a" }, "@imgae"] });
    expect(findSlots(graph)).toMatchObject({
      guessed: ["image", "prompt", "result"],
      unknownMarkers: ["@imgae on node 1"],
    });
  });

  test("on an input that another node feeds names that node", () => {
    const graph = graphOf({
      ...PLAIN,
      3: ["CLIPTextEncode", { text: ["8", 0] }, "@prompt"],
      8: ["PrimitiveString", { value: "x" }],
    });
    expect(() => findSlots(graph)).toThrow(
      'marks node 3 (CLIPTextEncode, "@prompt") as prompt, but its text comes from another node; mark node 8 (PrimitiveString) instead',
    );
  });

  test("on a node without such an input lists the inputs it has", () => {
    const graph = graphOf({ ...PLAIN, 2: ["ImageInvert", { image: ["1", 0] }, "@seed"] });
    expect(() => findSlots(graph)).toThrow("it has no input seed or noise_seed (it has image)");
  });

  test("of the result belongs on a node that saves", () => {
    const graph = graphOf({ ...PLAIN, 5: ["PreviewImage", { images: ["2", 0] }, "@result"] });
    expect(() => findSlots(graph)).toThrow("which must be a SaveImage node");
  });

  test("of the result stands once", () => {
    const save = ["SaveImage", { images: ["2", 0], filename_prefix: "x" }, "@result"] as const;
    expect(() => findSlots(graphOf({ ...PLAIN, 5: save, 6: save }))).toThrow("marks result more than once");
  });

  test("cannot make one node both result and baseline", () => {
    const save = ["SaveImage", { images: ["2", 0], filename_prefix: "x" }, "@result @baseline"] as const;
    expect(() => findSlots(graphOf({ ...PLAIN, 4: save }))).toThrow("as both result and baseline");
  });
});

describe("a map", () => {
  test("wins over markers and guesses", () => {
    const graph = graphOf({ ...PLAIN, 5: ["LoadImage", { image: "b.png" }, "@image"] });
    const slots = findSlots(graph, { image: "1.image", prompt: "3", result: "4" });
    expect(slots).toMatchObject({ inputs: { image: place("1", "image"), prompt: place("3", "text") }, guessed: [] });
  });

  test("splits at the first dot, since an input's name may hold one", () => {
    const graph = graphOf({ ...PLAIN, "57:3": ["Text", { "mode.text": "" }] });
    expect(findSlots(graph, { prompt: "57:3.mode.text" }).inputs.prompt).toEqual(place("57:3", "mode.text"));
  });

  test.each([
    [{ picture: "1" }, 'has no slot "picture"; slots are image, prompt'],
    [{ promt: "3" }, 'has no slot "promt" (did you mean prompt?)'],
    [{ guidance: "77.guidance" }, "has no node 77"],
    [{ guidance: "3.guidance" }, "node 3 (CLIPTextEncode) has the inputs text, clip"],
    [{ clip: "3.clip" }, "that input comes from another node"],
    [{ image: "12.image" }, "has no node 12, which the slot map names for image; its nodes are 1, 2"],
    [{ image: "constructor.name" }, "has no node constructor"],
    [{ image: "1.toString" }, "it has no input toString"],
    [{ result: "2" }, "which must be a SaveImage node"],
  ])("%j is refused", (map, why) => {
    expect(() => findSlots(graphOf(PLAIN), map)).toThrow(why);
  });
});

describe("a guess", () => {
  test("is made where one node comes into question", () => {
    const graph = graphOf({ ...PLAIN, 6: ["RandomNoise", { noise_seed: 3 }] });
    expect(findSlots(graph)).toMatchObject({
      inputs: { image: place("1", "image"), prompt: place("3", "text"), seed: place("6", "noise_seed") },
      result: "4",
      guessed: ["image", "prompt", "seed", "result"],
    });
  });

  test("leaves out what another slot has", () => {
    const graph = graphOf({
      ...PLAIN,
      5: ["LoadImage", { image: "" }, "@reference"],
      6: ["CLIPTextEncode", { text: "" }, "@negative"],
    });
    expect(findSlots(graph).inputs).toMatchObject({ image: place("1", "image"), prompt: place("3", "text") });
  });

  test("between two is refused with their names", () => {
    const graph = graphOf({ ...PLAIN, 5: ["LoadImage", { image: "b.png" }, "second"] });
    expect(() => findSlots(graph)).toThrow(
      'Workflow sample could take image at node 1 (LoadImage) or node 5 (LoadImage, "second"): title the right one @image',
    );
  });

  test("with nothing to choose from says what is missing", () => {
    const { 3: _, ...wordless } = PLAIN;
    expect(() => findSlots(graphOf(wordless))).toThrow("has no node for prompt");
  });

  test("between two seeds is not made: they stay as they are", () => {
    const graph = graphOf({ ...PLAIN, 5: ["KSampler", { seed: 1 }], 6: ["KSampler", { seed: 2 }] });
    expect(findSlots(graph).inputs.seed).toBeUndefined();
  });
});
