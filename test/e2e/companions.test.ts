/** Files that belong to a photo go where it goes: sidecars of both styles, live movies, the other half of a pair. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { saved, sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { containerOf } from "../support/raws.ts";

let project: TestProject;
afterEach(() => project.remove());

const start = (keys: string, limits = "") => {
  const env = (root: string) => ({ XDG_DATA_HOME: join(root, "data") });
  const config = `
${limits}
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, pairWait: 2s, sidecars: [], ${keys} }]
`;
  project = makeProject(config, env);
};
const inbox = (name: string) => join(project.inbox, name);
/** Files below a folder of the inbox, by path. */
const below = (folder: string): readonly string[] =>
  existsSync(inbox(folder))
    ? readdirSync(inbox(folder), { recursive: true })
        .map(String)
        .filter((name) => statSync(join(inbox(folder), name)).isFile())
        .sort()
    : [];
function text(name: string, words = name): void {
  mkdirSync(dirname(inbox(name)), { recursive: true });
  writeFileSync(inbox(name), words);
}
const photo = (name: string, seed: number) =>
  saved(dirname(inbox(name)), name.split("/").at(-1)!, sceneImage(96, 64, seed).jpeg());
const raw = (orientation = 1) => containerOf("CR2", { orientation });
type Job = { readonly id: string; readonly path: string; readonly status: string };
const jobs = async () => ((await project.json("jobs")) as { jobs: readonly Job[] }).jobs;

describe("with a graded photo", () => {
  test("sidecars of both styles, its movie and its RAW are moved; what is another's stays", async () => {
    start('original: { done: "move:done" }');
    mkdirSync(inbox("card"));
    await photo("card/IMG_1.JPG", 1);
    writeFileSync(inbox("card/IMG_1.CR2"), await raw());
    for (const name of ["IMG_1.xmp", "IMG_1.CR2.xmp", "IMG_1.JPG.pp3", "IMG_1.JPG.dop", "IMG_1.MOV", "IMG_1.AAE"])
      text(`card/${name}`);
    for (const name of ["IMG_10.xmp", "notes.txt", "prompt.txt"]) text(`card/${name}`, "Warm evening");
    expect((await project.run("once")).code).toBe(0);
    expect(below("done/card")).toEqual([
      "IMG_1.AAE",
      "IMG_1.CR2",
      "IMG_1.CR2.xmp",
      "IMG_1.JPG",
      "IMG_1.JPG.dop",
      "IMG_1.JPG.pp3",
      "IMG_1.MOV",
      "IMG_1.xmp",
    ]);
    expect(below("card")).toEqual(["IMG_10.xmp", "notes.txt", "prompt.txt"]);
    expect(readFileSync(inbox("done/card/IMG_1.CR2.xmp"), "utf8")).toBe("card/IMG_1.CR2.xmp");
    expect((await jobs()).map(({ path, status }) => [path, status])).toEqual([["card/IMG_1.JPG", "done"]]);
    // Nothing is left to be done by another pass.
    expect((await project.run("once")).code).toBe(0);
    expect((await jobs()).length).toBe(1);
  });

  test("one number is chosen for all of them, where the name of one is taken", async () => {
    start('original: { done: "move:done" }');
    text("done/IMG_1.xmp", "of an earlier shoot");
    await photo("IMG_1.JPG", 1);
    writeFileSync(inbox("IMG_1.CR2"), await raw());
    for (const name of ["IMG_1.xmp", "IMG_1.JPG.xmp"]) text(name);
    expect((await project.run("once")).code).toBe(0);
    expect(below("done")).toEqual(["IMG_1-2.CR2", "IMG_1-2.JPG", "IMG_1-2.JPG.xmp", "IMG_1-2.xmp", "IMG_1.xmp"]);
    expect(readFileSync(inbox("done/IMG_1.xmp"), "utf8")).toBe("of an earlier shoot");
  });

  test("a sidecar of two photos goes with the last of them", async () => {
    start('original: { done: "move:done", failed: leave, unsupported: leave }');
    await photo("IMG_1.jpg", 1);
    await saved(project.inbox, "IMG_1.png", sceneImage(96, 64, 2).png());
    text("IMG_1.xmp");
    const daemon = await project.start();
    await daemon.until(() => below("").every((name) => name.startsWith("done/")));
    expect(below("done")).toEqual(["IMG_1.jpg", "IMG_1.png", "IMG_1.xmp"]);
    await daemon.kill("SIGTERM");
  });

  test("they go to the trash with a photo that is trashed", async () => {
    start("original: { done: trash }");
    await photo("IMG_1.JPG", 1);
    writeFileSync(inbox("IMG_1.CR2"), await raw());
    text("IMG_1.xmp");
    text("IMG_2.xmp");
    const daemon = await project.start();
    await daemon.until(() => below("").length === 1);
    expect(below("")).toEqual(["IMG_2.xmp"]);
    expect(readdirSync(join(project.root, "data/Trash/files")).sort()).toEqual(["IMG_1.CR2", "IMG_1.JPG", "IMG_1.xmp"]);
    await daemon.kill("SIGTERM");
  });

  test("they are copied with a photo that is copied", async () => {
    start('original: { done: "copy:kept" }');
    await photo("IMG_1.JPG", 1);
    text("IMG_1.xmp");
    expect((await project.run("once")).code).toBe(0);
    expect([below("kept"), existsSync(inbox("IMG_1.xmp"))]).toEqual([["IMG_1.JPG", "IMG_1.xmp"], true]);
  });
});

describe("halves that come late", () => {
  test("a RAW that comes when its JPEG was put away follows it; one of another day is graded", async () => {
    start('original: { done: "move:done" }');
    const daemon = await project.start();
    for (const [name, seed] of [
      ["IMG_1.JPG", 1],
      ["IMG_2.JPG", 2],
    ] as const)
      await photo(name, seed);
    await daemon.until(() => below("").every((name) => name.startsWith("done/")));
    const shotAt = statSync(inbox("done/IMG_1.JPG")).mtimeMs / 1_000;
    const drop = async (name: string, writtenAt: number, orientation: number) => {
      const apart = join(project.root, name);
      writeFileSync(apart, await raw(orientation));
      utimesSync(apart, writtenAt, writtenAt);
      renameSync(apart, inbox(name));
    };
    await drop("IMG_1.CR2", shotAt - 1, 1);
    await drop("IMG_2.CR2", shotAt - 86_400, 6);
    await daemon.until(() => below("done").length === 4);
    expect((await jobs()).map(({ path }) => path).sort()).toEqual(["IMG_1.JPG", "IMG_2.CR2", "IMG_2.JPG"]);
    await daemon.kill("SIGTERM");
  });
});

describe("with a photo that failed", () => {
  test("they lie beside it, and come back with it", async () => {
    start(
      'raw: command, pairs: raw, rawCommand: ["false", "{in}", "{out}"], original: { failed: "move:failed", done: "move:done" }',
      "limits: { attempts: 1 }",
    );
    mkdirSync(inbox("card"));
    writeFileSync(inbox("card/IMG_1.CR2"), await raw());
    text("card/IMG_1.CR2.xmp");
    text("card/IMG_1.xmp");
    await project.run("once");
    expect(below("failed/card")).toEqual(["IMG_1.CR2", "IMG_1.CR2.error.json", "IMG_1.CR2.xmp", "IMG_1.xmp"]);
    expect((await project.run("retry", "--failed")).code).toBe(0);
    expect([below("card"), below("failed")]).toEqual([["IMG_1.CR2", "IMG_1.CR2.xmp", "IMG_1.xmp"], []]);
  });
});
