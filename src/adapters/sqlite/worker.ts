/** The ledger's connection in a thread of its own: a commit waits for the disk here and nowhere else. */
import { parentPort, workerData } from "node:worker_threads";
import type { Ledger } from "../../ports.ts";
import { openLedger } from "./ledger.ts";
import { ledgerError } from "./open.ts";

/** A call of `ledger[group][method](...args)`; `group` is null for the ledger's own methods. */
export type Call = {
  readonly id: number;
  readonly group: string | null;
  readonly method: string;
  readonly args: readonly unknown[];
};
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string; readonly data: object } };

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** The first message is the reply to call 0: the opening itself. */
const OPENING = 0;

async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    parentPort?.postMessage({ id, value: await work() } satisfies Reply);
  } catch (thrown) {
    const { code, message, data } = ledgerError(thrown);
    parentPort?.postMessage({ id, error: { code, message, data } } satisfies Reply);
  }
}

let ledger: Ledger | undefined;
await answer(OPENING, async () => {
  const { file, now } = workerData as { file: string; now: number };
  ledger = openLedger(file, now);
});
parentPort?.on("message", ({ id, group, method, args }: Call) => {
  void answer(id, async () => {
    const methods = (group === null ? ledger : ledger?.[group as keyof Ledger]) as Methods;
    return methods[method]?.(...args);
  });
});
