/** Which files are one photo: copies, renames, ratings and our own outputs, with renders counted by the stand-in ComfyUI. */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../src/adapters/sqlite/open.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { pathOf, saved, sceneImage, tagged, tagsOf } from "../support/photos.ts";
import { type Daemon, makeProject, type TestProject } from "../support/program.ts";
import { dngOf } from "../support/raws.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");

type Job = { id: string; path: string; status: string; generation: number; error: { code: string } | null };

let comfyui: Comfyui;
let project: TestProject;
const start = (keys = "", more = "") => {
  project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes:
  - { path: inbox, outbox: graded, settle: 150ms, rescan: 1s, ${keys} }
  ${more}
`);
};
const jobs = async () => ((await project.json("jobs")) as { jobs: Job[] }).jobs.toReversed();
const standings = async () =>
  Object.fromEntries((await jobs()).map(({ path, status, error }) => [path, error?.code ?? status]));
const outputs = (folder = "") =>
  readdirSync(join(project.outbox, folder))
    .filter((name) => /\.(jpg|png)$/.test(name))
    .sort();
/** Without the probe by which the rounding is found out. */
const renders = () => comfyui.renders.filter(({ inputName }) => !inputName.includes("/probe/")).length;
const inbox = (name: string) => join(project.inbox, name);
const photo = (seed: number) => sceneImage(240, 160, seed).jpeg({ quality: 92 }).toBuffer();

async function put(name: string, seed: number): Promise<void> {
  mkdirSync(dirname(inbox(name)), { recursive: true });
  writeFileSync(inbox(name), await photo(seed));
}
const copy = (from: string, to: string) => {
  mkdirSync(dirname(inbox(to)), { recursive: true });
  copyFileSync(inbox(from), inbox(to));
};

/** XMP with so many stars, as programs write it: a segment of its own behind the start. */
function rate(file: string, stars: number): void {
  const bytes = readFileSync(file);
  const packet = `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="${stars}"/></rdf:RDF></x:xmpmeta>`;
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(packet.length + 2, 2);
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 2), head, Buffer.from(packet), bytes.subarray(2)]));
}
const starsOf = (file: string) =>
  /xmp:Rating="(\d)"|<xmp:Rating>(\d)/.exec(readFileSync(file, "latin1"))?.slice(1).find(Boolean);

const whenDone = (daemon: Daemon, count: number) =>
  daemon.until(async () => (await jobs()).filter(({ status }) => status === "done").length >= count);
const taken = (daemon: Daemon, name: string) =>
  daemon.until(async () => (await jobs()).some(({ path }) => path === name));

beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 20 });
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

describe("a picture that lies there twice", () => {
  test("gets an output for each name, with one render", async () => {
    start();
    await put("a.jpg", 1);
    for (const name of ["b.jpg", "c.jpg", "monday/a.jpg"]) copy("a.jpg", name);
    await put("other.jpg", 2);
    const { code, stderr } = await project.run("once");
    expect([code, stderr]).toEqual([0, expect.stringContaining("5 graded")]);
    expect([outputs(), outputs("monday"), renders()]).toEqual([["a.jpg", "b.jpg", "c.jpg", "other.jpg"], ["a.jpg"], 2]);
    expect(readFileSync(join(project.outbox, "b.jpg"))).toEqual(readFileSync(join(project.outbox, "a.jpg")));
  });

  test("a copy that comes later takes the look that is there", async () => {
    start();
    await put("a.jpg", 1);
    await project.run("once");
    copy("a.jpg", "b.jpg");
    await project.run("once");
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 1]);
  });

  test("when the first fails or goes away, the next asks the model, and the others wait for that one", async () => {
    start();
    comfyui.hold();
    await put("a.jpg", 1);
    const daemon = await project.start();
    await taken(daemon, "a.jpg");
    copy("a.jpg", "b.jpg");
    copy("a.jpg", "c.jpg");
    await taken(daemon, "b.jpg");
    await taken(daemon, "c.jpg");
    const [first] = await jobs();
    await project.run("cancel", first!.id);
    comfyui.release();
    await whenDone(daemon, 2);
    await daemon.kill("SIGTERM");
    expect(await standings()).toEqual({ "a.jpg": "cancelled", "b.jpg": "done", "c.jpg": "done" });
    expect(outputs()).toEqual(["b.jpg", "c.jpg"]);
    expect(renders()).toBeLessThanOrEqual(2); // that of the cancelled one may have begun
  });

  test("a copy of a photo that was graded by place has the same light", async () => {
    await comfyui.close();
    comfyui = await startComfyui({ renderMs: 20, flaws: { vignette: 0.7 } });
    start("finish: local");
    await sharp(join(SAMPLES, "mountains.jpg")).resize(1_200, 800).toFile(inbox("a.jpg"));
    copy("a.jpg", "b.jpg");
    expect((await project.run("once")).code).toBe(0);
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 1]);
    expect(readFileSync(join(project.outbox, "b.jpg"))).toEqual(readFileSync(join(project.outbox, "a.jpg")));
  });

  test("a copy is reviewed for itself: rejected, it asks the model", async () => {
    start("review: true");
    await put("a.jpg", 1);
    copy("a.jpg", "b.jpg");
    await project.run("once");
    expect([await standings(), renders()]).toEqual([{ "a.jpg": "review", "b.jpg": "review" }, 1]);
    const [, second] = await jobs();
    await project.run("reject", second!.id);
    await project.run("once");
    expect([await standings(), renders()]).toEqual([{ "a.jpg": "review", "b.jpg": "review" }, 2]);
    await project.run("approve", "--all");
    await project.run("once");
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 2]);
  });

  test("a copy that is to be left out waits while the first is held, and says so", async () => {
    start("review: true, duplicates: skip");
    await put("a.jpg", 1);
    copy("a.jpg", "b.jpg");
    const daemon = await project.start();
    await daemon.until(async () => (await standings())["a.jpg"] === "review");
    await taken(daemon, "b.jpg");
    const [first, second] = await jobs();
    const told = (await project.json("job", second!.id)) as { attempts: { times: number; message: string }[] };
    expect(told.attempts.at(-1)).toMatchObject({ message: "a.jpg, the same picture, is under way" });
    expect(told.attempts.reduce((sum, { times }) => sum + times, 0)).toBeLessThan(5);
    await project.run("approve", first!.id);
    await daemon.until(async () => (await standings())["b.jpg"] === "duplicate");
    await daemon.kill("SIGTERM");
    expect(outputs()).toEqual(["a.jpg"]);
  });

  test("a copy waits through kill -9", async () => {
    start();
    comfyui.hold();
    await put("a.jpg", 1);
    copy("a.jpg", "b.jpg");
    const daemon = await project.start();
    await taken(daemon, "a.jpg");
    await taken(daemon, "b.jpg");
    await daemon.kill("SIGKILL");
    comfyui.release();
    const again = await project.start();
    await whenDone(again, 2);
    await again.kill("SIGTERM");
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 1]);
  });

  test("skip leaves copies out, puts them where duplicates go, and retry grades one all the same", async () => {
    start('duplicates: skip, original: { duplicate: "move:twice" }');
    await put("a.jpg", 1);
    copy("a.jpg", "b.jpg");
    const { code, stdout, stderr } = await project.run("once");
    expect([code, outputs(), readdirSync(join(project.inbox, "twice")).length]).toEqual([0, ["a.jpg"], 1]);
    expect(stdout + stderr).toContain("The same picture as a.jpg.");
    const left = (await jobs()).find(({ error }) => error?.code === "duplicate")!;
    await project.run("retry", left.id);
    await project.run("once");
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 2]);
  });

  test("regrade asks the model for each", async () => {
    start("duplicates: regrade");
    await put("a.jpg", 1);
    copy("a.jpg", "b.jpg");
    await project.run("once");
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 2]);
  });

  test("two inboxes grade the same file, each in its own words", async () => {
    start("", "- { path: second, outbox: graded-second, settle: 150ms, prompt: Cool evening }");
    await put("a.jpg", 1);
    mkdirSync(join(project.root, "second"));
    copyFileSync(inbox("a.jpg"), join(project.root, "second/a.jpg"));
    await project.run("once");
    expect([outputs(), readdirSync(join(project.root, "graded-second")).length, renders()]).toEqual([["a.jpg"], 3, 2]);
  });

  test("an edited prompt makes all of them stale: one render a picture again", async () => {
    start();
    for (const [nth, name] of ["a.jpg", "b.jpg", "c.jpg"].entries()) await put(name, nth);
    copy("a.jpg", "a2.jpg");
    copy("b.jpg", "b2.jpg");
    await project.run("once");
    expect(renders()).toBe(3);
    writeFileSync(inbox("prompt.txt"), "Cool evening, deep shadows");
    await project.run("retry", "--stale");
    await project.run("once");
    expect([outputs().length, renders()]).toEqual([10, 6]);
  });
});

describe("a file with another name", () => {
  test("under way, the job follows it and nothing is graded twice; so does one whose folder is renamed", async () => {
    start();
    comfyui.hold();
    await put("a.jpg", 1);
    await put("monday/b.jpg", 2);
    const daemon = await project.start();
    await taken(daemon, "a.jpg");
    await taken(daemon, "monday/b.jpg");
    renameSync(inbox("a.jpg"), inbox("best.jpg"));
    renameSync(inbox("monday"), inbox("tuesday"));
    await taken(daemon, "best.jpg");
    await taken(daemon, "tuesday/b.jpg");
    comfyui.release();
    await whenDone(daemon, 2);
    await daemon.kill("SIGTERM");
    expect(await standings()).toEqual({ "best.jpg": "done", "tuesday/b.jpg": "done" });
    expect([outputs(), outputs("tuesday"), renders()]).toEqual([["best.jpg"], ["b.jpg"], 2]);
  });

  test("graded already, it is the same photo: nothing is written again", async () => {
    start();
    await put("a.jpg", 1);
    await project.run("once");
    renameSync(inbox("a.jpg"), inbox("best.jpg"));
    await project.run("once");
    expect([await standings(), outputs(), renders()]).toEqual([{ "best.jpg": "done" }, ["a.jpg"], 1]);
  });

  test("deleted and copied in anew under another name, it is a copy of what was graded", async () => {
    start();
    await put("a.jpg", 1);
    await project.run("once");
    unlinkSync(inbox("a.jpg"));
    await put("b.jpg", 1);
    await project.run("once");
    expect([outputs(), renders()]).toEqual([["a.jpg", "b.jpg"], 1]);
  });
});

describe("metadata that change alone", () => {
  test("are left alone by default", async () => {
    start();
    await put("a.jpg", 1);
    await project.run("once");
    const before = readFileSync(join(project.outbox, "a.jpg"));
    rate(inbox("a.jpg"), 5);
    const { stderr } = await project.run("once");
    expect([outputs(), renders(), (await jobs()).length]).toEqual([["a.jpg"], 1, 1]);
    expect(readFileSync(join(project.outbox, "a.jpg")).equals(before)).toBe(true);
    expect(stderr).not.toContain("failed");
  });

  test("refresh writes the output again from the look it has", async () => {
    start("metadataChanges: refresh");
    await put("a.jpg", 1);
    await project.run("once");
    rate(inbox("a.jpg"), 5);
    await project.run("once");
    expect([outputs(), renders(), (await jobs()).map(({ status }) => status)]).toEqual([["a.jpg"], 1, ["done"]]);
    expect(starsOf(join(project.outbox, "a.jpg"))).toBe("5");
    const written = readFileSync(join(project.outbox, "a.jpg"));
    utimesSync(inbox("a.jpg"), new Date(), new Date()); // touched: nothing changed
    await project.run("once");
    expect(readFileSync(join(project.outbox, "a.jpg")).equals(written)).toBe(true);
  });

  test("so it is with a rating that exiftool writes into a TIFF and a DNG", async () => {
    start("metadataChanges: refresh, raw: preview");
    const tiff = sceneImage(240, 160, 1).tiff({ compression: "lzw" });
    const files = [
      await saved(project.inbox, "a.tif", tiff),
      await saved(project.inbox, "b.dng", await dngOf(240, 160, { preview: [240, 160] })),
    ];
    await project.run("once");
    const before = [await standings(), renders(), readdirSync(project.outbox).sort()];
    expect(before).toMatchObject([{ "a.tif": "done", "b.dng": "done" }, 2, {}]);
    const tool = new ExifTool({ maxProcs: 1 });
    try {
      for (const file of files) await tagged(tool, file, { "XMP-xmp:Rating": 5, "XMP-dc:Subject": ["lake"] });
      const { code } = await project.run("once");
      expect([code, await standings(), renders(), readdirSync(project.outbox).sort()]).toEqual([0, ...before]);
      const photos = readdirSync(project.outbox).filter((name) => /\.(tiff?|jpg)$/.test(name));
      expect(photos.length).toBe(2);
      for (const name of photos)
        expect(await tagsOf(tool, pathOf(join(project.outbox, name)))).toMatchObject({ "XMP-xmp:Rating": 5 });
    } finally {
      await tool.end();
    }
  });

  test("a TIFF that an earlier version told by its whole file is the same photo: touched, renamed and copied", async () => {
    start();
    for (const [seed, name] of [
      [1, "a.tif"],
      [2, "b.tif"],
      [3, "c.tif"],
    ] as const)
      await saved(project.inbox, name, sceneImage(240, 160, seed).tiff({ compression: "lzw" }));
    await project.run("once");
    const db = openDatabase(join(project.root, "var/ledger.db"), Date.now());
    db.exec("UPDATE jobs SET picture_sha256 = content_sha256");
    db.close();
    utimesSync(inbox("a.tif"), new Date(), new Date());
    renameSync(inbox("b.tif"), inbox("best.tif"));
    copy("c.tif", "c2.tif");
    const { code } = await project.run("once");
    expect([code, renders(), await standings()]).toEqual([
      0,
      3,
      { "a.tif": "done", "best.tif": "done", "c.tif": "done", "c2.tif": "done" },
    ]);
  });

  test("of a photo that was put away they are those of another copy: nothing is written from the old ones", async () => {
    start('metadataChanges: refresh, original: { done: "move:done", duplicate: "move:twice" }');
    await put("a.jpg", 1);
    await project.run("once");
    const before = readFileSync(join(project.outbox, "a.jpg"));
    copyFileSync(inbox("done/a.jpg"), inbox("a.jpg"));
    rate(inbox("a.jpg"), 5);
    await project.run("once");
    expect(readdirSync(inbox("twice"))).toEqual(["a.jpg"]);
    expect([readFileSync(join(project.outbox, "a.jpg")), renders()]).toEqual([before, 1]);
    expect((await jobs()).map(({ status }) => status)).toEqual(["done"]);
  });

  test("an output that somebody edited is never replaced", async () => {
    start("metadataChanges: refresh");
    await put("a.jpg", 1);
    await project.run("once");
    rate(join(project.outbox, "a.jpg"), 3);
    rate(inbox("a.jpg"), 5);
    await project.run("once");
    expect(outputs()).toEqual(["a-2.jpg", "a.jpg"]);
    expect([starsOf(join(project.outbox, "a.jpg")), starsOf(join(project.outbox, "a-2.jpg"))]).toEqual(["3", "5"]);
  });
});

describe("our own outputs", () => {
  test("are never taken in: copied, renamed or rated there", async () => {
    start();
    await put("a.jpg", 1);
    await project.run("once");
    copyFileSync(join(project.outbox, "a.jpg"), inbox("copied.jpg"));
    copyFileSync(join(project.outbox, "a.jpg"), inbox("rated.jpg"));
    rate(inbox("rated.jpg"), 4);
    await project.run("once");
    expect([outputs(), renders(), await standings()]).toEqual([["a.jpg"], 1, { "a.jpg": "done" }]);
  });

  test("unless the inbox wants them", async () => {
    start("ownOutputs: take");
    await put("a.jpg", 1);
    await project.run("once");
    copyFileSync(join(project.outbox, "a.jpg"), inbox("again.jpg"));
    await project.run("once");
    expect([outputs(), renders()]).toEqual([["a.jpg", "again.jpg"], 2]);
  });
});
