/**
 * The runner: claim ─▶ run ─▶ afterAttempt ─▶ finish, over and over, for every job that is due.
 * It knows no stage by name but for how many may run at once; what a job becomes is decided in core/job/transition.ts.
 */
import { AppError, asAppError } from "../core/errors.ts";
import { joinPath } from "../core/inbox/path-text.ts";
import type { Claimed, Facts, Outcome, Stage } from "../core/job/job.ts";
import { afterAttempt } from "../core/job/transition.ts";
import type { Ports } from "../ports.ts";
import type { ClaimRequest } from "../ports-ledger.ts";
import { programOf } from "../stages/index.ts";
import type { Pool } from "./backends.ts";
import { openTeller } from "./tell.ts";

/** Stages that share a number of places, the later ones first so that what was begun is finished. */
type Group = {
  readonly stages: readonly Stage[];
  room(): number;
  /** Backends whose jobs may be claimed, and above which priority. */
  serving(): Promise<Serving>;
};
type Serving = Pick<ClaimRequest, "backends" | "above">;

export type RunnerOptions = {
  readonly instance: string;
  readonly attemptsMax: number;
  readonly rewindsMax: number;
  /** Only these jobs, for a command that runs the line for its own. */
  readonly only?: () => readonly string[];
};

export type Runner = {
  /** Runs until stopped. */
  run(): Promise<void>;
  /** Something may have changed: look now. */
  nudge(): void;
  /** Another process wrote to the ledger: stop what is ours no more, and look now. */
  refresh(): Promise<void>;
  /** Ends what runs (uncounted, it goes on at the next start) and resolves when all is quiet. */
  stop(): Promise<void>;
};

const UPLOADS_MAX = 2;
const SUBMITS_MAX = 2;
const FETCHES_MAX = 8;
/** Previews that may wait for each worker: more would only fill the disk. */
const FINISHING_AHEAD = 2;
/** Another process may have written to the ledger: look at least this often. */
const LOOK_MS = 1_000;
/** Renewed at a third of its length. */
const LEASE_MS = 15_000;

const LEDGER_PAUSE_MS = 2_000;

type Running = { readonly claimed: Claimed; readonly stage: Stage; readonly controller: AbortController };

export function openRunner(ports: Ports & { readonly backends: Pool }, options: RunnerOptions): Runner {
  const { backends, clock, ids, ledger, log, pictures } = ports;
  const running = new Map<string, Running>();
  const stopping = new AbortController();
  const tell = openTeller(log, () => clock.now());
  let wake = new AbortController();
  let nudged = false;

  const count = (...stages: Stage[]): number =>
    [...running.values()].filter(({ stage }) => stages.includes(stage)).length;
  const answering = async (): Promise<Serving> => ({ backends: backends.up() });
  const groups: readonly Group[] = [
    {
      stages: ["retire", "write", "lut"],
      room: () => pictures.workers - count("retire", "write", "lut"),
      serving: answering,
    },
    { stages: ["fetch"], room: () => FETCHES_MAX - count("fetch"), serving: answering },
    { stages: ["queue"], room: () => SUBMITS_MAX - count("queue"), serving: answering },
    { stages: ["upload"], room: () => UPLOADS_MAX - count("upload"), serving: uploading },
  ];

  /** Uploads run ahead of each backend by a little and no more; only a photo of a higher priority goes past the others. */
  async function uploading(): Promise<Serving> {
    // Only what could be finished now counts: a photo whose outbox is full must not keep the others back.
    const only = options.only?.();
    const finishing = await ledger.jobs.loadDue(["lut", "write"], clock.now(), only);
    if (finishing >= pictures.workers * FINISHING_AHEAD) return { backends: [] };
    const free = await backends.withRoom({ only });
    if (free.length > 0) return { backends: free };
    const above = await ledger.jobs.lowestPriority(backends.up());
    return above === null ? { backends: [] } : { backends: await backends.withRoom({ above, only }), above };
  }

  async function claimAll(): Promise<number> {
    let claimed = 0;
    // To claim is to write: who only looks keeps nobody from it.
    if (!(await ledger.jobs.anyDue(clock.now()))) return 0;
    for (const { stages, room, serving } of groups) {
      const limit = room();
      const serve: Serving = limit > 0 ? await serving() : { backends: [] };
      if (limit <= 0 || stopping.signal.aborted) continue;
      const now = clock.now();
      // A prompt that another run has left there keeps its place until it is fetched.
      const only = stages.includes("fetch") ? undefined : options.only?.();
      const request = {
        stages,
        ...serve,
        known: backends.all.map(({ name }) => name),
        unable: backends.unable(),
        limit,
        leases: Array.from({ length: limit }, () => ids.uuid()),
        now,
        until: now + LEASE_MS,
        owner: options.instance,
      };
      for (const one of await ledger.jobs.claim(only ? { ...request, only } : request)) {
        claimed++;
        void work(one);
      }
    }
    return claimed;
  }

  async function work(claimed: Claimed): Promise<void> {
    const { job, lease } = claimed;
    const controller = new AbortController();
    if (stopping.signal.aborted) controller.abort(new AppError("interrupted", "hotgrade stops."));
    const entry: Running = { claimed, stage: job.stage, controller };
    running.set(lease, entry);
    const startedAt = clock.now();
    try {
      await attempt(entry, startedAt);
    } catch (thrown) {
      const error = asAppError(thrown);
      // Whoever has the lease now writes the job's fate; ours is only to say so.
      const level = error.code === "lease-lost" ? "debug" : "error";
      log[level]({ job: job.id, stage: job.stage, code: error.code, err: error }, "attempt could not be kept");
    } finally {
      running.delete(lease);
      nudge();
    }
  }

  async function attempt({ claimed, controller }: Running, startedAt: number): Promise<void> {
    const { job, lease } = claimed;
    let facts: Facts = job.facts;
    const note = async (more: Facts): Promise<void> => {
      await ledger.jobs.note(job.id, lease, more);
      facts = { ...facts, ...more };
    };
    const folder = joinPath(ports.workFolder, job.id);
    let result: Outcome | AppError;
    log.debug({ job: job.id, stage: job.stage, attempt: job.attempt + 1 }, "stage begins");
    try {
      await ports.files.makeFolder(folder);
      result = await programOf(job.stage).run(job, ports, { lease, folder, note, signal: controller.signal });
    } catch (thrown) {
      result = controller.signal.aborted ? stopped(thrown) : asAppError(thrown);
    }
    const endedAt = clock.now();
    const attemptsMax = Math.min(options.attemptsMax, programOf(job.stage).attemptsMax);
    const rules = { now: endedAt, random: ids.random(), attemptsMax, rewindsMax: options.rewindsMax };
    const { next, kind, code, message } = afterAttempt({ ...job, facts }, result, rules);
    const number = job.attempt + 1;
    await ledger.jobs.finish(job.id, lease, next, {
      stage: job.stage,
      number,
      kind,
      startedAt,
      endedAt,
      times: 1,
      code,
      message,
    });
    tell({ job, next, kind, code, message, ms: endedAt - startedAt, result });
  }

  async function renew(): Promise<void> {
    for (const one of running.values()) {
      const { job, lease } = one.claimed;
      if (!(await ledger.jobs.renew(job.id, lease, clock.now() + LEASE_MS))) lost(one);
    }
  }

  const lost = ({ claimed, controller }: Running): void =>
    controller.abort(new AppError("lease-lost", `Job ${claimed.job.id} is no longer ours.`));

  /** Reads only: a renewal of each would wait for the disk. */
  async function refresh(): Promise<void> {
    const asked = [...running.entries()];
    const leased = new Set(asked.length > 0 ? await ledger.jobs.leased(asked.map(([lease]) => lease)) : []);
    for (const [lease, one] of asked) if (!leased.has(lease) && running.has(lease)) lost(one);
    nudge();
  }

  /** Does `step` until stopped. A ledger that fails (its disk is full) is tried again: the photos are safe meanwhile. */
  async function repeat(step: () => Promise<void>): Promise<void> {
    let failing = false;
    while (!stopping.signal.aborted) {
      try {
        await step();
        failing = false;
      } catch (thrown) {
        const { code, message, hint } = asAppError(thrown);
        if (!failing) log.error({ code, reason: message, hint, err: thrown }, "ledger does not answer; trying again");
        failing = true;
        await clock.sleep(LEDGER_PAUSE_MS, stopping.signal);
      }
    }
  }

  function nudge(): void {
    nudged = true;
    wake.abort();
  }

  async function pause(): Promise<void> {
    if (nudged || stopping.signal.aborted) return;
    const due = await ledger.jobs.nextDue(clock.now());
    const ms = due === null ? LOOK_MS : Math.min(LOOK_MS, Math.max(1, due - clock.now()));
    if (!nudged) await clock.sleep(ms, wake.signal);
  }

  return {
    nudge,
    refresh,
    async run() {
      const working = repeat(async () => {
        wake = new AbortController();
        nudged = false;
        if ((await claimAll()) === 0) await pause();
      });
      const renewing = repeat(async () => {
        await clock.sleep(LEASE_MS / 3, stopping.signal);
        await renew();
      });
      await Promise.all([working, renewing]);
    },
    async stop() {
      stopping.abort();
      wake.abort();
      for (const { controller } of running.values()) controller.abort(new AppError("interrupted", "hotgrade stops."));
      while (running.size > 0) {
        wake = new AbortController();
        nudged = false;
        if (running.size > 0) await clock.sleep(LOOK_MS, wake.signal);
      }
    },
  };
}

/** What an aborted stage threw, as the reason it was aborted for. */
function stopped(thrown: unknown): AppError {
  const error = asAppError(thrown);
  if (error.code === "lease-lost") return error;
  return new AppError("interrupted", "The stage was stopped; it runs again.", {}, thrown);
}
