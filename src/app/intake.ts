/**
 * intake: a settled file becomes a job, or a sighting that says why not.
 * Safe to run twice: a job is inbox + path + picture, so the same file gives the same job.
 */

import type { BackendConfig, Config, InboxConfig } from "../core/config/parse.ts";
import { canonicalRecipe, dispositionFolder, recipeFor, recipeOf } from "../core/config/recipe.ts";
import { AppError, asAppError } from "../core/errors.ts";
import { numberedNames } from "../core/inbox/naming.ts";
import { turnOf } from "../core/inbox/order.ts";
import { baseName, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { startOf } from "../core/job/identity.ts";
import type { Disposition, Job, Origin, Recipe } from "../core/job/job.ts";
import { type PictureInfo, RAW_PREVIEW } from "../core/job/picture.ts";
import type { Files, Ports, Settled, Sighting } from "../ports.ts";
import { findLook, keepFound, shootOf } from "./looks.ts";

/** A prompt longer than this is not a prompt. */
const PROMPT_BYTES_MAX = 64 * 1024;

/** Pixels a side below which there is nothing to fit a look to. */
const SIDE_MIN = 16;

type Verdict = Pick<Sighting, "state" | "code" | "message">;

/** No failure: the configuration wants it so. */
const LEFT_ALONE: Verdict = { state: "ignored", code: null, message: "RAW files are left alone here (raw: skip)." };

export type Intake = (file: Settled) => Promise<Verdict>;

export type IntakeContext = {
  readonly ports: Ports;
  readonly config: Pick<Config, "backends" | "limits">;
  readonly sha256: (text: string) => string;
  /** Called for every job that a file became, new or known. */
  readonly accepted?: (job: Job) => void;
};

export function intakeFor(inbox: InboxConfig, context: IntakeContext): Intake {
  const { ports, config } = context;
  /** Photos are read side by side and queued in the order in which they were handed in. */
  let queued: Promise<void> = Promise.resolve();
  return async (file) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const after = queued;
    queued = after.then(() => promise);
    try {
      if (inbox.raw.kind === "skip" && (await ports.pictures.rawKind(file.absolute)) !== null) return LEFT_ALONE;
      const { prompt, cube } = await folderWords(file.path, inbox, ports);
      const look = await findLook(inbox, cube, ports);
      await keepFound(look, ports);
      const recipe = recipeFor(inbox, config.backends as readonly BackendConfig[], { prompt, look: look.source });
      const job = await addJob(
        {
          ...file,
          inbox: inbox.path,
          origin: "inbox",
          recipe,
          after,
          priority: inbox.priority,
          turn: turnOf(inbox.order, ports.clock.now()),
        },
        context,
      );
      if (!job) return { state: "own", code: null, message: null };
      context.accepted?.(job);
      // Graded and put away before: this is another copy of it.
      const isCopy = job.status === "done" && job.original !== file.absolute;
      if (isCopy) await putAway(file, inbox.original.duplicate, inbox, ports);
      return { state: "taken", code: null, message: null };
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.retry || error.code === "internal") throw error;
      await putAway(file, inbox.original.unsupported, inbox, ports);
      return { state: "refused", code: error.code, message: error.message };
    } finally {
      resolve();
    }
  };
}

export type NewPhoto = Settled & {
  readonly inbox: PathText | null;
  readonly origin: Origin;
  readonly recipe: Recipe;
  readonly priority: number;
  readonly turn?: number;
  /** It is queued after what this waits for. */
  readonly after?: Promise<void>;
};

/** The job of a photo, new or known; undefined when the file is an output of ours. Errors: the file's own. */
export async function addJob(photo: NewPhoto, { ports, config, sha256 }: IntakeContext): Promise<Job | undefined> {
  const { clock, files, ids, ledger, pictures } = ports;
  const { signature, absolute, inbox, path, origin, priority } = photo;
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
  const { contentSha256, pictureSha256 } = await pictures.fingerprint(absolute);
  // A link's file counts, as it did for the scanner.
  const after = await files.stat((await files.real(absolute)) ?? absolute);
  if (after?.sizeBytes !== signature.sizeBytes || after.mtimeNs !== signature.mtimeNs)
    throw new AppError("file-failed", "The file changed while it was read.");
  if (await ledger.outputs.isOurs(contentSha256)) return undefined;

  const recipeHash = sha256(canonicalRecipe(recipe));
  const key = inbox === null ? sha256([origin, absolute, pictureSha256, recipeHash].join("\n")) : null;
  await photo.after;
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
      ...startOf(recipe, { signature, photo: info }),
      shoot: shootOf(path, recipe, sha256),
      priority,
      turn: photo.turn ?? 0,
      idempotencyKey: key,
    },
    clock.now(),
  );
  return job;
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

/** Where a file goes that is not graded, as the inbox says. */
async function putAway(
  { path, absolute }: Settled,
  disposition: Disposition,
  inbox: InboxConfig,
  { files }: Ports,
): Promise<void> {
  if (disposition.kind === "leave") return;
  if (disposition.kind === "trash") return void (await files.trash(absolute));
  const folder = joinPath(dispositionFolder(inbox.path, disposition.folder), folderOf(path));
  await files.makeFolder(folder);
  for (const name of numberedNames(baseName(path))) {
    const to = joinPath(folder, name);
    const result = await (disposition.kind === "move" ? files.move(absolute, to) : files.copy(absolute, to));
    if (result !== "taken") return;
  }
}
