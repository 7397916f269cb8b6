/** How long many photos will take, by what earlier runs took: said before the first one goes out. */
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { backendsFor } from "../core/config/recipe.ts";
import { baseName, showPath } from "../core/inbox/path-text.ts";
import { ENDED } from "../core/job/job.ts";
import type { Ledger, Ports } from "../ports.ts";

/** Fewer photos than this are nothing to warn of. */
export const BACKLOG_MIN = 100;
/** Runs after which their time says something. */
const RUNS_MIN = 3;
const LOOK_MS = 5_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

type Asking = Pick<InboxConfig, "path" | "backends" | "workflow" | "look">;
type Backends = Pick<Config, "backends">;

const asksModel = ({ look }: Asking): boolean => look.kind === "each" || look.kind === "shoot";

/** Ms for one photo with all backends of the inbox at work, by the runs there were; null where there were none. */
export async function runsMsOf(
  inbox: Asking,
  { backends }: Backends,
  { runs }: Pick<Ledger, "runs">,
  least = 1,
): Promise<number | null> {
  let perMs = 0;
  for (const name of backendsFor(inbox, backends)) {
    const usual = await runs.usual(name, inbox.workflow);
    if (usual !== null && usual.count >= least) perMs += 1 / Math.max(1, usual.medianMs);
  }
  return perMs > 0 && asksModel(inbox) ? 1 / perMs : null;
}

/** `8,000 photos found in inbox, about 22 h on gpu-1; `hotgrade pause` stops it.` */
export function backlogSentence(inbox: Asking, { backends }: Backends, photos: number, runsMs: number | null): string {
  const found = `${photos.toLocaleString("en-US")} photos found in ${showPath(baseName(inbox.path))}`;
  if (!asksModel(inbox)) return `${found}; no model is asked for them.`;
  const names = backendsFor(inbox, backends).join(" and ");
  const most = inbox.look.kind === "shoot" ? "at most " : "";
  const time =
    runsMs === null ? `, to be graded on ${names}` : `, ${most}about ${durationWords(photos * runsMs)} on ${names}`;
  return `${found}${time}; \`hotgrade pause\` stops it.`;
}

/** `22 h`, `5 min`, `3 d`: as exact as an estimate is. */
export function durationWords(ms: number): string {
  if (ms < 1.5 * MINUTE_MS) return "a minute";
  if (ms < 1.5 * HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  return ms < 48 * HOUR_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.round(ms / (24 * HOUR_MS))} d`;
}

/** Says once how long the rest will take, as soon as the first runs tell; at once where that was known before. */
export async function followBacklog(
  inbox: Asking,
  config: Backends,
  { clock, ledger, log }: Pick<Ports, "clock" | "ledger" | "log">,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!asksModel(inbox) || (await runsMsOf(inbox, config, ledger)) !== null) return;
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    const runsMs = await runsMsOf(inbox, config, ledger, RUNS_MIN);
    if (runsMs === null) continue;
    const open = (await ledger.jobs.counts())
      .filter(({ inbox: of, status }) => of === inbox.path && !ENDED.includes(status) && status !== "held")
      .reduce((sum, { count }) => sum + count, 0);
    if (open <= BACKLOG_MIN) return;
    const sentence = `${open.toLocaleString("en-US")} photos of ${showPath(baseName(inbox.path))} to go, about ${durationWords(open * runsMs)}; \`hotgrade pause\` stops it.`;
    log.info({ inbox: inbox.path, photos: open, ms: open * runsMs, say: sentence }, "time for many photos is known");
    return say(sentence);
  }
}
