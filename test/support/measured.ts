/** Programs measured as a whole: processor time and wall time by bash, the greatest memory by the program itself where it is Node. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Measured = {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Peak resident memory; NaN of programs that are not Node. */
  readonly peakMib: number;
};

/** Loaded before a Node program: leaves its peak memory behind when it exits. */
const REPORTER = `
  import { writeFileSync } from "node:fs";
  const to = process.env.MEASURED_TO;
  if (to) process.on("exit", () => writeFileSync(to, String(process.resourceUsage().maxRSS)));`;

/** Runs a program to its end. Throws with what it said when it fails. */
export async function measure(program: string, words: readonly string[], cwd: string): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "hotgrade-measured-"));
  const to = join(folder, "peak");
  const isNode = program === process.execPath;
  const reporter = isNode ? ["--import", `data:text/javascript,${encodeURIComponent(REPORTER)}`] : [];
  const line = 'TIMEFORMAT="measured %R %U %S"; time "$0" "$@"';
  try {
    const said = await new Promise<string>((resolve, reject) => {
      const child = spawn("bash", ["-c", line, program, ...reporter, ...words], {
        cwd,
        env: { ...process.env, MEASURED_TO: to },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let text = "";
      child.stderr.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
      child.on("error", reject);
      child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`${program}: ${code}\n${text}`))));
    });
    const [, wall, user, system] = /measured ([\d.]+) ([\d.]+) ([\d.]+)/.exec(said)!.map(Number);
    const peakMib = isNode ? Number(readFileSync(to, "utf8")) / 1024 : Number.NaN;
    return { cpuSeconds: user! + system!, wallSeconds: wall!, peakMib };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1]!;
};
