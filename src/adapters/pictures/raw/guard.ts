/**
 * Stands between hotgrade and a program that develops RAW files: a small process of its own that leads the program's group.
 *
 * It is told what to run on its standard input, which stays open while somebody wants the result. When that closes, because
 * the work was cancelled, its worker was ended or hotgrade was killed, the whole group goes: the program and whatever it
 * started. What became of the program is written to standard output as one line of JSON.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";

export type Order = { readonly command: readonly string[]; readonly folder: string };
export type End = { readonly code: number | null; readonly signal: string | null; readonly error: string | null };

const tell = (end: End): void => {
  process.stdout.write(`${JSON.stringify(end)}\n`, endGroup);
};

/** Ends this process and, where there are groups (not on Windows), everything the program left behind. */
function endGroup(): void {
  if (process.platform !== "win32") process.kill(-process.pid, "SIGKILL");
  process.exit(0);
}

const orders = createInterface({ input: process.stdin });
orders.once("line", (line) => {
  const { command, folder } = JSON.parse(line) as Order;
  const [name, ...words] = command;
  // Both of its outputs go to ours for errors: programs differ in where they say what is wrong.
  const program = spawn(name!, words, { cwd: folder, stdio: ["ignore", 2, 2], shell: false, windowsHide: true });
  program.once("error", (error) => tell({ code: null, signal: null, error: error.message }));
  program.once("exit", (code, signal) => tell({ code, signal, error: null }));
  orders.once("close", () => {
    program.kill("SIGKILL");
    endGroup();
  });
});
