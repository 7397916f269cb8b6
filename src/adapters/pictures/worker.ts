/**
 * A picture worker: a process of its own, one task at a time. `worker.ts PIXELS_MAX`.
 * It lives as long as the program that started it: a killed daemon leaves nobody behind who still writes.
 */
import { programsFor } from "./programs.ts";
import { crossing, type FromWorker, type TaskName, type ToWorker } from "./tasks.ts";

const programs = programsFor(Number(process.argv[2]));
const running = new Map<number, AbortController>();

process.on("disconnect", () => process.exit());
// Who asks the program to end, such as a service manager that asks all of its processes, is answered by the program.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("message", async (message: ToWorker) => {
  if (message.kind === "abort") return running.get(message.id)?.abort();
  const { id, name, asks } = message;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    say({ kind: "done", id, gives: await programs[name as TaskName](asks, controller.signal) });
  } catch (thrown) {
    say({ kind: "failed", id, failure: crossing(thrown) });
  } finally {
    running.delete(id);
  }
});

const say = (message: FromWorker): void => void process.send!(message);
