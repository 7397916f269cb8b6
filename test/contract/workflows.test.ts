/** Where workflows come from: the project's own folder first, then those that hotgrade brings. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFiles } from "../../src/adapters/files.ts";
import { type WorkflowText, workflowLibrary } from "../../src/adapters/workflows.ts";
import { readNotes } from "../../src/core/workflow/notes.ts";

let root: string;
let find: WorkflowText;
const write = (file: string, text: string) => writeFileSync(join(root, "workflows", file), text);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "hotgrade-workflows-"));
  mkdirSync(join(root, "workflows"));
  find = workflowLibrary(root, openFiles({ home: root }));
});
afterAll(() => rmSync(root, { recursive: true }));

test("ours come with their notes, and go by a name without its ending", async () => {
  for (const name of ["kontext-color-grade", "kontext_color_grade", "Kontext-Color-Grade.json"]) {
    const found = await find(name);
    expect(found.name).toBe("kontext-color-grade");
    expect(readNotes(found.notes!, name).licence.commercial).toBe(false);
  }
});

test.each([
  ["flux2-klein-4b", "flux2-klein-color-grade"],
  ["qwen-image-edit-2511", "qwen-color-grade"],
  ["qwen_image_edit_2511.json", "qwen-color-grade"],
])("the former name %s still names %s", async (former, name) => {
  expect((await find(former)).name).toBe(name);
});

test("a file of one's own wins, over ours and over a former name, and needs no notes", async () => {
  write("upscale.json", "mine");
  write("flux2-klein-4b.json", "mine too");
  expect(await find("upscale")).toEqual({ name: "upscale", text: "mine" });
  expect(await find("flux2-klein-4b")).toMatchObject({ text: "mine too" });
});

test("notes are no workflow", async () => {
  write("own.json", "{}");
  write("own.notes.json", "notes");
  expect(await find("own")).toEqual({ name: "own", text: "{}", notes: "notes" });
  await expect(find("own.notes")).rejects.toMatchObject({ code: "workflow-missing" });
});

test("a path is taken as it is, whatever its ending", async () => {
  writeFileSync(join(root, "graph.txt"), "text");
  expect(await find("./graph.txt")).toEqual({ name: "graph.txt", text: "text" });
  expect(await find("workflows/own.json")).toMatchObject({ name: "own", notes: "notes" });
});

test("a mistyped name is told with what there is and what was perhaps meant", async () => {
  await expect(find("kontext-colour-grade")).rejects.toMatchObject({
    code: "workflow-missing",
    message: expect.stringMatching(/there is .*cutout, direct-edit, flux2-dev.*Did you mean kontext-color-grade\?$/),
  });
});
