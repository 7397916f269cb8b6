/**
 * Runs the retire stage on the real disk in this process, and kills the process before the step of the disk that is asked
 * for, or in the middle of it. Words: a file with the state (see `RetireState`), the number of the step (none: never), "half"
 * to stop after half of a copied file. The number of steps taken is kept in the state.
 */
import { readFileSync, writeFileSync } from "node:fs";
import fsp from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Facts, Job } from "../../src/core/job/job.ts";

export type RetireState = {
  readonly job: Job;
  readonly home: string;
  /** What was done to the disk, in order; of a run that ended. */
  readonly steps?: readonly string[];
  readonly outcome?: string;
};

const [file, stopAt, half] = process.argv.slice(2) as [string, string?, string?];
const state = JSON.parse(readFileSync(file, "utf8")) as RetireState;
const steps: string[] = [];

/** Only `kill -9` leaves things as a power cut would: nothing is tidied up. */
const die = () => process.kill(process.pid, "SIGKILL");
const step = (name: string): boolean => {
  const isLast = steps.length === Number(stopAt || "NaN");
  if (isLast && half === undefined) die();
  steps.push(name);
  return isLast;
};

type Act = (...words: never[]) => unknown;
const counted = (target: object, name: string, instead?: (words: readonly never[]) => void): void => {
  const acts = target as Record<string, Act>;
  const act = acts[name]!;
  acts[name] = function (this: unknown, ...words: never[]) {
    if (step(name)) instead?.(words);
    return act.apply(this, words);
  };
};
counted(fsp, "copyFile", ([from, to]) => {
  const bytes = readFileSync(from!);
  writeFileSync(to!, bytes.subarray(0, bytes.length / 2));
  die();
});
for (const name of ["mkdir", "link", "unlink", "rename"]) counted(fsp, name);
const handle = await fsp.open(file);
const prototype = Object.getPrototypeOf(handle) as object;
await handle.close();
for (const name of ["utimes", "sync"]) counted(prototype, name);
syncBuiltinESMExports();

const { openFiles } = await import("../../src/adapters/files.ts");
const { retireStage } = await import("../../src/stages/retire.ts");

let { job } = state;
const keep = (more: Partial<RetireState>) => writeFileSync(file, JSON.stringify({ ...state, job, ...more }));
const attempting = {
  async note(facts: Facts) {
    step("note");
    job = { ...job, facts: { ...job.facts, ...facts } };
    keep({});
    step("noted");
  },
};
// Nothing belongs to the photo, and nothing has gone from its inbox.
const ledger = { pairs: { of: async () => [] }, sightings: { of: async () => [], has: async () => false } };
const ports = { files: openFiles({ home: state.home }), ledger, clock: { now: () => 0 } };
const outcome = await retireStage.run(job, ports as never, attempting as never);
step("record");
keep({ steps, outcome: outcome.kind });
