/**
 * An errand: a command's own photos through the line. Beside a daemon the jobs are the daemon's and the errand follows
 * them; alone, the errand takes the lock and runs the line for its own jobs.
 */
import { takeLineLock } from "../adapters/sqlite/lock.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { OWN_FAULTS } from "../core/inbox/pairs.ts";
import { startOf } from "../core/job/identity.ts";
import type { Job } from "../core/job/job.ts";
import type { Files, Log } from "../ports.ts";
import { openCourier } from "./courier.ts";
import { FOLLOW_MS, follow, STUCK_MAX_MS } from "./following.ts";
import { openInboxes } from "./inboxes.ts";
import { addJob, type IntakeContext, type NewPhoto } from "./intake.ts";
import { startLine } from "./line.ts";
import { shootOf } from "./looks.ts";
import { awayError, sweepUntilSettled } from "./schedules.ts";
import { openShootKeeper } from "./shoots-complete.ts";
import { type LinePorts, openPorts, type Project, sha256Of } from "./wire.ts";

export type Refusal = { readonly path: string; readonly error: AppError };
export type ErrandResult = {
  readonly jobs: readonly Job[];
  readonly refusals: readonly Refusal[];
  /** Set when the errand gave up waiting: for a backend, for a disk. */
  readonly stuck: AppError | null;
};

export type Errand = {
  readonly project: Project;
  readonly files: Files;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called now and then with the jobs as they stand. */
  readonly progress: (jobs: readonly Job[]) => void;
  /** Told what a person at the terminal should read, in sentences. */
  readonly say?: (sentence: string) => void;
};

/** The photos that `find` gives, through the line, to their ends. */
export function gradePhotos(
  errand: Errand,
  find: (ports: LinePorts) => Promise<readonly NewPhoto[]>,
): Promise<ErrandResult> {
  return run(errand, async (context, mine) => {
    const refusals: Refusal[] = [];
    for (const photo of await find(context.ports)) {
      errand.signal.throwIfAborted();
      try {
        const job = await addJob(photo, context);
        if (typeof job !== "string") mine.add(await askedAgain(job, context));
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code === "internal") throw thrown;
        refusals.push({ path: photo.path, error: thrown });
      }
    }
    return { refusals };
  });
}

/** The job that answers for this photo now: one that ended without its outputs still being there begins anew. */
async function askedAgain(job: Job, { ports: { clock, files, ids, ledger } }: IntakeContext): Promise<string> {
  if (job.status === "failed" || job.status === "cancelled") await ledger.jobs.retry([job.id], clock.now());
  if (job.status !== "done") return job.id;
  const outputs = await Promise.all((job.facts.outputs ?? []).map((output) => files.stat(output)));
  if (outputs.every((found) => found !== undefined)) return job.id;
  if (outputs.every((found) => found === undefined)) await ledger.outputs.release(job.id);
  const { recipe, recipeHash } = job;
  const shoot = shootOf(job.path, recipe, sha256Of);
  const as = {
    id: ids.uuid(),
    recipe,
    recipeHash,
    ...startOf(recipe, job.facts),
    shoot,
    duplicates: "regrade",
  } as const;
  return (await ledger.jobs.regrade(job.id, as, clock.now()))?.id ?? job.id;
}

/** One sweep of these inboxes: everything that settles is taken, and followed to its end. */
export function sweepInboxes(errand: Errand, inboxes: readonly InboxConfig[]): Promise<ErrandResult> {
  return run(
    errand,
    async (context, mine) => {
      const opened = await openInboxes(errand.project.config, inboxes, {
        ...context,
        accepted: ({ id }) => void mine.add(id),
      });
      const { clock, ledger } = context.ports;
      const startedAt = clock.now();
      const settleMs = Math.min(...inboxes.map((inbox) => inbox.settleMs));
      const scanners = opened.map(({ scanner }) => scanner);
      const sweep = () => sweepUntilSettled(scanners, settleMs, context.ports, errand.signal);
      const [away] = await sweep();
      for (const { path } of inboxes)
        for (const job of await ledger.jobs.find({ inbox: path, statuses: ["ready", "leased"] })) mine.add(job.id);
      const paths = new Set<string>(inboxes.map(({ path }) => path));
      const refusals = (await ledger.sightings.all())
        .filter(
          ({ inbox, state, code, at }) =>
            paths.has(inbox) && (state !== "settling" || code !== null) && at >= startedAt,
        )
        .map(({ path, state, code, message }) => ({
          path,
          error: new AppError(
            code ?? (state === "truncated" ? "file-truncated" : "file-unsupported"),
            message ?? state,
          ),
        }));
      const trouble = away && awayError(inboxes[scanners.indexOf(away)]!.path);
      return {
        refusals,
        trouble,
        sweep,
        stop: async () => void (await Promise.all(scanners.map((scanner) => scanner.stop()))),
      };
    },
    inboxes,
  );
}

type Gathered = {
  readonly refusals: readonly Refusal[];
  /** Not everything could be looked at. */
  readonly trouble?: AppError | undefined;
  /** Looks once more, for what the end of the others lets be taken. */
  sweep?(): Promise<unknown>;
  stop?(): Promise<void>;
};

type Gather = (context: IntakeContext & { readonly ports: LinePorts }, mine: Set<string>) => Promise<Gathered>;

async function run(
  { project, files, log, signal, progress, say }: Errand,
  gather: Gather,
  swept: readonly InboxConfig[] = [],
): Promise<ErrandResult> {
  const { file } = project.config.ledger;
  const first = takeLineLock(file);
  const ports = await openPorts(project, files, log);
  const lock = first ?? (await waitForTurn(file, ports, signal, say));
  const mine = new Set<string>();
  const { limits, inboxes } = project.config;
  const courier = lock && (await openCourier(ports, project));
  const line =
    lock &&
    (await startLine(ports, {
      instance: ports.ids.uuid(),
      limits,
      inboxes,
      house: project.config,
      only: () => [...mine],
    }));
  let gathered: Gathered | undefined;
  try {
    const accepted = () => line?.runner.nudge();
    const context = { ports, config: project.config, sha256: sha256Of, accepted, ...(say && { say }) };
    gathered = await gather(context, mine);
    const { refusals } = gathered;
    const toTheEnd = () => follow(mine, { ports, signal, progress, isOurs: lock !== undefined, inboxes });
    let stuck = await toTheEnd();
    // The other half of a photo whose file turned out to be damaged is graded instead.
    if (stuck === null && (await anyLost(mine, ports))) {
      await gathered.sweep?.();
      stuck = await toTheEnd();
    }
    if (lock) await openShootKeeper(ports, { inboxes }).look(signal, swept);
    await courier?.drain(signal);
    signal.throwIfAborted();
    return {
      jobs: await ports.ledger.jobs.find({ ids: [...mine] }),
      refusals,
      stuck: stuck ?? gathered.trouble ?? null,
    };
  } finally {
    await gathered?.stop?.();
    await line?.stop();
    await courier?.stop();
    await ports.close();
    lock?.release();
  }
}

async function anyLost(mine: ReadonlySet<string>, { ledger }: LinePorts): Promise<boolean> {
  const ended = await ledger.jobs.find({ ids: [...mine], statuses: ["failed", "cancelled"] });
  return ended.some(({ failure }) => failure !== null && OWN_FAULTS.includes(failure.code));
}

/** Beside a daemon there is nothing to wait for; beside another errand, its end: then the lock is ours. */
async function waitForTurn(file: string, { clock, ledger }: LinePorts, signal: AbortSignal, say: Errand["say"]) {
  for (let told = false; !signal.aborted; told = true) {
    const daemon = await ledger.daemon.get();
    if (daemon && clock.now() - daemon.seenAt <= STUCK_MAX_MS) return undefined;
    const lock = takeLineLock(file);
    if (lock) return lock;
    if (!told) say?.("Another hotgrade is at work on this ledger: waiting for its end.");
    await clock.sleep(FOLLOW_MS, signal);
  }
  return undefined;
}
