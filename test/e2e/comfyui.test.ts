/** The real program against the stand-in ComfyUI, by HTTP and WebSocket. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deltaE } from "../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../src/core/colour/srgb.ts";
import type { Lattice } from "../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../src/core/lut/sample.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { runKillCampaign } from "../support/kill-campaign.ts";
import { LOOK_NAMES, latticeNamed } from "../support/looks.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
let comfyui: Comfyui;
let project: TestProject;
beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 20 });
  project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, rescan: 1s }]
`);
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

type Status = {
  inboxes: { statuses: Record<string, number> }[];
  troubles: { id: string; error: { code: string; hint: string } }[];
};
const status = async () => (await project.json("status")) as Status;
const put = async (name: string, seed: number) =>
  writeFileSync(join(project.inbox, name), await sceneImage(300, 200, seed).jpeg({ quality: 95 }).toBuffer());

/** The stand-in's relight of 1: black on the left, twice as light on the right. */
const relightError = (original: string, output: string, look: Lattice) =>
  meanError(original, output, look, (u) => 2 * u);

/** Mean CIEDE2000 between a written photo and the look applied to its original, over an even grid of pixels. */
async function meanError(
  original: string,
  output: string,
  look: Lattice,
  light: (u: number) => number = () => 1,
): Promise<number> {
  const [before, after] = await Promise.all(
    [original, output].map((file) => sharp(file).removeAlpha().raw().toBuffer()),
  );
  let sum = 0;
  let count = 0;
  const colour = (pixels: Buffer, at: number): Triple => [
    pixels[at]! / 255,
    pixels[at + 1]! / 255,
    pixels[at + 2]! / 255,
  ];
  const { width } = await sharp(original).metadata();
  for (let pixel = 0; pixel < before!.length / 3; pixel += 37, count++) {
    const by = light(((pixel % width) + 0.5) / width);
    const truth = sampleTetrahedral(look, colour(before!, 3 * pixel)).map((value) => Math.min(1, by * value));
    sum += deltaE(toLab([truth[0]!, truth[1]!, truth[2]!]), toLab(colour(after!, 3 * pixel)));
  }
  return sum / count;
}

describe("with a ComfyUI", () => {
  test("a full-size photo comes out as the model's look would have it", async () => {
    const look = latticeNamed(LOOK_NAMES[0]!);
    comfyui.setLook(look);
    // Lossless, so that what is measured is the look and its one rounding, and no encoder.
    const photo = join(project.root, "mountains.png");
    await sharp(join(SAMPLES, "mountains.jpg")).png().toFile(photo);
    const { code, stderr } = await project.run("grade", photo, "--out", "out");
    expect([code, stderr]).toEqual([0, expect.stringContaining("1 graded")]);
    expect(await meanError(photo, join(project.root, "out/mountains.png"), look)).toBeLessThan(0.5);
    expect(existsSync(join(project.root, "out/mountains.cube"))).toBe(true);
  });

  test("the same photo asked for again is the result that is there, without another render", async () => {
    const photo = join(project.root, "a.jpg");
    writeFileSync(photo, await sceneImage(300, 200, 3).jpeg().toBuffer());
    await project.run("grade", photo, "--out", "out");
    const renders = comfyui.renders.length;
    const { code, stdout } = await project.run("grade", photo, "--out", "out");
    expect([code, stdout.trim(), comfyui.renders.length]).toEqual([0, join(project.root, "out/a.jpg"), renders]);
  });

  test("photos that come while the server is away wait without losing an attempt, and are graded when it is back", async () => {
    await comfyui.kill();
    await put("a.jpg", 1);
    const daemon = await project.start();
    await daemon.line(({ message }) => message === "backend does not answer");
    await comfyui.start();
    await daemon.line(({ message }) => message === "photo done");
    const { jobs } = (await project.json("jobs")) as { jobs: { attempt: number; status: string }[] };
    expect(jobs).toMatchObject([{ status: "done", attempt: 0 }]);
    await daemon.kill("SIGTERM");
  });

  test("an edit that is no colour grade is held with its reason; approve writes it, the next edit asks again", async () => {
    comfyui.setFlaws({ relight: 1 });
    copyFileSync(join(SAMPLES, "sunset.webp"), join(project.inbox, "a.webp"));
    expect((await project.run("once")).code).toBe(1);
    const { troubles } = await status();
    expect(troubles).toMatchObject([
      { error: { code: "look-spatial", hint: expect.stringContaining("--finish local") } },
    ]);
    const { heatmap } = (await project.json("job", troubles[0]!.id)) as { heatmap: string };
    expect((await sharp(heatmap).metadata()).format).toBe("png");
    expect((await project.run("job", troubles[0]!.id)).stdout).toContain(heatmap);
    expect(existsSync(join(project.outbox, "a.webp"))).toBe(false);
    await project.run("approve", troubles[0]!.id.slice(0, 8));
    expect((await project.run("once")).code).toBe(0);
    expect(existsSync(join(project.outbox, "a.webp"))).toBe(true);
  });

  test("with onSpatial: local the light goes on the photo as the model had it, and the report says so", async () => {
    const look = latticeNamed("warm");
    comfyui.setLook(look);
    comfyui.setFlaws({ relight: 1 });
    const graded = async (onSpatial: string): Promise<number> => {
      const own = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, onSpatial: ${onSpatial} }]
`);
      await sharp(join(SAMPLES, "sunset.webp")).png().toFile(join(own.inbox, "a.png"));
      expect((await own.run("once")).code).toBe(0);
      const error = await relightError(join(own.inbox, "a.png"), join(own.outbox, "a.png"), look);
      const report = JSON.parse(readFileSync(join(own.outbox, "a.grade.json"), "utf8"));
      const { jobs } = (await own.json("jobs")) as { jobs: { id: string }[] };
      const job = (await own.json("job", jobs[0]!.id)) as { finish: string; heatmap: string };
      const finish = onSpatial === "local" ? "local" : "lut";
      expect([report.finish, job.finish, existsSync(job.heatmap)]).toEqual([finish, finish, true]);
      expect(report.notes.join()).toMatch(finish === "local" ? /more than the \.cube/ : /^(?!.*more than)/);
      own.remove();
      return error;
    };
    const [written, local] = [await graded("write"), await graded("local")];
    expect(local).toBeLessThan(1.5);
    expect(written).toBeGreaterThan(2 * local);
  });

  test("retry of a held photo asks the model again with another seed", async () => {
    comfyui.setFlaws({ relight: 1 });
    copyFileSync(join(SAMPLES, "sunset.webp"), join(project.inbox, "a.webp"));
    await project.run("once");
    comfyui.setFlaws({});
    await project.run("retry", "--all");
    expect((await project.run("once")).code).toBe(0);
    const { jobs } = (await project.json("jobs")) as { jobs: { id: string }[] };
    const { tickets } = (await project.json("job", jobs[0]!.id)) as { tickets: { seed: number }[] };
    expect(new Set(tickets.map(({ seed }) => seed)).size).toBe(2);
  });

  test("a render that ran out of memory is asked for again, and the others go on", async () => {
    comfyui.misbehave("out-of-memory", 1);
    await put("a.jpg", 1);
    await put("b.jpg", 2);
    expect((await project.run("once")).code).toBe(0);
    expect(readdirSync(project.outbox).filter((name) => name.endsWith(".jpg"))).toEqual(["a.jpg", "b.jpg"]);
  });

  test("a url that is not ComfyUI is said so, by check and by once, and costs no photo", async () => {
    comfyui.misbehave("not-comfyui");
    await put("a.jpg", 1);
    const check = await project.run("check");
    expect([check.code, check.stdout]).toEqual([3, expect.stringContaining("backend-not-comfyui")]);
    const daemon = await project.start();
    await daemon.line(({ message, code }) => message === "backend does not answer" && code === "backend-not-comfyui");
    comfyui.heal();
    await daemon.line(({ message }) => message === "photo done");
    await daemon.kill("SIGTERM");
  });

  test("cancel takes the prompt off the server, and retry asks for it again", async () => {
    comfyui.hold();
    await put("a.jpg", 1);
    const daemon = await project.start();
    await comfyui.until(({ renders }) => renders.length > 0);
    await project.run("cancel", "--all");
    await comfyui.until(() => comfyui.remaining() === 0);
    comfyui.release();
    expect((await status()).inboxes[0]?.statuses).toMatchObject({ cancelled: 1 });
    await project.run("retry", "--all");
    await daemon.line(({ message }) => message === "photo done");
    await daemon.kill("SIGTERM");
  });

  test("a silent backend stops neither what is finished already nor the photos of another", async () => {
    const other = await startComfyui({ renderMs: 20 });
    project.remove();
    project = makeProject(`
log: { level: debug }
backends:
  - { name: gpu-1, kind: comfyui, url: "${comfyui.url}" }
  - { name: gpu-2, kind: comfyui, url: "${other.url}" }
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s, backend: gpu-1 }
  - { path: second, outbox: graded-2, settle: 200ms, rescan: 1s, backend: gpu-2 }
`);
    await comfyui.kill();
    for (let at = 0; at < 6; at++) await put(`a${at}.jpg`, at);
    const daemon = await project.start();
    await daemon.line(({ message, backend }) => message === "backend does not answer" && backend === "gpu-1");
    const photo = await sceneImage(300, 200, 9).jpeg().toBuffer();
    writeFileSync(join(project.root, "second/b.jpg"), photo);
    await daemon.line(({ message, path }) => message === "photo done" && path === "b.jpg");
    const { silent } = (await project.json("status")) as { silent: { backend: string }[] };
    expect(silent).toMatchObject([{ backend: "gpu-1" }]);
    await comfyui.start();
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === 7);
    await daemon.kill("SIGTERM");
    await other.close();
  });

  test("killed in each stage and after each, with a server that restarts: one output per photo, no render twice", async () => {
    const result = await runKillCampaign({ killsPerPlace: 1, say: () => undefined });
    expect(result).toMatchObject({ kills: 12, withoutSidecars: [], strangers: [], damaged: [] });
    expect(result.outputs).toEqual(result.photos);
    expect(result.renders).toBeLessThanOrEqual(result.photos.length + result.lostByRestart);
  }, 240_000);

  test("the report says which backend, ticket and seed made the picture", async () => {
    await put("a.jpg", 1);
    await project.run("once");
    const report = JSON.parse(readFileSync(join(project.outbox, "a.grade.json"), "utf8"));
    expect(report.backend).toMatchObject({
      name: "gpu-1",
      ticket: comfyui.renders.find(({ prefix }) => !prefix.includes("probe"))?.promptId,
    });
    expect(report.recipe.prompt).toContain("keep everything else unchanged");
  });
});
