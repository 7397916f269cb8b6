/** The real program in a project of its own: started, listened to, killed. Waits are for its own log lines. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BIN = join(import.meta.dirname, "../../bin/hotgrade.mjs");

export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Daemon = {
  readonly pid: number;
  /** Every log line so far. */
  readonly lines: readonly LogLine[];
  /** Resolves with the first line, past or to come, for which `wanted` is true. Rejects when the program ends first. */
  line(wanted: (line: LogLine) => boolean): Promise<LogLine>;
  /** Resolves as soon as `holds` is true; asked again after each log line. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  readonly ended: Promise<number | null>;
};

export type TestProject = {
  readonly root: string;
  readonly inbox: string;
  readonly outbox: string;
  run(...args: readonly string[]): Promise<Ran>;
  json(...args: readonly string[]): Promise<unknown>;
  /** `through`: a program and its words that start it, such as `unshare`. */
  start(how?: { readonly through?: readonly string[] }): Promise<Daemon>;
  remove(): void;
};

/** A folder with this config in `hotgrade.yaml`, and an empty inbox. */
export function makeProject(config: string, envOf: (root: string) => NodeJS.ProcessEnv = () => ({})): TestProject {
  const root = mkdtempSync(join(tmpdir(), "hotgrade-e2e-"));
  writeFileSync(join(root, "hotgrade.yaml"), config);
  const inbox = join(root, "inbox");
  mkdirSync(inbox);
  const daemons = new Set<ChildProcess>();
  const env = () => ({ ...process.env, ...envOf(root) });
  const run = (...args: readonly string[]) => runProgram(args, root, env());
  return {
    root,
    inbox,
    outbox: join(root, "graded"),
    run,
    async json(...args) {
      const { stdout, stderr } = await run(...args, "--json");
      if (stdout === "") throw new Error(`no data: ${stderr}`);
      return JSON.parse(stdout);
    },
    async start({ through = [] } = {}) {
      const [program, ...words] = [...through, process.execPath, BIN, "start"];
      const child = spawn(program!, words, { cwd: root, env: env(), stdio: ["ignore", "ignore", "pipe"] });
      daemons.add(child);
      child.once("exit", () => daemons.delete(child));
      const daemon = listen(child);
      await daemon.line(
        ({ message }) => message === "inbox is watched" || message === "inbox is swept by its schedule",
      );
      return daemon;
    },
    remove() {
      for (const child of daemons) child.kill("SIGKILL");
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export function runProgram(args: readonly string[], cwd: string, env = process.env): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

function listen(child: ChildProcess): Daemon {
  const lines: LogLine[] = [];
  const words: string[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stderr! }).on("line", (text) => {
    if (text.startsWith("{")) lines.push(JSON.parse(text) as LogLine);
    else words.push(text);
    for (const listener of [...listeners]) listener();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));

  const until = (holds: () => boolean | Promise<boolean>): Promise<void> =>
    new Promise((resolve, reject) => {
      let asking = false;
      let askAgain = false;
      const ask = async () => {
        // A line that comes while we ask may be the one that makes it true.
        askAgain = asking;
        if (asking) return;
        asking = true;
        try {
          if (await holds()) {
            listeners.delete(ask);
            resolve();
          }
        } catch (thrown) {
          listeners.delete(ask);
          reject(thrown);
        } finally {
          asking = false;
          if (askAgain && listeners.has(ask)) void ask();
        }
      };
      listeners.add(ask);
      void ended.then(() => {
        if (!listeners.delete(ask)) return;
        reject(new Error(`the program ended first: ${words.join("\n")}\n${JSON.stringify(lines.slice(-5))}`));
      });
      void ask();
    });

  return {
    pid: child.pid!,
    lines,
    until,
    async line(wanted) {
      await until(() => lines.some(wanted));
      return lines.find(wanted)!;
    },
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
    ended,
  };
}
