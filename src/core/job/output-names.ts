/** Where a job's outputs go and what they are called, before any number is added. */
import { outboxFolder, outputStem, stemCandidates, stemOf } from "../inbox/naming.ts";
import { baseName, extensionOf, folderOf, joinPath, type PathText } from "../inbox/path-text.ts";
import type { Job, OutputRecipe, Sidecar } from "./job.ts";
import { EXTENSIONS, type PictureInfo, type WrittenFormat, writtenFormat } from "./picture.ts";

export type Naming = {
  /** Absolute folder of the outputs. */
  readonly folder: PathText;
  /** Stems to try, the wanted one first. */
  readonly stems: readonly PathText[];
  /** What stands behind the stem of each output, sidecars first. */
  readonly files: readonly { readonly kind: "photo" | Sidecar; readonly suffix: string }[];
  readonly format: WrittenFormat;
};

/** Enough for every photo of a day under one name. */
const STEMS_TRIED_MAX = 1_000;

/** A profile is no metadata of the photo: programs look for that in `NAME.xmp`. */
const SUFFIXES: Readonly<Record<Sidecar, string>> = {
  cube: ".cube",
  hald: ".hald.png",
  lightroom: ".look.xmp",
  report: ".grade.json",
};

/** What a name may say besides of how the photo was graded. */
export type GradeWords = {
  /** Of a kept look; null for one without a name. */
  readonly lookName: string | null;
  readonly seed: number | null;
  /** The photo's number in its inbox, from 1. */
  readonly number: number;
};

/** What a name is made of. */
export type Nameable = Pick<Job, "inbox" | "path" | "facts" | "createdAt"> & {
  readonly recipe: { readonly output: OutputRecipe };
};

/** `stemsMax`: one where only the wanted name matters, since each stem is cut to the bytes that a name may have. */
export function namingOf(
  job: Nameable,
  info: Pick<PictureInfo, "format">,
  grade: GradeWords,
  stemsMax = STEMS_TRIED_MAX,
): Naming {
  const { output } = job.recipe;
  const format = writtenFormat(output.format, info.format);
  const ext = extensionFor(job.path, format);
  const relative = job.inbox === null ? baseName(job.path) : job.path;
  const stem = outputStem(output.name, {
    ...photoWords(job),
    ...takenWords(job),
    ...gradeWords(job, grade),
    suffix: output.suffix,
    ext,
  });
  // No look repeats what finish direct does.
  const wanted = output.sidecars.filter((kind) => kind === "report" || job.facts.finish !== "direct");
  const sidecars = wanted.map((kind) => ({ kind, suffix: SUFFIXES[kind] }));
  return {
    folder: joinPath(output.outbox, outboxFolder(output.structure, relative)),
    stems: stemCandidates(stem, stemsMax),
    files: [...sidecars, { kind: "photo", suffix: `.${ext}` }],
    format,
  };
}

const LOOK_DIGITS = 8;
const NUMBER_DIGITS = 4;

const gradeWords = ({ facts }: Nameable, { lookName, seed, number }: GradeWords) => ({
  look: lookName ?? facts.look?.slice(0, LOOK_DIGITS) ?? "none",
  seed: String(seed ?? 0),
  n: String(number).padStart(NUMBER_DIGITS, "0"),
});

/** The original's own extension where it fits the format, in its own case: `a.JPG` stays .JPG as a JPEG. */
export function extensionFor(path: PathText, format: WrittenFormat): string {
  const own = extensionOf(path);
  if (EXTENSIONS[format].includes(own)) return path.slice(path.length - own.length);
  return EXTENSIONS[format][0]!;
}

/** What templates of prompts and names may say of a photo. */
export function photoWords(job: Nameable): Record<"inbox" | "folder" | "name" | "date" | "camera", string> {
  return {
    inbox: job.inbox === null ? "" : baseName(job.inbox),
    folder: baseName(folderOf(job.path)),
    name: stemOf(job.path),
    date: momentOf(job).slice(0, 10),
    camera: job.facts.photo?.camera ?? "",
  };
}

/** When the photo was taken, or else when it was taken in (UTC), as "yyyy-mm-dd hh:mm:ss"; the same at every run. */
const momentOf = ({ facts, createdAt }: Nameable): string =>
  facts.photo?.takenAt ?? new Date(createdAt).toISOString().slice(0, 19).replace("T", " ");

/** A colon is no part of a name on every system: 05:06:07 is 050607. */
const takenWords = (job: Nameable) => ({ time: momentOf(job).slice(11).replaceAll(":", "") });
