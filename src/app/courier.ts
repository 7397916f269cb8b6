/**
 * The courier: tells programs and webhooks what the ledger keeps for them, beside the line and never in its way.
 * Safe to run twice: what was told but not noted as told is told again, under the same id.
 */
import { openHooks } from "../adapters/hooks.ts";
import { hookFor, shownTarget, wantedBy } from "../core/config/hooks.ts";
import { asAppError } from "../core/errors.ts";
import { hookDocument } from "../core/job/hook-body.ts";
import type { Ports } from "../ports.ts";
import type { Delivery, HookAnswer } from "../ports-hooks.ts";
import type { Project } from "./wire.ts";

/** Told at once. One that hangs keeps its place until its limit. */
const AT_ONCE_MAX = 4;
const LOOK_MS = 500;
/** Where nobody wants to be told, there may still be something left from before. */
const LOOK_UNWANTED_MS = 10_000;
const DRAIN_LOOK_MS = 100;
const LEDGER_PAUSE_MS = 10_000;
/** Attempts for one delivery: with the pauses between them, about an hour and a half. */
export const HOOK_ATTEMPTS_MAX = 14;
const PAUSE_FIRST_MS = 1_000;
const PAUSE_MAX_MS = 15 * 60_000;
/** A program that stops waits so long for what is being told; the rest is told at the next start. */
const GOODBYE_MS = 2_000;

export type Courier = {
  /** Tells everything that is due, once each; what fails waits for the next run. */
  drain(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
};

type CourierPorts = Pick<Ports, "clock" | "ids" | "ledger" | "log">;

/** Begins to tell. Before the line starts, so that no outcome goes unheard. */
export async function openCourier(ports: CourierPorts, { config, root, env }: Project): Promise<Courier> {
  const { clock, ids, ledger, log } = ports;
  const hooks = openHooks({ root, env, clock });
  const stopping = new AbortController();
  const ending = new AbortController();
  const telling = new Map<string, Promise<void>>();
  const wanted = wantedBy(config);
  const lookMs = wanted.length > 0 ? LOOK_MS : LOOK_UNWANTED_MS;
  await ledger.deliveries.want(wanted);

  async function tell(delivery: Delivery): Promise<void> {
    const { id, event, inbox, job } = delivery;
    const target = hookFor(config, inbox, event);
    const about = { delivery: id, event, ...(job && { job }), hook: target && shownTarget(target) };
    if (!target) return ledger.deliveries.failed(id, "The configuration has no such hook any more.", null, clock.now());
    const answer = await hooks
      .tell(target, hookDocument(delivery), delivery, ending.signal)
      .catch((thrown): HookAnswer => {
        if (ending.signal.aborted) throw thrown;
        return { kind: "failed", reason: asAppError(thrown).message, said: "", again: false };
      });
    if (answer.kind === "told") {
      log.debug({ ...about, said: answer.said }, "hook was told");
      return ledger.deliveries.delivered(id, clock.now());
    }
    const { reason, said } = answer;
    const attempts = delivery.attempts + 1;
    const isLast = !answer.again || attempts >= HOOK_ATTEMPTS_MAX;
    const pauseMs = pauseOf(answer, delivery.attempts, ids.random());
    const words = isLast && answer.again ? `${reason}; given up after ${attempts} attempts` : reason;
    const fields = { ...about, code: "hook-failed", reason: words, said, attempts };
    if (isLast) log.warn(fields, "hook was not told");
    else log.info({ ...fields, againInMs: pauseMs }, "hook will be told again");
    return ledger.deliveries.failed(id, words, isLast ? null : clock.now() + pauseMs, clock.now());
  }

  function begin(delivery: Delivery): void {
    const told = tell(delivery)
      .catch(async (thrown) => {
        if (ending.signal.aborted) return;
        log.warn({ err: asAppError(thrown) }, "what became of a hook could not be kept; it is told again");
        // A ledger that takes no notes would have the same news told over and over.
        await clock.sleep(LEDGER_PAUSE_MS, stopping.signal);
      })
      .finally(() => telling.delete(delivery.id));
    telling.set(delivery.id, told);
  }

  /** Begins what is due; gives how many. */
  async function step(): Promise<number> {
    const room = AT_ONCE_MAX - telling.size;
    const due = await ledger.deliveries.due(clock.now(), room, [...telling.keys()]);
    for (const delivery of due) begin(delivery);
    return due.length;
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const begun = await step().catch((err) => {
        log.debug({ err }, "the ledger does not say what hooks are to be told");
        return 0;
      });
      if (telling.size >= AT_ONCE_MAX) await Promise.race(telling.values());
      else if (begun === 0) await clock.sleep(lookMs, stopping.signal);
    }
  }
  const working = work();

  return {
    async drain(signal) {
      // What fails now falls due later than this, and is left for then.
      const now = clock.now();
      while (!signal.aborted) {
        if ((await ledger.deliveries.due(now, 1, [])).length === 0) return;
        await clock.sleep(DRAIN_LOOK_MS, signal);
      }
    },
    async stop() {
      stopping.abort();
      const goodbye = new AbortController();
      const told = Promise.all(telling.values());
      await Promise.race([told, clock.sleep(GOODBYE_MS, goodbye.signal)]);
      goodbye.abort();
      ending.abort();
      await Promise.all([working, told, ...telling.values()]);
    },
  };
}

/** Doubles up to a quarter of an hour, with jitter; longer where the other side asks for it. */
function pauseOf(answer: HookAnswer, failed: number, random: number): number {
  const usual = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** failed) * (0.5 + random / 2);
  const asked = answer.kind === "failed" ? (answer.afterMs ?? 0) : 0;
  return Math.round(Math.max(usual, asked));
}
