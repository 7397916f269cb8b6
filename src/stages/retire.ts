/**
 * retire: what becomes of the original and its companions, as the recipe says for this outcome. Nothing is ever deleted.
 * Safe to run twice: sources and destinations are recorded before the move, and the original goes last.
 */
import { dispositionFolder } from "../core/config/recipe.ts";
import { type Companion, type Moving, sameNumber } from "../core/inbox/companions.ts";
import { OWN_FAULTS } from "../core/inbox/pairs.ts";
import { baseName, folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import { type Disposition, done, type Job, type Outcome } from "../core/job/job.ts";
import type { FileStat, Files, Ports } from "../ports.ts";
import { companionsOf } from "./companions.ts";
import { type Attempting, defineStage } from "./define.ts";
import { originalStands, throwIfAway } from "./original.ts";
import { carry, explain, type Placed, removeEmptied, transfer } from "./put-away.ts";

export const retireStage = defineStage({
  name: "retire",
  needs: [],
  attemptsMax: 5,
  async run(_facts, job, ports, attempting) {
    // Written again: the original was put away the first time.
    if (job.facts.replaces) return done();
    // Another picture has taken the original's place: that one is not ours to put away.
    const found = await ports.files.stat(job.original);
    if (found && (await originalStands(job, ports, attempting))) return done();
    if (!found && !(await isUnderWay(job, ports.files))) {
      await throwIfAway(job, ports);
      return done(); // somebody took it away: there is nothing to put anywhere
    }
    const disposition = dispositionOf(job);
    switch (disposition.kind) {
      case "leave":
        return goHome(found, job, ports, attempting);
      case "trash":
        if (!found) return done();
        for (const { from } of await companionsWith(job, ports)) await ports.files.trash(from);
        await ports.files.trash(job.original);
        for (const { from } of await latecomers(job.original, [], job, ports)) await ports.files.trash(from);
        return emptied(job.original, job, ports);
      case "move":
        return putAway(disposition, found, job, ports, attempting);
      case "copy":
        // Held, it may have been moved: the copy is made there, and it goes home.
        if (job.facts.retiring?.kind !== "move" || !(await isUnderWay(job, ports.files)))
          await putAway(disposition, found, job, ports, attempting);
        return goHome(found, job, ports, attempting);
    }
  },
});

function dispositionOf({ facts, failure, recipe: { original } }: Job): Disposition {
  if (facts.heldAt) return original.held ?? { kind: "leave" };
  if (failure === null) return original.done;
  return failure.code === "duplicate" ? original.duplicate : original.failed;
}

/** Where the photo came from. */
const homeOf = ({ inbox, path, original }: Job): PathText => (inbox === null ? original : joinPath(inbox, path));

/** Has an earlier run begun to put it away, and come as far as to give it its new place? */
async function isUnderWay({ original, facts: { retiring } }: Job, files: Files): Promise<boolean> {
  return retiring?.from === original && (await files.stat(retiring.to)) !== undefined;
}

/**
 * A photo that was put away while it was held, or after it had failed, lies where it came from again; but it stays where
 * something else has its name by now: under another one it would be taken for a new photo.
 */
async function goHome(found: FileStat | undefined, job: Job, ports: Ports, attempting: Attempting): Promise<Outcome> {
  const home = homeOf(job);
  if (!job.facts.away || job.original === home) return done();
  const isBegun = job.facts.retiring?.from === job.original && job.facts.retiring.to === home;
  if (!isBegun && (await ports.files.stat(home))) return done();
  const outcome = await move(home, "move", found, job, ports, attempting);
  return outcome.kind === "done" ? done({ ...outcome.facts, away: false, companions: [] }) : outcome;
}

async function putAway(
  { kind, folder }: Extract<Disposition, { folder: PathText }>,
  found: FileStat | undefined,
  job: Job,
  ports: Ports,
  attempting: Attempting,
): Promise<Outcome> {
  const home = job.inbox ?? folderOf(job.original);
  const wanted = joinPath(dispositionFolder(home, folder), job.inbox === null ? baseName(job.path) : job.path);
  // Graded again: it was put away the first time.
  if (kind === "move" && folderOf(job.original) === folderOf(wanted)) return explained(job.original, job, ports);
  return move(wanted, kind, found, job, ports, attempting);
}

async function move(
  wanted: PathText,
  kind: "move" | "copy",
  found: FileStat | undefined,
  job: Job,
  ports: Ports,
  attempting: Attempting,
): Promise<Outcome> {
  const { files } = ports;
  const from = job.original;
  // What is on record may be of an earlier way: then it has come to its end.
  const before = job.facts.retiring;
  const isSame = before?.kind === kind && before.from === from && folderOf(before.to) === folderOf(wanted);
  const recorded = isSame ? { to: before.to, along: before.along ?? [] } : undefined;
  const companions = recorded?.along ?? (await companionsWith(job, ports));
  const note = ({ to, along }: Placed) =>
    attempting.note({ retiring: { kind, from, to, ...(along.length > 0 && { along }) } });
  const { to, along } = await transfer({ kind, from, to: wanted, companions, recorded, note }, files);
  const late = await latecomers(to, along, job, ports);
  await carry(kind, late, files);
  const gone = [...along, ...late];
  if (kind === "move" && (await isAnother(to, found, files))) {
    await files.move(to, from);
    for (const each of gone) await files.move(each.to, each.from);
    return done({ retiring: { kind, from, to: from } });
  }
  await explained(to, job, ports);
  if (kind === "copy") return done();
  await emptied(from, job, ports);
  const there = gone.map((each) => ({ name: each.name, from: each.to }));
  return done({ away: job.failure !== null, ...(there.length > 0 && { companions: there }) });
}

/** The files that go along with it from where it is now. */
async function companionsWith(job: Job, ports: Ports): Promise<readonly Companion[]> {
  if (job.original !== homeOf(job)) return job.facts.companions ?? [];
  // Where the file itself is at fault, the other half of its pair is graded instead.
  const half = job.failure === null || !OWN_FAULTS.includes(job.failure.code);
  return companionsOf(job, { half }, ports);
}

/**
 * What was found out since the places were chosen: the other half of its pair, and what it shared with a photo that has
 * gone meanwhile. Asked when its own file has gone, so that of two that leave at once the last one sees it.
 */
async function latecomers(to: PathText, along: readonly Moving[], job: Job, ports: Ports): Promise<readonly Moving[]> {
  const { inbox, original } = job;
  if (inbox === null || original !== homeOf(job)) return [];
  const late = (await companionsWith(job, ports)).filter(({ name }) => !along.some((each) => each.name === name));
  return late.map((each) => ({ ...each, to: sameNumber(original, to, each.name) }));
}

/** Beside a photo that failed lies why. */
async function explained(photo: PathText, job: Job, { clock, files }: Ports): Promise<Outcome> {
  const { id, failure, facts } = job;
  if (failure && failure.code !== "duplicate" && !facts.heldAt)
    await explain(photo, { ...failure, job: id, from: homeOf(job), at: clock.now() }, files);
  return done();
}

async function emptied(from: PathText, { inbox, recipe }: Job, { files }: Ports): Promise<Outcome> {
  if (recipe.original.removeEmptyFolders && inbox !== null) await removeEmptied(folderOf(from), inbox, files);
  return done();
}

/** Times that a copy to another disk kept, which may round them. */
const SAME_TIME_MS = 2;

/** Did another picture take the original's place between the look and the move? A move keeps size and time. */
async function isAnother(moved: PathText, found: FileStat | undefined, files: Files): Promise<boolean> {
  const now = await files.stat(moved);
  if (!found || !now) return false;
  return found.sizeBytes !== now.sizeBytes || Math.abs(found.mtimeMs - now.mtimeMs) > SAME_TIME_MS;
}
