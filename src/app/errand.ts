/**
 * An errand: a command's own photos through the line. Beside a daemon the jobs are the daemon's and the errand follows
 * them; alone, the errand takes the lock and runs the line for its own jobs.
 */
import { takeLineLock } from "../adapters/sqlite/lock.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError, isErrorCode } from "../core/errors.ts";
import { startOf } from "../core/job/identity.ts";
import { copyWait, ENDED, type Job, shootWait } from "../core/job/job.ts";
import type { Files, Log } from "../ports.ts";
import { readUnready } from "./abilities.ts";
import { readDown } from "./breaker.ts";
import { openCourier } from "./courier.ts";
import { hoursSentence, waitsUntil } from "./hours.ts";
import { openInboxes } from "./inboxes.ts";
import { addJob, type IntakeContext, type NewPhoto } from "./intake.ts";
import { startLine } from "./line.ts";
import { shootOf } from "./looks.ts";
import { readPauses } from "./pauses.ts";
import { sweepUntilSettled } from "./schedules.ts";
import { openShootKeeper } from "./shoots-complete.ts";
import { type LinePorts, openPorts, type Project, sha256Of } from "./wire.ts";

const FOLLOW_MS = 250;
/** A silent backend or a full disk keeps an errand waiting this long; then the photos stay in the ledger for later. */
const STUCK_MAX_MS = 30_000;

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
    return refusals;
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
      await sweepUntilSettled(scanners, settleMs, context.ports, errand.signal);
      await Promise.all(scanners.map((scanner) => scanner.stop()));
      for (const { path } of inboxes)
        for (const job of await ledger.jobs.find({ inbox: path, statuses: ["ready", "leased"] })) mine.add(job.id);
      const paths = new Set<string>(inboxes.map(({ path }) => path));
      return (await ledger.sightings.all())
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
    },
    inboxes,
  );
}

type Gather = (
  context: IntakeContext & { readonly ports: LinePorts },
  mine: Set<string>,
) => Promise<readonly Refusal[]>;

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
  try {
    const accepted = () => line?.runner.nudge();
    const refusals = await gather(
      { ports, config: project.config, sha256: sha256Of, accepted, ...(say && { say }) },
      mine,
    );
    const stuck = await follow(mine, { ports, signal, progress, isOurs: lock !== undefined, inboxes });
    if (lock) await openShootKeeper(ports, { inboxes: swept }).look(signal);
    await courier?.drain(signal);
    signal.throwIfAborted();
    return { jobs: await ports.ledger.jobs.find({ ids: [...mine] }), refusals, stuck };
  } finally {
    await line?.stop();
    await courier?.stop();
    await ports.close();
    lock?.release();
  }
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

type Following = Pick<Errand, "signal" | "progress"> & {
  readonly ports: LinePorts;
  /** Do we run the line ourselves, or does a daemon? */
  readonly isOurs: boolean;
  readonly inboxes: readonly InboxConfig[];
};

/** Waits until every job has ended or is held; gives the error that kept all of them from moving too long. */
async function follow(
  mine: ReadonlySet<string>,
  { ports, signal, progress, isOurs, inboxes }: Following,
): Promise<AppError | null> {
  const { clock, ledger } = ports;
  let stuckSince: number | null = null;
  while (!signal.aborted) {
    const jobs = await ledger.jobs.find({ ids: [...mine] });
    progress(jobs);
    const held = await heldFor(jobs, ledger);
    const open = jobs.filter(
      ({ status, waitsOn }) => status !== "held" && !ENDED.includes(status) && !(waitsOn !== null && held.has(waitsOn)),
    );
    if (open.length === 0) return null;
    const seenAt = (await ledger.daemon.get())?.seenAt ?? 0;
    if (!isOurs && clock.now() - seenAt > STUCK_MAX_MS)
      return new AppError("interrupted", "The daemon that had these photos has stopped.");
    const obstacle = isOurs ? ports.backends.obstacle : await obstaclesTold(ledger);
    const isStill = open.every(({ status }) => status === "ready");
    const trouble = isStill ? await troubleOf(open, obstacle, ports, inboxes) : null;
    // A pause ends by somebody's word alone.
    if (trouble?.code === "paused") return trouble;
    stuckSince = trouble ? (stuckSince ?? clock.now()) : null;
    if (trouble && stuckSince !== null && clock.now() - stuckSince > STUCK_MAX_MS) return trouble;
    await clock.sleep(FOLLOW_MS, signal);
  }
  return null;
}

/** The waits for looks that wait for a person: of a shoot, or of the photo that one is a copy of. */
async function heldFor(all: readonly Job[], { jobs, shoots }: LinePorts["ledger"]): Promise<ReadonlySet<string>> {
  const waits = new Set(all.map(({ waitsOn }) => waitsOn));
  const ofShoots = all.some(({ shoot, waitsOn }) => shoot && waitsOn !== null) ? await shoots.waiting() : [];
  const firsts = [...waits]
    .filter((name) => name?.startsWith(copyWait("")))
    .map((name) => name!.slice(copyWait("").length));
  const ofCopies = firsts.length > 0 ? await jobs.find({ ids: firsts }) : [];
  return new Set([
    ...ofShoots.filter(({ state }) => state === "held").map(({ id }) => shootWait(id)),
    ...ofCopies.filter(({ status }) => status === "held").map(({ id }) => copyWait(id)),
  ]);
}

type ObstacleOf = LinePorts["backends"]["obstacle"];

/** Beside a daemon: what its backends lack is what it told the ledger. */
async function obstaclesTold(ledger: LinePorts["ledger"]): Promise<ObstacleOf> {
  const down = await readDown(ledger);
  const unready = await readUnready(ledger);
  const errorOf = (name: string, workflow: string): AppError | undefined => {
    const silent = down.find(({ backend }) => backend === name);
    if (silent && isErrorCode(silent.code)) return new AppError(silent.code, silent.message);
    const lack = unready.find((each) => each.backend === name && each.workflow === workflow);
    return lack && new AppError("workflow-unready", lack.message);
  };
  return ({ recipe, facts }) => {
    const names = facts.backend === undefined ? recipe.backends : [facts.backend];
    const errors = names.map((name) => errorOf(name, recipe.workflow));
    return errors.every((error) => error !== undefined) ? errors[0] : undefined;
  };
}

/** What keeps these waiting jobs, when it is the surroundings that do; null while any of them may still move. */
async function troubleOf(
  open: readonly Job[],
  obstacleOf: ObstacleOf,
  { clock, ledger }: LinePorts,
  inboxes: readonly InboxConfig[],
): Promise<AppError | null> {
  const pauses = await readPauses(ledger, clock.now());
  let trouble: AppError | null = null;
  for (const job of open) {
    const { id, stage, facts, recipe, inbox, shoot, waitsOn } = job;
    // It waits for another photo, which is judged itself.
    if (waitsOn !== null && (shoot || waitsOn.startsWith(copyWait("")))) continue;
    const goesOut = stage === "upload" || stage === "queue";
    const isStopped = (backend: string) => pauses.isPaused({ backend, inbox }) || pauses.isDrained(backend);
    const names = recipe.backends.filter((name) => !goesOut || !isStopped(name));
    if (goesOut && names.length === 0) {
      const settings = inboxes.find(({ path }) => path === inbox);
      const until = settings && pauses.closedUntil(inbox) !== undefined && waitsUntil(settings, clock.now());
      trouble = new AppError(
        "paused",
        until ? hoursSentence(open, inbox, until) : "Nothing is sent to a model: hotgrade is paused.",
      );
      continue;
    }
    const obstacle =
      goesOut || stage === "fetch" ? obstacleOf({ facts, recipe: { ...recipe, backends: names } }) : undefined;
    if (obstacle) {
      trouble = obstacle;
      continue;
    }
    const last = (await ledger.attempts.of(id)).at(-1);
    if (last?.kind !== "wait" || last.code === null) return null;
    trouble = new AppError(last.code, last.message ?? last.code);
  }
  return trouble;
}
