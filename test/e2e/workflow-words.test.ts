/** What an inbox says of its workflow, seen from the server: words, seed and parameters; and what `check` says of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identity } from "../../src/core/lut/lattice.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

let comfyui: Comfyui;
let project: TestProject;
let renders: { readonly prompt: string; readonly seed: number }[];
beforeEach(async () => {
  renders = [];
  const look = (prompt: string, seed: number) => {
    renders.push({ prompt, seed });
    return identity(2);
  };
  comfyui = await startComfyui({ renderMs: 5, look });
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

function projectWith(inbox: string): TestProject {
  project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, rescan: 1s, onSpatial: write, ${inbox} }]
`);
  return project;
}
const photo = async (seed: number) => sceneImage(120, 80, seed).jpeg({ quality: 95 }).toBuffer();
const seedsOf = () => renders.map(({ seed }) => seed);

test("the prompt is sent with its places filled, then the suffix", async () => {
  projectWith('prompt: "Teal {name} of {inbox}", promptSuffix: "keep {name} still"');
  writeFileSync(join(project.inbox, "lake.jpg"), await photo(1));
  expect((await project.run("once")).code).toBe(0);
  expect(renders.map(({ prompt }) => prompt)).toEqual(["Teal lake of inbox, keep lake still"]);
});

test("seed: a number is sent as it is, and random differs", async () => {
  projectWith("seed: 42");
  writeFileSync(join(project.inbox, "a.jpg"), await photo(1));
  expect((await project.run("once")).code).toBe(0);
  expect(seedsOf()).toEqual([42]);
  project.remove();

  projectWith("seed: random");
  for (const at of [1, 2]) writeFileSync(join(project.inbox, `${at}.jpg`), await photo(at));
  expect((await project.run("once")).code).toBe(0);
  expect(new Set(seedsOf()).size).toBe(3);
});

test("seed: from-content is the photo's own, wherever and whenever it is graded", async () => {
  for (const name of ["a.jpg", "b.jpg"]) {
    projectWith("seed: from-content");
    writeFileSync(join(project.inbox, name), await photo(1));
    writeFileSync(join(project.inbox, `other-${name}`), await photo(2));
    expect((await project.run("once")).code).toBe(0);
    if (name === "a.jpg") project.remove();
  }
  const counted = Map.groupBy(seedsOf(), (seed) => seed);
  expect([...counted.values()].map((all) => all.length)).toEqual([2, 2]);
});

test("check names the parameters of a workflow, and says which value the server would refuse", async () => {
  projectWith("params: { steps: 8, guidance: 3 }");
  const good = await project.run("check");
  expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/Parameters.* steps \(20\), guidance \(2\.5\)/)]);
  project.remove();

  projectWith("params: { guidance: 300 }");
  const bad = await project.run("check");
  expect(bad.code).toBe(3);
  expect(bad.stdout).toMatch(/gpu-1, workflow kontext-color-grade\n {6}error Parameter guidance.* from 0 to 100/);
  expect(bad.stdout.match(/hint: /g)).toHaveLength(1);
  const told = (await project.json("check")) as {
    findings: { workflow?: string; code: string | null; hint: unknown }[];
  };
  expect(told.findings).toContainEqual(
    expect.objectContaining({ about: "backend gpu-1", workflow: "kontext-color-grade", code: "workflow-unready" }),
  );
  project.remove();

  projectWith("params: { guidence: 3 }");
  const wrong = await project.run("check");
  expect([wrong.code, wrong.stdout]).toEqual([2, expect.stringContaining("did you mean guidance?")]);
});
