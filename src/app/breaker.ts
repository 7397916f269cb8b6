/**
 * Which backends answer. One that does not, or that hangs, is left alone and probed now and then; its jobs wait without
 * losing an attempt, or go to another backend they may use.
 */
import { type AppError, asAppError, type ErrorCode } from "../core/errors.ts";
import type { Backend, Clock, Ledger, Log } from "../ports.ts";

/** Probes of a silent backend: after 1 s, then doubling to 15 s. */
const PROBE_FIRST_MS = 1_000;
const PROBE_MAX_MS = 15_000;

/** Errors that speak of the backend, not of the job. */
const DOWN: readonly ErrorCode[] = ["backend-unreachable", "backend-not-comfyui", "backend-stuck"];

export type BackendState = {
  readonly up: boolean;
  /** Since when it is not; 0 while it is. */
  readonly downSince: number;
  readonly code: ErrorCode | null;
  readonly message: string | null;
};

export type Breaker = {
  /** The same backends, every call of which tells how they are. */
  readonly all: readonly Backend[];
  /** Names of those that answer. */
  up(): readonly string[];
  state(name: string): BackendState;
  /** Probes what is due; gives the names that came back. */
  probeDue(signal: AbortSignal): Promise<readonly string[]>;
};

type Mutable = BackendState & { readonly probeAt: number; readonly pauseMs: number };

const FRESH: Mutable = { up: true, downSince: 0, code: null, message: null, probeAt: 0, pauseMs: PROBE_FIRST_MS };

export function openBreaker(backends: readonly Backend[], ledger: Ledger, clock: Clock, log: Log): Breaker {
  const states = new Map<string, Mutable>();
  const stateOf = (name: string): Mutable => states.get(name) ?? FRESH;

  const heard: Heard = (name, thrown, call) => {
    const before = stateOf(name);
    const error = thrown === undefined ? undefined : asAppError(thrown);
    if (error && DOWN.includes(error.code)) {
      const { code, message, hint } = error;
      const phrase = code === "backend-stuck" ? "backend hangs" : "backend does not answer";
      if (before.up) log.warn({ backend: name, code, reason: message, hint }, phrase);
      const pauseMs = before.up ? PROBE_FIRST_MS : Math.min(PROBE_MAX_MS, before.pauseMs * 2);
      const downSince = before.up ? clock.now() : before.downSince;
      states.set(name, { up: false, downSince, code, message, probeAt: clock.now() + pauseMs, pauseMs });
      if (before.message !== message) tellOthers(name, error);
    } else if (!before.up && !error) {
      // A backend that hangs answers most questions well; only its probe knows that it works again.
      if (before.code === "backend-stuck" && call !== "probe") return;
      log.info({ backend: name }, "backend answers again");
      states.set(name, FRESH);
      tellOthers(name, null);
    }
  };
  /** `status` is another process: it reads in the ledger which backends are put aside. */
  const tellOthers = (name: string, error: AppError | null): void => {
    ledger.switches
      .set(downOf(name), error && `${error.code} ${error.message}`, clock.now())
      .catch((err) => log.debug({ err, backend: name }, "the backend's state could not be written"));
  };
  const watched = backends.map((backend) => watchedBackend(backend, heard));
  return {
    all: watched,
    up: () => watched.filter(({ name }) => stateOf(name).up).map(({ name }) => name),
    state: stateOf,
    async probeDue(signal) {
      const due = watched.filter(({ name }) => !stateOf(name).up && stateOf(name).probeAt <= clock.now());
      await Promise.all(due.map((backend) => backend.probe(signal).catch(() => undefined)));
      return due.map(({ name }) => name).filter((name) => stateOf(name).up);
    },
  };
}

/** The switch that says, in the words `code message`, that a backend is put aside. */
export const downOf = (name: string): string => `${DOWN_PREFIX}${name}`;
export const DOWN_PREFIX = "down:";

/** The backends that the daemon has put aside, as any process reads it in the ledger. */
export async function readDown({ switches }: Pick<Ledger, "switches">) {
  return (await switches.all(DOWN_PREFIX)).map(({ name, value }) => {
    const [code = "", ...words] = value.split(" ");
    return { backend: name.slice(DOWN_PREFIX.length), code, message: words.join(" ") };
  });
}

/** What a call of a backend came to: `thrown` when it failed. */
type Heard = (name: string, thrown: unknown, call: keyof Backend) => void;

/** The same backend, every call of which tells `heard` how it went. */
function watchedBackend(backend: Backend, heard: Heard): Backend {
  const watch =
    <Arguments extends unknown[], Result>(name: keyof Backend, call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      try {
        const result = await call(...args);
        heard(backend.name, undefined, name);
        return result;
      } catch (thrown) {
        heard(backend.name, thrown, name);
        throw thrown;
      }
    };
  const { probe, preflight, put, submit, progress, withdraw, cancel, tidy, rounding, picture } = backend;
  return {
    ...backend,
    probe: watch("probe", probe),
    preflight: watch("preflight", preflight),
    put: watch("put", put),
    submit: watch("submit", submit),
    progress: watch("progress", progress),
    withdraw: watch("withdraw", withdraw),
    cancel: watch("cancel", cancel),
    tidy: watch("tidy", tidy),
    rounding: watch("rounding", rounding),
    picture: watch("picture", picture),
  };
}
