/**
 * The backends as one pool: which of them may have a photo, and which of those would have it graded soonest.
 * What is silent is the breaker's matter, what is paused the ledger's; here lies what each can run and what it has.
 */
import { abilityKey } from "../core/config/recipe.ts";
import { AppError, asAppError } from "../core/errors.ts";
import type { Job, Recipe } from "../core/job/job.ts";
import { leastWait } from "../core/job/placing.ts";
import { workflowKey } from "../core/workflow/names.ts";
import type { Backend, Backends, Clock, Ledger, Log } from "../ports.ts";
import type { Unable } from "../ports-ledger.ts";
import { type Breaker, openBreaker } from "./breaker.ts";
import { BACKEND_DRAINS, BACKEND_PAUSES } from "./pauses.ts";

/** Plates that may lie ready on a backend beyond the prompts it takes at once. */
const UPLOADS_AHEAD = 2;
/** A backend that cannot run a workflow is asked again so often: somebody may be installing what it lacks. */
const ASK_AGAIN_MS = 10_000;

export type Member = {
  readonly backend: Backend;
  readonly weight: number;
  /** Workflows it runs, or null for all. */
  readonly only: readonly string[] | null;
  /** Away for so long, it loses its prompts to others. */
  readonly awayMs: number;
};

type Asked = Pick<Recipe, "workflow" | "slots" | "params">;

export type Pool = Backends &
  Breaker & {
    /** What cannot be run where, as far as it is known. */
    unable(): readonly Unable[];
    /** Names of those that answer and may be sent another plate; for photos of a higher priority than `above` alone. */
    withRoom(above?: number): Promise<readonly string[]>;
    /** Asks those that could not run something, when it is time. Says whether anything changed. */
    askAgain(signal: AbortSignal): Promise<boolean>;
    /** Forgets what an earlier daemon said of them. */
    begin(): Promise<void>;
    /** Asks whether they can run this, before the first photo needs it. */
    prepare(wanted: Asked & Pick<Recipe, "backends">, signal: AbortSignal): Promise<void>;
    /** Away for so long that its prompts go elsewhere. */
    isAway(name: string): boolean;
  };

type Lack = Unable & { readonly asked: Asked; readonly message: string; askAt: number };

export function openPool(members: readonly Member[], ledger: Ledger, clock: Clock, log: Log): Pool {
  const breaker = openBreaker(
    members.map(({ backend }) => backend),
    ledger,
    clock,
    log,
  );
  const byName = new Map(
    members.map((member, at) => [member.backend.name, { ...member, backend: breaker.all[at]! }] as const),
  );
  const lacks = new Map<string, Lack>();
  /** Photos whose plate is on its way to a backend. */
  const sending = new Map<symbol, string>();
  const sendingTo = (name: string): number => [...sending.values()].filter((other) => other === name).length;

  const memberOf = (name: string): Member => {
    const member = byName.get(name);
    if (!member) throw new AppError("backend-unknown", `No backend is called ${name}.`, { name });
    return member;
  };

  /** Why this backend cannot run it; undefined when it can. What is found out is kept for claims and for `status`. */
  async function lackOf({ backend, only }: Member, asked: Asked, signal?: AbortSignal): Promise<string | undefined> {
    const { name } = backend;
    const key = abilityKey(asked);
    const { workflow, slots, params } = asked;
    const id = `${name}\n${key}`;
    if (only !== null && !only.some((other) => workflowKey(other) === workflowKey(workflow))) {
      const message = `It runs ${only.join(", ")} only.`;
      lacks.set(id, { backend: name, key, asked, message, askAt: Number.POSITIVE_INFINITY });
      return message;
    }
    const found = await backend.preflight({ workflow, slots, params }, signal);
    const before = lacks.get(id);
    if (found.ready) {
      if (before) {
        lacks.delete(id);
        log.info({ backend: name, workflow }, "backend can run the workflow now");
        await ledger.switches.set(`unready:${name}:${workflow}`, null, clock.now());
      }
      return undefined;
    }
    lacks.set(id, { backend: name, key, asked, message: found.message, askAt: clock.now() + ASK_AGAIN_MS });
    if (before?.message !== found.message) {
      log.warn({ backend: name, workflow, reason: found.message }, "backend cannot run the workflow");
      await ledger.switches.set(`unready:${name}:${workflow}`, found.message, clock.now());
    }
    return found.message;
  }

  /** Those of a job's backends that may have it; else one sentence for each. */
  async function ableFor({ recipe }: Pick<Job, "recipe">, signal?: AbortSignal) {
    const known = recipe.backends.flatMap((name) => byName.get(name) ?? []);
    if (known.length === 0)
      throw new AppError("backend-unknown", `No backend is called ${recipe.backends.join(" or ")}.`);
    const stopped = await stoppedBackends(ledger);
    const able: Member[] = [];
    const reasons: string[] = [];
    for (const member of known) {
      const { name } = member.backend;
      const { up, message } = breaker.state(name);
      if (!up) reasons.push(`${name} does not answer: ${message}`);
      else if (stopped.has(name)) reasons.push(`${name} is ${stopped.get(name)}.`);
      else {
        const lack = await lackOf(member, recipe, signal).catch((thrown: unknown) => {
          if (breaker.state(name).up) throw thrown;
          return asAppError(thrown).message;
        });
        if (lack === undefined) able.push(member);
        else reasons.push(`${name} cannot run ${recipe.workflow}: ${lack}`);
      }
    }
    return { able, reasons };
  }

  return {
    ...breaker,
    get: (name) => memberOf(name).backend,
    isUp: (name) => breaker.state(name).up,
    unable: () => [...lacks.values()].map(({ backend, key }) => ({ backend, key })),
    isAble: async (name, recipe, signal) => (await lackOf(memberOf(name), recipe, signal)) === undefined,
    isAway(name) {
      const { up, downSince, code } = breaker.state(name);
      return !up && (code === "backend-stuck" || clock.now() - downSince >= memberOf(name).awayMs);
    },
    async choose({ recipe, facts }, signal) {
      const { able, reasons } = await ableFor({ recipe }, signal);
      const asked = able.map(async ({ backend: { name }, weight }) => ({
        name,
        weight,
        waiting: await ledger.jobs.load(["queue", "fetch"], name),
        usualMs: (await ledger.runs.usual(name, recipe.workflow))?.medianMs ?? null,
        hasPlate: facts.plate !== undefined && (await ledger.plates.placement(facts.plate, name)) !== undefined,
      }));
      const candidates = await Promise.all(asked);
      // From here on nothing waits: two photos chosen for at once must see each other.
      const best = leastWait(candidates.map((one) => ({ ...one, load: one.waiting + sendingTo(one.name) })));
      const token = Symbol(best?.name);
      if (best) sending.set(token, best.name);
      const backend = best ? memberOf(best.name).backend : null;
      return { backend, reason: reasons.join(" "), [Symbol.dispose]: () => void sending.delete(token) };
    },
    async withRoom(above) {
      const free: string[] = [];
      for (const name of breaker.up()) {
        const load = (await ledger.jobs.load(["queue", "fetch"], name, above)) + sendingTo(name);
        if (load < memberOf(name).backend.depth + UPLOADS_AHEAD) free.push(name);
      }
      return free;
    },
    async askAgain(signal) {
      const due = [...lacks.values()].filter(({ backend, askAt }) => askAt <= clock.now() && breaker.state(backend).up);
      let changed = false;
      for (const lack of due) {
        lack.askAt = clock.now() + ASK_AGAIN_MS;
        if ((await lackOf(memberOf(lack.backend), lack.asked, signal)) === undefined) changed = true;
      }
      return changed;
    },
    async begin() {
      for (const prefix of ["down:", "unready:"])
        for (const { name } of await ledger.switches.all(prefix)) await ledger.switches.set(name, null, clock.now());
    },
    async prepare(wanted, signal) {
      for (const name of wanted.backends) {
        const member = byName.get(name);
        // Whatever else is wrong is told to the first photo, with its own code.
        if (member) await lackOf(member, wanted, signal).catch((err) => log.debug({ backend: name, err }, "not asked"));
      }
    },
  };
}

/** Names of the backends that get nothing new by a person's wish, and the word for it. */
async function stoppedBackends({ switches }: Ledger): Promise<ReadonlyMap<string, string>> {
  const named = async (prefix: string, word: string) =>
    (await switches.all(prefix)).map(({ name }) => [name.slice(prefix.length), word] as const);
  return new Map([...(await named(BACKEND_DRAINS, "drained")), ...(await named(BACKEND_PAUSES, "paused"))]);
}
