/**
 * A pool of worker processes under two limits: how many work at once, and how much memory they may need together.
 *
 * Tasks start in the order they came, but for those that a backend waits for, which go first. A task larger than the whole budget runs when nothing else does, so that a panorama
 * waits for its turn and never for ever. A worker that dies fails its own task and is replaced at the next need. Workers
 * are processes because decoders are native code: what crashes or hangs there takes a thread's whole program with it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { AppError } from "../../core/errors.ts";
import type { Log } from "../../ports.ts";
import { crossed, type FromWorker, type ToWorker } from "./tasks.ts";

export type PoolOptions = {
  readonly program: URL;
  readonly workers: number;
  readonly memoryBytes: number;
  /** A task that runs longer is ended with its worker. */
  readonly limitMs: number;
  /** Words for the program. */
  readonly words: readonly string[];
  readonly log: Log;
};

export type Pool = {
  run(
    name: string,
    asks: unknown,
    needs: {
      readonly bytes: number;
      readonly signal?: AbortSignal | undefined;
      /** Before all tasks that are not: a backend stands still until it is done. */
      readonly ahead?: boolean;
    },
  ): Promise<unknown>;
  close(): Promise<void>;
};

type Task = {
  readonly id: number;
  readonly name: string;
  readonly asks: unknown;
  readonly bytes: number;
  readonly ahead: boolean;
  readonly resolve: (gives: unknown) => void;
  readonly reject: (error: unknown) => void;
};

type Hand = { readonly worker: ChildProcess; task: Task | null; timer: NodeJS.Timeout | undefined };

/** A worker that hangs in the system is waited for no longer than this. */
const GONE_MS = 5_000;
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
    hold(hand.worker, true);
    hand.timer = setTimeout(() => overdue(hand, task), options.limitMs);
    tell(hand.worker, { kind: "run", id: task.id, name: task.name, asks: task.asks });
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
    hand.worker.kill("SIGKILL");
  }

  /** Its files are on a share that is away: it may hang in the system, where no kill reaches it. Its place is free at once. */
  function abandon(hand: Hand): void {
    end(hand);
    hands.delete(hand);
    hold(hand.worker, false);
    hand.worker.kill("SIGKILL");
  }

  function hire(): Hand {
    const worker = fork(fileURLToPath(options.program), options.words, {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      serialization: "advanced",
      // A worker's own words go where ours go; its standard output is nobody's data.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Ctrl-C in a terminal is for us, who tell the workers.
      detached: true,
      windowsHide: true,
    });
    const hand: Hand = { worker, task: null, timer: undefined };
    hands.add(hand);
    worker.on("message", (message: FromWorker) => {
      if (message.id !== hand.task?.id) return;
      const task = end(hand)!;
      hold(worker, false);
      if (message.kind === "done") task.resolve(message.gives);
      else task.reject(crossed(message.failure));
      pump();
    });
    let isGone = false;
    const gone = (why: string, cause?: unknown) => {
      if (isGone) return;
      isGone = true;
      hands.delete(hand);
      const task = end(hand);
      const said = `The picture worker ended during ${task?.name}: ${why}.`;
      task?.reject(new AppError("worker-died", said, { task: task.name }, cause));
      pump();
    };
    // Also said of a message that found nobody, whose worker's exit says the rest; without a number it never began.
    worker.on("error", (error) => {
      if (worker.pid === undefined) gone(error.message, error);
    });
    worker.on("exit", (exitCode, exitSignal) => gone(exitSignal ?? `exit code ${exitCode}`));
    return hand;
  }

  return {
    run(name, asks, { bytes, signal, ahead = false }) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (closed) return reject(new AppError("interrupted", "The picture workers are closed."));
        const id = ++ids;
        const onAbort = () => {
          const at = queue.findIndex((task) => task.id === id);
          if (at >= 0) queue.splice(at, 1);
          // A running task ends at its next step; its memory counts until then.
          const hand = [...hands].find((one) => one.task?.id === id);
          if (hand && signal!.reason instanceof AppError && signal!.reason.code === "share-away") abandon(hand);
          else if (hand) tell(hand.worker, { kind: "abort", id });
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
        const behind = ahead ? queue.findIndex((task) => !task.ahead) : -1;
        const task: Task = { id, name, asks, bytes, ahead, resolve: settled(resolve), reject: settled(reject) };
        queue.splice(behind < 0 ? queue.length : behind, 0, task);
        pump();
      });
    },
    async close() {
      closed = true;
      for (const task of queue.splice(0)) task.reject(new AppError("interrupted", "The picture workers were closed."));
      const gone = [...hands].map(({ worker }) => new Promise((done) => worker.once("exit", done)));
      for (const { worker } of hands) {
        hold(worker, true);
        worker.kill("SIGKILL");
      }
      await Promise.race([Promise.all(gone), new Promise((late) => setTimeout(late, GONE_MS))]);
    },
  };
}

/** A worker that is gone hears nothing; its exit says so to whoever waits. */
function tell(worker: ChildProcess, message: ToWorker): void {
  if (worker.connected) worker.send(message, () => undefined);
}

/** Whether the program stays alive for this worker. */
function hold(worker: ChildProcess, stays: boolean): void {
  if (stays) {
    worker.ref();
    worker.channel?.ref();
  } else {
    worker.unref();
    worker.channel?.unref();
  }
}
