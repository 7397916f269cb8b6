/** What each backend can run, as far as somebody wanted it: asked before a photo goes there, kept for claims and `status`. */
import { abilityKey } from "../core/config/recipe.ts";
import { AppError } from "../core/errors.ts";
import type { Recipe } from "../core/job/job.ts";
import { isSameWorkflow } from "../core/workflow/names.ts";
import type { Backend, Clock, Ledger, Log } from "../ports.ts";
import type { Unable } from "../ports-ledger.ts";

/** A backend that cannot run a workflow is asked again so often: somebody may be installing what it lacks. */
const ASK_AGAIN_MS = 10_000;
/** Switches that say what is missing where: prefix, backend, a colon, workflow. */
export const UNREADY_PREFIX = "unready:";

/** What is missing where, as any process reads it in the ledger. */
export async function readUnready({ switches }: Pick<Ledger, "switches">) {
  return (await switches.all(UNREADY_PREFIX)).map(({ name, value }) => {
    const [backend = "", ...workflow] = name.slice(UNREADY_PREFIX.length).split(":");
    return { backend, workflow: workflow.join(":"), message: value };
  });
}

export type Asked = Pick<Recipe, "workflow" | "slots" | "params">;
/** A backend, and the workflows it runs; null for all. */
export type Runs = { readonly backend: Backend; readonly only: readonly string[] | null };

type Lack = Unable & { readonly runs: Runs; readonly asked: Asked; readonly error: AppError; askAt: number };

export type Abilities = {
  /** Why this backend cannot run it; undefined when it can. Errors: those of `preflight`. */
  ask(runs: Runs, asked: Asked, signal?: AbortSignal): Promise<AppError | undefined>;
  /** The answer that is known; undefined when it can, or was never asked. */
  known(backend: string, asked: Asked): AppError | undefined;
  unable(): readonly Unable[];
  /** Asks again those that it is time for, of backends that answer. True when one can now. */
  askAgain(isUp: (name: string) => boolean, signal: AbortSignal): Promise<boolean>;
};

export function openAbilities(ledger: Ledger, clock: Clock, log: Log): Abilities {
  const lacks = new Map<string, Lack>();
  const idOf = (backend: string, asked: Asked): string => `${backend}\n${abilityKey(asked)}`;
  /** `status` is another process: it reads in the ledger what is missing where. */
  const tellOthers = (backend: string, { workflow }: Asked, message: string | null) =>
    ledger.switches.set(`${UNREADY_PREFIX}${backend}:${workflow}`, message, clock.now());

  async function ask(runs: Runs, asked: Asked, signal?: AbortSignal): Promise<AppError | undefined> {
    const { name } = runs.backend;
    const { workflow, slots, params } = asked;
    const id = idOf(name, asked);
    const keep = (error: AppError, askAt: number) =>
      lacks.set(id, { backend: name, key: abilityKey(asked), runs, asked, error, askAt });
    if (runs.only !== null && !runs.only.some((other) => isSameWorkflow(other, workflow))) {
      // As it is meant to be: nothing to tell anybody.
      const error = new AppError("workflow-unready", `It runs ${runs.only.join(", ")} only.`);
      keep(error, Number.POSITIVE_INFINITY);
      return error;
    }
    const found = await runs.backend.preflight({ workflow, slots, params }, signal);
    const before = lacks.get(id);
    if (found.ready) {
      if (!before) return undefined;
      lacks.delete(id);
      log.info({ backend: name, workflow }, "backend can run the workflow now");
      const isLackLeft = [...lacks.values()].some((lack) => lack.backend === name && lack.asked.workflow === workflow);
      if (!isLackLeft) await tellOthers(name, asked, null);
      return undefined;
    }
    const error = new AppError(found.code, found.message);
    keep(error, clock.now() + ASK_AGAIN_MS);
    if (before?.error.message !== error.message) {
      log.warn({ backend: name, workflow, code: error.code, reason: error.message }, "backend cannot run the workflow");
      await tellOthers(name, asked, error.message);
    }
    return error;
  }

  return {
    ask,
    known: (backend, asked) => lacks.get(idOf(backend, asked))?.error,
    unable: () => [...lacks.values()].map(({ backend, key }) => ({ backend, key })),
    async askAgain(isUp, signal) {
      let changed = false;
      for (const lack of [...lacks.values()].filter(({ backend, askAt }) => askAt <= clock.now() && isUp(backend))) {
        lack.askAt = clock.now() + ASK_AGAIN_MS;
        if ((await ask(lack.runs, lack.asked, signal)) === undefined) changed = true;
      }
      return changed;
    },
  };
}
