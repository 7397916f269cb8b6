/**
 * Developing by a program that the configuration names, such as darktable-cli: without a shell, on a copy of the RAW under a
 * name of ours, with a time limit. Its answer is a file, which whoever calls looks at by content.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../../core/errors.ts";
import { joinPath, type PathText } from "../../../core/inbox/path-text.ts";
import { bytesOf, readWhole, told, writeNew } from "../../files.ts";
import type { End, Order } from "./guard.ts";

export type CommandRequest = {
  /** The program and its words; {in} and {out} stand for the two files. */
  readonly command: readonly string[];
  readonly raw: Buffer;
  /** "CR2", for the copy's ending: programs go by it. */
  readonly kind: string;
  /** Where both files may lie; a folder of its own is made in it and goes again. */
  readonly folder: PathText;
  readonly limitMs: number;
  readonly lengthMax: number;
  readonly signal?: AbortSignal | undefined;
};

/** What is kept of the program's words. */
const SAID_MAX = 16_384;
const LINES_TOLD = 5;

/** The bytes of the file the program made. Errors: `raw-command-failed`; the reason of `signal`. */
export async function developByCommand(request: CommandRequest): Promise<Buffer> {
  const { command, raw, kind, folder, lengthMax } = request;
  const own = joinPath(folder, `.hotgrade-raw-${randomUUID()}`);
  const from = joinPath(own, `photo.${kind.toLowerCase()}`);
  const to = joinPath(own, "developed.tif");
  await told("write", own, () => mkdir(bytesOf(own), { recursive: true }));
  try {
    await told("write", from, () => writeNew(from, raw));
    const words = command.map((word) => word.replaceAll("{in}", plain(from)).replaceAll("{out}", plain(to)));
    const said = await run({ command: words, folder: plain(own) }, request);
    // Programs that will not replace a file, or choose the ending themselves, leave it beside.
    const made = (await readdir(bytesOf(own))).filter((name) => /^developed\b/.test(name));
    const found = made.includes("developed.tif") ? "developed.tif" : made[0];
    if (found === undefined) throw failed(command, "ended well and wrote no file to {out}", said);
    const file = joinPath(own, found as PathText);
    return await told("read", file, () => readWhole(file, lengthMax));
  } finally {
    await rm(bytesOf(own), { recursive: true, force: true });
  }
}

/** The path as programs take it. */
const plain = (path: PathText): string => bytesOf(path).toString("utf8");

const failed = (command: readonly string[], what: string, said: string, data: Record<string, unknown> = {}) => {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== "");
  const last = lines.slice(-LINES_TOLD).join("\n");
  return new AppError("raw-command-failed", `${command[0]} ${what}${last ? `: ${last}` : "."}`, {
    ...data,
    command: command[0],
  });
};

/** Runs it to its end; gives what it said. */
async function run(order: Order, { command, limitMs, signal }: CommandRequest): Promise<string> {
  signal?.throwIfAborted();
  const program = fileURLToPath(new URL(`./guard${extname(import.meta.filename)}`, import.meta.url));
  const guard = spawn(process.execPath, [program], { stdio: "pipe", detached: true, windowsHide: true });
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  let [said, answer] = ["", ""];
  guard.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_MAX);
  });
  guard.stdout.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  guard.on("error", reject);
  guard.stdin.on("error", () => undefined);
  guard.on("close", () => {
    if (answer) resolve(JSON.parse(answer) as End);
    else reject(failed(command, "was ended from outside", said));
  });
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const late = () => reject(failed(command, `was ended after ${limitMs} ms`, said, { limitMs }));
  const timer = setTimeout(late, limitMs);
  guard.stdin.write(`${JSON.stringify(order)}\n`);
  try {
    const { code, signal: killedBy, error } = await promise;
    if (error !== null) throw failed(command, `cannot be started: ${error}`, "");
    if (code !== 0)
      throw failed(command, killedBy ? `was killed by ${killedBy}` : `ended with exit code ${code}`, said);
    return said;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    // Closing its input ends the guard with all it started; whoever comes after finds nobody at work in the folder.
    const gone = guard.exitCode === null && guard.signalCode === null ? ended(guard) : Promise.resolve();
    guard.stdin.destroy();
    await gone;
  }
}

const ended = (guard: ReturnType<typeof spawn>): Promise<void> =>
  new Promise((resolve) => {
    guard.once("close", () => resolve());
    guard.once("error", () => resolve());
  });

export const notAPicture = (command: readonly string[], why: string, cause: unknown): AppError =>
  new AppError(
    "raw-command-failed",
    `${command[0]} wrote what is no picture to {out}: ${why}`,
    { command: command[0] },
    cause,
  );
