/** Developing by LibRaw, in a thread of its own that is ended with its work. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { AppError } from "../../../core/errors.ts";
import type { Answer, Developed } from "./libraw-thread.ts";

export type { Developed } from "./libraw-thread.ts";

/** 24 MP take about 3 s, 100 MP of the slowest kinds not a minute. */
const LIMIT_MS = 5 * 60_000;
const HEAP_MB = 512;

export type LibrawLimits = { readonly signal?: AbortSignal; readonly limitMs?: number };

/** 16 bits sRGB, upright. Errors: `picture-damaged`, `worker-died`; the reason of `signal`. */
export async function developByLibraw(file: Buffer, { signal, limitMs = LIMIT_MS }: LibrawLimits): Promise<Developed> {
  signal?.throwIfAborted();
  const program = new URL(`./libraw-thread${extname(import.meta.filename)}`, import.meta.url);
  const thread = new Worker(program, { workerData: file, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
  const { promise, resolve, reject } = Promise.withResolvers<Developed>();
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => reject(new AppError("worker-died", `Developing was ended after ${limitMs} ms.`, { limitMs })),
    limitMs,
  );
  thread.on("message", (answer: Answer) => {
    if (answer.kind === "done") resolve(answer.picture);
    else
      reject(
        new AppError(
          "picture-damaged",
          `LibRaw cannot develop the RAW: ${answer.why}. With \`raw: preview\` or \`raw: command\` it may work.`,
        ),
      );
  });
  thread.on("error", (error) => reject(died(error.message, error)));
  thread.on("exit", (exitCode) => reject(died(`exit code ${exitCode}`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    await thread.terminate();
  }
}

const died = (why: string, cause?: unknown): AppError =>
  new AppError("worker-died", `The thread that develops the RAW ended: ${why}.`, {}, cause);
