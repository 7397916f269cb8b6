/** RAW files developed by a program of the user's: small Node programs stand in for it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Pictures } from "../../src/ports.ts";
import { deepImage, pathOf, saved, sceneImage, silent, tagsOf } from "../support/photos.ts";
import { dngOf } from "../support/raws.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade raw command "));
const work = pathOf(mkdtempSync(join(tmpdir(), "hotgrade-raw-work-")));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let raw: PathText;
let ready: PathText;
let count = 0;

beforeAll(async () => {
  pictures = openPictures({ workers: 2, memoryBytes: 2 << 30, log: silent });
  raw = await saved(folder, "it's a photo.dng", await dngOf(96, 64));
  ready = await saved(folder, "ready.tif", deepImage(80, 60).tiff({ compression: "lzw" }));
});

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
  rmSync(work, { recursive: true });
});

/** A program from its text; `IN` and `OUT` are its two words. */
function program(text: string): readonly string[] {
  const file = join(folder, `program-${++count}.cjs`);
  writeFileSync(file, `const fs = require("node:fs"); const [IN, OUT] = process.argv.slice(2);\n${text}`);
  return [process.execPath, file, "{in}", "{out}"];
}

async function developed(
  command: readonly string[],
  { limitMs = 30_000, signal }: { limitMs?: number; signal?: AbortSignal } = {},
) {
  const to = pathOf(join(folder, `made-${++count}`));
  const request = { original: raw, way: { kind: "command", command, limitMs }, folder: work, to } as const;
  return { to, ...(await pictures.develop(request, signal)) };
}

const copies = (from: string): string => `fs.copyFileSync(${JSON.stringify(from)}, OUT);`;

/** Resolves with the content of a file that a program will write. */
function written(file: string): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      const text = existsSync(file) ? readFileSync(file, "utf8") : "";
      if (!text.endsWith("\n")) return;
      watcher.close();
      resolve(text.trim());
    };
    const watcher = watch(folder, look);
    look();
  });
}

/** Resolves when no process has this id any more. */
async function gone(pid: number): Promise<void> {
  const isThere = () => {
    try {
      // What has ended and is not yet asked for still has its id.
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  };
  while (isThere()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a program that develops", () => {
  test("gets a copy of the RAW and gives a picture, which carries the RAW's metadata where it has none", async () => {
    const before = { bytes: readFileSync(raw), mtime: statSync(raw, { bigint: true }).mtimeNs };
    const seen = join(folder, "seen.json");
    const text = `fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ IN, OUT, sha: fs.readFileSync(IN).length }));
      fs.writeFileSync(IN, "scribbled over"); ${copies(ready)}`;
    const { to, photo, notes } = await developed(program(text));
    expect(photo).toMatchObject({ raw: "DNG", format: "tiff", bitDepth: 16, width: 80, height: 60 });
    expect(notes[0]).toMatch(/^The DNG was developed by .*node/);
    const { IN, OUT, sha } = JSON.parse(readFileSync(seen, "utf8"));
    expect([IN, OUT].every((path: string) => path.startsWith(work))).toBe(true);
    expect([IN.endsWith(".dng"), OUT.endsWith(".tif"), sha]).toEqual([true, true, before.bytes.length]);
    expect(readFileSync(raw)).toEqual(before.bytes);
    expect(statSync(raw, { bigint: true }).mtimeNs).toBe(before.mtime);
    const tags = await tagsOf(tool, to);
    expect(tags).toMatchObject({ "ExifIFD:ExposureTime": 0.004, "IFD0:Model": "Testcam Zero", "XMP-xmp:Rating": 4 });
    expect(readdirSync(work)).toEqual([]);
  });

  test("may write another format, and add an ending", async () => {
    const jpeg = await saved(folder, "ready.jpg", sceneImage(48, 32).jpeg());
    const { photo } = await developed(program(`fs.copyFileSync(${JSON.stringify(jpeg)}, OUT + ".jpg");`));
    expect(photo).toMatchObject({ format: "jpeg", width: 48, height: 32 });
  });

  test("its words reach it as they are: no shell reads them", async () => {
    const seen = join(folder, "words.json");
    const command = [
      ...program(`fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.argv.slice(4))); ${copies(ready)}`),
    ];
    await developed([...command, "$HOME; touch x", "a\nb", "--to={out}"]);
    const words = JSON.parse(readFileSync(seen, "utf8"));
    expect(words.slice(0, 2)).toEqual(["$HOME; touch x", "a\nb"]);
    expect(words[2]).toMatch(/^--to=\/.*developed\.tif$/);
  });
});

describe("a program that fails", () => {
  test.each([
    [
      "with an exit code",
      'console.error("one\\ntwo\\nno such camera"); process.exit(3);',
      /ended with exit code 3: one\ntwo\nno such camera$/,
    ],
    ["without a word", "process.exit(1);", /ended with exit code 1\.$/],
    ["by a signal", 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);', /was killed by SIGTERM/],
    ["to write", 'console.log("all well");', /wrote no file to \{out\}: all well$/],
    ["and writes rubbish", 'fs.writeFileSync(OUT, "no picture at all");', /no picture to \{out\}: This is a text file/],
    ["and writes the RAW again", "fs.copyFileSync(IN, OUT);", /no picture to \{out\}: This is a camera RAW \(DNG\)/],
    ["and writes nothing into its file", 'fs.writeFileSync(OUT, "");', /no picture to \{out\}/],
  ])("%s is told of in its own words", async (_how, text, message) => {
    await expect(developed(program(text))).rejects.toMatchObject({
      code: "raw-command-failed",
      message: expect.stringMatching(message),
    });
    expect(readdirSync(work)).toEqual([]);
  });

  test("to exist is named", async () => {
    await expect(developed(["no-such-developer", "{in}", "{out}"])).rejects.toMatchObject({
      code: "raw-command-failed",
      message: expect.stringMatching(/^no-such-developer cannot be started: .*ENOENT/),
    });
  });

  test("to end is ended, with what it started", async () => {
    const ids = join(folder, `ids-${++count}`);
    const text = `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      fs.writeFileSync(${JSON.stringify(ids)}, process.pid + " " + child.pid + "\\n"); setInterval(() => {}, 1000);`;
    // The limit begins before the program is there: it has to be long enough for a Node to start on a busy machine.
    await expect(developed(program(text), { limitMs: 3_000 })).rejects.toMatchObject({
      code: "raw-command-failed",
      message: expect.stringContaining("was ended after 3000 ms"),
    });
    for (const id of (await written(ids)).split(" ")) await gone(Number(id));
  });
});

describe("nothing is left running", () => {
  const sleeper = (ids: string) =>
    program(`fs.writeFileSync(${JSON.stringify(ids)}, process.pid + "\\n"); setInterval(() => {}, 1000);`);

  test("when the work is cancelled", async () => {
    const ids = join(folder, `ids-${++count}`);
    const stopping = new AbortController();
    const work = developed(sleeper(ids), { signal: stopping.signal });
    const pid = Number(await written(ids));
    stopping.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
    await gone(pid);
  });

  test("when the workers are closed", async () => {
    const ids = join(folder, `ids-${++count}`);
    const own = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
    const way = { kind: "command", command: sleeper(ids), limitMs: 60_000 } as const;
    const work_ = own.develop({ original: raw, way, folder: work, to: pathOf(join(folder, `made-${++count}`)) });
    const ending = expect(work_).rejects.toMatchObject({ code: "worker-died" });
    const pid = Number(await written(ids));
    await own.close();
    await ending;
    await gone(pid);
  });
});
