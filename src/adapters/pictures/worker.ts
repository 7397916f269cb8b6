/** A picture worker: one thread, one task at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { programsFor } from "./programs.ts";
import { crossing, type FromWorker, type TaskName, type ToWorker } from "./tasks.ts";

const { pixelsMax } = workerData as { readonly pixelsMax: number };
const programs = programsFor(pixelsMax);
const running = new Map<number, AbortController>();

parentPort!.on("message", async (message: ToWorker) => {
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

const say = (message: FromWorker): void => parentPort!.postMessage(message);
