/**
 * Which backends answer. A backend that does not is left alone and probed now and then; its jobs wait without losing
 * an attempt, or go to another backend they may use.
 */
import { AppError, asAppError, type ErrorCode } from "../core/errors.ts";
import type { Backend, Backends, Clock, Ledger, Log } from "../ports.ts";

/** Probes of a silent backend: after 1 s, then doubling to 15 s. */
const PROBE_FIRST_MS = 1_000;
const PROBE_MAX_MS = 15_000;

/** Errors that speak of the backend, not of the job. */
const DOWN: readonly ErrorCode[] = ["backend-unreachable", "backend-not-comfyui"];

export type BackendState = { readonly up: boolean; readonly code: ErrorCode | null; readonly message: string | null };

export type Breaker = Backends & {
  /** Names of those that answer. */
  readonly up: () => readonly string[];
  readonly all: readonly Backend[];
  state(name: string): BackendState;
  /** Probes what is due; gives the names that came back. */
  probeDue(signal: AbortSignal): Promise<readonly string[]>;
};

type Mutable = BackendState & { readonly probeAt: number; readonly pauseMs: number };

export function openBreaker(backends: readonly Backend[], ledger: Ledger, clock: Clock, log: Log): Breaker {
  const states = new Map<string, Mutable>();
  const fresh: Mutable = { up: true, code: null, message: null, probeAt: 0, pauseMs: PROBE_FIRST_MS };
  const stateOf = (name: string): Mutable => states.get(name) ?? fresh;

  const heard = (name: string, thrown?: unknown): void => {
    const before = stateOf(name);
    const error = thrown === undefined ? undefined : asAppError(thrown);
    if (error && DOWN.includes(error.code)) {
      if (before.up) log.warn({ backend: name, code: error.code, reason: error.message }, "backend does not answer");
      const pauseMs = before.up ? PROBE_FIRST_MS : Math.min(PROBE_MAX_MS, before.pauseMs * 2);
      const probeAt = clock.now() + pauseMs;
      states.set(name, { up: false, code: error.code, message: error.message, probeAt, pauseMs });
      if (before.up) tellOthers(name, error.message);
    } else if (!before.up && !error) {
      log.info({ backend: name }, "backend answers again");
      states.set(name, fresh);
      tellOthers(name, null);
    }
  };
  /** `status` is another process: it reads in the ledger which backends are silent. */
  const tellOthers = (name: string, message: string | null): void => {
    ledger.switches
      .set(`down:${name}`, message, clock.now())
      .catch((err) => log.debug({ err, backend: name }, "the backend's state could not be written"));
  };
  const watched = backends.map((backend) => watchedBackend(backend, heard));
  const byName = new Map(watched.map((backend) => [backend.name, backend]));

  return {
    all: watched,
    up: () => watched.filter(({ name }) => stateOf(name).up).map(({ name }) => name),
    state: stateOf,
    get(name) {
      const backend = byName.get(name);
      if (!backend) throw new AppError("backend-unknown", `No backend is called ${name}.`, { name });
      return backend;
    },
    async choose(names) {
      const known = names.flatMap((name) => byName.get(name) ?? []);
      if (known.length === 0) throw new AppError("backend-unknown", `No backend is called ${names.join(" or ")}.`);
      const able = known.filter(({ name }) => stateOf(name).up);
      let best: { backend: Backend; load: number } | undefined;
      for (const backend of able) {
        const load = (await ledger.jobs.load(["upload", "queue", "fetch"], backend.name)) / backend.depth;
        if (!best || load < best.load) best = { backend, load };
      }
      return best?.backend;
    },
    async probeDue(signal) {
      const due = watched.filter(({ name }) => !stateOf(name).up && stateOf(name).probeAt <= clock.now());
      await Promise.all(due.map((backend) => backend.probe(signal).catch(() => undefined)));
      return due.map(({ name }) => name).filter((name) => stateOf(name).up);
    },
  };
}

/** The same backend, every call of which tells `heard` how it went. */
function watchedBackend(backend: Backend, heard: (name: string, thrown?: unknown) => void): Backend {
  const watch =
    <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      try {
        const result = await call(...args);
        heard(backend.name);
        return result;
      } catch (thrown) {
        heard(backend.name, thrown);
        throw thrown;
      }
    };
  return {
    ...backend,
    probe: watch((signal) => backend.probe(signal)),
    put: watch((plate, signal) => backend.put(plate, signal)),
    submit: watch((submission, signal) => backend.submit(submission, signal)),
    progress: watch((submission, signal) => backend.progress(submission, signal)),
    cancel: watch((ticket, signal) => backend.cancel(ticket, signal)),
    rounding: watch((signal) => backend.rounding(signal)),
    picture: watch((submission, ref, to, signal) => backend.picture(submission, ref, to, signal)),
  };
}
