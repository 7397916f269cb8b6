/** Following photos through the line to their ends, and telling what keeps them when nothing moves. */
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError, isErrorCode } from "../core/errors.ts";
import { copyWait, ENDED, type Job, shootWait } from "../core/job/job.ts";
import { readUnready } from "./abilities.ts";
import { readDown } from "./breaker.ts";
import { hoursSentence, waitsUntil } from "./hours.ts";
import { readPauses } from "./pauses.ts";
import type { LinePorts } from "./wire.ts";

export const FOLLOW_MS = 250;
/** A silent backend or a full disk keeps an errand waiting this long; then the photos stay in the ledger for later. */
export const STUCK_MAX_MS = 30_000;

type Following = {
  readonly signal: AbortSignal;
  /** Called now and then with the jobs as they stand. */
  readonly progress: (jobs: readonly Job[]) => void;
  readonly ports: LinePorts;
  /** Do we run the line ourselves, or does a daemon? */
  readonly isOurs: boolean;
  readonly inboxes: readonly InboxConfig[];
};

/** Waits until every job has ended or is held; gives the error that kept all of them from moving too long. */
export async function follow(
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
