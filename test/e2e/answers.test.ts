/** What comes back from a ComfyUI is looked at before it is believed: the real program against the stand-in. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identity } from "../../src/core/lut/lattice.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const KONTEXT = join(import.meta.dirname, "../../workflows/kontext-color-grade.json");
let comfyui: Comfyui;
let project: TestProject;
beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 5 });
  project = makeProject(configured());
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

const configured = (inbox = "") => `
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s${inbox} }]
`;

type JobData = {
  id: string;
  status: string;
  notes: string[];
  error: { code: string; message: string; hint: string } | null;
  tickets: { id: string; state: string }[];
};

async function graded(photo = sceneImage(300, 200, 3)): Promise<JobData> {
  writeFileSync(join(project.inbox, "a.png"), await photo.png().toBuffer());
  await project.run("once");
  const { jobs } = (await project.json("jobs")) as { jobs: { id: string }[] };
  return (await project.json("job", jobs[0]!.id)) as JobData;
}

/** Renders of photos; the look at the server's rounding is none. */
const renders = () => comfyui.renders.filter(({ prefix }) => !prefix.includes("probe"));
const reportNotes = () => JSON.parse(readFileSync(join(project.outbox, "a.grade.json"), "utf8")).notes as string[];

test("a black picture for a photo is asked for once more, under a fresh ticket", async () => {
  comfyui.misbehave("black-picture", 1);
  const job = await graded();
  expect([job.status, job.tickets.length, renders().length]).toEqual(["done", 2, 2]);
  expect(new Set(renders().map(({ promptId }) => promptId)).size).toBe(2);
});

test("black pictures again and again end in a sentence that says what to do", async () => {
  comfyui.misbehave("black-picture");
  const job = await graded();
  expect(job).toMatchObject({ status: "failed", error: { code: "picture-constant" } });
  expect(job.error!.message).toContain("one colour");
  expect(job.error!.hint).toContain("--fp32-vae");
  expect(renders().length).toBe(job.tickets.length);
  expect(renders().length).toBeLessThanOrEqual(4);
});

test("a picture that came back untouched is written, and said in report and job", async () => {
  comfyui.setLook(identity(17));
  const job = await graded();
  expect(job.status).toBe("done");
  expect(job.notes).toEqual([expect.stringContaining("as it was given")]);
  expect(reportNotes()).toContainEqual(job.notes[0]);
  expect((await project.run("job", job.id)).stdout).toContain("as it was given");
});

test("a picture that does not show the photo is written where the model's own is wanted, and said", async () => {
  project.remove();
  project = makeProject(configured(", finish: direct"));
  comfyui.setFlaws({ stranger: true });
  const job = await graded(sharp(join(import.meta.dirname, "../../samples/mountains.jpg")).resize(300, 200));
  expect(job.status).toBe("done");
  expect(reportNotes()).toContainEqual(expect.stringContaining("does not show this photo"));
});

test("an answer as usual raises no doubt", async () => {
  const job = await graded();
  expect([job.status, job.notes]).toEqual(["done", []]);
});

test.each(["lut", "direct"])("an answer of twice the plate's size is as good to finish %s", async (finish) => {
  project.remove();
  project = makeProject(configured(`, finish: ${finish}, workflow: larger`));
  const graph = JSON.parse(readFileSync(KONTEXT, "utf8"));
  const [saver] = Object.keys(graph).filter((id) => graph[id].class_type === "SaveImage");
  const large = { width: 2496, height: 1664, upscale_method: "lanczos", crop: "disabled" };
  graph["900"] = { class_type: "ImageScale", inputs: { image: graph[saver!].inputs.images, ...large } };
  graph[saver!].inputs.images = ["900", 0];
  mkdirSync(join(project.root, "workflows"));
  writeFileSync(join(project.root, "workflows/larger.json"), JSON.stringify(graph));
  const job = await graded();
  expect([job.error, job.status]).toEqual([null, "done"]);
  // The stand-in's warm look: as far from the original as at the usual size.
  const usual = await sharp(join(project.inbox, "a.png")).stats();
  const written = await sharp(join(project.outbox, "a.png")).stats();
  const change = written.channels.map(({ mean }, c) => mean - usual.channels[c]!.mean);
  expect(change[0]! - change[2]!).toBeGreaterThan(5);
  expect(await sharp(join(project.outbox, "a.png")).metadata()).toMatchObject({ width: 300, height: 200 });
  if (finish === "direct") expect(reportNotes().join()).toContain("2496 × 1664 pixels");
});
