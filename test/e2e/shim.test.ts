/**
 * A machine with an old Node: bin/node.mjs starts the program with the Node that npm brought.
 * The two must live and end as one. Here the shim is made to take that way whatever Node runs the tests.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/main.ts");
let folder: string;
let shim: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotgrade-shim-"));
  shim = join(folder, "shim.mjs");
  const node = pathToFileURL(join(ROOT, "bin/node.mjs")).href;
  await writeFile(
    shim,
    `import { runWithBundledNode } from "${node}";\nrunWithBundledNode(process.argv[2], process.argv.slice(3));\n`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [shim, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Resolves when the shim and everything that inherited its output is gone: only then are the pipes closed. */
const closed = (child: ChildProcess): Promise<End> =>
  new Promise((done) => {
    child.stdout?.resume();
    child.stderr?.resume();
    child.on("close", (code, signal) => done({ code, signal }));
  });

const printed = (child: ChildProcess, word: string): Promise<void> =>
  new Promise((done) => child.stdout?.on("data", (text: Buffer) => text.toString().includes(word) && done()));

const inUnix = test.skipIf(process.platform === "win32");

test("the exit code of the program is the shim's", async () => {
  expect(await closed(start(MAIN, "help"))).toEqual({ code: 0, signal: null });
  expect(await closed(start(MAIN, "no-such-command"))).toEqual({ code: 2, signal: null });
});

inUnix("a killed shim takes the program with it within a second", async () => {
  // The program is kept busy reading a pipe that nobody writes to.
  const pipe = join(folder, "never.cube");
  await promisify(execFile)("mkfifo", [pipe]);
  const child = start(MAIN, "look", "show", pipe);
  const end = closed(child);
  const writer = await open(pipe, "w"); // resolves when the program has opened its side
  const killedAt = performance.now();
  child.kill("SIGKILL");
  expect(await end).toEqual({ code: null, signal: "SIGKILL" });
  expect(performance.now() - killedAt).toBeLessThan(1_000);
  await writer.close();
});

inUnix("a signal to the shim reaches the program, whose own exit code counts", async () => {
  const script = join(folder, "polite.mjs");
  await writeFile(
    script,
    `process.on("SIGTERM", () => process.exit(7));\nsetInterval(() => {}, 1000);\nconsole.log("ready");\n`,
  );
  const child = start(script);
  const end = closed(child);
  await printed(child, "ready");
  child.kill("SIGTERM");
  expect(await end).toEqual({ code: 7, signal: null });
});

inUnix("a program that dies of a signal makes the shim die of the same", async () => {
  const script = join(folder, "fragile.mjs");
  await writeFile(script, `setInterval(() => {}, 1000);\nconsole.log("ready");\n`);
  const child = start(script);
  const end = closed(child);
  await printed(child, "ready");
  child.kill("SIGTERM");
  expect(await end).toEqual({ code: null, signal: "SIGTERM" });
});
