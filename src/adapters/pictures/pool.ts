/**
 * A pool of worker threads under two limits: how many work at once, and how much memory they may need together.
 *
 * Tasks start in the order they came. A task larger than the whole budget runs when nothing else does, so that a panorama
 * waits for its turn and never for ever. A worker that dies fails its own task and is replaced at the next need.
 */
import { Worker } from "node:worker_threads";
import { AppError } from "../../core/errors.ts";
import type { Log } from "../../ports.ts";
import { crossed, type FromWorker, type ToWorker } from "./tasks.ts";

export type PoolOptions = {
  readonly program: URL;
  readonly workers: number;
  readonly memoryBytes: number;
  /** A task that runs longer is ended with its worker. */
  readonly limitMs: number;
  readonly workerData: unknown;
  readonly log: Log;
};

export type Pool = {
  run(
    name: string,
    asks: unknown,
    needs: { readonly bytes: number; readonly signal?: AbortSignal | undefined },
  ): Promise<unknown>;
  close(): Promise<void>;
};

type Task = {
  readonly id: number;
  readonly name: string;
  readonly asks: unknown;
  readonly bytes: number;
  readonly resolve: (gives: unknown) => void;
  readonly reject: (error: unknown) => void;
};

type Hand = { readonly worker: Worker; task: Task | null; timer: NodeJS.Timeout | undefined };

/** The JavaScript heap of a worker; pixels lie outside of it. */
const HEAP_MB = 768;

export function openPool(options: PoolOptions): Pool {
  const hands = new Set<Hand>();
  const queue: Task[] = [];
  let used = 0;
  let ids = 0;
  let closed = false;

  function pump(): void {
    for (let task = queue[0]; task && !closed; task = queue[0]) {
      const busy = [...hands].filter((hand) => hand.task !== null).length;
      const fits = used + task.bytes <= options.memoryBytes || busy === 0;
      if (busy >= options.workers || !fits) return;
      queue.shift();
      begin([...hands].find((hand) => hand.task === null) ?? hire(), task);
    }
  }

  function begin(hand: Hand, task: Task): void {
    used += task.bytes;
    hand.task = task;
    hand.worker.ref();
    hand.timer = setTimeout(() => overdue(hand, task), options.limitMs);
    hand.worker.postMessage({ kind: "run", id: task.id, name: task.name, asks: task.asks } satisfies ToWorker);
  }

  function end(hand: Hand): Task | null {
    const { task } = hand;
    clearTimeout(hand.timer);
    if (task) used -= task.bytes;
    hand.task = null;
    return task;
  }

  function overdue(hand: Hand, task: Task): void {
    options.log.error({ task: task.name, ms: options.limitMs }, "picture work takes too long");
    task.reject(
      new AppError("worker-died", `${task.name} was ended after ${options.limitMs} ms.`, { task: task.name }),
    );
    void hand.worker.terminate();
  }

  function hire(): Hand {
    const worker = new Worker(options.program, {
      workerData: options.workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const hand: Hand = { worker, task: null, timer: undefined };
    hands.add(hand);
    worker.on("message", (message: FromWorker) => {
      if (message.id !== hand.task?.id) return;
      const task = end(hand)!;
      worker.unref();
      if (message.kind === "done") task.resolve(message.gives);
      else task.reject(crossed(message.failure));
      pump();
    });
    let reason: unknown;
    worker.on("error", (error) => {
      reason = error;
    });
    worker.on("exit", (exitCode) => {
      hands.delete(hand);
      const task = end(hand);
      const why = reason instanceof Error ? reason.message : `exit code ${exitCode}`;
      task?.reject(
        new AppError(
          "worker-died",
          `The picture worker ended during ${task.name}: ${why}.`,
          { task: task.name },
          reason,
        ),
      );
      pump();
    });
    return hand;
  }

  return {
    run(name, asks, { bytes, signal }) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (closed) return reject(new AppError("interrupted", "The picture workers are closed."));
        const id = ++ids;
        const onAbort = () => {
          const at = queue.findIndex((task) => task.id === id);
          if (at >= 0) queue.splice(at, 1);
          // A running task ends at its next step; its memory counts until then.
          const hand = [...hands].find((one) => one.task?.id === id);
          hand?.worker.postMessage({ kind: "abort", id } satisfies ToWorker);
          reject(signal!.reason);
          pump();
        };
        const settled =
          <T>(then: (value: T) => void) =>
          (value: T) => {
            signal?.removeEventListener("abort", onAbort);
            then(value);
          };
        signal?.addEventListener("abort", onAbort, { once: true });
        queue.push({ id, name, asks, bytes, resolve: settled(resolve), reject: settled(reject) });
        pump();
      });
    },
    async close() {
      closed = true;
      for (const task of queue.splice(0)) task.reject(new AppError("interrupted", "The picture workers were closed."));
      await Promise.all([...hands].map(({ worker }) => worker.terminate()));
    },
  };
}
