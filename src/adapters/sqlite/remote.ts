/** The same ledger, its connection in a worker thread, so that a slow disk never stops the event loop. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { AppError, isErrorCode } from "../../core/errors.ts";
import type { Ledger } from "../../ports.ts";
import type { Call, Reply } from "./worker.ts";

type Pending = { readonly resolve: (value: unknown) => void; readonly reject: (reason: AppError) => void };

/** Errors: those of `openLedger`. */
export async function openRemoteLedger(file: string, now: number): Promise<Ledger> {
  const worker = new Worker(new URL(`./worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: { file, now },
  });
  const pending = new Map<number, Pending>();
  let last = 0;

  worker.on("message", (reply: Reply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if ("value" in reply) return waiting?.resolve(reply.value);
    const { code, message, data } = reply.error;
    waiting?.reject(new AppError(isErrorCode(code) ? code : "internal", message, { ...data }));
  });
  let dead: AppError | undefined;
  const fail = (cause?: unknown) => {
    dead ??= new AppError("internal", "The ledger's thread has ended.", {}, cause);
    for (const { reject } of pending.values()) reject(dead);
    pending.clear();
  };
  worker.on("error", fail);
  worker.on("exit", () => fail());

  const expect = (id: number) => new Promise<unknown>((resolve, reject) => pending.set(id, { resolve, reject }));
  const call = (group: string | null, method: string, args: readonly unknown[]): Promise<unknown> => {
    if (dead) return Promise.reject(dead);
    const id = ++last;
    const reply = expect(id);
    worker.postMessage({ id, group, method, args } satisfies Call);
    return reply;
  };
  const groupOf = <Name extends keyof Ledger>(name: Name): Ledger[Name] =>
    new Proxy(
      {},
      {
        get:
          (_target, method: string) =>
          (...args: unknown[]) =>
            call(name, method, args),
      },
    ) as Ledger[Name];

  await expect(0);
  return {
    jobs: groupOf("jobs"),
    plates: groupOf("plates"),
    tickets: groupOf("tickets"),
    runs: groupOf("runs"),
    outputs: groupOf("outputs"),
    copies: groupOf("copies"),
    batches: groupOf("batches"),
    deliveries: groupOf("deliveries"),
    looks: groupOf("looks"),
    shoots: groupOf("shoots"),
    attempts: groupOf("attempts"),
    events: groupOf("events"),
    sightings: groupOf("sightings"),
    pairs: groupOf("pairs"),
    switches: groupOf("switches"),
    daemon: groupOf("daemon"),
    progress: groupOf("progress"),
    housekeeping: groupOf("housekeeping"),
    changed: () => call(null, "changed", []) as Promise<boolean>,
    close: async () => {
      await call(null, "close", []);
      await worker.terminate();
    },
  };
}
