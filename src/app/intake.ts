/**
 * intake: a settled file becomes a job, or a sighting that says why not.
 * Safe to run twice: a job is inbox + path + picture, so the same file gives the same job.
 */

import type { BackendConfig, Config, InboxConfig } from "../core/config/parse.ts";
import { canonicalRecipe, dispositionFolder, recipeFor, recipeOf } from "../core/config/recipe.ts";
import { AppError, asAppError } from "../core/errors.ts";
import { turnOf } from "../core/inbox/order.ts";
import { folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { startOf } from "../core/job/identity.ts";
import type { Disposition, Job, Origin, Recipe } from "../core/job/job.ts";
import { type PictureInfo, RAW_PREVIEW } from "../core/job/picture.ts";
import type { Files, Ports, Settled, Sighting } from "../ports.ts";
import { companionsOf } from "../stages/companions.ts";
import { explain, forgetExplanation, removeEmptied, transfer } from "../stages/put-away.ts";
import { findLook, keepFound, shootOf } from "./looks.ts";
import { followRename } from "./same-photo.ts";

/** A prompt longer than this is not a prompt. */
const PROMPT_BYTES_MAX = 64 * 1024;

/** Pixels a side below which there is nothing to fit a look to. */
const SIDE_MIN = 16;

type Verdict = Pick<Sighting, "state" | "code" | "message">;

/** No failure: the configuration wants it so. */
const LEFT_ALONE: Verdict = { state: "ignored", code: null, message: "RAW files are left alone here (raw: skip)." };

const BUSY: Verdict = {
  state: "settling",
  code: null,
  message: "Its photo is under way: what changed is looked at when that has come to an end.",
};

export type Intake = (file: Settled, before: Promise<void>) => Promise<Verdict>;

export type IntakeContext = {
  readonly ports: Ports;
  readonly config: Pick<Config, "backends" | "limits">;
  readonly sha256: (text: string) => string;
  /** Called for every job that a file became, new or known. */
  readonly accepted?: (job: Job) => void;
  /** Told what a person at the terminal should read, in sentences. */
  readonly say?: (sentence: string) => void;
};

/** `recipe`: as the configuration and the folder say today. */
type Accepted = { readonly job: Job; readonly recipe: Recipe };

export function intakeFor(inbox: InboxConfig, context: IntakeContext): Intake {
  const { ports, config } = context;
  const jobOf = async (file: Settled, before: Promise<void>): Promise<Accepted | Verdict> => {
    try {
      if (inbox.raw.kind === "skip" && (await ports.pictures.rawKind(file.absolute)) !== null) return LEFT_ALONE;
      const { prompt, cube } = await folderWords(file.path, inbox, ports);
      const look = await findLook(inbox, cube, ports);
      await keepFound(look, ports);
      const recipe = recipeFor(inbox, config.backends as readonly BackendConfig[], { prompt, look: look.source });
      const { path, priority } = inbox;
      const turn = turnOf(inbox.order, ports.clock.now());
      const whose = { inbox: path, origin: "inbox", recipe, priority, turn, same: inbox } as const;
      const job = await addJob({ ...file, ...whose, before }, context);
      if (job === "own") return { state: "own", code: null, message: null };
      if (job === "busy") return BUSY;
      return { job, recipe };
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.retry || error.code === "internal") throw error;
      const { code, message } = error;
      // The other half of its pair is graded instead.
      const place = await putAway(file, inbox.original.unsupported, { half: false }, inbox, ports);
      if (place)
        await explain(place, { job: null, code, message, from: file.absolute, at: ports.clock.now() }, ports.files);
      return { state: "refused", code, message };
    }
  };
  return async (file, before) => {
    const found = await jobOf(file, before);
    if (!("job" in found)) return found;
    const { job, recipe } = found;
    context.accepted?.(job);
    // Graded and put away before: this is another copy of it. What fails here is no fault of the photo.
    if (job.original !== file.absolute) await seenAgain(job, file, recipe, inbox, context);
    return { state: "taken", code: null, message: null };
  };
}

export type NewPhoto = Settled & {
  readonly inbox: PathText | null;
  readonly origin: Origin;
  readonly recipe: Recipe;
  readonly priority: number;
  /** Resolves when the photos before it in the order are in the ledger. */
  readonly before: Promise<void>;
  /** Among photos of one priority the smallest comes first. */
  readonly turn: number;
  /** Which files are one photo. */
  readonly same: Pick<InboxConfig, "duplicates" | "metadataChanges" | "ownOutputs">;
};

/**
 * The job of a photo, new or known. "own": the file is an output of ours; "busy": what is under way must end before the
 * file can be taken. Errors: the file's own.
 */
export async function addJob(photo: NewPhoto, { ports, config, sha256 }: IntakeContext): Promise<Job | "own" | "busy"> {
  const { clock, files, ids, ledger, pictures } = ports;
  const { signature, absolute, inbox, path, origin, priority, turn, same } = photo;
  if (signature.sizeBytes > config.limits.fileSizeBytes)
    throw new AppError(
      "file-too-large",
      `The file has ${signature.sizeBytes} bytes; the limit is ${config.limits.fileSizeBytes}.`,
    );
  const info = await infoOf(photo, pictures);
  const recipe = recipeOf(photo.recipe, info);
  // The header of a RAW that is developed may not say how large the picture will be.
  const isKnown = info.width > 0 && info.height > 0;
  if (isKnown && recipe.look.kind !== "kept" && Math.min(info.width, info.height) < SIDE_MIN)
    throw new AppError(
      "picture-too-small",
      `The picture is ${info.width}×${info.height} pixels; no look can be seen in it.`,
    );
  const print = await pictures.fingerprint(absolute);
  const { contentSha256, pictureSha256 } = print;
  // A link's file counts, as it did for the scanner.
  const after = await files.stat((await files.real(absolute)) ?? absolute);
  if (after?.sizeBytes !== signature.sizeBytes || after.mtimeNs !== signature.mtimeNs)
    throw new AppError("file-failed", "The file changed while it was read.");
  await photo.before;
  if (same.ownOutputs === "skip" && (await ledger.outputs.isOurs(print))) return "own";

  const recipeHash = sha256(canonicalRecipe(recipe));
  const facts = { signature, photo: info };
  if (inbox !== null) {
    const renamed = await followRename({ ...print, inbox, path, absolute, recipeHash, facts }, ports);
    if (renamed) return renamed;
  }
  const key = inbox === null ? sha256([origin, absolute, pictureSha256, recipeHash].join("\n")) : null;
  const { job } = await ledger.jobs.add(
    {
      id: ids.uuid(),
      origin,
      inbox,
      path,
      original: absolute,
      pictureSha256,
      contentSha256,
      recipe,
      recipeHash,
      ...startOf(recipe, facts),
      shoot: shootOf(path, recipe, sha256),
      priority,
      duplicates: same.duplicates,
      turn,
      idempotencyKey: key,
    },
    clock.now(),
  );
  // Beside an original that was put away, this is another copy of it: what it says was not written.
  if (job.contentSha256 === contentSha256 || job.original !== absolute) return job;
  return (await ledger.copies.metadata(job.id, { contentSha256, facts }, same.metadataChanges, clock.now()))
    ? job
    : "busy";
}

/** Of a RAW that is still to be developed, what its header and its preview say. */
async function infoOf({ absolute, recipe }: NewPhoto, pictures: Ports["pictures"]): Promise<PictureInfo> {
  const isRaw = (await pictures.rawKind(absolute)) !== null;
  return isRaw ? pictures.inspectRaw(absolute, recipe.raw ?? RAW_PREVIEW) : pictures.inspect(absolute);
}

/** The words of the nearest prompt.txt and the nearest look.cube, from the photo's folder up to the inbox. */
export async function folderWords(
  path: PathText,
  inbox: InboxConfig,
  { files }: Pick<Ports, "files">,
): Promise<{ readonly prompt: string | undefined; readonly cube: PathText | undefined }> {
  let prompt: string | undefined;
  let cube: PathText | undefined;
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const here = folder === "" ? inbox.path : joinPath(inbox.path, folder);
    const promptFile = joinPath(here, "prompt.txt");
    const cubeFile = joinPath(here, "look.cube");
    if (prompt === undefined && (await files.stat(promptFile))?.kind === "file")
      prompt = await promptOf(promptFile, files);
    if (cube === undefined && (await files.stat(cubeFile))?.kind === "file") cube = cubeFile;
    if (folder === "") return { prompt, cube };
  }
}

/** Errors: `file-failed` for a file that is no prompt: the photos are looked at again when it is mended. */
async function promptOf(file: PathText, files: Files): Promise<string> {
  try {
    return (await files.read(file, PROMPT_BYTES_MAX))
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .trim();
  } catch (thrown) {
    throw new AppError("file-failed", `${showPath(file)} is not a prompt: ${asAppError(thrown).message}`, {}, thrown);
  }
}

/** A photo that had been put away lies there again: another copy of it, or itself, brought back by hand. */
async function seenAgain(
  job: Job,
  file: Settled,
  today: Recipe,
  inbox: InboxConfig,
  { ports, sha256 }: IntakeContext,
): Promise<void> {
  if (job.status === "done" || job.failure?.code === "duplicate") {
    await putAway(file, inbox.original.duplicate, { half: true }, inbox, ports);
    return;
  }
  if (await ports.files.stat(job.original)) return; // a copy of one that failed or is held: that one is asked about
  const recipe = recipeOf(today, job.facts.photo);
  const recipeHash = sha256(canonicalRecipe(recipe));
  if (recipeHash !== job.recipeHash && recipe.look.kind !== "shoot")
    await ports.ledger.jobs.revise(job.id, { recipe, recipeHash, ...startOf(recipe, job.facts) }, ports.clock.now());
  await ports.ledger.jobs.broughtBack(job.id, file.absolute, ports.clock.now());
  await forgetExplanation(job.original, ports.files);
}

/** Where a file goes that is not graded, as the inbox says; undefined where it stays or is gone to the trash. */
async function putAway(
  { path, absolute }: Settled,
  disposition: Disposition,
  along: { readonly half: boolean },
  inbox: InboxConfig,
  ports: Ports,
): Promise<PathText | undefined> {
  if (disposition.kind === "leave") return undefined;
  const { files } = ports;
  const companions = await companionsOf({ inbox: inbox.path, path, original: absolute }, along, ports);
  if (disposition.kind === "trash") {
    for (const each of [...companions.map(({ from }) => from), absolute]) await files.trash(each);
    return undefined;
  }
  const { kind, folder } = disposition;
  const wanted = joinPath(dispositionFolder(inbox.path, folder), path);
  const { to } = await transfer({ kind, from: absolute, to: wanted, companions }, files);
  if (kind === "move" && inbox.original.removeEmptyFolders) await removeEmptied(folderOf(absolute), inbox.path, files);
  return to;
}
