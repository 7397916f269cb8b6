/**
 * Putting a file away: under the first free name of a folder, verified, nothing replaced and nothing lost; and, beside one
 * that could not be graded, a note that says why.
 */
import { AppError, hintOf } from "../core/errors.ts";
import { numberedNames } from "../core/inbox/naming.ts";
import { baseName, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { isLitter } from "../core/inbox/rule.ts";
import type { Failure } from "../core/job/job.ts";
import type { Files } from "../ports.ts";

export type Transfer = {
  readonly kind: "move" | "copy";
  readonly from: PathText;
  /** The wanted place; a number is added where it is taken. */
  readonly to: PathText;
  /** A place that an earlier run had chosen: it may have got that far. */
  readonly recorded?: PathText | undefined;
  /** Told each place before it is tried. */
  note?(to: PathText): Promise<void>;
};

/** Gives the place it has. Errors: `original-gone`, `file-failed`. */
export async function transfer({ kind, from, to: wanted, recorded, note }: Transfer, files: Files): Promise<PathText> {
  const folder = folderOf(wanted);
  const candidates = numberedNames(baseName(wanted)).map((name) => joinPath(folder, name));
  for (const to of recorded ? [recorded, ...candidates] : candidates) {
    await files.makeFolder(folderOf(to));
    if (to !== recorded && (await files.stat(to))) continue;
    await note?.(to);
    const result = await (kind === "move" ? files.move(from, to) : files.copy(from, to));
    if (result === "gone" && !(await files.stat(to)))
      throw new AppError("original-gone", "The original was gone before it could be put away.");
    if (result !== "taken") return to;
  }
  throw new AppError("file-failed", `No free name for ${showPath(baseName(wanted))} in ${showPath(folder)}.`);
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

/** Removes the folders that a move has emptied, from this one up to the root, which stays. */
export async function removeEmptied(folder: PathText, root: PathText, files: Files): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(`${root}/`); at = folderOf(at)) {
    const names = await files.list(at).catch(() => undefined); // it went, or may not be read: then it is not ours to remove
    if (!names?.every(({ name, kind }) => kind === "file" && isLitter(name))) return;
    for (const { name } of names) await files.discard(joinPath(at, name));
    if (!(await files.removeFolder(at))) return;
  }
}
