/** status: what is where, at a glance. */
import { join } from "node:path";
import { systemClock } from "../adapters/system.ts";
import { readUnready } from "../app/abilities.ts";
import { awayInboxes } from "../app/away.ts";
import { readDown } from "../app/breaker.ts";
import { begunOf, THERE_BEFORE } from "../app/first-start.ts";
import { waitsUntil } from "../app/hours.ts";
import { lockOf } from "../app/looks.ts";
import { sheetsWaiting } from "../app/shoots-complete.ts";
import { countStale } from "../app/stale.ts";
import { unwatchedOf } from "../app/unwatched.ts";
import { looksFolderOf } from "../app/wire.ts";
import { HOOK_KEYS } from "../core/config/hooks.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { hintOf, isErrorCode } from "../core/errors.ts";
import { joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { STAGES, STATUSES, type Stage, type Status } from "../core/job/job.ts";
import { progressWords } from "../core/job/progress.ts";
import type { Files, Ledger } from "../ports.ts";
import type { Count, DaemonRow } from "../ports-ledger.ts";
import { defineCommand } from "./command.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { pausesOf } from "./pause.ts";
import type { Printer } from "./print.ts";
import { jobData, type OpenProject, openProject, progressOf, withLedger } from "./project.ts";

/** A daemon announces itself every 5 s; after this long without a word it is taken for dead. */
const SILENT_MS = 20_000;
/** Troubles and waits that are listed one by one. */
const LISTED_MAX = 20;

export const status = defineCommand({
  name: "status",
  summary: "what is where: the daemon, counts by inbox and stage, what needs you",
  usage: "[--json]",
  about: [
    "Shows whether a daemon runs, how many photos stand at which stage, what failed or is held and why, and files in the inboxes that are not graded.",
    "--json prints {daemon: {pid, instance, loopDelayMaxMs}, inboxes: [{inbox, statuses, stages, warn, stale, schedule, hours, leftAlone, waiting, away}], files, troubles, progress, waiting, shoots, locks, silent, unready, pauses, unwatched: [{inbox, message}], sheets: [{folder, code, message, hint}], hooks}.",
  ],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [0, 0],
  examples: [
    ["hotgrade status", "at a glance"],
    ["hotgrade status --json | jq .inboxes", "for scripts"],
  ],
  async run(context) {
    const { options, print } = context;
    const project = await openProject(context, options.config);
    const seen = await withLedger(project, (ledger) => lookAround(ledger, project));
    if (options.json) print.json(seen);
    else say(print, seen);
    return undefined;
  },
});

type Seen = Awaited<ReturnType<typeof lookAround>>;

async function lookAround(ledger: Ledger, { config, files }: OpenProject) {
  const counts = await ledger.jobs.counts();
  const known = config.inboxes.map(({ path }) => path as PathText | null);
  const others = [...new Set(counts.map(({ inbox }) => inbox))].filter((inbox) => !known.includes(inbox));
  const belonging = await ledger.pairs.belonging();
  const inboxes = [];
  const away = await awayInboxes(ledger);
  for (const inbox of [...known, ...others]) {
    const settings = config.inboxes.find(({ path }) => path === inbox);
    // Its folder is not asked about looks and prompts either.
    const stale =
      settings && !away.has(settings.path)
        ? await countStale(settings, config, { ledger, files, looksFolder: looksFolderOf(config) })
        : 0;
    inboxes.push({
      inbox: inbox === null ? null : showPath(inbox),
      ...tally(counts.filter((count) => count.inbox === inbox)),
      stale,
      schedule: settings?.schedule ?? null,
      hours: settings?.hours ?? null,
      leftAlone: settings ? await leftAlone(ledger, settings) : 0,
      waiting: settings ? photosWaiting(counts, settings) : null,
      belonging: belonging.find((each) => each.inbox === inbox)?.count ?? 0,
      away: inbox === null ? null : await awayData(inbox, away.get(inbox), files),
    });
  }
  const troubled = await ledger.jobs.find({ statuses: ["failed", "held"], limit: LISTED_MAX });
  const open = await ledger.jobs.find({ statuses: ["ready"], limit: 200 });
  const progress = await progressOf(ledger);
  const waiting = [];
  for (const job of open) {
    if (waiting.length === LISTED_MAX) break;
    const last = (await ledger.attempts.of(job.id)).at(-1);
    if (last?.kind !== "wait" && last?.kind !== "retried") continue;
    waiting.push({ id: job.id, path: showPath(job.path), stage: job.stage, code: last.code, reason: last.message });
  }
  const silent = (await readDown(ledger)).map((down) => ({
    ...down,
    hint: isErrorCode(down.code) ? hintOf(down.code) : null,
  }));
  const unready = await readUnready(ledger);
  const pauses = await pausesOf(ledger);
  const shoots = (await ledger.shoots.waiting()).map(({ id, inbox, key, state, hero, photos }) => ({
    id,
    inbox: showPath(inbox),
    folder: showPath(key.slice(0, key.indexOf("\n"))),
    state,
    hero,
    photos,
  }));
  const locks = [];
  for (const { path } of config.inboxes) {
    const look = await ledger.switches.get(lockOf(path));
    if (look !== undefined) locks.push({ inbox: showPath(path), look });
  }
  const onTheirWay = (await ledger.jobs.find({ ids: [...progress.keys()] })).map(({ id, path }) => {
    const { phase, percent, ahead, leftMs } = progress.get(id)!;
    return { id, path: showPath(path), phase, percent, ahead, leftMs };
  });
  const hooks = (await ledger.deliveries.troubles()).map(({ inbox, event, ...rest }) => ({
    inbox: inbox === "" ? null : showPath(inbox),
    hook: HOOK_KEYS[event],
    ...rest,
  }));
  const sheets = (await sheetsWaiting(ledger)).map(({ inbox, folder, code, message }) => ({
    folder: showPath(joinPath(inbox, folder)),
    ...{ code, message, hint: hintOf(code) },
  }));
  return {
    hooks,
    sheets,
    daemon: daemonData(await ledger.daemon.get()),
    silent,
    unready,
    pauses,
    inboxes,
    files: (await ledger.sightings.all()).map(({ inbox, path, state, code, message }) => ({
      path: showPath(`${inbox}/${path}`),
      state,
      code,
      message,
      hint: code && hintOf(code),
    })),
    troubles: troubled.map((job) => jobData(job)),
    progress: onTheirWay,
    waiting,
    shoots,
    locks,
    unwatched: (
      await unwatchedOf(
        config.inboxes.map(({ path }) => path),
        ledger,
      )
    ).map(({ inbox, message }) => ({ inbox: showPath(inbox), message })),
  };
}

/** Why an inbox is not looked at just now. */
async function awayData(inbox: PathText, message: string | undefined, { shares }: Files) {
  if (message === undefined) return null;
  const code = (await shares?.of(inbox)) ? "share-away" : "folder-unreadable";
  return { code, message, hint: hintOf(code) };
}

function daemonData(row: DaemonRow | undefined) {
  if (!row || systemClock.now() - row.seenAt > SILENT_MS) return null;
  const { pid, instance, host, startedAt, loopDelayMaxMs } = row;
  return { pid, instance, host, startedAt, loopDelayMaxMs };
}

/** How many jobs have each status; how many of those still on their way stand at each stage. */
function tally(counts: readonly Count[]) {
  const statuses = Object.fromEntries(STATUSES.map((name) => [name, 0])) as Record<Status, number>;
  const stages = Object.fromEntries(STAGES.map((name) => [name, 0])) as Record<Stage, number>;
  let warn = 0;
  for (const { status, stage, verdict, count } of counts) {
    statuses[status] += count;
    if (status === "ready" || status === "leased") stages[stage] += count;
    if (status === "done" && verdict === "warn") warn += count;
  }
  return { statuses, stages, warn };
}

/** How many photos would go to a model if the hours of their inbox had begun, and when they do; null where none waits for that. */
function photosWaiting(counts: readonly Count[], settings: InboxConfig) {
  const until = waitsUntil(settings, systemClock.now());
  const photos = counts
    .filter(
      ({ inbox, stage, status }) =>
        inbox === settings.path && status === "ready" && ["upload", "queue"].includes(stage),
    )
    .reduce((sum, { count }) => sum + count, 0);
  return until === undefined || photos === 0 ? null : { photos, until };
}

/** Files that `existing: ignore` leaves alone. */
async function leftAlone(ledger: Ledger, { path }: InboxConfig): Promise<number> {
  if ((await ledger.switches.get(begunOf(path))) !== "ignored") return 0;
  return (await ledger.sightings.of(path)).filter(({ message }) => message === THERE_BEFORE).length;
}

const SAID: Readonly<Record<Status, string>> = {
  ready: "waiting their turn",
  leased: "in work",
  done: "done",
  failed: "failed",
  cancelled: "cancelled or left out",
  held: "held for you",
  superseded: "superseded",
};

function say(
  print: Printer,
  {
    daemon,
    silent,
    unready,
    pauses,
    inboxes,
    files,
    troubles,
    progress,
    waiting,
    shoots,
    locks,
    unwatched,
    sheets,
    hooks,
  }: Seen,
): void {
  print.line(daemon ? `daemon: running (pid ${daemon.pid})` : "daemon: not running; `hotgrade start` starts it");
  for (const { backend, message, hint } of silent) {
    print.line(`backend ${backend} is not used: ${message}`);
    if (hint) print.line(`  hint: ${hint}`);
  }
  for (const { backend, workflow, message } of unready)
    print.line(`backend ${backend} cannot run ${workflow}: ${message}`);
  for (const { what } of pauses) print.line(what);
  for (const { inbox, statuses, stages, warn, stale, belonging, away, leftAlone, waiting: hours } of inboxes) {
    const parts = STATUSES.filter((name) => statuses[name] > 0).map((name) => `${statuses[name]} ${SAID[name]}`);
    print.line(`${inbox ?? "(hotgrade grade)"}: ${parts.join(", ") || "no photos yet"}`);
    const open = STAGES.filter((stage) => stages[stage] > 0).map((stage) => `${stages[stage]} at ${stage}`);
    if (open.length > 0) print.line(`  ${open.join(", ")}`);
    if (hours)
      print.line(`  ${hours.photos} ${hours.photos === 1 ? "photo waits" : "photos wait"} until ${hours.until}`);
    if (leftAlone > 0)
      print.line(
        `  ${leftAlone} left alone since they were there before; \`hotgrade retry --inbox PATH --existing\` takes them`,
      );
    if (belonging > 0)
      print.line(`  ${belonging} ${belonging === 1 ? "belongs" : "belong"} to another (RAW and JPEG pairs)`);
    if (warn > 0) print.line(`  ${warn} done with verdict warn: look at them (\`hotgrade jobs\` names them)`);
    if (away !== null) {
      print.line(`  away: ${away.message}`);
      print.line(`  hint: ${away.hint}`);
    }
    if (stale > 0) print.line(`  ${stale} graded by an older recipe; \`hotgrade retry --stale\` grades them again`);
  }
  for (const { inbox, message } of unwatched) print.line(`${inbox}: ${message}`);
  for (const { inbox, hook, waiting, givenUp, reason } of hooks) {
    const counts = [waiting > 0 && `${waiting} to be told again`, givenUp > 0 && `${givenUp} given up`].filter(Boolean);
    print.line(`${inbox ?? "(hotgrade grade)"}: ${hook} fails, ${counts.join(", ")}: ${reason}`);
    print.line(`  hint: ${hintOf("hook-failed")}`);
  }
  for (const { inbox, look } of locks)
    print.line(`${inbox}: every new photo gets look ${look.slice(0, 8)}; \`hotgrade look unlock\` ends that`);
  for (const { inbox, folder, state, photos } of shoots) {
    const photosWait = `${photos} ${photos === 1 ? "photo waits" : "photos wait"} for the look of the shoot`;
    if (photos > 0 && state === "open") print.line(`${join(inbox, folder)}: ${photosWait}`);
    if (photos > 0 && state === "held") print.line(`${join(inbox, folder)}: ${photosWait}, which is held for you`);
  }
  for (const { folder, code, message, hint } of sheets) {
    print.line(`${folder}: its contact sheet waits [${code}] ${message}`);
    print.line(`  hint: ${hint}`);
  }
  for (const { path, state, code, message, hint } of files) {
    print.line(`${path}: ${state}${code ? ` [${code}]` : ""} ${message ?? ""}`.trimEnd());
    if (hint) print.line(`  hint: ${hint}`);
  }
  for (const { id, path, status: how, error, heatmap, proof } of troubles) {
    print.line(`${path}: ${how} [${error?.code ?? ""}] ${error?.message ?? ""} (job ${id.slice(0, 8)})`);
    if (proof) print.line(`  proof: ${proof}`);
    if (heatmap) print.line(`  where: ${heatmap}`);
    if (error) print.line(`  hint: ${error.hint}`);
  }
  for (const each of progress) print.line(`${each.path}: ${progressWords(each)}`);
  const told = new Set(progress.map(({ id }) => id));
  for (const { id, path, stage, code, reason } of waiting)
    if (code !== null || !told.has(id)) print.line(`${path}: waits at ${stage}: ${reason}`);
}
