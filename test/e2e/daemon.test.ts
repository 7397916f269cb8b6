/** The real daemon on real files, with the builtin backend. */
import { createHash } from "node:crypto";
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
      ["text.jpg", "text.jpg.error.json"],
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

  test("a picture that takes another's place in work is graded, and never with the other's look", async () => {
    project = makeProject(CONFIG);
    const [first, second] = [await jpeg(90), await jpeg(91)];
    const photo = join(project.inbox, "a.jpg");
    writeFileSync(photo, first);
    const daemon = await project.start();
    await daemon.line((line) => line.message === "stage begins" && line.stage === "write");
    writeFileSync(`${photo}.tmp`, second);
    renameSync(`${photo}.tmp`, photo);
    await daemon.until(async () => {
      const { jobs } = (await project.json("jobs")) as Jobs;
      return jobs.length === 2 && jobs.every(({ status }) => status === "done" || status === "superseded");
    });
    await daemon.kill("SIGTERM");
    for (const name of readdirSync(project.outbox).filter((entry) => entry.endsWith(".jpg"))) {
      const report = JSON.parse(readFileSync(join(project.outbox, name.replace("jpg", "grade.json")), "utf8"));
      const inside = await sharp(join(project.outbox, name)).resize(30, 20, { fit: "fill" }).raw().toBuffer();
      const distance = async (picture: Buffer) => {
        const other = await sharp(picture).resize(30, 20, { fit: "fill" }).raw().toBuffer();
        return inside.reduce((sum, value, at) => sum + Math.abs(value - other[at]!), 0);
      };
      const isFirst = (await distance(first)) < (await distance(second));
      const sha256 = createHash("sha256")
        .update(isFirst ? first : second)
        .digest("hex");
      expect(report.original.sha256).toBe(sha256);
    }
    const { jobs } = (await project.json("jobs")) as Jobs;
    expect(jobs[0]).toMatchObject({ status: "done" });
  });

  test("an original that another picture replaced is not put away", async () => {
    project = makeProject(`
log: { level: debug }
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, original: { done: "move:done" } }]
`);
    const photo = join(project.inbox, "a.jpg");
    writeFileSync(photo, await jpeg(92));
    const daemon = await project.start();
    const second = await jpeg(93);
    await daemon.line((line) => line.message === "stage begins" && line.stage === "retire");
    writeFileSync(`${photo}.tmp`, second);
    renameSync(`${photo}.tmp`, photo);
    const isSecondDone = async () => {
      const { jobs } = (await project.json("jobs")) as Jobs;
      return jobs.length === 2 && jobs[0]!.status === "done";
    };
    await daemon.until(isSecondDone);
    await daemon.kill("SIGTERM");
    const put = readdirSync(join(project.inbox, "done")).map((name) => readFileSync(join(project.inbox, "done", name)));
    expect(put.some((bytes) => bytes.equals(second))).toBe(true);
  });

  test("an inbox that is away for a while keeps its photos waiting; back, they are all graded", async () => {
    project = makeProject(CONFIG);
    const names = Array.from({ length: 6 }, (_, at) => `p${at}.jpg`);
    for (const [at, name] of names.entries()) writeFileSync(join(project.inbox, name), await jpeg(100 + at));
    const daemon = await project.start();
    await daemon.line((line) => line.message === "stage begins" && line.stage === "upload");
    const away = join(project.root, "away");
    renameSync(project.inbox, away);
    await daemon.line(({ message, code }) => message === "photos wait" && code === "folder-unreadable");
    renameSync(away, project.inbox);
    const allIn = async () => ((await project.json("status")) as Status).inboxes[0]!.statuses;
    await daemon.until(async () => {
      for (const { id } of ((await project.json("jobs", "--status", "ready")) as { jobs: { id: string }[] }).jobs)
        await project.run("retry", id);
      return (await allIn()).done === names.length;
    });
    expect(await allIn()).toMatchObject({ done: names.length, cancelled: 0, failed: 0 });
    await daemon.kill("SIGTERM");
  });

  test("grade asked again when its output is gone grades again", async () => {
    project = makeProject(CONFIG);
    const photo = join(project.root, "a.jpg");
    writeFileSync(photo, await jpeg(95));
    for (let time = 0; time < 3; time++) {
      expect((await project.run("grade", photo, "--out", "o")).code).toBe(0);
      expect(existsSync(join(project.root, "o/a.jpg"))).toBe(true);
      if (time === 0) rmSync(join(project.root, "o"), { recursive: true });
    }
    expect(readdirSync(join(project.root, "o")).filter((name) => name.endsWith(".jpg"))).toEqual(["a.jpg"]);
  });
});
