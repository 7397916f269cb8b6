/** What becomes of originals, by outcome, and what outputs are called: the real program on real files. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, test } from "vitest";
import { startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { dngOf } from "../support/raws.ts";

type Job = { id: string; path: string; status: string; original: string; error: { code: string } | null };

const SAMPLES = join(import.meta.dirname, "../../samples");

let project: TestProject;
const start = (keys: string, attempts = 5) => {
  project = makeProject(`
limits: { attempts: ${attempts} }
inboxes: [{ path: inbox, outbox: graded, settle: 150ms, rescan: 1s, ${keys} }]
`);
};
const jobs = async () => ((await project.json("jobs")) as { jobs: Job[] }).jobs.toReversed();
const inbox = (name: string) => join(project.inbox, name);
const below = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => statSync(join(folder, name)).isFile())
        .sort()
    : [];
async function put(name: string, seed: number): Promise<void> {
  mkdirSync(dirname(inbox(name)), { recursive: true });
  writeFileSync(inbox(name), await sceneImage(120, 80, seed).jpeg({ quality: 92 }).toBuffer());
}
const photosIn = (folder: string) => below(folder).filter((name) => /\.jpg$/i.test(name));

afterEach(() => project.remove());

describe("originals", () => {
  test("each goes where its outcome says, with its folder; folders that are emptied go", async () => {
    start(
      'removeEmptyFolders: true, original: { done: "move:done", unsupported: "move:refused", duplicate: "copy:twice" }, duplicates: skip',
    );
    await put("monday/a.jpg", 1);
    await put("monday/deep/b.jpg", 2);
    cpSync(inbox("monday/a.jpg"), inbox("copy of a.jpg"));
    writeFileSync(inbox("monday/deep/.DS_Store"), "litter");
    mkdirSync(inbox("kept"));
    writeFileSync(inbox("kept/prompt.txt"), "Cool evening");
    await put("kept/c.jpg", 3);
    writeFileSync(inbox("text.jpg"), "no photo at all");
    await project.run("once");
    expect(below(project.inbox)).toEqual([
      ...["copy of a.jpg", "done/kept/c.jpg", "done/monday/a.jpg", "done/monday/deep/b.jpg", "kept/prompt.txt"],
      ...["refused/text.jpg", "refused/text.jpg.error.json", "twice/copy of a.jpg"],
    ]);
    expect(existsSync(inbox("monday"))).toBe(false);
    const why = JSON.parse(readFileSync(inbox("refused/text.jpg.error.json"), "utf8"));
    expect(why).toMatchObject({ photo: "text.jpg", job: null, code: "file-unsupported", hint: expect.any(String) });
    expect(why.from).toBe(inbox("text.jpg"));
  });

  test("a failed photo lies with its reason; retry puts it back and grades it", async () => {
    const scripts = mkdtempSync(join(tmpdir(), "develop-"));
    const script = join(scripts, "develop.mjs");
    writeFileSync(script, "process.exit(1)");
    const develop = `raw: command, rawCommand: ["${process.execPath}", "${script}", "{in}", "{out}"]`;
    start(`${develop}, pairWait: 0s, original: { failed: "move:failed" }`, 1);
    await put("a.jpg", 1);
    const raw = await dngOf(96, 64);
    mkdirSync(inbox("cards"));
    writeFileSync(inbox("cards/r.dng"), raw);
    const { code } = await project.run("once");
    expect(code).toBe(1);
    expect(below(inbox("failed"))).toEqual(["cards/r.dng", "cards/r.dng.error.json"]);
    const [failed] = (await jobs()).filter(({ status }) => status === "failed");
    const why = JSON.parse(readFileSync(inbox("failed/cards/r.dng.error.json"), "utf8"));
    expect(why).toMatchObject({ job: failed!.id, code: "raw-command-failed", stage: expect.any(String) });
    expect(failed!.original).toBe(inbox("failed/cards/r.dng"));

    await project.run("retry", "--failed");
    expect([existsSync(inbox("cards/r.dng")), below(inbox("failed"))]).toEqual([true, []]);
    await project.run("once");
    expect(below(inbox("failed"))).toEqual(["cards/r.dng", "cards/r.dng.error.json"]); // it fails as before

    // Brought back by hand, once the cause is mended.
    const picture = join(scripts, "developed.png");
    await sceneImage(96, 64, 9).png().toFile(picture);
    const copyIt = `import { copyFileSync } from "node:fs"; copyFileSync(${JSON.stringify(picture)}, process.argv[3]);`;
    writeFileSync(script, copyIt);
    renameSync(inbox("failed/cards/r.dng"), inbox("cards/r.dng"));
    await project.run("once");
    const [again] = (await jobs()).filter(({ path }) => path === "cards/r.dng");
    expect([again!.id, again!.status, again!.original]).toEqual([failed!.id, "done", inbox("cards/r.dng")]);
    expect(below(inbox("failed"))).toEqual([]);
    rmSync(scripts, { recursive: true });
  });

  test("tried again, a failed photo is graded as the configuration says by then", async () => {
    const raw = (program: string) => `raw: command, rawCommand: ["${program}", "{in}", "{out}"], pairWait: 0s`;
    start(`${raw("false")}, original: { failed: "move:failed" }`, 1);
    for (const [name, seed] of [
      ["a.dng", 1],
      ["b.dng", 2],
    ] as const)
      writeFileSync(inbox(name), await dngOf(96, 64, { preview: [96, 64 + seed] }));
    await project.run("once");
    expect((await jobs()).map(({ status }) => status)).toEqual(["failed", "failed"]);
    const config = join(project.root, "hotgrade.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace(raw("false"), "raw: preview, pairWait: 0s"));
    renameSync(inbox("failed/a.dng"), inbox("a.dng")); // one by hand
    await project.run("once");
    expect((await project.run("retry", "--failed")).code).toBe(0); // the other by command
    await project.run("once");
    expect((await jobs()).map(({ path, status }) => [path, status])).toEqual([
      ["a.dng", "done"],
      ["b.dng", "done"],
    ]);
    expect(photosIn(project.outbox)).toEqual(["a.jpg", "b.jpg"]);
  });

  test("a held photo is put away while somebody decides, and lies where it came from when it is done", async () => {
    const comfyui = await startComfyui({ renderMs: 20, flaws: { vignette: 0.7 } });
    try {
      project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 150ms, original: { held: "move:look at" } }]
`);
      mkdirSync(inbox("monday"));
      await sharp(join(SAMPLES, "mountains.jpg")).resize(1_200, 800).toFile(inbox("monday/a.jpg"));
      await project.run("once");
      const [job] = await jobs();
      expect([job!.status, photosIn(project.inbox)]).toEqual(["held", ["look at/monday/a.jpg"]]);
      await project.run("approve", job!.id);
      await project.run("once");
      expect([(await jobs()).map(({ status }) => status), photosIn(project.inbox)]).toEqual([
        ["done"],
        ["monday/a.jpg"],
      ]);
      expect(photosIn(project.outbox)).toEqual(["monday/a.jpg"]);
      await project.run("once");
      expect((await jobs()).length).toBe(1);
    } finally {
      await comfyui.close();
    }
  });
});

describe("names", () => {
  test("a template says how the photo was graded", async () => {
    start('name: "{n} {name} {look} {seed}.{ext}", sidecars: []');
    await put("a.jpg", 1);
    await put("b.jpg", 2);
    await project.run("once");
    const names = photosIn(project.outbox);
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^0001 a [0-9a-f]{8} \d+\.jpg$/);
    expect(names[1]).toMatch(/^0002 b [0-9a-f]{8} \d+\.jpg$/);
  });

  test("flattened, photos of one name are numbered", async () => {
    start("structure: flatten, sidecars: [], duplicates: regrade");
    for (let nth = 0; nth < 12; nth++) await put(`card ${nth}/IMG_1.JPG`, nth);
    await project.run("once");
    const numbered = Array.from({ length: 12 }, (_, at) => (at === 0 ? "IMG_1.JPG" : `IMG_1-${at + 1}.JPG`));
    expect(photosIn(project.outbox)).toEqual(numbered.sort());
  });
});
