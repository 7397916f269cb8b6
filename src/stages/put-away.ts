/**
 * Putting a photo away, its companions with it: under the first free name of a folder, verified, nothing replaced and
 * nothing lost; and, beside one that could not be graded, a note that says why.
 */
import { AppError, hintOf } from "../core/errors.ts";
import { type Companion, type Moving, movingTo } from "../core/inbox/companions.ts";
import { numberedNames } from "../core/inbox/naming.ts";
import { baseName, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { isLitter } from "../core/inbox/rule.ts";
import type { Failure } from "../core/job/job.ts";
import type { Files } from "../ports.ts";

export type Placed = { readonly to: PathText; readonly along: readonly Moving[] };

export type Transfer = {
  readonly kind: "move" | "copy";
  readonly from: PathText;
  /** The wanted place; a number is added where it, or that of a companion, is taken. */
  readonly to: PathText;
  readonly companions: readonly Companion[];
  /** Places that an earlier run had chosen: it may have got that far. */
  readonly recorded?: Placed | undefined;
  /** Told the places before they are tried. */
  note?(placed: Placed): Promise<void>;
};

/**
 * Gives the places they have. The photo goes last: as long as it lies where it lay, its companions are looked for there.
 * Errors: `original-gone`, `file-failed`.
 */
export async function transfer(transfer: Transfer, files: Files): Promise<Placed> {
  const { kind, from, to: wanted, companions, recorded, note } = transfer;
  const folder = folderOf(wanted);
  await files.makeFolder(folder);
  const numbered = numberedNames(baseName(wanted)).map((name, nth) => ({ name, nth }));
  for (const candidate of recorded ? [recorded, ...numbered] : numbered) {
    const isChosen = candidate === recorded;
    const placed = "nth" in candidate ? placeOf(folder, candidate, companions) : candidate;
    if (!isChosen && (await isAnyThere(placed, files))) continue;
    await note?.(placed);
    if (!(await carry(kind, placed.along, files))) continue;
    const result = await files[kind](from, placed.to);
    if (result === "gone" && !(await files.stat(placed.to)))
      throw new AppError("original-gone", "The original was gone before it could be put away.");
    if (result !== "taken") return placed;
  }
  throw new AppError("file-failed", `No free name for ${showPath(baseName(wanted))} in ${showPath(folder)}.`);
}

const placeOf = (
  folder: PathText,
  { name, nth }: { readonly name: PathText; readonly nth: number },
  companions: readonly Companion[],
): Placed => ({ to: joinPath(folder, name), along: movingTo(folder, nth, companions) });

async function isAnyThere({ to, along }: Placed, files: Files): Promise<boolean> {
  for (const path of [to, ...along.map((each) => each.to)]) if (await files.stat(path)) return true;
  return false;
}

/** Takes companions along; false when one finds its name taken. One that is gone is there already, or was deleted. */
export async function carry(kind: "move" | "copy", along: readonly Moving[], files: Files): Promise<boolean> {
  for (const { from, to } of along) if ((await files[kind](from, to)) === "taken") return false;
  return true;
}

const noteOf = (photo: PathText): PathText => `${photo}.error.json` as PathText;

export type Refused = Pick<Failure, "code" | "message"> &
  Partial<Pick<Failure, "stage">> & {
    readonly job: string | null;
    readonly from: PathText;
    readonly at: number;
  };

/** Beside a photo that was put away ungraded: what was wrong, what to do, and where it came from. */
export async function explain(photo: PathText, refused: Refused, files: Files): Promise<void> {
  const { job, code, message, stage = null, from, at } = refused;
  const when = new Date(at).toISOString();
  const told = {
    photo: showPath(baseName(photo)),
    job,
    code,
    message,
    hint: hintOf(code),
    stage,
    when,
    from: showPath(from),
  };
  await files.writeAtomic(noteOf(photo), `${JSON.stringify(told, null, 2)}\n`);
}

export const forgetExplanation = (photo: PathText, files: Files): Promise<void> => files.discard(noteOf(photo));

/**
 * Removes the folders that a move has emptied, from this one up to the root, which stays. One that is not ours to remove
 * stays too: the photo has been put away all the same.
 */
export async function removeEmptied(folder: PathText, root: PathText, files: Files): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(`${root}/`); at = folderOf(at))
    if (!(await removeIfEmpty(at, files).catch(() => false))) return;
}

async function removeIfEmpty(folder: PathText, files: Files): Promise<boolean> {
  const names = await files.list(folder);
  if (!names.every(({ name, kind }) => kind === "file" && isLitter(name))) return false;
  for (const { name } of names) await files.discard(joinPath(folder, name));
  return files.removeFolder(folder);
}
