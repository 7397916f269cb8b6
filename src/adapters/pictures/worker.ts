/** A picture worker: one thread, one task at a time, everything that touches pixels. */
import { parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import { fingerprintOf } from "./fingerprint.ts";
import { exportLook, fitPairs, outside } from "./look.ts";
import { paint, plate, prove } from "./plate.ts";
import { render } from "./render.ts";
import { readRgb, writeRgb } from "./rgb.ts";
import { crossing, type FromWorker, type TaskName, type Tasks, type ToWorker } from "./tasks.ts";
import { verify } from "./verify.ts";

// One thread a picture: slicing one over several costs more than it gains, and a cache would only hold memory.
sharp.concurrency(1);
sharp.cache(false);

const { pixelsMax } = workerData as { readonly pixelsMax: number };
const running = new Map<number, AbortController>();

const programs: {
  readonly [N in TaskName]: (asks: Tasks[N]["asks"], signal: AbortSignal) => Promise<Tasks[N]["gives"] | undefined>;
} = {
  fingerprint: ({ file }) => fingerprintOf(file),
  plate: (asks) => plate(asks, pixelsMax),
  paint: (asks) => paint(asks, pixelsMax),
  prove: (asks) => prove(asks),
  fit: (asks) => fitPairs(asks, pixelsMax),
  outside: (asks) => outside(asks, pixelsMax),
  exportLook: (asks) => exportLook(asks),
  render: (asks, signal) => render(asks, pixelsMax, signal),
  readRgb: ({ file }) => readRgb(file, pixelsMax),
  writeRgb: (asks) => writeRgb(asks),
  verify: (asks) => verify(asks, pixelsMax),
};

parentPort!.on("message", async (message: ToWorker) => {
  if (message.kind === "abort") return running.get(message.id)?.abort();
  const { id, name, asks } = message;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const program = programs[name as TaskName] as (asks: unknown, signal: AbortSignal) => Promise<unknown>;
    say({ kind: "done", id, gives: await program(asks, controller.signal) });
  } catch (thrown) {
    say({ kind: "failed", id, failure: crossing(thrown) });
  } finally {
    running.delete(id);
  }
});

const say = (message: FromWorker): void => parentPort!.postMessage(message);
