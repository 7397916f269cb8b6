/** Programs that write files the way other programs do: each a process of its own, with pauses of its own. */
import { spawn } from "node:child_process";

/** What a writer does, one step after the other, with a pause between them. */
export type Step =
  | { readonly do: "append"; readonly from: number; readonly to: number }
  | { readonly do: "reserve"; readonly bytes: number }
  | { readonly do: "fill"; readonly from: number; readonly to: number }
  | { readonly do: "rename"; readonly as: string }
  | { readonly do: "delete" };

const PROGRAM = `
const fs = require("node:fs");
const { file, source, steps, pauseMs } = JSON.parse(fs.readFileSync(0, "utf8"));
const bytes = source === null ? Buffer.alloc(0) : fs.readFileSync(source);
const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs));
(async () => {
  for (const [at, step] of steps.entries()) {
    if (at > 0) await pause();
    if (step.do === "append") fs.appendFileSync(file, bytes.subarray(step.from, step.to));
    if (step.do === "reserve") fs.writeFileSync(file, Buffer.alloc(step.bytes));
    if (step.do === "fill") {
      const handle = fs.openSync(file, "r+");
      fs.writeSync(handle, bytes, step.from, step.to - step.from, step.from);
      fs.closeSync(handle);
    }
    if (step.do === "rename") fs.renameSync(file, step.as);
    if (step.do === "delete") fs.unlinkSync(file);
  }
})();`;

/** Runs the steps on `file`, with the bytes of `source`; resolves with the time at which the last one was done. */
export function writeApart(
  file: string,
  source: string | null,
  steps: readonly Step[],
  pauseMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["pipe", "ignore", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(Date.now()) : reject(new Error(`the writer ended with ${code}`)),
    );
    child.stdin.end(JSON.stringify({ file, source, steps, pauseMs }));
  });
}

/** So many parts of a file, in order. */
export const parts = (bytes: number, count: number): readonly { readonly from: number; readonly to: number }[] =>
  Array.from({ length: count }, (_, at) => ({
    from: Math.floor((bytes * at) / count),
    to: Math.floor((bytes * (at + 1)) / count),
  }));
