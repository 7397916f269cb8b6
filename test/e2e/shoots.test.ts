/** One look for a shoot, looks under names, and looks made weaker: the real program against the stand-in ComfyUI. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatCube, parseCube } from "../../src/core/lut/cube.ts";
import { identity } from "../../src/core/lut/lattice.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { frame, lookDistance, moody } from "../support/shoot.ts";

type Job = {
  id: string;
  path: string;
  status: string;
  look: string | null;
  shoot: { id: string; role: string } | null;
};
type Status = { shoots: { state: string; photos: number }[]; troubles: { id: string }[] };

let comfyui: Comfyui;
let project: TestProject;
const projectWith = (keys: string) =>
  makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, rescan: 1s, ${keys} }]
`);
const jobs = async () => ((await project.json("jobs")) as { jobs: Job[] }).jobs.toReversed();
const status = async () => (await project.json("status")) as Status;
const outputs = (folder = "") => readdirSync(join(project.outbox, folder)).filter((name) => name.endsWith(".jpg"));
/** Without the probe by which the rounding is found out. */
const renders = () => comfyui.renders.filter(({ inputName }) => !inputName.includes("/probe/")).length;

async function put(names: readonly string[], scene?: string, from = 0): Promise<void> {
  for (const [n, name] of names.entries()) {
    const to = join(project.inbox, name);
    mkdirSync(join(to, ".."), { recursive: true });
    writeFileSync(to, await frame(from + n, scene ? { scene } : {}));
  }
}
const named = (count: number, folder = "wedding") =>
  Array.from({ length: count }, (_, n) => `${folder}/IMG_${100 + n}.jpg`);

beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 20, look: moody("warm") });
  project = projectWith("look: shoot");
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

describe("a shoot", () => {
  test("photos of a folder share the look of the first, which alone asks the model", async () => {
    await put(named(6));
    const { code, stderr } = await project.run("once");
    expect([code, stderr]).toEqual([0, expect.stringContaining("6 graded")]);
    expect(outputs("wedding")).toHaveLength(6);
    const all = await jobs();
    expect(renders()).toBe(1);
    expect(all.map(({ shoot }) => shoot?.role)).toEqual(["hero", ...Array(5).fill("frame")]);
    expect(new Set(all.map(({ look }) => look)).size).toBe(1);
    // What comes later has the look that is there.
    await put(["wedding/late.jpg"], undefined, 20);
    expect((await project.run("once")).code).toBe(0);
    expect(renders()).toBe(1);
  });

  test("with look: each neighbouring frames differ by what the model's mood does; in a shoot they do not", async () => {
    const distances = async (): Promise<number> => {
      await put(named(4));
      expect((await project.run("once")).code).toBe(0);
      const looks = named(4, join(project.outbox, "wedding")).map((file) =>
        parseCube(readFileSync(file.replace(/jpg$/, "cube"), "utf8")),
      );
      const photo = join(project.inbox, "wedding/IMG_100.jpg");
      const pairs = looks.slice(1).map((look, n) => lookDistance(look.lattice, looks[n]!.lattice, photo));
      return (await Promise.all(pairs)).reduce((sum, one) => sum + one, 0) / pairs.length;
    };
    // A mood comes of the seed: drawn at random, four in a row may be alike.
    project.remove();
    project = projectWith("look: shoot, seed: from-content");
    const shared = await distances();
    project.remove();
    project = projectWith("look: each, seed: from-content");
    expect(shared).toBe(0);
    expect(await distances()).toBeGreaterThan(1);
  });

  test("heroes are fitted together, and their number is kept when one falls out", async () => {
    project.remove();
    project = projectWith("look: shoot, heroes: 2");
    comfyui.hold();
    await put(named(4));
    const daemon = await project.start();
    await daemon.until(async () => (await jobs()).length === 4);
    await comfyui.until(({ renders }) => renders.length > 0);
    const [first] = await jobs();
    await project.run("cancel", first!.id);
    comfyui.release();
    await daemon.until(async () => (await jobs()).filter(({ status }) => status === "done").length === 3);
    const all = await jobs();
    expect(all.map(({ status, shoot }) => `${status} ${shoot?.role}`)).toEqual([
      "cancelled frame",
      "done hero",
      "done hero",
      "done frame",
    ]);
    expect(new Set(all.slice(1).map(({ look }) => look)).size).toBe(1);
    await daemon.kill("SIGTERM");
  });

  test("a held hero is one card: approve releases all", async () => {
    comfyui.setFlaws({ relight: 1 });
    await put(named(3));
    const { code, stderr } = await project.run("once");
    expect([code, stderr]).toEqual([1, expect.stringContaining("1 held, 2 waiting for the look of their shoot")]);
    const { shoots, troubles } = await status();
    expect([shoots, troubles.length]).toMatchObject([[{ state: "held", photos: 2 }], 1]);
    expect((await project.run("status")).stdout).toContain("2 photos wait for the look of the shoot, which is held");
    await project.run("approve", troubles[0]!.id);
    expect((await project.run("once")).code).toBe(0);
    expect([outputs("wedding").length, renders()]).toEqual([3, 1]);
  });

  test("reject sends the next photo to the model", async () => {
    comfyui.setFlaws({ relight: 1 });
    await put(named(3));
    await project.run("once");
    const { troubles } = await status();
    comfyui.setFlaws({});
    await project.run("reject", troubles[0]!.id);
    expect((await project.run("once")).code).toBe(0);
    const all = await jobs();
    expect(all.map(({ status, shoot }) => `${status} ${shoot?.role}`)).toEqual([
      "done frame",
      "done hero",
      "done frame",
    ]);
    expect([outputs("wedding").length, renders()]).toEqual([3, 2]);
  });

  test("a photo of other colours asks the model too, and those like it share its look", async () => {
    await put(named(2));
    await put(["wedding/IMG_200.jpg", "wedding/IMG_201.jpg"], "bowl-display-p3.jpg");
    expect((await project.run("once")).code).toBe(0);
    const looks = new Map((await jobs()).map(({ path, look }) => [path, look]));
    const look = (n: number) => looks.get(`wedding/IMG_${n}.jpg`);
    expect([outputs("wedding").length, renders()]).toEqual([4, 2]);
    expect([look(101), look(201)]).toEqual([look(100), look(200)]);
    expect(look(200)).not.toBe(look(100));
  });

  test("killed while photos wait for their hero, the next start goes on with the same one", async () => {
    comfyui.hold();
    await put(named(4));
    const killed = await project.start();
    await killed.until(async () => (await jobs()).length === 4);
    await comfyui.until(({ renders }) => renders.length > 0);
    await killed.kill("SIGKILL");
    comfyui.release();
    const daemon = await project.start();
    await daemon.until(async () => (await jobs()).every(({ status }) => status === "done"));
    expect([outputs("wedding").length, renders()]).toEqual([4, 1]);
    await daemon.kill("SIGTERM");
  });
});

describe("looks of their own", () => {
  test("a look is kept under a name and used again without a model", async () => {
    await put(["wedding/a.jpg"]);
    await project.run("once");
    const [first] = await jobs();
    expect((await project.run("look", "keep", first!.id, "Golden hour")).code).toBe(0);
    expect((await project.run("look", "list")).stdout).toContain("Golden hour");
    const photo = join(project.inbox, "wedding/a.jpg");
    expect((await project.run("grade", photo, "--look", "Golden hour", "--out", "named")).code).toBe(0);
    writeFileSync(
      join(project.root, "hotgrade.yaml"),
      readFileSync(join(project.root, "hotgrade.yaml"), "utf8").replace("look: shoot", "look: Golden hour"),
    );
    await put(["b.jpg"], undefined, 5);
    expect((await project.run("once")).code).toBe(0);
    expect((await jobs()).map(({ look }) => look)).toEqual([first!.look, first!.look, first!.look]);
    expect(renders()).toBe(1);
    // A name that is gone keeps photos waiting, with the reason, until it is given again.
    await project.run("look", "drop", "Golden hour");
    await put(["c.jpg"], undefined, 6);
    expect((await project.run("check")).stdout).toContain("look-unknown");
    expect((await project.run("once")).stderr).toContain("No look is called Golden hour");
    await project.run("look", "keep", first!.id, "Golden hour");
    expect((await project.run("once")).code).toBe(0);
    expect(outputs()).toEqual(["b.jpg", "c.jpg"]);
  });

  test("look lock gives everything to come the look of a job; unlock ends that", async () => {
    await put(["wedding/a.jpg"]);
    await project.run("once");
    const [first] = await jobs();
    expect((await project.run("look", "lock", first!.id)).stderr).toContain("unlock");
    await put(["party/b.jpg"], "bowl-display-p3.jpg");
    await project.run("once");
    expect((await jobs())[1]).toMatchObject({ look: first!.look, shoot: null });
    const said = (await project.run("status")).stdout;
    expect(said).toContain("every new photo gets look");
    expect(said).not.toContain("older recipe");
    // A look that is asked for by name is the one that is used.
    writeFileSync(join(project.root, "plain.cube"), formatCube(identity(5), { title: "plain" }));
    await project.run("grade", join(project.inbox, "party/b.jpg"), "--look", "plain.cube", "--out", "plain");
    expect(readFileSync(join(project.root, "plain/b.cube"), "utf8")).toContain('TITLE "plain"');
    await project.run("look", "unlock");
    await put(["party/c.jpg"], "bowl-display-p3.jpg", 2);
    await project.run("once");
    expect((await jobs()).at(-1)!.look).not.toBe(first!.look);
    expect(renders()).toBe(2);
  });

  test("another strength rewrites the output from the look that is kept, and leaves what was changed since alone", async () => {
    await put(["wedding/a.jpg", "wedding/b.jpg"]);
    await project.run("once");
    const rendered = renders();
    const output = join(project.outbox, "wedding/a.jpg");
    const pixels = async (file: string) => (await sharp(readFileSync(file)).stats()).channels.map(({ mean }) => mean);
    const [original, whole] = [await pixels(join(project.inbox, "wedding/a.jpg")), await pixels(output)];
    expect((await project.run("look", "strength", "0.5", "--all")).stderr).toContain("2 photos");
    expect((await project.run("once")).code).toBe(0);
    const half = await pixels(output);
    for (const c of [0, 1, 2]) expect(half[c]).toBeCloseTo((original[c]! + whole[c]!) / 2, -0.3);
    expect(outputs("wedding")).toEqual(["a.jpg", "b.jpg"]);
    expect(readFileSync(output.replace("jpg", "cube"), "utf8")).toContain("Strength 0.5");
    expect(JSON.parse(readFileSync(output.replace("jpg", "grade.json"), "utf8")).recipe.strength).toBe(0.5);
    writeFileSync(output, "edited by hand");
    await project.run("look", "strength", "1", "--all");
    expect((await project.run("once")).code).toBe(0);
    expect(readFileSync(output, "utf8")).toBe("edited by hand");
    expect(outputs("wedding")).toEqual(["a-2.jpg", "a.jpg", "b.jpg"]);
    expect((await pixels(join(project.outbox, "wedding/a-2.jpg")))[0]).toBeCloseTo(whole[0]!, 0);
    expect(renders()).toBe(rendered);
  });

  test("a look lies beside its photo in the formats that are asked for", async () => {
    project.remove();
    project = projectWith("sidecars: [cube, hald, lightroom]");
    await put(["a.jpg"]);
    expect((await project.run("once")).code).toBe(0);
    expect(readdirSync(project.outbox).sort()).toEqual(["a.cube", "a.hald.png", "a.jpg", "a.look.xmp"]);
    expect(await sharp(join(project.outbox, "a.hald.png")).metadata()).toMatchObject({ width: 512, height: 512 });
    expect(readFileSync(join(project.outbox, "a.look.xmp"), "utf8")).toContain('crs:PresetType="Look"');
  });

  test("what is graded again stays where its original was put", async () => {
    project.remove();
    project = projectWith('look: shoot, original: { done: "move:done" }');
    await put(["wedding/a.jpg"]);
    await project.run("once");
    const done = () => readdirSync(join(project.inbox, "done/wedding"));
    await project.run("look", "strength", "0.5", "--all");
    expect((await project.run("once")).code).toBe(0);
    expect([outputs("wedding"), done()]).toEqual([["a.jpg"], ["a.jpg"]]);
    const config = join(project.root, "hotgrade.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace("look: shoot", "look: shoot, prompt: cool"));
    await project.run("retry", "--stale");
    expect((await project.run("once")).code).toBe(0);
    expect([outputs("wedding"), done(), renders()]).toEqual([["a-2.jpg", "a.jpg"], ["a.jpg"], 2]);
    // Another strength in the configuration asks no model.
    writeFileSync(config, readFileSync(config, "utf8").replace("prompt: cool", "prompt: cool, strength: 0.5"));
    await project.run("retry", "--stale");
    expect((await project.run("once")).code).toBe(0);
    expect([outputs("wedding").length, done(), renders()]).toEqual([3, ["a.jpg"], 2]);
  });
});
