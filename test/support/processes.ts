/** Processes by Linux' own book. */
import { readdirSync, readFileSync } from "node:fs";

/** The picture workers that this process started, by Linux' own book. */
export function workersOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((one) => Number(/^PPid:\s+(\d+)$/m.exec(entryOf(one, "status"))?.[1]) === pid)
    .filter((one) => /pictures.worker\.[jt]s/.test(entryOf(one, "cmdline")))
    .map(Number);
}

/** One line of its book: what is resident, in MiB. */
export const residentMib = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(entryOf(String(pid), "status"))?.[1] ?? 0) / 1024;

export const isAlive = (pid: number): boolean => /^State:\s+[^Z]/m.test(entryOf(String(pid), "status"));

function entryOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return ""; // ended between the list and the look
  }
}
