/** Options about the written file, the same for every command that writes photos. */
import { AppError } from "../core/errors.ts";
import type { OutputFormat, OutputRecipe } from "../core/job/job.ts";
import { type BitDepth, depthProblem, FORMAT_NAMES, type OutputProfile, WRITTEN_FORMATS } from "../core/job/picture.ts";
import type { OptionTable } from "./options.ts";

export const OUTPUT = {
  format: {
    kind: "choice",
    value: "FORMAT",
    of: ["same", ...WRITTEN_FORMATS],
    about: "The output's format.",
  },
  quality: {
    kind: "number",
    value: "N",
    min: 1,
    max: 100,
    whole: true,
    about: "JPEG, WebP or AVIF quality; else as the photo's.",
  },
  resize: {
    kind: "number",
    value: "PIXELS",
    min: 16,
    max: 65_535,
    whole: true,
    about: "Make the long edge this long; nothing is made larger.",
  },
  profile: {
    kind: "choice",
    value: "PROFILE",
    of: ["keep", "srgb", "p3"],
    about: "Convert the colours to sRGB or Display P3 and embed that profile.",
  },
  "bit-depth": {
    kind: "choice",
    value: "BITS",
    of: ["same", "8", "10", "12", "16"],
    about: "Bits a channel: 16 for TIFF and PNG, 10 or 12 for AVIF.",
  },
} as const satisfies OptionTable;

type Given = {
  readonly format?: OutputFormat | undefined;
  readonly quality?: number | undefined;
  readonly resize?: number | undefined;
  readonly profile?: "keep" | OutputProfile | undefined;
  readonly "bit-depth"?: "same" | `${BitDepth}` | undefined;
};

/** The part of a recipe that options speak of. */
export type Written = Pick<OutputRecipe, "format" | "quality" | "resize" | "profile" | "bitDepth">;

/** An output as it was, but for what was asked. Errors: `usage` for what no file can be. */
export function outputWith<T extends Written>(output: T, given: Given): T {
  const { bitDepth: hadDepth, profile: hadProfile, ...rest } = output;
  const { format = output.format, quality = output.quality, resize = output.resize } = given;
  // What an inbox asked of another format is no reason to refuse this one.
  const had = hadDepth !== undefined && depthProblem(format, hadDepth) === undefined ? hadDepth : "same";
  const depth = given["bit-depth"] ?? had;
  const bitDepth = depth === "same" ? depth : (Number(depth) as BitDepth);
  const profile = given.profile ?? hadProfile ?? "keep";
  const problem = depthProblem(format, bitDepth);
  if (problem) throw new AppError("usage", `--bit-depth ${depth}: ${problem}`);
  return {
    ...rest,
    ...{ format, quality },
    ...(resize !== undefined && { resize }),
    ...(profile !== "keep" && { profile }),
    ...(bitDepth !== "same" && { bitDepth }),
  } as T;
}

/** Errors: `usage` when --out FILE says one format and --format another, or one that is never written. */
export function agree(out: string, byName: OutputFormat | undefined, asked: OutputFormat | undefined): void {
  const unwritten = /\.(heic|heif|hif|gif)$/i.exec(out)?.[1];
  if (byName === undefined && unwritten)
    throw new AppError("usage", `--out ${out}: hotgrade writes no ${unwritten.toUpperCase()}; name a .jpg or .avif`);
  if (byName === undefined || byName === "same" || asked === undefined || asked === byName) return;
  throw new AppError("usage", `--out ${out} says ${FORMAT_NAMES[byName]} and --format says ${asked}: leave one out`);
}
