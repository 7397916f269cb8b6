/**
 * Makes a folder look like a network share that dies, to every process of the program under test. Loaded by
 * `NODE_OPTIONS=--import`. DEAD_SHARE_ROOT is the share, as a cifs mount; while the pipe DEAD_SHARE_PIPE exists, whoever asks
 * for anything below the share opens the pipe first, which blocks a thread in the system as a dead mount does. Every call is
 * written to DEAD_SHARE_TOLD as `PROCESS METHOD PATH`; the pipe is made by the call for which DEAD_SHARE_WHEN, a
 * pattern of such lines, matches for the DEAD_SHARE_NTH time.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const {
  DEAD_SHARE_ROOT: root,
  DEAD_SHARE_PIPE: pipe = "",
  DEAD_SHARE_TOLD: told = "",
  DEAD_SHARE_WHEN: when = "",
  DEAD_SHARE_NTH: nth = "1",
} = process.env;
const process_ = /inbox-share-worker|pictures.worker/.exec(process.argv[1] ?? "")?.[0] ?? "main";
const kind = { "inbox-share-worker": "share", main: "main" }[process_] ?? "pictures";

type Act = (...args: unknown[]) => Promise<unknown>;
const below = (path: unknown): boolean => {
  const text = Buffer.isBuffer(path) ? path.toString() : typeof path === "string" ? path : "";
  return text === root || text.startsWith(`${root}/`);
};

if (root !== undefined) {
  const { open, readFile } = fs.promises;
  const first = async (name: string, path: unknown): Promise<void> => {
    const line = `${kind} ${name} ${String(path)}`;
    fs.appendFileSync(told, `${line}\n`);
    if (when !== "" && new RegExp(when).test(line)) {
      const times = fs
        .readFileSync(told, "utf8")
        .split("\n")
        .filter((each) => new RegExp(when).test(each)).length;
      if (times === Number(nth)) execFileSync("mkfifo", [pipe]);
    }
    if (fs.existsSync(pipe)) await open(pipe, "r");
  };
  const promises = fs.promises as unknown as Record<string, Act>;
  const names = ["open", "stat", "lstat", "statfs", "opendir", "readdir", "realpath", "mkdir", "readlink"];
  for (const name of [...names, "link", "unlink", "rename", "copyFile", "rm", "writeFile"]) {
    const act = promises[name]!;
    promises[name] = async (...args) => {
      if (below(args[0]) || below(args[1])) await first(name, args[0]);
      return act(...args);
    };
  }
  promises.readFile = async (...args) => {
    if (args[0] === "/proc/self/mountinfo") {
      const text = await readFile("/proc/self/mountinfo");
      return Buffer.concat([text, Buffer.from(`999 1 0:99 / ${root} rw - cifs //nas/photos rw\n`)]);
    }
    if (below(args[0])) await first("readFile", args[0]);
    return (readFile as Act)(...args);
  };
  // Streams open by the callback.
  const plain = fs.open as unknown as (...args: unknown[]) => void;
  (fs as unknown as { open: typeof plain }).open = (...args) => {
    if (!below(args[0])) return plain(...args);
    first("open", args[0]).then(() => plain(...args));
  };
  syncBuiltinESMExports();
}
