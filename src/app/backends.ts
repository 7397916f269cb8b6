/**
 * The backends as one pool: which of them may have a photo, and which of those would have it graded soonest.
 * What is silent is the breaker's matter (breaker.ts), what each can run is in abilities.ts, what is paused in the ledger.
 */
import { AppError, asAppError } from "../core/errors.ts";
import type { Job, Recipe } from "../core/job/job.ts";
import { leastWait } from "../core/job/placing.ts";
import type { Backends, Clock, Ledger, Log } from "../ports.ts";
import { type Abilities, type Asked, openAbilities, type Runs, UNREADY_PREFIX } from "./abilities.ts";
import { type Breaker, DOWN_PREFIX, openBreaker } from "./breaker.ts";
import { readPauses } from "./pauses.ts";

/** Plates that may lie ready on a backend beyond the prompts it takes at once. */
const UPLOADS_AHEAD = 2;

export type Member = Runs & {
  readonly weight: number;
  /** Away for so long, it loses its prompts to others. */
  readonly awayMs: number;
};

export type Pool = Backends &
  Breaker &
  Pick<Abilities, "unable"> & {
    /**
     * Names of those that answer and may be sent another plate; for photos of a higher priority than `above`, of these jobs alone.
     */
    withRoom(of: {
      readonly above?: number;
      readonly only?: readonly string[] | undefined;
    }): Promise<readonly string[]>;
    /** Asks those that could not run something, when it is time. True when one can now. */
    askAgain(signal: AbortSignal): Promise<boolean>;
    /** Forgets what an earlier daemon said of them. */
    begin(): Promise<void>;
    /** Asks whether they can run this, before the first photo needs it. */
    prepare(wanted: Asked & Pick<Recipe, "backends">, signal: AbortSignal): Promise<void>;
    /** Away for so long, or so badly, that its prompts go elsewhere. */
    isAway(name: string): boolean;
    /** What keeps this photo from every backend it may use, as far as it is known; undefined when nothing does. */
    obstacle(job: Pick<Job, "recipe" | "facts">): AppError | undefined;
  };

export function openPool(members: readonly Member[], ledger: Ledger, clock: Clock, log: Log): Pool {
  const backends = members.map(({ backend }) => backend);
  const breaker = openBreaker(backends, ledger, clock, log);
  const abilities = openAbilities(ledger, clock, log);
  const byName = new Map(
    members.map((member, at) => [member.backend.name, { ...member, backend: breaker.all[at]! }] as const),
  );
  const isUp = (name: string): boolean => breaker.state(name).up;
  /** Photos whose plate is on its way to a backend. */
  const sending = new Map<symbol, string>();
  const sendingTo = (name: string): number => [...sending.values()].filter((other) => other === name).length;

  const memberOf = (name: string): Member => {
    const member = byName.get(name);
    if (!member) throw new AppError("backend-unknown", `No backend is called ${name}.`, { name });
    return member;
  };

  /** Those of a recipe's backends that may have it; else one sentence for each. */
  async function ableFor(recipe: Recipe, signal?: AbortSignal) {
    const known = recipe.backends.flatMap((name) => byName.get(name) ?? []);
    if (known.length === 0)
      throw new AppError("backend-unknown", `No backend is called ${recipe.backends.join(" or ")}.`);
    const pauses = await readPauses(ledger, clock.now());
    const able: Member[] = [];
    const reasons: string[] = [];
    for (const member of known) {
      const { name } = member.backend;
      if (!isUp(name)) reasons.push(`${name} is not used: ${breaker.state(name).message}`);
      else if (pauses.isOff(name)) reasons.push(`${name} is paused.`);
      else if (pauses.isDrained(name)) reasons.push(`${name} is drained.`);
      else {
        const lack = await abilities.ask(member, recipe, signal).catch((thrown: unknown) => {
          // It fell silent: that is no answer about the workflow.
          if (isUp(name)) throw thrown;
          return asAppError(thrown);
        });
        if (lack === undefined) able.push(member);
        else reasons.push(`${name} cannot run ${recipe.workflow}: ${lack.message}`);
      }
    }
    return { able, reasons };
  }

  async function choose({ recipe, facts }: Pick<Job, "recipe" | "facts">, signal?: AbortSignal) {
    const { able, reasons } = await ableFor(recipe, signal);
    // One that failed this photo would be free again first, and get it again.
    const untried = able.filter(({ backend: { name } }) => !facts.failedOn?.includes(name));
    const asked = (untried.length > 0 ? untried : able).map(async ({ backend: { name }, weight }) => ({
      name,
      weight,
      waiting: await ledger.jobs.load(["queue", "fetch"], name, clock.now()),
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
  }

  return {
    ...breaker,
    get: (name) => memberOf(name).backend,
    isUp,
    choose,
    unable: abilities.unable,
    isAble: async (name, recipe, signal) => (await abilities.ask(memberOf(name), recipe, signal)) === undefined,
    isAway(name) {
      const { up, downSince, code } = breaker.state(name);
      return !up && (code === "backend-stuck" || clock.now() - downSince >= memberOf(name).awayMs);
    },
    obstacle({ recipe, facts }) {
      const names = facts.backend === undefined ? recipe.backends : [facts.backend];
      const errors = names.map((name) => {
        const { up, code, message } = breaker.state(name);
        return up ? abilities.known(name, recipe) : new AppError(code ?? "backend-unreachable", message ?? name);
      });
      return errors.every((error) => error !== undefined) ? errors[0] : undefined;
    },
    async withRoom(of) {
      const free: string[] = [];
      for (const name of breaker.up()) {
        const load = (await ledger.jobs.load(["queue", "fetch"], name, clock.now(), of)) + sendingTo(name);
        if (load < memberOf(name).backend.depth + UPLOADS_AHEAD) free.push(name);
      }
      return free;
    },
    askAgain: (signal) => abilities.askAgain(isUp, signal),
    async begin() {
      for (const prefix of [DOWN_PREFIX, UNREADY_PREFIX])
        for (const { name } of await ledger.switches.all(prefix)) await ledger.switches.set(name, null, clock.now());
    },
    async prepare(wanted, signal) {
      for (const name of wanted.backends) {
        const member = byName.get(name);
        if (!member) continue;
        // Whatever else is wrong is told to the first photo, with its own code.
        await abilities.ask(member, wanted, signal).catch((err) => log.debug({ backend: name, err }, "not asked"));
      }
    },
  };
}
