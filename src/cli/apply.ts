/** apply: a .cube on photos at full size. No model, no ledger. */

import { systemIds } from "../adapters/system.ts";
import { AppError, asAppError } from "../core/errors.ts";
import { stemOf } from "../core/inbox/naming.ts";
import { baseName, extensionOf, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import type { OutputFormat } from "../core/job/job.ts";
import { extensionFor } from "../core/job/output-names.ts";
import { formatNotes, formatOfExtension, writtenFormat } from "../core/job/picture.ts";
import type { Files, Pictures, RawWay, RenderReport, RenderRequest } from "../ports.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { filesOf, requireFiles } from "./disk.ts";
import { EXIT } from "./exit.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { agree, OUTPUT, outputWith, type Written } from "./output-options.ts";
import { loadPictureConfig, withPictures } from "./pictures.ts";
import { asPicture, RAW, rawWay } from "./raw.ts";

/** What to write, where: a file, or a folder that the photo keeps its name in. */
type Target = { readonly input: PathText; readonly format: OutputFormat } & (
  | { readonly file: PathText }
  | { readonly folder: PathText }
);
type Result = { readonly input: PathText } & (
  | { readonly output: PathText; readonly report: RenderReport }
  | { readonly error: AppError }
);
type Look = Pick<RenderRequest, "cube" | "strength" | "quality" | "bitDepth" | "resize" | "profile" | "times">;

export const apply = defineCommand({
  name: "apply",
  summary: "apply a .cube to photos at full size",
  usage: "IN… --cube FILE.cube --out DIR|FILE [--strength 0…1] [--format F] [--quality N] [--resize PIXELS]",
  about: [
    "Writes each photo with the look applied: same size, same format, same metadata and colour profile, unless you ask for another; a HEIC becomes a JPEG. With one photo, --out may name a file, whose extension decides the format; otherwise it names a folder, made when absent, and the photos keep their names.",
    "A camera RAW is written as a picture: `IMG_1.CR2` becomes `IMG_1.jpg`, or `IMG_1.tif` where it was developed. An existing file is never replaced: that photo is reported, the others go on, and the exit code is 1.",
  ],
  options: {
    ...RAW,
    cube: { kind: "text", value: "FILE.cube", required: true, about: "The look." },
    out: { kind: "text", short: "o", value: "DIR|FILE", required: true, about: "Where to write." },
    strength: { kind: "number", value: "S", min: 0, max: 1, fallback: 1, about: "How much of the look:" },
    ...OUTPUT,
    times: {
      kind: "choice",
      value: "WHICH",
      of: ["now", "keep"],
      fallback: "now",
      about: "File times of what is written: of now, or kept from the photo.",
    },
    ...JSON_OUTPUT,
    ...CONFIG,
  },
  words: [1, Number.POSITIVE_INFINITY],
  examples: [
    ["hotgrade apply *.jpg --cube look.cube --out graded", "a whole shoot"],
    ["hotgrade apply photo.tif --cube look.cube --out photo-soft.jpg --strength 0.5", "half of it, as a JPEG"],
    ["hotgrade apply *.heic --cube look.cube --out web --format avif --resize 2560 --profile srgb", "for a web page"],
  ],
  async run(context) {
    const { cwd, env, stderr, signal, options, words, print } = context;
    const config = await loadPictureConfig({ explicit: options.config, cwd, env });
    const files = filesOf({ env });
    const cube = absolute(cwd, options.cube);
    await requireFiles(files, [cube]);
    const targets = await targetsOf(files, cwd, words, options.out, options.format);
    const { format } = targets[0]!;
    const { format: _, ...output } = outputWith<Written>({ format, quality: null }, { ...options, format });
    const look = { cube, strength: options.strength, times: options.times, ...output };
    const way = rawWay(options.raw, config);
    const how = targets.length > 1 ? "at once" : "one by one";
    const results = await withPictures(config, { stderr }, how, (pictures) => {
      const one = (target: Target) => render({ files, pictures, signal }, target, look, way);
      let count = 0;
      const said = async (target: Target): Promise<Result> => {
        const result = await one(target);
        print.progress(`${++count} of ${targets.length}  ${baseName(target.input)}`);
        if (!options.json) say(context, result);
        return result;
      };
      return eachOf(targets, pictures.workers, said, signal);
    });
    print.settle();
    if (options.json) print.json({ outputs: await Promise.all(results.map((result) => asData(files, result))) });
    if (signal.aborted) {
      const count = results.filter((result) => "report" in result).length;
      throw new AppError("interrupted", `Stopped after ${count} of ${targets.length} photos.`);
    }
    return results.some((result) => "error" in result) ? EXIT.failed : EXIT.ok;
  },
});

async function targetsOf(
  files: Files,
  cwd: string,
  words: readonly string[],
  out: string,
  asked: OutputFormat | undefined,
): Promise<readonly Target[]> {
  const inputs = words.map((word) => absolute(cwd, word));
  const to = absolute(cwd, out);
  const kind = (await files.stat(to))?.kind;
  const format = formatOfExtension(extensionOf(to));
  const isFolder = kind === "folder" || /[\\/]$/.test(out) || inputs.length > 1 || format === undefined;
  if (kind !== "folder") agree(out, isFolder ? undefined : format, asked);
  if (!isFolder) {
    return [{ input: inputs[0]!, file: to, format: format! }];
  }
  if (kind === "file") throw new AppError("usage", `--out ${out} is a file; several photos need a folder`);
  await files.proveWritable(to);
  return inputs.map((input) => ({ input, folder: to, format: asked ?? "same" }));
}

async function render(
  tools: { readonly files: Files; readonly pictures: Pictures; readonly signal: AbortSignal },
  target: Target,
  look: Look,
  way: RawWay,
): Promise<Result> {
  const { files, pictures, signal } = tools;
  const { input } = target;
  const folder = "file" in target ? folderOf(target.file) : target.folder;
  const temp = joinPath(folder, `.hotgrade-${systemIds.uuid()}.tmp`);
  try {
    await requireFiles(files, [input]);
    if ("file" in target && (await files.stat(target.file))) throw exists(target.file);
    return await asPicture(tools, input, way, async ({ file, photo, notes }) => {
      const original = (photo ?? (await pictures.inspect(file, signal))).format;
      const format = writtenFormat(target.format, original);
      const output = "file" in target ? target.file : outputOf(folder, input, format);
      if (await files.stat(output)) throw exists(output);
      await files.makeFolder(folder);
      const report = await pictures.render({ original: file, ...look, format, to: temp }, signal);
      if ((await files.publish(temp, output)) === "taken") throw exists(output);
      await files.syncFolder(folder);
      const all = [...notes, ...formatNotes(target.format, original), ...report.notes];
      return { input, output, report: { ...report, notes: all } };
    });
  } catch (thrown) {
    await files.discard(temp);
    const error = signal.aborted ? new AppError("interrupted", "Stopped.", {}, thrown) : asAppError(thrown);
    return { input, error };
  }
}

/** The photo's own name where its extension fits the format: `a.JPG` as a JPEG, `a.webp` of `a.JPG` as a WebP. */
function outputOf(folder: PathText, input: PathText, format: RenderRequest["format"]): PathText {
  const name = baseName(input);
  const extension = extensionFor(name, format);
  return joinPath(folder, name.endsWith(`.${extension}`) ? name : (`${stemOf(name)}.${extension}` as PathText));
}

const exists = (output: PathText) => new AppError("output-exists", `${showPath(output)} is there already`, { output });

/** Runs `work` on each, at most `room` at once; what has not begun when the signal aborts is left out. */
async function eachOf<T, R>(
  items: readonly T[],
  room: number,
  work: (item: T) => Promise<R>,
  signal: AbortSignal,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) {
      if (signal.aborted) return;
      results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, room) }, worker));
  return results.filter((result) => result !== undefined);
}

function say({ print, options }: CommandContext, result: Result): void {
  if ("error" in result) {
    if (result.error.code === "interrupted") return;
    print.say(showPath(result.input));
    print.error(result.error, options.verbose);
    return;
  }
  print.line(showPath(result.output));
  for (const note of result.report.notes) print.say(`  note: ${note}`);
}

/** The hash is made here alone: over a large file it takes as long as the look. */
async function asData(files: Files, result: Result): Promise<Record<string, unknown>> {
  const { input } = result;
  if ("report" in result) {
    const { output, report } = result;
    return { input, output, ...report, sha256: await files.sha256(output) };
  }
  const { code, message, hint } = result.error;
  return { input, output: null, error: { code, message, hint } };
}
