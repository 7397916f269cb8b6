/** Edits that are more than a colour grade, through the real program and the stand-in ComfyUI. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deltaE } from "../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../src/core/colour/srgb.ts";
import type { Lattice } from "../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../src/core/lut/sample.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { latticeNamed } from "../support/looks.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const DEPTH = 0.7;
const look = latticeNamed("warm");
let comfyui: Comfyui;
let project: TestProject;

function open(settings: string): TestProject {
  project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s${settings} }]
`);
  return project;
}

beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 20, look, flaws: { vignette: DEPTH } });
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

/** A photo of 3 : 2, which fills a plate of FLUX.1 Kontext; of 4 : 3, which does not. */
const put = (height: number) =>
  sharp(join(SAMPLES, "mountains.jpg"))
    .resize(2400, height, { fit: "cover" })
    .png({ compressionLevel: 1 })
    .toFile(join(project.inbox, "a.png"));
const putWhole = () => put(1600);
const putOther = () => put(1800);

type Told = {
  id: string;
  status: string;
  finish: string;
  heatmap: string;
  notes: string[];
  error: { message: string };
};

async function jobNow(): Promise<Told> {
  const { jobs } = (await project.json("jobs")) as { jobs: Told[] };
  return (await project.json("job", jobs[0]!.id)) as Told;
}

const output = (name: string) => join(project.outbox, name);
const report = () => JSON.parse(readFileSync(output("a.grade.json"), "utf8"));

/** Mean CIEDE2000 between what was written and look and vignette on the original; the plate is wider by `beyond` each way. */
async function meanError(table: Lattice, beyond = { x: 1, y: 1 }): Promise<number> {
  const [before, after] = await Promise.all(
    [join(project.inbox, "a.png"), output("a.png")].map((file) =>
      sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true }),
    ),
  );
  const { width, height } = before!.info;
  expect(after!.info).toMatchObject({ width, height });
  const colour = (pixels: Buffer, at: number): Triple => [
    pixels[at]! / 255,
    pixels[at + 1]! / 255,
    pixels[at + 2]! / 255,
  ];
  let sum = 0;
  let count = 0;
  for (let pixel = 0; pixel < width * height; pixel += 97, count++) {
    const u = (((pixel % width) + 0.5) / width - 0.5) * beyond.x;
    const v = ((Math.floor(pixel / width) + 0.5) / height - 0.5) * beyond.y;
    const light = 1 - DEPTH * (2 * (u * u + v * v)) ** 1.2;
    const [r, g, b] = sampleTetrahedral(table, colour(before!.data, 3 * pixel)).map((value) => light * value);
    sum += deltaE(toLab([r!, g!, b!]), toLab(colour(after!.data, 3 * pixel)));
  }
  return sum / count;
}

describe("a vignette in a model's answer", () => {
  test("is held with its picture; approve --finish local brings it to the full size without another render", async () => {
    open("");
    await putWhole();
    expect((await project.run("once")).code).toBe(1);
    const held = await jobNow();
    expect(held).toMatchObject({ status: "held", verdict: "spatial" });
    const renders = comfyui.renders.length;
    const command = `hotgrade approve ${held.id.slice(0, 8)} --finish local`;
    for (const words of [["status"], ["job", held.id]]) {
      const { stdout } = await project.run(...words);
      expect(stdout).toContain(command);
      expect(stdout).toContain(held.heatmap);
    }
    expect((await sharp(held.heatmap).metadata()).format).toBe("png");
    expect(existsSync(output("a.png"))).toBe(false);

    expect((await project.run(...command.split(" ").slice(1))).code).toBe(0);
    expect((await project.run("once")).code).toBe(0);
    expect(await meanError(look)).toBeLessThan(1);
    expect(await jobNow()).toMatchObject({ status: "done", finish: "local" });
    expect(report()).toMatchObject({
      finish: "local",
      fit: { verdict: "spatial", localScore: expect.any(Number) },
      notes: [expect.stringContaining("more than the .cube")],
    });
    expect(comfyui.renders).toHaveLength(renders);
  });

  test("approve writes the nearest look and says what is missing; --finish direct the model's own picture, without a .cube", async () => {
    open("");
    await putWhole();
    await project.run("once");
    const { id } = await jobNow();
    await project.run("approve", id);
    expect((await project.run("once")).code).toBe(0);
    const nearest = await meanError(look);
    expect(nearest).toBeGreaterThan(2);
    expect(report()).toMatchObject({ finish: "lut", notes: [expect.stringContaining("nearest look alone")] });
    expect(existsSync(output("a.cube"))).toBe(true);
    project.remove();

    open("");
    await putWhole();
    await project.run("once");
    const renders = comfyui.renders.length;
    await project.run("approve", "--all", "--finish", "direct");
    expect((await project.run("once")).code).toBe(0);
    expect(await meanError(look)).toBeLessThan(nearest);
    expect(await jobNow()).toMatchObject({ status: "done", finish: "direct" });
    expect(report()).toMatchObject({ finish: "direct", notes: [expect.stringMatching(/1248 × 832.*no finer detail/)] });
    expect(existsSync(output("a.cube"))).toBe(false);
    expect(comfyui.renders).toHaveLength(renders);
  });

  test.each([
    ["finish: local", "local", 1],
    ["onSpatial: local", "local", 1],
    ["onSpatial: direct", "direct", 3],
    ["finish: direct", "direct", 3],
  ])(
    "with %s the whole of a 4 : 3 photo is shown to the model and comes out so",
    async (settings, finish, errorMax) => {
      open(`, ${settings}`);
      await putOther();
      expect((await project.run("once")).code).toBe(0);
      // 1184 × 880 with mirrored edges left and right of 1173 × 880.
      expect(await meanError(look, { x: 1173 / 1184, y: 1 })).toBeLessThan(errorMax);
      expect(report()).toMatchObject({ finish, fit: { verdict: "spatial" } });
      expect(report().notes.join()).not.toContain("The model saw");
    },
  );

  test("a 4 : 3 photo that was cropped and then approved as direct keeps its borders, in the model's colours", async () => {
    open("");
    await putOther();
    await project.run("once");
    await project.run("approve", "--all", "--finish", "direct");
    expect((await project.run("once")).code).toBe(0);
    expect(await meanError(look, { x: 1, y: 1800 / 1784 })).toBeLessThan(3);
    expect(report().notes.join()).toContain("The model saw 99 % of the photo: its borders are the original");
  });
});

test("a photo of grade that is held goes on with the finish that was chosen when it is asked for again", async () => {
  open("");
  await putWhole();
  const grade = ["grade", join(project.inbox, "a.png"), "--out", "graded"];
  const { code, stderr } = await project.run(...grade);
  expect([code, stderr]).toEqual([1, expect.stringContaining("--finish local")]);
  expect(stderr).toContain((await jobNow()).heatmap);
  await project.run("approve", "--all", "--finish", "local");
  expect((await project.run(...grade)).code).toBe(0);
  expect(await meanError(look)).toBeLessThan(1);
});

test("a plain grade with finish local comes out as a look, and the report says so", async () => {
  comfyui.setFlaws({});
  open(", finish: local");
  await putWhole();
  expect((await project.run("once")).code).toBe(0);
  expect(report()).toMatchObject({ finish: "lut", recipe: { finish: "local" }, notes: [] });
});

test("a verdict of warn is written, and said in status, report and data", async () => {
  comfyui.setFlaws({ relight: 0.1 });
  open("");
  await putWhole();
  expect((await project.run("once")).code).toBe(0);
  expect(await jobNow()).toMatchObject({ status: "done", verdict: "warn", finish: "lut" });
  expect(await project.json("status")).toMatchObject({ inboxes: [{ warn: 1 }] });
  expect((await project.run("status")).stdout).toContain("1 done with verdict warn");
  expect(report()).toMatchObject({ fit: { verdict: "warn" }, notes: [expect.stringContaining("Verdict warn")] });
});
