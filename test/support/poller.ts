/**
 * A second process that reads a folder as fast as it can, as a viewer or a sync program would: which names it saw, with
 * which contents. Names that begin with a dot are nobody's business until they have another.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const PROGRAM = `
const { createHash } = require("node:crypto");
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const seen = {};
let rounds = 0;
let stopped = false;
process.stdin.on("end", () => { stopped = true; }).resume();
function look(folder, under) {
  let entries = [];
  try { entries = readdirSync(folder, { withFileTypes: true }); } catch { return; }
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const name = under + entry.name;
    if (entry.isDirectory()) { look(join(folder, entry.name), name + "/"); continue; }
    const hash = createHash("sha256").update(readFileSync(join(folder, entry.name))).digest("hex");
    (seen[name] ??= {})[hash] ??= rounds;
  }
}
function round() {
  look(process.argv[1], "");
  rounds++;
  if (rounds === 1) process.stderr.write("ready");
  if (stopped) process.stdout.write(JSON.stringify({ rounds, seen }), () => process.exit());
  else setImmediate(round);
}
round();`;

/** Name → every content's hash that was ever read under it, with the number of the look that first met it. */
export type Seen = {
  readonly rounds: number;
  readonly seen: Readonly<Record<string, Readonly<Record<string, number>>>>;
};

export type Poller = { readonly stop: () => Promise<Seen> };

export async function startPoller(folder: string): Promise<Poller> {
  const child: ChildProcess = spawn(process.execPath, ["-e", PROGRAM, folder], { stdio: ["pipe", "pipe", "pipe"] });
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(child.stderr!, "data");
  return {
    async stop() {
      const ended = once(child, "close");
      child.stdin!.end();
      await ended;
      return JSON.parse(text) as Seen;
    },
  };
}
