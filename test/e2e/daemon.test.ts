/** The real daemon on real files, with the builtin backend. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, test } from "vitest";
import { deepImage, sceneImage, sheerImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const CONFIG = `
log: { level: debug }
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s }
`;
let project: TestProject;
afterEach(() => project.remove());

type Status = {
  daemon: { pid: number; instance: string; loopDelayMaxMs: number } | null;
  inboxes: { inbox: string; statuses: Record<string, number> }[];
  waiting: { stage: string; code: string | null; reason: string }[];
  files: { path: string; state: string; code: string | null; message: string | null; hint: string | null }[];
};
type Jobs = {
  jobs: { path: string; status: string; outputs: string[]; error: { code: string; hint: string } | null }[];
};

const jpeg = (seed: number) => sceneImage(300, 200, seed).jpeg({ quality: 90 }).toBuffer();
const isDone = (name: string) => (line: { message: string; path?: unknown }) =>
  line.message === "photo done" && line.path === name.replaceAll("\n", "\\n");

describe("the daemon", () => {
  test("good photos come out once, whatever way they came in; bad ones are reported; nothing is lost", async () => {
    project = makeProject(CONFIG);
    const { inbox, outbox } = project;
    const put = async (name: string, image: Promise<Buffer> | Buffer | string) =>
      writeFileSync(join(inbox, name), await image);
    const daemon = await project.start();
    const slow = await jpeg(1);
    await put("a.jpg", jpeg(2));
    await put("deep.tif", deepImage(240, 160).tiff({ compression: "lzw" }).toBuffer());
    await put("sheer.png", sheerImage(200, 150).png().toBuffer());
    await put("web.webp", sceneImage(200, 150, 5).webp().toBuffer());
    await put("emoji 😀 \n'\".jpg", jpeg(6));
    mkdirSync(join(inbox, "sub/deeper"), { recursive: true });
    await put("sub/deeper/b.jpg", jpeg(7));
    await put("text.jpg", "this is text");
    await put("notes.txt", "not a photo at all");
    await put("empty.jpg", "");
    await put(
      "tiny.png",
      sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
        .png()
        .toBuffer(),
    );
    await put(".part.tmp", jpeg(8));
    await put("slow.jpg", slow.subarray(0, 3_000));
    await daemon.line(isDone("a.jpg"));
    expect(existsSync(join(outbox, "slow.jpg"))).toBe(false);
    appendFileSync(join(inbox, "slow.jpg"), slow.subarray(3_000));
    renameSync(join(inbox, ".part.tmp"), join(inbox, "renamed.jpg"));

    const good = [
      "a.jpg",
      "deep.tif",
      "sheer.png",
      "web.webp",
      "emoji 😀 \n'\".jpg",
      "sub/deeper/b.jpg",
      "slow.jpg",
      "renamed.jpg",
    ];
    for (const name of good) await daemon.line(isDone(name));
    await daemon.until(async () => ((await project.json("status")) as Status).files.length >= 3);
    const status = (await project.json("status")) as Status;
    expect(status.inboxes[0]?.statuses).toMatchObject({ done: good.length, failed: 0, held: 0, ready: 0 });
    expect(status.daemon?.pid).toBe(daemon.pid);
    const codes = Object.fromEntries(
      status.files.map(({ path, state, code }) => [path.slice(inbox.length + 1), [state, code]]),
    );
    expect(codes).toMatchObject({
      "text.jpg": ["refused", "file-unsupported"],
      "tiny.png": ["refused", "picture-too-small"],
    });
    expect(status.files.filter(({ state }) => state === "refused").every(({ message, hint }) => message && hint)).toBe(
      true,
    );

    const written = readdirSync(outbox, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(jpg|tif|png|webp)$/.test(name),
    );
    expect(written.sort()).toEqual([
      "a.jpg",
      "deep.tif",
      "emoji 😀 _'\".jpg",
      "renamed.jpg",
      "sheer.png",
      "slow.jpg",
      "sub/deeper/b.jpg",
      "web.webp",
    ]);
    expect(readdirSync(outbox).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(existsSync(join(outbox, "sub/deeper/b.cube")) && existsSync(join(outbox, "sub/deeper/b.grade.json"))).toBe(
      true,
    );
    const deep = await sharp(join(outbox, "deep.tif")).metadata();
    expect([deep.depth, deep.width, deep.height]).toEqual(["ushort", 240, 160]);
    expect((await sharp(join(outbox, "sheer.png")).metadata()).hasAlpha).toBe(true);
    await daemon.kill("SIGTERM");
  });

  test("killed in the middle and started again, every photo is there once", async () => {
    project = makeProject(CONFIG);
    const names = Array.from({ length: 8 }, (_, at) => `p${at}.jpg`);
    for (const [at, name] of names.entries()) writeFileSync(join(project.inbox, name), await jpeg(20 + at));
    const stages = ["upload", "fetch", "lut", "write", "retire"];
    for (const stage of stages) {
      const daemon = await project.start();
      await daemon.line((line) => line.message === "stage begins" && line.stage === stage);
      await daemon.kill("SIGKILL");
    }
    const last = await project.start();
    await last.until(async () => ((await project.json("status")) as Status).inboxes[0]?.statuses.done === names.length);
    await last.kill("SIGTERM");
    const outputs = readdirSync(project.outbox);
    expect(outputs.filter((name) => name.endsWith(".jpg")).sort()).toEqual(names);
    expect(outputs.filter((name) => name.endsWith(".cube"))).toHaveLength(names.length);
    expect(outputs.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a second daemon on the same ledger is refused with its own code", async () => {
    project = makeProject(CONFIG);
    const daemon = await project.start();
    const { code, stderr } = await project.run("start");
    expect([code, stderr]).toEqual([1, expect.stringContaining("error[ledger-locked]")]);
    await daemon.kill("SIGTERM");
  });

  test("prompt.txt in a folder decides for the photos there, and look.cube asks no model", async () => {
    project = makeProject(CONFIG);
    for (const folder of ["night", "look"]) mkdirSync(join(project.inbox, folder));
    writeFileSync(join(project.inbox, "night/prompt.txt"), "black and white\n");
    writeFileSync(
      join(project.inbox, "look/look.cube"),
      "LUT_3D_SIZE 2\n0 0 0\n0 0 1\n0 1 0\n0 1 1\n1 0 0\n1 0 1\n1 1 0\n1 1 1\n",
    );
    for (const name of ["night/a.jpg", "look/b.jpg"]) writeFileSync(join(project.inbox, name), await jpeg(40));
    expect((await project.run("once")).code).toBe(0);
    const report = JSON.parse(readFileSync(join(project.outbox, "night/a.grade.json"), "utf8"));
    expect(report.recipe.prompt).toContain("black and white");
    const { channels } = await sharp(join(project.outbox, "night/a.jpg")).stats();
    expect(Math.abs(channels[0]!.mean - channels[2]!.mean)).toBeLessThan(2);
    // That cube swaps red and blue.
    const before = (await sharp(join(project.inbox, "look/b.jpg")).stats()).channels;
    const after = (await sharp(join(project.outbox, "look/b.jpg")).stats()).channels;
    expect(Math.abs(after[0]!.mean - before[2]!.mean)).toBeLessThan(2);
  });

  test("originals go where the inbox says, each outcome its own way, and are not graded again", async () => {
    project = makeProject(`
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, original: { done: "move:done", unsupported: "move:other" } }
`);
    writeFileSync(join(project.inbox, "a.jpg"), await jpeg(50));
    writeFileSync(join(project.inbox, "text.jpg"), "text");
    expect((await project.run("once")).code).toBe(1);
    expect(readdirSync(project.inbox).sort()).toEqual(["done", "other"]);
    expect([readdirSync(join(project.inbox, "done")), readdirSync(join(project.inbox, "other"))]).toEqual([
      ["a.jpg"],
      ["text.jpg"],
    ]);
    expect((await project.run("once")).code).toBe(0);
    expect(((await project.json("jobs")) as Jobs).jobs.map(({ path, status }) => [path, status])).toEqual([
      ["a.jpg", "done"],
    ]);
  });

  test("an output never replaces a file that is there", async () => {
    project = makeProject(CONFIG);
    mkdirSync(project.outbox);
    writeFileSync(join(project.outbox, "a.jpg"), "mine");
    writeFileSync(join(project.inbox, "a.jpg"), await jpeg(60));
    expect((await project.run("once")).code).toBe(0);
    expect(readFileSync(join(project.outbox, "a.jpg"), "utf8")).toBe("mine");
    expect(readdirSync(project.outbox).sort()).toEqual(["a-2.cube", "a-2.grade.json", "a-2.jpg", "a.jpg"]);
  });

  test("an outbox that cannot be written keeps its photos waiting with a reason, and they go on when it can", async () => {
    project = makeProject(CONFIG);
    writeFileSync(project.outbox, "a file where the folder should be");
    writeFileSync(join(project.inbox, "a.jpg"), await jpeg(70));
    const daemon = await project.start();
    await daemon.line(({ message, code }) => message === "photos wait" && code === "outbox-unwritable");
    const { waiting } = (await project.json("status")) as Status;
    expect(waiting).toMatchObject([{ stage: "write", code: "outbox-unwritable" }]);
    rmSync(project.outbox);
    await project.run("retry", "--all");
    const { jobs } = (await project.json("jobs")) as { jobs: { id: string; attempt: number }[] };
    expect(jobs[0]?.attempt).toBe(0);
    await project.run("retry", jobs[0]!.id);
    await daemon.line(isDone("a.jpg"));
    await daemon.kill("SIGTERM");
  });

  test("a panorama 20,000 pixels wide comes out as wide", async () => {
    project = makeProject(CONFIG);
    const wide = sceneImage(1000, 100, 80).resize(20_000, 200, { fit: "fill" });
    writeFileSync(join(project.inbox, "wide.jpg"), await wide.jpeg().toBuffer());
    expect((await project.run("once")).code).toBe(0);
    expect((await sharp(join(project.outbox, "wide.jpg")).metadata()).width).toBe(20_000);
  });

  test("a workflow that is not there fails its photos with the names that are", async () => {
    project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "http://127.0.0.1:9" }]
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, workflow: kontex }]
`);
    const { code, stdout } = await project.run("check");
    expect(code).toBe(2);
    expect(stdout).toContain("[workflow-missing]");
    expect(stdout).toContain("kontext-color-grade");
  });
});
