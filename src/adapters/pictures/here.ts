/**
 * The pool's place in a command that has one picture to do and nothing else: the work runs in the program's own thread, one
 * task after the other. A worker would take a tenth of a second to start, and as much memory as a small picture.
 */
import type { Pool } from "./pool.ts";
import type { Program } from "./programs.ts";
import type { TaskName } from "./tasks.ts";

export function openHere(pixelsMax: number): Pool {
  let programs: Promise<Readonly<Record<TaskName, Program>>> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    async run(name, asks, { signal = new AbortController().signal }) {
      programs ??= import("./programs.ts").then(({ programsFor }) => programsFor(pixelsMax));
      const loaded = await programs;
      const before = last;
      const turn = (async () => {
        await before.catch(() => undefined);
        signal.throwIfAborted();
        return loaded[name as TaskName](asks, signal);
      })();
      last = turn;
      return turn;
    },
    async close() {
      await last.catch(() => undefined);
    },
  };
}
