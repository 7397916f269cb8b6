/**
 * The picture a job is about, as a file whose pixels can be read: the original itself, or, of a camera's RAW, the picture
 * that was developed from it into the job's work folder. Every stage asks here, so that all of them see the same one.
 *
 * Safe to run twice: a developed picture that is gone, or was never finished, is made again from the RAW.
 */
import type { PathText } from "../core/inbox/path-text.ts";
import type { Job } from "../core/job/job.ts";
import { type PictureInfo, RAW_PREVIEW } from "../core/job/picture.ts";
import type { Ports } from "../ports.ts";
import { type Attempting, workFile } from "./define.ts";

/** Only for people who look into the folder: content alone counts. */
const NAMES = { preview: "developed.jpg", other: "developed.tif" } as const;

export type Pictured = {
  readonly original: PathText;
  /** What the bytes of `original` must hold. */
  readonly pictureSha256: string;
  readonly photo: PictureInfo;
  /** What a person should know of how it was developed. */
  readonly notes: readonly string[];
};

/** Errors: those of `inspect` and `develop`. */
export async function pictureOf(job: Job, { files, pictures }: Ports, attempting: Attempting): Promise<Pictured> {
  const { original, pictureSha256, facts, recipe } = job;
  const photo = facts.photo ?? (await pictures.inspect(original, attempting.signal));
  if (photo.raw === undefined) return { original, pictureSha256, photo, notes: [] };
  const { developed } = facts;
  if (developed && (await files.stat(developed.file))) return { ...developed, original: developed.file, photo };
  const way = recipe.raw ?? RAW_PREVIEW;
  const to = workFile(attempting, way.kind === "preview" ? NAMES.preview : NAMES.other);
  const request = { original, pictureSha256, way, folder: attempting.folder, to };
  const { photo: made, ...found } = await pictures.develop(request, attempting.signal);
  await attempting.note({ developed: { file: to, ...found }, photo: made });
  return { ...found, original: to, photo: made };
}

/** A job that has its outputs needs the developed picture no more; it can be large. */
export async function discardDeveloped(job: Job, { files }: Ports, attempting: Attempting): Promise<void> {
  if (job.facts.photo?.raw === undefined) return;
  for (const name of Object.values(NAMES)) await files.discard(workFile(attempting, name));
}
