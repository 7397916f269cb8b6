/**
 * An errand: a command's own photos through the line. Beside a daemon the jobs are the daemon's and the errand follows
 * them; alone, the errand takes the lock and runs the line for its own jobs.
 */
import { takeLineLock } from "../adapters/sqlite/lock.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { ENDED, type Job } from "../core/job/job.ts";
import type { Files, Log } from "../ports.ts";
import { openInboxes } from "./inboxes.ts";
import { addJob, type IntakeContext, type NewPhoto } from "./intake.ts";
import { startLine } from "./line.ts";
import { type LinePorts, openPorts, type Project, sha256Of } from "./wire.ts";

const FOLLOW_MS = 250;
/** A silent backend keeps an errand waiting this long; then the photos stay in the ledger for later. */
const UNREACHABLE_MAX_MS = 30_000;

export type Refusal = { readonly path: string; readonly error: AppError };
export type ErrandResult = {
  readonly jobs: readonly Job[];
  readonly refusals: readonly Refusal[];
  /** Set when the errand gave up waiting for a backend. */
  readonly unreachable: AppError | null;
};

export type Errand = {
  readonly project: Project;
  readonly files: Files;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called now and then with the jobs as they stand. */
  readonly progress: (jobs: readonly Job[]) => void;
};

/** These photos, through the line, to their ends. */
export function gradePhotos(errand: Errand, photos: readonly NewPhoto[]): Promise<ErrandResult> {
  return run(errand, async (context, mine) => {
    const refusals: Refusal[] = [];
    for (const photo of photos) {
      errand.signal.throwIfAborted();
      try {
        const job = await addJob(photo, context);
        if (job) mine.add(job.id);
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code === "internal") throw thrown;
        refusals.push({ path: photo.path, error: thrown });
      }
    }
    return refusals;
  });
}

/** One sweep of these inboxes: everything that settles is taken, and followed to its end. */
export function sweepInboxes(errand: Errand, inboxes: readonly InboxConfig[]): Promise<ErrandResult> {
  return run(errand, async (context, mine) => {
    const opened = await openInboxes(errand.project.config, inboxes, {
      ...context,
      accepted: ({ id }) => void mine.add(id),
    });
    const { clock, ledger } = context.ports;
    const settleMs = Math.min(...inboxes.map((inbox) => inbox.settleMs));
    for (;;) {
      const looks = await Promise.all(opened.map(({ scanner }) => scanner.scan()));
      if (errand.signal.aborted || looks.every(({ settling }) => settling === 0)) break;
      await clock.sleep(settleMs / 2, errand.signal);
    }
    await Promise.all(opened.map(({ scanner }) => scanner.stop()));
    for (const { path } of inboxes)
      for (const job of await ledger.jobs.find({ inbox: path, statuses: ["ready", "leased"] })) mine.add(job.id);
    const paths = new Set<string>(inboxes.map(({ path }) => path));
    return (await ledger.sightings.all())
      .filter(({ inbox, state }) => paths.has(inbox) && state !== "settling")
      .map(({ path, state, code, message }) => ({
        path,
        error: new AppError(code ?? (state === "truncated" ? "file-truncated" : "file-unsupported"), message ?? state),
      }));
  });
}

type Gather = (context: IntakeContext, mine: Set<string>) => Promise<readonly Refusal[]>;

async function run({ project, files, log, signal, progress }: Errand, gather: Gather): Promise<ErrandResult> {
  const lock = takeLineLock(project.config.ledger.file);
  const ports = await openPorts(project, files, log);
  const mine = new Set<string>();
  const { limits } = project.config;
  const line = lock && (await startLine(ports, { instance: ports.ids.uuid(), limits, only: () => [...mine] }));
  try {
    const accepted = () => line?.runner.nudge();
    const refusals = await gather({ ports, config: project.config, sha256: sha256Of, accepted }, mine);
    const unreachable = await follow(mine, ports, signal, progress);
    signal.throwIfAborted();
    return { jobs: await ports.ledger.jobs.find({ ids: [...mine] }), refusals, unreachable };
  } finally {
    await line?.stop();
    await ports.close();
    lock?.release();
  }
}

/** Waits until every job has ended or is held; gives the error of a backend that stayed silent too long. */
async function follow(
  mine: ReadonlySet<string>,
  { backends, clock, ledger }: LinePorts,
  signal: AbortSignal,
  progress: Errand["progress"],
): Promise<AppError | null> {
  let silentSince: number | null = null;
  while (!signal.aborted) {
    const jobs = await ledger.jobs.find({ ids: [...mine] });
    progress(jobs);
    const open = jobs.filter(({ status }) => status !== "held" && !ENDED.includes(status));
    if (open.length === 0) return null;
    const isStuck = backends.up().length === 0 && open.every(({ status }) => status === "ready");
    silentSince = isStuck ? (silentSince ?? clock.now()) : null;
    if (silentSince !== null && clock.now() - silentSince > UNREACHABLE_MAX_MS) {
      const name = backends.all[0]?.name ?? "";
      const { code, message } = backends.state(name);
      return new AppError(code ?? "backend-unreachable", message ?? `${name} does not answer.`);
    }
    await clock.sleep(FOLLOW_MS, signal);
  }
  return null;
}
