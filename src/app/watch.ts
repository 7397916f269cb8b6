/**
 * Other processes steer the line by writing to the ledger: cancel, retry, approve, a new photo. SQLite tells cheaply whether
 * any of them has, so that it is acted on well within a second; what is missed here is seen by the lease and the sweep.
 */
import { asAppError } from "../core/errors.ts";
import type { Ports } from "../ports.ts";

const LOOK_MS = 250;

/** Until the signal aborts. `changed` is told of writes that are not ours. */
export async function watchLedger(
  { clock, ledger, log }: Pick<Ports, "clock" | "ledger" | "log">,
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let isUntold = false;
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    if (signal.aborted) return;
    try {
      isUntold = (await ledger.changed()) || isUntold;
      if (isUntold) await changed();
      isUntold = false;
    } catch (thrown) {
      log.debug({ err: asAppError(thrown) }, "the ledger could not be looked at");
    }
  }
}
