/**
 * The courier: tells programs and webhooks what the ledger keeps for them, beside the line and never in its way.
 * Safe to run twice: what was told but not noted as told is told again, under the same id.
 */
import { openHooks } from "../adapters/hooks.ts";
import { type HookTarget, shownTarget, type Wanted, wantedBy } from "../core/config/hooks.ts";
import { asAppError } from "../core/errors.ts";
import { hookDocument } from "../core/job/hook-body.ts";
import type { Ports } from "../ports.ts";
import type { Delivery, HookAnswer } from "../ports-hooks.ts";
import type { Project } from "./wire.ts";

/** Told at once by one hook, so that one that hangs keeps no other from its turn. */
const AT_ONCE_MAX = 4;
const LOOK_MS = 500;
const DRAIN_LOOK_MS = 100;
const LEDGER_PAUSE_MS = 10_000;
/** Attempts for one delivery: with the pauses between them, about an hour and a half. */
export const HOOK_ATTEMPTS_MAX = 14;
const PAUSE_FIRST_MS = 1_000;
const PAUSE_MAX_MS = 15 * 60_000;
/** A program that stops waits so long for what is being told; the rest is told at the next start. */
const GOODBYE_MS = 2_000;

export type Courier = {
  /** Tells everything that is due. A hook that does not answer is not waited for: the rest of its news waits for the next run. */
  drain(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
};

type CourierPorts = Pick<Ports, "clock" | "ids" | "ledger" | "log">;

/** Whom to tell, of what, and what is being told. */
type Hook = {
  readonly target: HookTarget;
  readonly wanted: readonly Wanted[];
  readonly telling: Map<string, Promise<void>>;
  /** Its last answer, or that there was none, asks for another attempt. */
  isDown: boolean;
};

/** Begins to tell. Before the line starts, so that no outcome goes unheard. */
export async function openCourier(ports: CourierPorts, { config, root, env }: Project): Promise<Courier> {
  const { clock, ids, ledger, log } = ports;
  const { tell: ask } = openHooks({ root, env, clock });
  const ending = new AbortController();
  const stopping = new AbortController();
  let waking = new AbortController();
  const hooks: Hook[] = [...wantedBy(config)].map(([target, wanted]) => ({
    target,
    wanted,
    telling: new Map(),
    isDown: false,
  }));
  await ledger.deliveries.want(
    hooks.flatMap(({ wanted }) => wanted),
    clock.now(),
  );

  async function tell(delivery: Delivery, hook: Hook): Promise<void> {
    const { id, event, job } = delivery;
    const about = { delivery: id, event, ...(job && { job }), hook: shownTarget(hook.target) };
    const document = hookDocument(delivery);
    const answer = await ask(hook.target, document, delivery, ending.signal).catch((thrown): HookAnswer => {
      if (ending.signal.aborted) throw thrown;
      return { kind: "failed", reason: asAppError(thrown).message, said: "", again: false };
    });
    hook.isDown = answer.kind === "failed" && answer.again;
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

  function begin(delivery: Delivery, hook: Hook): void {
    const told = tell(delivery, hook)
      .catch(async (thrown) => {
        if (ending.signal.aborted) return;
        log.warn({ err: asAppError(thrown) }, "what became of a hook could not be kept; it is told again");
        // A ledger that takes no notes would have the same news told over and over.
        await clock.sleep(LEDGER_PAUSE_MS, stopping.signal);
      })
      .finally(() => {
        hook.telling.delete(delivery.id);
        waking.abort();
      });
    hook.telling.set(delivery.id, told);
  }

  /** Begins what is due and has a place. */
  async function step(): Promise<void> {
    for (const hook of hooks) {
      const { wanted, telling } = hook;
      const room = AT_ONCE_MAX - telling.size;
      if (room === 0) continue;
      for (const delivery of await ledger.deliveries.due(wanted, clock.now(), room, [...telling.keys()]))
        begin(delivery, hook);
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted && hooks.length > 0) {
      waking = new AbortController();
      await step().catch((err) => log.debug({ err }, "the ledger does not say what hooks are to be told"));
      await clock.sleep(LOOK_MS, waking.signal);
    }
  }
  const working = work();

  return {
    async drain(signal) {
      // What fails now falls due later than this, and is left for then.
      const now = clock.now();
      for (const hook of hooks)
        while (!signal.aborted && !hook.isDown) {
          if ((await ledger.deliveries.due(hook.wanted, now, 1, [])).length === 0) break;
          await clock.sleep(DRAIN_LOOK_MS, signal);
        }
    },
    async stop() {
      stopping.abort();
      waking.abort();
      const goodbye = new AbortController();
      const told = Promise.all(hooks.flatMap(({ telling }) => [...telling.values()]));
      await Promise.race([told, clock.sleep(GOODBYE_MS, goodbye.signal)]);
      goodbye.abort();
      ending.abort();
      await Promise.all([working, told]);
      await Promise.all(hooks.flatMap(({ telling }) => [...telling.values()]));
    },
  };
}

/** Doubles up to a quarter of an hour, with jitter; longer where the other side asks for it. */
function pauseOf(answer: HookAnswer, failed: number, random: number): number {
  const usual = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** failed) * (0.5 + random / 2);
  const asked = answer.kind === "failed" ? (answer.afterMs ?? 0) : 0;
  return Math.round(Math.max(usual, asked));
}
