/** The account after a soak: every file that lies in an inbox, or was put away from one, held against the ledger. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import type { Job } from "../../../src/core/job/job.ts";
import type { Ledger, Sighting } from "../../../src/ports.ts";
import type { Landed } from "./folders.ts";
import { INBOXES, type InboxName } from "./plan.ts";

/** What the ledger says of a file. `unseen`: it knows nothing of it. */
export type Stand = "accepted" | "duplicate" | "paired" | "refused" | "held" | "own" | "ignored" | "unseen" | "OFF";

export type Account = {
  /** Files by what was dropped and what the ledger says. */
  readonly files: ReadonlyMap<string, number>;
  readonly onDisk: number;
  readonly deleted: number;
  /** Everything that is not as it must be, in sentences. */
  readonly off: readonly string[];
  readonly jobs: readonly Job[];
};

/** Where the desk's originals go. */
export const PUT_AWAY = { done: "done", duplicate: "twice", unsupported: "refused" } as const;

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names.filter((name) => !lstatSync(join(folder, name)).isDirectory());
}

export async function accountFor(root: string, landed: readonly Landed[]): Promise<Account> {
  const ledger = openLedger(join(root, "var/ledger.db"), Date.now());
  try {
    return await reconcile(root, landed, ledger);
  } finally {
    await ledger.close();
  }
}

async function reconcile(root: string, landed: readonly Landed[], ledger: Ledger): Promise<Account> {
  const jobs = await ledger.jobs.find({});
  const known = new Map<string, Sighting>();
  for (const inbox of Object.keys(INBOXES).map((name) => join(root, name)))
    for (const one of await ledger.sightings.of(inbox as PathText)) known.set(join(inbox, one.path), one);
  const byOriginal = new Map<string, Job[]>();
  for (const job of jobs) byOriginal.set(job.original, [...(byOriginal.get(job.original) ?? []), job]);
  const off: string[] = [];
  const files = new Map<string, number>();
  const accounted = new Set<string>();

  for (const one of landed) {
    for (const path of [one.path, one.second]) {
      if (path === null) continue;
      const { file, folder } = placeOf(root, one.drop.inbox, path);
      if (file === undefined) {
        off.push(`${one.drop.inbox}/${path} (${one.kind}) is gone`);
        continue;
      }
      accounted.add(file);
      const stand = standOf(file, folder, byOriginal.get(file) ?? [], known.get(file));
      const what = path === one.second ? "pair's RAW" : one.kind;
      const line = `${what}${one.drop.fate === "stays" ? "" : `, ${one.drop.fate}`}: ${stand}`;
      files.set(line, (files.get(line) ?? 0) + 1);
      if (!isExpected(what, stand, one))
        off.push(
          `${one.drop.inbox}/${path} (${what}, ${one.drop.way}) is ${stand}: ${storyOf(byOriginal.get(file), known.get(file))}`,
        );
    }
  }
  const onDisk = (["studio", "card", "desk"] as const).flatMap((inbox) =>
    filesBelow(join(root, inbox)).map((name) => join(root, inbox, name)),
  );
  for (const file of onDisk)
    if (!accounted.has(file) && !file.endsWith(".error.json")) off.push(`${file} lies there and nobody put it there`);
  off.push(...groupsOff(landed, root, byOriginal), ...stillOpen(jobs));
  return { files, onDisk: onDisk.length, deleted: landed.filter(({ path }) => path === null).length, off, jobs };
}

/** The file as it was dropped, or where the desk put it away. */
function placeOf(root: string, inbox: InboxName, path: string): { file?: string; folder?: string } {
  const folders = inbox === "desk" ? ["", ...Object.values(PUT_AWAY)] : [""];
  for (const folder of folders) {
    const file = join(root, inbox, folder, path);
    if (lstatSync(file, { throwIfNoEntry: false })) return { file, folder };
  }
  return {};
}

function standOf(
  file: string,
  folder: string | undefined,
  jobs: readonly Job[],
  sighting: Sighting | undefined,
): Stand {
  const hash = lstatSync(file).isSymbolicLink() ? "" : sha256(readFileSync(file));
  const mine = jobs.filter(({ contentSha256, status }) => contentSha256 === hash && status !== "superseded");
  if (mine.length > 1) return "OFF";
  const [job] = mine;
  if (job?.failure?.code === "duplicate") return folder === PUT_AWAY.duplicate ? "duplicate" : "OFF";
  if (folder === PUT_AWAY.duplicate) return job ? "OFF" : "duplicate";
  if (folder === PUT_AWAY.unsupported) return job ? "OFF" : "refused";
  if (job) return job.status === "done" ? "accepted" : "OFF";
  if (folder === PUT_AWAY.done) return isCompanion(file) ? "paired" : "OFF";
  switch (sighting?.state) {
    case undefined:
      return "unseen";
    case "settling":
    case "truncated":
      return "held";
    case "refused":
    case "own":
      return sighting.state;
    case "ignored":
      return /belongs to/i.test(sighting.message ?? "")
        ? "paired"
        : /same picture/i.test(sighting.message ?? "")
          ? "duplicate"
          : "ignored";
    case "taken":
      return "OFF";
  }
}

/** The RAW of a pair went away with its JPEG. */
const isCompanion = (file: string): boolean =>
  readdirSync(dirname(file)).some((name) => /\.jpe?g$/i.test(name) && file.endsWith(name.replace(/\.\w+$/, ".RAF")));

function isExpected(what: string, stand: Stand, { drop }: Landed): boolean {
  switch (what) {
    case "cut":
    case "empty":
      return stand === "held";
    case "text":
    case "gif":
    case "outside":
      return stand === "refused";
    case "own":
      return stand === "own";
    case "temp":
    case "notes":
      return stand === "unseen";
    case "pair":
    case "pair's RAW": // one of the two is graded, whichever came in time: see groupsOff
      return stand === "accepted" || stand === "paired";
    case "copy":
    case "photo": // of a photo and its copies on the desk one is graded, whichever settled first
      return stand === "accepted" || (stand === "duplicate" && drop.inbox === "desk");
    default:
      return stand === "accepted";
  }
}

/** Of a pair one half is graded; of a picture's copies on the desk too. */
function groupsOff(
  landed: readonly Landed[],
  root: string,
  byOriginal: ReadonlyMap<string, readonly Job[]>,
): readonly string[] {
  const done = (one: Landed, path: string | null): number => {
    const file = path === null ? undefined : placeOf(root, one.drop.inbox, path).file;
    return (byOriginal.get(file ?? "") ?? []).filter(({ status }) => status === "done").length;
  };
  const off: string[] = [];
  for (const one of landed) {
    if (one.kind === "pair" && done(one, one.path) + done(one, one.second) !== 1)
      off.push(`${one.drop.inbox}/${one.path}: of the pair ${done(one, one.path) + done(one, one.second)} are graded`);
    if (one.drop.inbox !== "desk" || one.kind !== "photo") continue;
    const group = landed.filter(({ of, kind, drop }) => of === one.drop.nth && drop.inbox === "desk" && kind !== "own");
    const graded = group.reduce((sum, member) => sum + done(member, member.path), 0);
    if (graded !== 1) off.push(`desk/${one.path}: of ${group.length} copies ${graded} are graded`);
  }
  return off;
}

const stillOpen = (jobs: readonly Job[]): readonly string[] =>
  jobs
    .filter(({ status }) => ["ready", "leased", "failed", "held"].includes(status))
    .map((job) => `${job.path} is ${job.status} at ${job.stage}: ${job.failure?.message ?? job.holdReason ?? ""}`);

const storyOf = (jobs: readonly Job[] = [], sighting: Sighting | undefined): string =>
  JSON.stringify({
    jobs: jobs.map(({ id, status, stage, failure }) => ({ id: id.slice(0, 8), status, stage, failure })),
    sighting: sighting && { state: sighting.state, code: sighting.code, message: sighting.message },
  });
