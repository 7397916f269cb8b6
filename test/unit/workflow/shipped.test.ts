/** The workflows that come with hotgrade, and what is written of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { modelFolder } from "../../../src/adapters/backends/comfyui/refusals.ts";
import { type Notes, readNotes } from "../../../src/core/workflow/notes.ts";
import { exposedParams } from "../../../src/core/workflow/params.ts";
import { findSlots } from "../../../src/core/workflow/slots.ts";
import { workflowTable } from "../../../src/core/workflow/table.ts";
import { EXAMPLES, SHIPPED, shipped } from "./sample.ts";

const FOLDER = join(import.meta.dirname, "../../../workflows");
const ALL = [...SHIPPED, ...EXAMPLES];
const read = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const notesOf = (name: string): Notes => readNotes(read(`${name}.notes.json`), name);

test("are these, each with notes", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  expect(files.sort()).toEqual(ALL.flatMap((name) => [`${name}.json`, `${name}.notes.json`]).sort());
});

describe.each(ALL)("%s", (name) => {
  const graph = shipped(name);
  const notes = notesOf(name);

  test("lists every model file of its graph in its folder, and no other", () => {
    const files = Object.values(graph.nodes).flatMap(({ classType, inputs }) =>
      Object.entries(inputs).flatMap(([input, value]) => {
        const folder = modelFolder(classType, input);
        return folder === undefined || folder === "input" ? [] : [`${folder}/${value}`];
      }),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(notes.models.map(({ folder, file }) => `${folder}/${file}`).sort()).toEqual(files.sort());
  });

  test("marks all its slots, and every marker means something", () => {
    expect(findSlots(graph)).toMatchObject({ guessed: [], unknownMarkers: [] });
  });

  test("takes no size from its file: a plate comes as the workflow wants it", () => {
    const classes = Object.values(graph.nodes).map(({ classType }) => classType);
    expect(classes).not.toContain("ImageScaleToTotalPixels");
  });
});

test("say which may be used commercially", () => {
  const may = Object.fromEntries(ALL.map((name) => [name, notesOf(name).licence.commercial]));
  expect(may).toEqual({
    "kontext-color-grade": false,
    "flux2-klein-color-grade": true,
    "flux2-dev": false,
    "qwen-color-grade": true,
    "direct-edit": false,
    upscale: true,
    cutout: true,
  });
});

test("expose the parameters that people turn", () => {
  const params = (name: (typeof ALL)[number]) => Object.keys(exposedParams(findSlots(shipped(name))));
  expect(params("kontext-color-grade")).toEqual(
    expect.arrayContaining(["steps", "strength", "denoise", "guidance", "cfg", "sampler", "scheduler"]),
  );
  expect(params("flux2-klein-color-grade")).toEqual(["steps", "cfg", "sampler"]);
  expect(params("flux2-dev")).toEqual(["steps", "guidance", "sampler"]);
  expect(params("qwen-color-grade")).toEqual(expect.arrayContaining(["negative", "steps", "cfg", "shift"]));
});

test("workflows/README.md has their table", () => {
  const described = [...ALL].sort().map((name) => ({ name, graph: shipped(name), notes: notesOf(name) }));
  expect(read("README.md")).toContain(`<!-- workflows -->\n\n${workflowTable(described)}\n\n<!-- /workflows -->`);
});

describe("notes", () => {
  const good = notesOf("upscale");
  test.each([
    ["no JSON", "{", /are not JSON/],
    ["an unknown field", JSON.stringify({ ...good, licens: 1 }), /Unrecognized key: "licens"/],
    ["a version in words", JSON.stringify({ ...good, needs: "newest" }), /needs: expected a version such as 0\.3\.42/],
    [
      "a folder elsewhere",
      JSON.stringify({ ...good, models: [{ ...good.models[0], folder: "/etc" }] }),
      /models\.0\.folder: expected a folder such as models\/vae/,
    ],
  ])("with %s are refused with the reason", (_, text, why) => {
    expect(() => readNotes(text, "mine")).toThrow(why);
    expect(() => readNotes(text, "mine")).toThrow(expect.objectContaining({ code: "workflow-invalid" }));
  });
});
