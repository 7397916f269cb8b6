/**
 * retire: what becomes of the original, as the recipe says for this outcome. Nothing is ever deleted.
 * Safe to run twice: source and destination are recorded before the move.
 */
import { dispositionFolder } from "../core/config/recipe.ts";
import { AppError } from "../core/errors.ts";
import { numberedNames } from "../core/inbox/naming.ts";
import { baseName, folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import { type Disposition, done, type Job, type Outcome } from "../core/job/job.ts";
import type { FileStat, Files, Ports } from "../ports.ts";
import { type Attempting, defineStage } from "./define.ts";
import { originalStands } from "./original.ts";

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
    const disposition = job.recipe.original[outcomeOf(job)];
    switch (disposition.kind) {
      case "leave":
        return done();
      case "trash":
        if (await ports.files.stat(job.original)) await ports.files.trash(job.original);
        return done();
      case "move":
      case "copy":
        return transfer(disposition, found, job, ports, attempting);
    }
  },
});

const outcomeOf = ({ failure }: Job): "done" | "duplicate" | "failed" =>
  failure === null ? "done" : failure.code === "duplicate" ? "duplicate" : "failed";

async function transfer(
  { kind, folder }: Extract<Disposition, { folder: PathText }>,
  found: FileStat | undefined,
  job: Job,
  { files }: Ports,
  attempting: Attempting,
): Promise<Outcome> {
  const from = job.facts.retiring?.from ?? job.original;
  const home = job.inbox ?? folderOf(job.original);
  const wanted = joinPath(dispositionFolder(home, folder), job.inbox === null ? baseName(job.path) : job.path);
  // Graded again: it was put away the first time.
  if (kind === "move" && folderOf(from) === folderOf(wanted)) return done();
  const candidates = numberedNames(baseName(wanted)).map((name) => joinPath(folderOf(wanted), name));
  // A recorded destination comes first: an earlier run may have got that far.
  const recorded = job.facts.retiring?.to;
  for (const to of recorded ? [recorded, ...candidates] : candidates) {
    await files.makeFolder(folderOf(to));
    if (to !== recorded && (await files.stat(to))) continue;
    await attempting.note({ retiring: { kind, from, to } });
    const result = await (kind === "move" ? files.move(from, to) : files.copy(from, to));
    if (result === "gone" && !(await files.stat(to)))
      throw new AppError("original-gone", "The original was gone before it could be put away.");
    if (result === "moved" && (await isAnother(to, found, files))) await files.move(to, from);
    if (result !== "taken") return done();
  }
  throw new AppError("file-failed", `No free name for the original in ${folder}.`);
}

/** Times that a copy to another disk kept, which may round them. */
const SAME_TIME_MS = 2;

/** Did another picture take the original's place between the look and the move? A move keeps size and time. */
async function isAnother(moved: PathText, found: FileStat | undefined, files: Files): Promise<boolean> {
  const now = await files.stat(moved);
  if (!found || !now) return false;
  return found.sizeBytes !== now.sizeBytes || Math.abs(found.mtimeMs - now.mtimeMs) > SAME_TIME_MS;
}
