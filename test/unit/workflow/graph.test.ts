import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import { NODES_MAX, nodeAt, parseGraph } from "../../../src/core/workflow/graph.ts";
import { graphOf, PLAIN, SHIPPED, shipped } from "./sample.ts";

function refusal(text: string): AppError {
  try {
    parseGraph(text, "mine");
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error("was not refused");
}

describe("a workflow file", () => {
  test("is read into nodes with their class, inputs and title", () => {
    const graph = graphOf({ 4: ["LoadImage", { image: "a.png" }, "@image"] });
    expect(graph.nodes).toEqual({ 4: { classType: "LoadImage", inputs: { image: "a.png" }, title: "@image" } });
  });

  test("keeps its own JSON, whatever else is in it", () => {
    const raw = { 1: { class_type: "A", inputs: { x: [] }, _meta: { title: "t", colour: 3 }, is_changed: ["h"] } };
    expect(parseGraph(JSON.stringify(raw), "mine").raw).toEqual(raw);
  });

  test("may begin with a byte order mark", () => {
    expect(parseGraph('\ufeff{"1":{"class_type":"A","inputs":{}}}', "mine").nodes).toHaveProperty("1");
  });

  test.each(SHIPPED)("%s comes with hotgrade and reads", (name) => {
    expect(Object.keys(shipped(name).nodes).length).toBeGreaterThan(10);
  });
});

describe("a refusal", () => {
  test("of the editor's format says how to export", () => {
    const { code, message } = refusal('{"nodes":[{"id":1,"type":"LoadImage"}],"links":[],"version":0.4}');
    expect(code).toBe("workflow-invalid");
    expect(message).toContain("Workflow mine is in ComfyUI's editor format");
    expect(message).toContain("Export (API)");
  });

  test("of a node without inputs names it, because it would end ComfyUI's worker", () => {
    const text = '{"1":{"class_type":"LoadImage","inputs":{}},"7":{"class_type":"ImageInvert"}}';
    expect(refusal(text).message).toBe("Workflow mine cannot be used: node 7 (ImageInvert) has no inputs.");
  });

  test("names every broken node, the first five in words", () => {
    const { message, data } = refusal(
      '{"1":3,"2":{},"3":{"inputs":{}},"4":{"class_type":"A"},"5":null,"6":[],"7":"x"}',
    );
    expect(message).toContain("entry 1 is not a node; node 2 has no class_type");
    expect(message).toContain("and 2 more");
    expect(data.problems).toHaveLength(7);
  });

  test("of a link to nowhere names both ends", () => {
    const text = '{"2":{"class_type":"ImageInvert","inputs":{"image":["1",0]}}}';
    expect(refusal(text).message).toContain("node 2 (ImageInvert) takes image from node 1, which is not in the file");
  });

  test.each([
    ["", "is not JSON"],
    ["{", "is not JSON"],
    ["[]", "is not a workflow"],
    ["null", "is not a workflow"],
    ["{}", "has no nodes"],
    ['{"prompt":{"1":{"class_type":"A","inputs":{}}},"client_id":"x"}', "is a whole request"],
  ])("of %j says that it %s", (text, why) => {
    expect(refusal(text).message).toContain(`Workflow mine ${why}`);
  });

  test("of a huge graph comes before its nodes are read", () => {
    const ids = Array.from({ length: NODES_MAX + 1 }, (_, id) => [id, 0]);
    expect(refusal(JSON.stringify(Object.fromEntries(ids))).message).toContain("5000 is the most");
  });
});

test("names such as constructor find no node", () => {
  expect(nodeAt(graphOf(PLAIN), "constructor")).toBeUndefined();
  expect(nodeAt(graphOf(PLAIN), "__proto__")).toBeUndefined();
});
