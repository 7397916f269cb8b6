/** Percent from what a ComfyUI says, and previews from its binary frames. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advance, type Course, courseOf, type Said, UNBEGUN } from "../../../src/adapters/backends/comfyui/course.ts";
import { previewIn, understand } from "../../../src/adapters/backends/comfyui/frames.ts";

const GRAPH = {
  "1": { class_type: "UNETLoader", inputs: {} },
  "2": { class_type: "VAEEncode", inputs: {} },
  "3": { class_type: "KSampler", inputs: { latent_image: ["2", 0] } },
  "4": { class_type: "KSamplerSelect", inputs: { sampler_name: "euler" } },
  "5": { class_type: "SaveImage", inputs: {} },
};
const having = (...said: readonly Said[]): Course => said.reduce(advance, courseOf(GRAPH));
const step = (node: string, value: number, max: number, ended = false): Said => ({
  kind: "steps",
  nodes: [{ node, value, max, ended }],
});

describe("percent", () => {
  test("steps of the sampler are nearly all of it, the other nodes a tenth", () => {
    expect(having().percent).toBe(0);
    expect(having({ kind: "at", node: "1" }, { kind: "at", node: "2" }, { kind: "at", node: "3" }).percent).toBe(4);
    const begun = [
      { kind: "cached", nodes: ["1", "2", "4"] },
      { kind: "at", node: "3" },
    ] as const;
    expect(having(...begun).percent).toBe(6);
    expect(having(...begun, step("3", 10, 20)).percent).toBe(50);
    expect(having(...begun, step("3", 20, 20), { kind: "at", node: "5" }).percent).toBe(97);
    expect(having(...begun, { kind: "success" }).percent).toBe(99);
  });

  test("the second of two samplers begins half-way, before it has said a step", () => {
    const two = courseOf({
      ...GRAPH,
      "6": { class_type: "SamplerCustomAdvanced", inputs: { latent_image: ["3", 0] } },
    });
    const half = advance(two, step("3", 20, 20, true));
    expect(half.percent).toBeGreaterThanOrEqual(44);
    expect(half.percent).toBeLessThan(50);
  });

  test("a sampler that is cached has nothing left to do", () => {
    expect(having({ kind: "cached", nodes: ["1", "2", "3", "4"] }, step("3", 0, 20)).percent).toBeLessThan(20);
    expect(having(step("3", 1, 20), { kind: "cached", nodes: ["3"] }).percent).toBeGreaterThan(85);
  });

  test("without a graph the steps alone count", () => {
    expect([step("9", 5, 10)].reduce(advance, UNBEGUN).percent).toBe(44);
  });

  const node = fc.constantFrom("1", "2", "3", "4", "5", "77");
  const steps = fc.record({
    node,
    value: fc.integer({ min: -5, max: 60 }),
    max: fc.integer({ min: -2, max: 50 }),
    ended: fc.boolean(),
  });
  const anything: fc.Arbitrary<Said> = fc.oneof(
    fc.record({ kind: fc.constant("cached" as const), nodes: fc.array(node) }),
    fc.record({ kind: fc.constant("at" as const), node }),
    fc.record({ kind: fc.constant("done" as const), node }),
    fc.record({ kind: fc.constant("steps" as const), nodes: fc.array(steps) }),
    fc.constantFrom<Said>({ kind: "success" }, { kind: "over" }, { kind: "other" }),
  );

  test("whatever is said in whatever order, percent are whole, within 0 … 99, and never fall", () => {
    fc.assert(
      fc.property(fc.array(anything), fc.boolean(), (said, known) => {
        let course = known ? courseOf(GRAPH) : UNBEGUN;
        for (const one of said) {
          const next = advance(course, one);
          expect(Number.isInteger(next.percent)).toBe(true);
          expect(next.percent).toBeGreaterThanOrEqual(course.percent);
          expect(next.percent).toBeLessThanOrEqual(99);
          course = next;
        }
      }),
    );
  });
});

describe("frames", () => {
  const text = (type: string, data: object) => understand(JSON.stringify({ type, data: { prompt_id: "p", ...data } }));

  test("text frames say where a prompt stands", () => {
    expect(text("executing", { node: null })).toEqual({ kind: "prompt", pid: "p", said: { kind: "over" } });
    expect(text("executing", { node: "3" })).toMatchObject({ said: { kind: "at", node: "3" } });
    expect(text("execution_cached", { nodes: ["1"] })).toMatchObject({ said: { kind: "cached", nodes: ["1"] } });
    expect(text("progress", { node: "3", value: 2, max: 8 })).toMatchObject({
      said: { kind: "steps", nodes: [{ node: "3", value: 2, max: 8, ended: false }] },
    });
    expect(
      text("progress_state", { nodes: { "3": { value: 8, max: 8, state: "finished" }, "4": null } }),
    ).toMatchObject({
      said: { kind: "steps", nodes: [{ node: "3", value: 8, max: 8, ended: true }] },
    });
    expect(text("crystools.monitor", {})).toBeUndefined();
    expect(understand('{"type":"status","data":null}')).toEqual({ kind: "queue" });
    expect(understand("no json")).toBeUndefined();
  });

  const word = (value: number) => Buffer.from(Uint32Array.of(value).buffer).swap32();
  const JPEG = Buffer.of(0xff, 0xd8, 0xff, 0xe0, 1, 2);
  const frame = (...parts: readonly Buffer[]) => Buffer.concat(parts);
  const withMetadata = (data: object | string, bytes: Buffer) => {
    const json = Buffer.from(typeof data === "string" ? data : JSON.stringify(data));
    return frame(word(4), word(json.length), json, bytes);
  };

  test("previews come with the id of their prompt, or from older servers without", () => {
    const glimpse = { mime: "image/jpeg", bytes: Uint8Array.from(JPEG) };
    expect(previewIn(withMetadata({ prompt_id: "p" }, JPEG))).toEqual({ kind: "preview", pid: "p", glimpse });
    expect(previewIn(frame(word(1), word(1), JPEG))).toEqual({ kind: "preview", pid: null, glimpse });
  });

  test("broken, oversized and foreign frames are none", () => {
    const large = Buffer.concat([JPEG, Buffer.alloc(1 << 20)]);
    for (const bad of [
      Buffer.alloc(0),
      frame(word(1), word(1)),
      frame(word(1), word(1), Buffer.from("<svg onload=alert(1)>")),
      frame(word(3), word(1), JPEG),
      frame(word(1), word(1), large),
      frame(word(4), word(9_999), JPEG),
      frame(word(4), word(0xffff_ffff), JPEG),
      withMetadata("{", JPEG),
      withMetadata({ prompt_id: 7 }, JPEG),
      withMetadata({ prompt_id: "p" }, large),
    ])
      expect(previewIn(bad)).toBeUndefined();
  });
});
