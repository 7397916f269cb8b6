/** RAW files through the whole program: from an inbox, from the command line, and across a kill. */
import { existsSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, test } from "vitest";
import { formatCube } from "../../src/core/lut/cube.ts";
import { saved, sceneImage, strongLook } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { containerOf, dngOf } from "../support/raws.ts";

let project: TestProject;
afterEach(() => project.remove());

const config = (more = "") => `backends: [{ name: here, kind: builtin }]
inboxes:
  - { path: inbox, outbox: graded, prompt: warm, settle: 100ms, pairs: both${more} }
`;

const inGraded = (): readonly string[] =>
  readdirSync(project.outbox)
    .filter((name) => !name.startsWith("."))
    .sort();
const fileOf = (path: string) => ({ bytes: readFileSync(path), mtime: statSync(path, { bigint: true }).mtimeNs });

describe("an inbox", () => {
  test("grades the preview of a RAW, upright, and touches no RAW", async () => {
    project = makeProject(config());
    const raw = await saved(project.inbox, "IMG_1.CR2", await containerOf("CR2", { orientation: 6 }));
    const before = fileOf(raw);
    expect((await project.run("once")).code).toBe(0);
    expect(inGraded()).toEqual(["IMG_1.cube", "IMG_1.grade.json", "IMG_1.jpg"]);
    expect(await sharp(join(project.outbox, "IMG_1.jpg")).metadata()).toMatchObject({ width: 64, height: 96 });
    const report = JSON.parse(readFileSync(join(project.outbox, "IMG_1.grade.json"), "utf8"));
    expect(report.original).toMatchObject({ name: "IMG_1.CR2", raw: "CR2", width: 64, height: 96 });
    expect(report.notes).toContain(
      "The photo is the JPEG that the camera put into the CR2, 64 × 96 pixels; with `raw: develop` it has 6000 × 4000.",
    );
    expect(fileOf(raw)).toEqual(before);
  });

  test("develops to 16 bits, and keeps no developed picture when the photo is written", async () => {
    project = makeProject(config(", raw: develop"));
    await saved(project.inbox, "IMG_2.DNG", await dngOf(160, 120, { orientation: 3 }));
    await saved(project.inbox, "plain.jpg", sceneImage(120, 80).jpeg());
    expect((await project.run("once")).code).toBe(0);
    expect(inGraded().filter((name) => !/cube|json/.test(name))).toEqual(["IMG_2.tif", "plain.jpg"]);
    const output = await sharp(join(project.outbox, "IMG_2.tif")).metadata();
    expect(output).toMatchObject({ format: "tiff", depth: "ushort", width: 160, height: 120 });
    const work = readdirSync(join(project.root, "var/work"), { recursive: true, encoding: "utf8" });
    expect(work.filter((name) => /developed/.test(name))).toEqual([]);
  });

  test("with a look that is there, writes a developed RAW as the format asked for", async () => {
    project = makeProject(config(", raw: develop, format: jpeg, look: look.cube"));
    writeFileSync(join(project.root, "look.cube"), formatCube(strongLook, { title: "look" }));
    await saved(project.inbox, "IMG_3.dng", await dngOf(96, 64));
    expect((await project.run("once")).code).toBe(0);
    expect(await sharp(join(project.outbox, "IMG_3.jpg")).metadata()).toMatchObject({ format: "jpeg", width: 96 });
    const { notes } = JSON.parse(readFileSync(join(project.outbox, "IMG_3.grade.json"), "utf8"));
    expect(notes).toContain("The DNG was developed by LibRaw, with the camera's white balance.");
  });

  test("that skips RAW says nothing of it, and takes it when it is told to", async () => {
    project = makeProject(config(", raw: skip"));
    await saved(project.inbox, "IMG_4.nef", await containerOf("NEF"));
    await saved(project.inbox, "IMG_4.jpg", sceneImage(96, 64).jpeg());
    const { code, stderr } = await project.run("once");
    expect([code, stderr.includes("IMG_4.nef")]).toEqual([0, false]);
    expect(inGraded().filter((name) => !/cube|json/.test(name))).toEqual(["IMG_4.jpg"]);
    expect((await project.run("status")).stdout).not.toContain("IMG_4.nef");

    writeFileSync(join(project.root, "hotgrade.yaml"), config());
    expect((await project.run("once")).code).toBe(0);
    expect(inGraded().filter((name) => !/cube|json/.test(name))).toEqual(["IMG_4-2.jpg", "IMG_4.jpg"]);
  });

  test("a RAW without preview is refused once, with the way out", async () => {
    project = makeProject(config());
    await saved(project.inbox, "IMG_5.nef", await containerOf("NEF", { preview: null }));
    const { code, stdout, stderr } = await project.run("once");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("holds no JPEG preview");
  });
});

describe("the command line", () => {
  test("apply and grade take RAW, as --raw says", async () => {
    project = makeProject(config());
    writeFileSync(join(project.root, "look.cube"), formatCube(strongLook, { title: "look" }));
    await saved(project.root, "one.dng", await dngOf(96, 64));
    const ran = await project.run("apply", "one.dng", "--cube", "look.cube", "--out", "out/", "--raw", "develop");
    expect([ran.code, ran.stdout]).toEqual([0, `${join(project.root, "out/one.tif")}\n`]);
    expect((await project.run("apply", "one.dng", "--cube", "look.cube", "--out", "out/")).code).toBe(0);
    expect(readdirSync(join(project.root, "out")).sort()).toEqual(["one.jpg", "one.tif"]);
    const again = await project.run("apply", "one.dng", "--cube", "look.cube", "--out", "out/");
    expect([again.code, again.stderr.includes("output-exists")]).toEqual([1, true]);

    expect((await project.run("grade", "one.dng", "--out", "graded", "--raw", "develop")).code).toBe(0);
    expect(inGraded()).toContain("one.tif");
    const fitted = await project.run(
      "fit",
      "one.dng",
      "out/one.tif",
      "--out",
      "fit.cube",
      "--raw",
      "develop",
      "--json",
    );
    expect(JSON.parse(fitted.stdout)).toMatchObject({ verdict: "global" });
    expect(readdirSync(project.root).filter((name) => name.startsWith(".hotgrade"))).toEqual([]);
  });

  test("grade leaves the RAW files of a folder alone where the configuration does, and takes one that is named", async () => {
    project = makeProject(config(", raw: skip"));
    await saved(project.inbox, "two.dng", await dngOf(96, 64));
    await saved(project.inbox, "two.jpg", sceneImage(96, 64).jpeg());
    expect((await project.run("grade", "inbox", "--out", "graded")).code).toBe(0);
    expect(inGraded().filter((name) => !/cube|json/.test(name))).toEqual(["two.jpg"]);
    expect((await project.run("grade", "inbox/two.dng", "--out", "other")).code).toBe(0);
    expect(readdirSync(join(project.root, "other"))).toContain("two.jpg");
  });

  test("--raw command without a program is a mistake that is explained", async () => {
    project = makeProject(config());
    await saved(project.root, "one.dng", await dngOf(64, 48));
    const { code, stderr } = await project.run("grade", "one.dng", "--out", "graded", "--raw", "command");
    expect([code, stderr]).toEqual([2, expect.stringContaining("rawCommand")]);
  });
});

describe("a program for RAW", () => {
  const commanded = (file: string) =>
    config(
      `, raw: command, rawCommand: [${JSON.stringify(process.execPath)}, ${JSON.stringify(file)}, "{in}", "{out}"]`,
    );

  test("one run serves plate and output, and a kill leaves none of it behind", async () => {
    project = makeProject(config());
    const file = join(project.root, "develop.cjs");
    writeFileSync(join(project.root, "hotgrade.yaml"), commanded(file));
    const ready = await saved(project.root, "ready.tif", sceneImage(160, 120).tiff({ compression: "lzw" }));
    const runs = join(project.root, "runs.txt");
    const log = `require("node:fs").appendFileSync(${JSON.stringify(runs)}, process.pid + "\\n");`;
    writeFileSync(file, `${log} setInterval(() => {}, 1000);`);
    const daemon = await project.start();
    await saved(project.inbox, "IMG_6.dng", await dngOf(96, 64));
    await new Promise<void>((resolve) => {
      const watcher = watch(project.root, () => {
        if (!existsSync(runs) || !readFileSync(runs, "utf8").endsWith("\n")) return;
        watcher.close();
        resolve();
      });
    });
    const pid = Number(readFileSync(runs, "utf8"));
    await daemon.kill("SIGKILL");
    await daemon.ended;
    // What has ended and is not yet asked for still has its id.
    const isThere = () =>
      existsSync(`/proc/${pid}/status`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    while (isThere()) await new Promise((resolve) => setImmediate(resolve));

    writeFileSync(file, `${log} require("node:fs").copyFileSync(${JSON.stringify(ready)}, process.argv[3]);`);
    expect((await project.run("once")).code).toBe(0);
    expect(readFileSync(runs, "utf8").trim().split("\n")).toHaveLength(2);
    expect(await sharp(join(project.outbox, "IMG_6.tif")).metadata()).toMatchObject({ width: 160, height: 120 });
  });

  test("check says whether it is there, and fails when it is not", async () => {
    project = makeProject(commanded("develop.cjs"));
    const { stdout: said } = await project.run("check");
    expect(said).toContain(`rawCommand ${process.execPath}: is there`);
    expect(said).toContain("a name, for example: IMG_0001.JPG → IMG_0001.JPG");
    writeFileSync(
      join(project.root, "hotgrade.yaml"),
      config(', raw: command, rawCommand: [no-such, "{in}", "{out}"]'),
    );
    const { code, stdout } = await project.run("check");
    expect([code, stdout]).toEqual([1, expect.stringContaining("rawCommand no-such: There is no such program.")]);
  });

  test("the configuration needs a program that is told both files", async () => {
    project = makeProject(config(", raw: command"));
    expect((await project.run("check")).stderr).toContain("raw: command needs rawCommand");
    writeFileSync(join(project.root, "hotgrade.yaml"), config(', raw: command, rawCommand: [darktable-cli, "{in}"]'));
    expect((await project.run("check")).stderr).toContain("rawCommand has no {out}");
  });
});
