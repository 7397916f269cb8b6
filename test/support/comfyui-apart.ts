/** The stand-in ComfyUI in a process of its own, steered by lines: it outlives the daemon and may be killed itself. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ComfyuiOptions } from "./comfyui.ts";
import type { Command } from "./comfyui-process.ts";

export type ComfyuiApart = {
  readonly url: string;
  readonly dir: string;
  tell(command: Command): Promise<Record<string, unknown>>;
  /** SIGSTOP makes it a server that accepts and says nothing, SIGCONT wakes it. */
  signal(signal: NodeJS.Signals): void;
  close(): Promise<void>;
};

export async function startComfyuiApart(options: Omit<ComfyuiOptions, "look">): Promise<ComfyuiApart> {
  const script = join(import.meta.dirname, "comfyui-process.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await answers.next();
    if (done) throw new Error("the stand-in ComfyUI has ended");
    return JSON.parse(value);
  };
  const { url, dir } = await answer();
  let last: Promise<unknown> = Promise.resolve();
  return {
    url: String(url),
    dir: String(dir),
    tell(command) {
      // One after the other: answers come in the order of the commands.
      const told = last.then(async () => {
        child.stdin.write(`${JSON.stringify(command)}\n`);
        const { ok, error, ...rest } = await answer();
        if (ok !== true) throw new Error(String(error));
        return rest;
      });
      last = told.catch(() => undefined);
      return told;
    },
    signal: (signal) => void child.kill(signal),
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
