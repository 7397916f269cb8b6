/** A clock that tests turn: sleepers wake at their time as it passes, and the wall clock may jump away from them. */
import { setImmediate } from "node:timers/promises";
import type { Clock, Log } from "../../src/ports.ts";

export type TurnedClock = Clock & {
  /** Passes time up to this moment of the wall clock, waking who is due on the way. */
  runTo(at: number): Promise<void>;
  /** The wall clock is set, or the machine sleeps: nobody's timer moves. */
  jump(ms: number): void;
};

/** Turns of the event loop that work between two wakings gets. */
const TURNS = 20;

export function aClock(startsAt: number): TurnedClock {
  let steady = 0;
  let wall = startsAt;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < TURNS; turn++) await setImmediate();
  };
  return {
    now: () => wall + steady,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve();
        const sleeper = {
          at: steady + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", sleeper.wake, { once: true });
      }),
    async runTo(at) {
      await settle();
      for (;;) {
        const next = [...sleepers].sort((one, other) => one.at - other.at)[0];
        if (!next || wall + next.at > at) break;
        steady = next.at;
        next.wake();
        await settle();
      }
      steady = at - wall;
      await settle();
    },
    jump(ms) {
      wall += ms;
    },
  };
}

const nothing = () => {};
export const quietLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing };
