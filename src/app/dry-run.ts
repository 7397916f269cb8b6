/**
 * What would happen to every file of the inboxes now: intake itself judges them, on a copy of the ledger and a disk that nothing is
 * written to. Only the quiet time of a file is not waited for.
 */
import { diskOf } from "../adapters/inbox-shares.ts";
import { type Named, openSystemSurvey } from "../adapters/inbox-survey.ts";
import { nextRun } from "../adapters/schedule.ts";
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { dispositionFolders } from "../core/config/recipe.ts";
import { asAppError, type ErrorCode } from "../core/errors.ts";
import { belongsTo } from "../core/inbox/pairs.ts";
import { joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { type Job, STAGES } from "../core/job/job.ts";
import { namingOf } from "../core/job/output-names.ts";
import { timeWords } from "../core/schedule/wall.ts";
import type { Ports, Sighting } from "../ports.ts";
import { begunOf, existingOf, THERE_BEFORE } from "./first-start.ts";
import { waitsUntil } from "./hours.ts";
import { type Intake, intakeFor } from "./intake.ts";
import { pairsAhead } from "./pairs-ahead.ts";
import { readPauses } from "./pauses.ts";
import { sha256Of } from "./wire.ts";

/**
 * `take`: it becomes a job. `known`: it is one. `wait`: it is not whole yet. `refuse`: it cannot be graded. `leave`: nothing happens.
 * `unread`: nobody knows, the whole folder cannot be read now; its path is `.`.
 */
export type Fate = "take" | "known" | "wait" | "refuse" | "leave" | "unread";

/** What a name says of a grade that is still to come. */
const UNGRADED = { lookName: null, seed: null, number: 0 } as const;
const UNTOLD = { code: null, workflow: null, backends: [], output: null, waitsFor: null } as const;
/** Files judged at once; each is read whole. */
const JUDGED_AT_ONCE = 16;

export type Foreseen = {
  readonly inbox: PathText;
  readonly path: PathText;
  readonly fate: Fate;
  readonly why: string;
  readonly code: ErrorCode | null;
  /** Of a photo that is taken. */
  readonly workflow: string | null;
  readonly backends: readonly string[];
  readonly output: PathText | null;
  /** When it begins, where that is not at once. */
  readonly waitsFor: string | null;
};

/** Files in order of inbox and name. `ports` are those of a try: see `openDryPorts`. */
export async function foresee(
  config: Config,
  inboxes: readonly InboxConfig[],
  ports: Ports,
  progress: (done: number, all: number) => void,
): Promise<readonly Foreseen[]> {
  const all: Foreseen[] = [];
  for (const inbox of inboxes) {
    const rows = await foreseeInbox(inbox, config, ports, progress);
    all.push(...rows.sort((one, other) => (one.path < other.path ? -1 : 1)));
  }
  return all;
}

async function foreseeInbox(
  inbox: InboxConfig,
  config: Config,
  ports: Ports,
  progress: (done: number, all: number) => void,
): Promise<Foreseen[]> {
  const { files, ledger, log } = ports;
  const skip = [...config.inboxes.map(({ outbox }) => outbox), ...dispositionFolders(inbox)];
  const lying = await openSystemSurvey({ root: inbox.path, skip }, log, diskOf(files)).everything();
  if (lying === undefined) return [unread(inbox)];
  const wantsAll = (await ledger.switches.get(existingOf(inbox.path))) !== undefined;
  const sightings = (await ledger.sightings.of(inbox.path)).filter(
    ({ message }) => !wantsAll || message !== THERE_BEFORE,
  );
  const known = new Map(sightings.map((sighting) => [sighting.path, sighting]));
  const jobs = new Map((await ledger.jobs.find({ inbox: inbox.path })).map((job) => [job.id, job]));
  const begun = await ledger.switches.get(begunOf(inbox.path));
  const isFirst = (begun === undefined && known.size === 0 && jobs.size === 0) || begun === "listing";
  const ignores = isFirst && inbox.existing === "ignore";
  const waitsFor = await waitOf(inbox, isFirst, ports);

  const rows = new Map<PathText, Foreseen>();
  const pairs = pairsAhead(
    inbox,
    lying.filter(({ left }) => left === null).map(({ path }) => path),
  );
  const [second = [], first = []] = [true, false].map((is) => lying.filter(({ path }) => pairs.isSecond(path) === is));
  for (const queue of [first, second])
    await Promise.all(
      Array.from({ length: JUDGED_AT_ONCE }, async () => {
        for (let file = queue.pop(); file; file = queue.pop()) {
          rows.set(file.path, await judge(file));
          progress(rows.size, lying.length);
        }
      }),
    );
  return [...rows.values()];

  async function judge(file: Named): Promise<Foreseen> {
    const row = (fate: Fate, why: string, more: Partial<Foreseen> = {}): Foreseen => ({
      ...{ inbox: inbox.path, path: file.path, fate, why },
      ...UNTOLD,
      ...more,
    });
    if (file.left !== null) return row("leave", file.left);
    const sighting = known.get(file.path);
    const isSame = sighting?.sizeBytes === file.sizeBytes && sighting.mtimeNs === file.mtimeNs;
    if (sighting && isSame && sighting.state !== "settling" && sighting.state !== "truncated")
      return knownRow(sighting);
    if (ignores) return row("leave", THERE_BEFORE);
    const role = pairs.role(file.path, (path) => rows.get(path)?.fate);
    if (role.kind === "belongs") return row("leave", belongsTo(role.to));
    if (role.kind === "wait") return row("wait", "Its other half, which would be graded, is not whole yet.");
    const ending = await file.ending();
    if (ending.kind === "incomplete") return row("wait", `Not whole: ${ending.reason}.`, { code: "file-truncated" });
    const { verdict, accepted } = await taken(file);
    if (verdict instanceof Error) return row("wait", verdict.message, { code: verdict.code });
    return accepted ? takenRow(accepted) : verdictRow(verdict);

    function knownRow({ state, code, message }: Sighting): Foreseen {
      return state === "taken" ? row("known", "Taken before.") : verdictRow({ state, code, message });
    }
    function verdictRow({ state, code, message }: Awaited<ReturnType<Intake>>): Foreseen {
      if (state === "own") return row("leave", "An output of hotgrade itself.");
      if (state === "refused") return row("refuse", message ?? "It cannot be graded.", { code });
      return row(state === "taken" ? "known" : "leave", message ?? "Known already.", { code });
    }
    function takenRow(job: Job): Foreseen {
      if (jobs.has(job.id)) return row("known", `The picture is known: job ${job.id.slice(0, 8)}, ${job.status}.`);
      const { photo } = job.facts;
      const naming = photo && namingOf(job, photo, UNGRADED, 1);
      const suffix = naming?.files.at(-1)?.suffix ?? "";
      const output = naming ? joinPath(naming.folder, `${naming.stems[0]}${suffix}` as PathText) : null;
      const asks = STAGES.indexOf(job.stage) < STAGES.indexOf("lut");
      const { workflow, backends } = job.recipe;
      const how = asks ? `${workflow} on ${backends.join(" or ")}` : "Its look is known: no model is asked.";
      const wait = asks ? waitsFor : null;
      const as = { workflow: asks ? workflow : null, backends: asks ? backends : [], output, waitsFor: wait };
      return row("take", wait === null ? how : `${how}; waits for ${wait}`, as);
    }
  }

  async function taken(file: Named) {
    let accepted: Job | undefined;
    const take = intakeFor(inbox, { ports, config, sha256: sha256Of, accepted: (job) => (accepted = job) });
    const verdict = await take(settledOf(file), Promise.resolve()).catch((thrown: unknown) => asAppError(thrown));
    return { verdict, accepted };
  }

  function settledOf({ path, sizeBytes, mtimeNs, inode }: Named) {
    return { path, absolute: joinPath(inbox.path, path), signature: { sizeBytes, mtimeNs, inode } };
  }
}

function unread({ path: inbox }: InboxConfig): Foreseen {
  const why = `${showPath(inbox)} cannot be read now.`;
  return { inbox, path: "." as PathText, fate: "unread", why, ...UNTOLD, code: "folder-unreadable" };
}

/** What photos of this inbox wait for, in words. */
async function waitOf(inbox: InboxConfig, isFirst: boolean, { clock, ledger }: Ports): Promise<string | null> {
  const now = clock.now();
  const { path, schedule, timezone, existing } = inbox;
  if (isFirst && existing === "ask") return `\`hotgrade resume --inbox ${showPath(path)}\``;
  const pauses = await readPauses({ switches: ledger.switches }, now);
  if (!pauses.none && pauses.isStopped(path)) return "`hotgrade resume`";
  const run = schedule === null ? undefined : nextRun(schedule, timezone, now);
  const words = [run !== undefined && `the run at ${timeWords(timezone, run, now)}`, hoursWords(inbox, now)];
  return words.filter(Boolean).join(" and ") || null;
}

function hoursWords(inbox: InboxConfig, now: number): string | undefined {
  const until = waitsUntil(inbox, now);
  return until && `the hours that begin at ${until}`;
}
