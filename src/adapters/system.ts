/** The machine's clock, its chance, and what it has of cores and memory. */

import { randomBytes, randomUUID } from "node:crypto";
import { availableParallelism, hostname, totalmem } from "node:os";
import { setTimeout as sleepFor } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock, Ids } from "../ports.ts";

/** The longest a timer can run; a longer sleep is several. */
const TIMER_MAX_MS = 2 ** 31 - 1;
const MEMORY_MIN_BYTES = 256 * 1024 ** 2;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    for (let rest = ms; rest > 0 && !signal?.aborted; rest -= TIMER_MAX_MS) {
      try {
        await sleepFor(Math.min(rest, TIMER_MAX_MS), undefined, signal && { signal });
      } catch (cause) {
        if (!signal?.aborted) throw cause;
      }
    }
  },
};

export const systemIds: Ids = {
  uuid: () => randomUUID(),
  random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  seed: () => randomBytes(6).readUIntBE(0, 6),
};

export type HostFacts = {
  readonly host: string;
  readonly pid: number;
  /** Cores this process may use. */
  readonly cpus: number;
  /** What this process may use at most: the machine's, or less where a container says so. */
  readonly memoryBytes: number;
};

export function hostFacts(): HostFacts {
  const constrained = process.constrainedMemory();
  const memoryBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { host: hostname(), pid: process.pid, cpus: availableParallelism(), memoryBytes };
}

/** Bytes for pictures in work: as configured, or half of what there is. */
export function memoryBudget(configured: "auto" | number, facts: Pick<HostFacts, "memoryBytes">): number {
  return configured === "auto" ? Math.max(MEMORY_MIN_BYTES, Math.floor(facts.memoryBytes / 2)) : configured;
}

/**
 * Gives back what starting needed. Node collects only when it needs room, so what a look at 100,000 files left behind
 * would stay resident for as long as little happens. As a last resort, since a plain collection keeps the empty pages.
 */
export function releaseMemory(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as (how: object) => void)({ type: "major", flavor: "last-resort" });
}
