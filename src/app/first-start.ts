/** What lies in an inbox when it is started for the first time: processed, left alone, or asked about. */
import { diskOf } from "../adapters/inbox-shares.ts";
import { type Lying, openSystemSurvey } from "../adapters/inbox-survey.ts";
import type { Config, InboxConfig } from "../core/config/parse.ts";
import { dispositionFolders } from "../core/config/recipe.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Ports, Settled, Sighting } from "../ports.ts";
import { BACKLOG_MIN, backlogSentence, runsMsOf } from "./backlog.ts";
import type { Intake } from "./intake.ts";
import { pairsAhead } from "./pairs-ahead.ts";
import { pauseOf } from "./pauses.ts";

const SIGHTINGS_AT_ONCE = 500;

/** Said of files that `existing: ignore` leaves alone. */
export const THERE_BEFORE = "There before hotgrade was started.";
const LEFT_ALONE = { state: "ignored", code: null, message: THERE_BEFORE } as const;

/** How an inbox was first started; absent before. */
export const begunOf = (inbox: PathText): string => `begun:inbox:${inbox}`;
/** A person wants what `existing: ignore` left alone. */
export const existingOf = (inbox: PathText): string => `existing:inbox:${inbox}`;

/** The value of a pause that `existing: ask` has made: with how many photos. */
export const ASKED = /^existing (\d+)$/;

type StartPorts = Pick<Ports, "clock" | "files" | "ledger" | "log">;
export type Said = (sentence: string) => void;
type Backends = Pick<Config, "backends">;

/** Has this inbox been started before? One that an older version served has, too. */
async function hasBegun({ path }: InboxConfig, { clock, ledger }: StartPorts): Promise<boolean> {
  const begun = await ledger.switches.get(begunOf(path));
  if (begun !== undefined) return begun !== "listing";
  const isKnown =
    (await ledger.jobs.find({ inbox: path, limit: 1 })).length > 0 || (await ledger.sightings.of(path)).length > 0;
  // From here on sightings may be our own: a kill in the middle begins anew.
  await ledger.switches.set(begunOf(path), isKnown ? "before" : "listing", clock.now());
  return isKnown;
}

/**
 * The first start of an inbox, if this is it. Gives the intake to use: where the folder could not be read yet, one that begins when
 * it can be, and takes nothing before.
 */
export async function beginInbox(
  inbox: InboxConfig,
  take: Intake,
  config: Backends & Pick<Config, "inboxes">,
  ports: StartPorts,
  say: Said,
): Promise<Intake> {
  await takeExisting(inbox, ports);
  if (await hasBegun(inbox, ports)) return take;
  const skip = [...config.inboxes.map(({ outbox }) => outbox), ...dispositionFolders(inbox)];
  let beginning: Promise<ReadonlyMap<PathText, Lying> | undefined> | undefined;
  const survey = async () => {
    const lying = await openSystemSurvey({ root: inbox.path, skip }, ports.log, diskOf(ports.files)).photos();
    return lying && started(inbox, lying, config, ports, say);
  };
  /** One at a time; one that came to nothing is made anew. */
  const begin = async () => {
    beginning ??= survey();
    const ignored = await beginning.catch((thrown) => {
      beginning = undefined;
      throw thrown;
    });
    if (ignored === undefined) beginning = undefined;
    return ignored;
  };
  if (await begin()) return take;
  return async (file, before) => {
    const ignored = await begin();
    if (ignored === undefined) throw new AppError("folder-unreadable", `${showPath(inbox.path)} cannot be read yet.`);
    return isSame(ignored.get(file.path), file) ? LEFT_ALONE : take(file, before);
  };
}

/** Does what `existing` says of these; gives those that are left alone. */
async function started(
  inbox: InboxConfig,
  lying: readonly Lying[],
  config: Backends,
  ports: StartPorts,
  say: Said,
): Promise<ReadonlyMap<PathText, Lying>> {
  const { clock, ledger, log } = ports;
  const ignored = inbox.existing === "ignore" ? lying : [];
  for (let from = 0; from < ignored.length; from += SIGHTINGS_AT_ONCE) {
    const some: Sighting[] = ignored.slice(from, from + SIGHTINGS_AT_ONCE).map((file) => ({ ...file, ...LEFT_ALONE }));
    await ledger.sightings.put(inbox.path, some, clock.now());
  }
  // Of a pair one half is graded.
  const pairs = pairsAhead(
    inbox,
    lying.map(({ path }) => path),
  );
  const photos = lying.filter(({ path }) => !pairs.isSecond(path)).length;
  const isAsked = inbox.existing === "ask" && photos > 0;
  if (isAsked) await ledger.switches.set(pauseOf({ inbox: inbox.path }), `existing ${photos}`, clock.now());
  await ledger.switches.set(begunOf(inbox.path), ignored.length > 0 ? "ignored" : inbox.existing, clock.now());
  const about = { inbox: inbox.path, photos };
  if (isAsked) {
    const sentence = askSentence(inbox.path, photos);
    log.info({ ...about, say: sentence }, "photos wait for your word");
    say(sentence);
  } else if (ignored.length > 0) {
    log.info(about, "photos that were there before are left alone");
    say(
      `${photos} ${photos === 1 ? "photo" : "photos"} in ${showPath(inbox.path)} stay as they are; \`hotgrade retry --inbox ${showPath(inbox.path)} --existing\` takes them after all.`,
    );
  } else if (photos > BACKLOG_MIN) {
    const runsMs = await runsMsOf(inbox, config, ledger);
    const sentence = backlogSentence(inbox, config, photos, runsMs);
    log.info({ ...about, say: sentence, ms: runsMs && photos * runsMs }, "many photos were found");
    say(sentence);
  }
  return new Map(ignored.map((file) => [file.path, file]));
}

export function askSentence(inbox: PathText, photos: number): string {
  const noun = photos === 1 ? "photo lay" : "photos lay";
  return `${photos.toLocaleString("en-US")} ${noun} in ${showPath(inbox)} before the first start: nothing of it goes to a model until \`hotgrade resume --inbox ${showPath(inbox)}\`.`;
}

const isSame = (known: Lying | undefined, { signature }: Settled): boolean =>
  known !== undefined && known.sizeBytes === signature.sizeBytes && known.mtimeNs === signature.mtimeNs;

/** Forgets what was left alone, where a person has asked for it: the next look takes it. */
async function takeExisting({ path }: InboxConfig, { clock, ledger }: StartPorts): Promise<void> {
  if ((await ledger.switches.get(existingOf(path))) === undefined) return;
  const left = (await ledger.sightings.of(path)).filter(({ message }) => message === THERE_BEFORE);
  for (let from = 0; from < left.length; from += SIGHTINGS_AT_ONCE)
    await ledger.sightings.remove(
      path,
      left.slice(from, from + SIGHTINGS_AT_ONCE).map((file) => file.path),
    );
  await ledger.switches.set(begunOf(path), "process", clock.now());
  await ledger.switches.set(existingOf(path), null, clock.now());
}
