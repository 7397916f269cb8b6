/** What commands about the line share: the project they stand in, and how jobs are shown. */
import { ledgerOf, type Project } from "../app/wire.ts";
import { AppError, hintOf } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Job, KeptLook } from "../core/job/job.ts";
import { type JobProgress, progressWords } from "../core/job/progress.ts";
import type { Files, Ledger } from "../ports.ts";
import type { World } from "./command.ts";
import { loadConfig } from "./config-file.ts";
import { checkFolders } from "./config-paths.ts";
import { filesOf } from "./disk.ts";
import type { Printer } from "./print.ts";

export type OpenProject = Project & { readonly files: Files; readonly configFile: string | null };

/** The project of the working directory or of --config. Errors: `config-missing`, `config-invalid`, `folders-overlap`. */
export async function openProject(
  world: Pick<World, "cwd" | "env"> & Partial<Pick<World, "signal">>,
  explicit: string | undefined,
): Promise<OpenProject> {
  const { config, root, file } = await loadConfig({ explicit, cwd: world.cwd, env: world.env });
  const files = filesOf(world);
  await checkFolders(config.inboxes, (path) => realSoon(path, files));
  return { config, root, env: world.env, files, configFile: file };
}

/** A share that is slow to say what a path really is must not keep a command from starting: then the path as written counts. */
const REAL_MS = 1_000;

async function realSoon(path: PathText, files: Files): Promise<PathText | undefined> {
  if (!(await files.shares?.of(path))) return files.real(path);
  const late = new Promise<PathText>((resolve) => setTimeout(resolve, REAL_MS, path).unref());
  return Promise.race([files.real(path).catch(() => path), late]);
}

/** The project's ledger for one look, closed behind it. */
export async function withLedger<Result>(
  project: OpenProject,
  use: (ledger: Ledger) => Promise<Result>,
): Promise<Result> {
  const ledger = ledgerOf(project);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

/** People type the start of an id: the one job it means. Errors: `job-unknown`, `usage` when it means several. */
export async function jobNamed(ledger: Ledger, word: string): Promise<Job> {
  const found = await ledger.jobs.find({ idPrefix: word.toLowerCase(), limit: 2 });
  if (found.length > 1) throw new AppError("usage", `${word} is the start of several ids: type more of it`);
  const [job] = found;
  if (!job) throw new AppError("job-unknown", `No job's id begins with ${word}.`);
  return job;
}

/** The look that a job was given. Errors: `usage` while it has none. */
export function lookOfJob({ id, facts: { look, cube } }: Job): KeptLook {
  if (look === undefined || cube === undefined) throw new AppError("usage", `job ${id.slice(0, 8)} has no look yet`);
  return { sha256: look, file: cube };
}

/** How far the photos on backends have come, by job. */
export async function progressOf(ledger: Ledger): Promise<ReadonlyMap<string, JobProgress>> {
  return new Map((await ledger.progress.all()).map((progress) => [progress.job, progress]));
}

/** What a job is doing, in a word or two. */
export function standing(job: Job, progress?: JobProgress): string {
  if (progress) return progressWords(progress);
  switch (job.status) {
    case "done":
      return job.facts.verdict === "warn" ? "done, look at it" : "done";
    case "leased":
      return job.stage;
    case "ready":
      if (job.waitsOn !== null) return `${job.stage}, waits`;
      return job.attempt > 0 ? `${job.stage}, tries again` : `${job.stage}, next`;
    case "failed":
    case "held":
    case "cancelled":
    case "superseded":
      return job.status;
  }
}

/** A job for programs. Fields are only ever added. */
export function jobData(job: Job, progress?: JobProgress) {
  const { id, origin, inbox, path, original, generation, stage, status, attempt, rewinds, facts, failure } = job;
  return {
    id,
    origin,
    inbox: inbox === null ? null : showPath(inbox),
    path: showPath(path),
    original: showPath(original),
    generation,
    stage,
    status,
    attempt,
    rewinds,
    backend: facts.backend ?? null,
    verdict: facts.verdict ?? null,
    score: facts.score ?? null,
    finish: facts.cube === undefined ? null : (facts.finish ?? "lut"),
    heatmap: facts.heatmap === undefined ? null : showPath(facts.heatmap),
    proof: facts.proof === undefined ? null : showPath(facts.proof),
    outputs: (facts.outputs ?? []).map(showPath),
    notes: facts.notes ?? [],
    look: facts.look ?? null,
    strength: job.recipe.strength,
    shoot: job.shoot,
    error: failure && { code: failure.code, message: failure.message, hint: hintOf(failure.code) },
    waitsOn: job.waitsOn,
    progress: progressData(job, progress),
    createdAt: job.createdAt,
    endedAt: job.endedAt,
  };
}

/** From the upload to the picture; null before and after. */
function progressData({ stage, status, waitsOn }: Job, progress: JobProgress | undefined) {
  const none = { percent: 0, ahead: null, leftMs: null };
  if (progress) {
    const { phase, percent, ahead, leftMs } = progress;
    return { phase, percent, ahead, leftMs };
  }
  if (status === "leased" && stage === "upload") return { phase: "uploading", ...none };
  const isQueued = (stage === "queue" || stage === "fetch") && (status === "leased" || status === "ready");
  return isQueued && waitsOn === null ? { phase: "queued", ...none } : null;
}

/** Failed and held jobs, each with code, sentence and hint. */
export function sayTroubles(print: Printer, jobs: readonly Job[]): void {
  for (const { id, path, status, failure, facts } of jobs) {
    if ((status !== "failed" && status !== "held") || !failure) continue;
    print.say(`${showPath(path)} (job ${id.slice(0, 8)}) ${status === "held" ? "is held for you" : "failed"}`);
    print.error(new AppError(failure.code, failure.message));
    if (facts.proof) print.say(`  proof: ${showPath(facts.proof)}`);
    if (facts.heatmap) print.say(`  where: ${showPath(facts.heatmap)}`);
  }
}
