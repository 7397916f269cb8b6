/** The sweep: what no event tells. Expired leases, heroes that fell out of their shoots, backends, and housekeeping when it is due. */
import { asAppError } from "../core/errors.ts";
import type { Ports } from "../ports.ts";
import type { Pool } from "./backends.ts";
import { type Housekeeping, openHousekeeping } from "./housekeeping.ts";
import { openStrays } from "./strays.ts";
import { tendBackends } from "./tend-backends.ts";
import { openTidy } from "./tidy.ts";

const SWEEP_MS = 2_000;
/** A program that ends tidies up behind itself, but not for long. */
const GOODBYE_MS = 2_000;

export type Sweep = {
  run(signal: AbortSignal): Promise<void>;
  /** Something may have changed: sweep now. */
  nudge(): void;
};

export function openSweep(
  ports: Ports & { readonly backends: Pool },
  instance: string,
  house: Housekeeping,
  nudge: () => void,
): Sweep {
  const { clock, ledger, log } = ports;
  const strays = openStrays(ports, nudge);
  const tend = tendBackends(ports);
  const tidy = openTidy(ports);
  const keepHouse = openHousekeeping(ports, house);
  let wake = new AbortController();

  async function once(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    let moved = await ledger.jobs.freeLeases(instance, now);
    moved += await ledger.shoots.tend(now);
    await strays.begin(signal);
    moved += await tend(signal);
    await tidy(signal);
    if (moved > 0) nudge();
    await keepHouse();
  }

  return {
    nudge: () => wake.abort(),
    async run(signal) {
      while (!signal.aborted) {
        wake = new AbortController();
        try {
          await once(signal);
        } catch (thrown) {
          const error = asAppError(thrown);
          if (!signal.aborted) log.warn({ code: error.code, err: error }, "sweep failed; it is repeated");
        }
        await clock.sleep(SWEEP_MS, AbortSignal.any([signal, wake.signal]));
      }
      await strays.quiet();
      await tidy(AbortSignal.timeout(GOODBYE_MS)).catch((err) => log.debug({ err }, "not all histories are tidy"));
    },
  };
}
