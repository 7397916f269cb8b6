/** grade: photos named on the command line through the whole line, without an inbox. */
import { gradePhotos } from "../app/errand.ts";
import type { NewPhoto } from "../app/intake.ts";
import { findLook, keepFound, settingLook } from "../app/looks.ts";
import type { LinePorts } from "../app/wire.ts";
import type { InboxConfig, LookSetting } from "../core/config/parse.ts";
import { outputFor, recipeFor } from "../core/config/recipe.ts";
import { AppError } from "../core/errors.ts";
import { baseName, extensionOf, folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import { isRawName, kindOfName } from "../core/inbox/rule.ts";
import type { OutputFormat, OutputRecipe, Recipe } from "../core/job/job.ts";
import { formatOfExtension } from "../core/job/picture.ts";
import { isLookName } from "../core/lut/names.ts";
import type { Files, RawWay } from "../ports.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { finishErrand, showProgress } from "./errand-result.ts";
import { logOf } from "./log.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { agree, OUTPUT, outputWith } from "./output-options.ts";
import { type OpenProject, openProject } from "./project.ts";
import { RAW, rawWay } from "./raw.ts";

export const grade = defineCommand({
  name: "grade",
  summary: "grade these photos now, without an inbox",
  usage: "IN… --out DIR|FILE [--prompt TEXT] [--json]",
  about: [
    "Sends photos, or the photos of folders, through the same line as an inbox: the first inbox of the configuration gives the settings. With one photo, --out may name a file, whose extension decides the format; otherwise it names a folder. Nothing is replaced, and originals stay where they are.",
    "The same photo with the same settings is graded once: asking again gives the result that is there.",
  ],
  options: {
    out: { kind: "text", short: "o", value: "DIR|FILE", required: true, about: "Where to write." },
    prompt: { kind: "text", short: "p", value: "TEXT", about: "The grade in words; else the configuration's prompt." },
    look: {
      kind: "text",
      value: "NAME|FILE.cube",
      about: "Use this look and ask no model: a kept one by its name, or a .cube.",
    },
    ...RAW,
    ...OUTPUT,
    ...CONFIG,
    ...JSON_OUTPUT,
  },
  words: [1, Number.POSITIVE_INFINITY],
  examples: [
    ['hotgrade grade photo.jpg --out graded --prompt "golden hour, soft contrast"', "one photo"],
    ["hotgrade grade shoot/ --out graded", "a folder of photos"],
  ],
  async run(context) {
    const { cwd, options, print, signal, words } = context;
    const project = await openProject(context, options.config);
    const { files } = project;
    const named = words.map((word) => absolute(cwd, word));
    const inbox = settingsOf(project);
    const way = rawWay(options.raw, project.config);
    const withRaws = options.raw !== undefined || inbox.raw.kind !== "skip";
    const inputs = await photosOf(files, named, (name) => withRaws || !isRawName(name));
    const where = await outputOf(files, absolute(cwd, options.out), options.out, inputs.length, options.format);
    const asked = where.format === undefined ? options : { ...options, format: where.format };
    const output = outputWith({ ...outputFor(inbox), ...where }, asked);
    const log = logOf(project.config, context, "error");
    try {
      const find = async (ports: LinePorts) => {
        const asked = options.look === undefined ? null : lookAsked(options.look, cwd);
        const look = await (asked ? settingLook(asked, ports) : findLook(inbox, undefined, ports));
        await keepFound(look, ports);
        const plain = recipeFor(inbox, project.config.backends, { prompt: options.prompt, look: look.source });
        const recipe = { ...withRaw(plain, way), output };
        return Promise.all(inputs.map((input) => photoOf(files, input, recipe, inbox.priority)));
      };
      const errand = { project, files, log, signal, progress: showProgress(print) };
      return finishErrand(context, await gradePhotos(errand, find), options.json);
    } finally {
      await log.close();
    }
  },
});

/** Files as they are named; of a folder, the photos in it that are `wanted`. Errors: `usage`. */
async function photosOf(
  files: Files,
  inputs: readonly PathText[],
  wanted: (name: PathText) => boolean,
): Promise<readonly PathText[]> {
  const photos: PathText[] = [];
  for (const input of inputs) {
    const stat = await files.stat(input);
    if (!stat) throw new AppError("usage", `there is no ${input}`);
    if (stat.kind !== "folder") photos.push(input);
    else
      for (const { name, kind } of await files.list(input))
        if (kind === "file" && kindOfName(name) === "photo" && wanted(name)) photos.push(joinPath(input, name));
  }
  if (photos.length === 0) throw new AppError("usage", `there are no photos in ${inputs.join(", ")}`);
  return photos;
}

type Where = Pick<OutputRecipe, "outbox"> & Partial<OutputRecipe>;

/** --out as a folder, or as a file for one photo. Errors: `usage`, `output-exists`, `outbox-unwritable`. */
async function outputOf(
  files: Files,
  out: PathText,
  typed: string,
  count: number,
  asked: OutputFormat | undefined,
): Promise<Where> {
  const kind = (await files.stat(out))?.kind;
  const format = formatOfExtension(extensionOf(out));
  const isFile = count === 1 && kind !== "folder" && !typed.endsWith("/") && format !== undefined;
  if (isFile && kind !== undefined) throw new AppError("output-exists", `${typed} is there already`, { out });
  if (!isFile && kind !== undefined && kind !== "folder") throw new AppError("usage", `--out ${typed} is not a folder`);
  if (kind !== "folder") agree(typed, isFile ? format : undefined, asked);
  const outbox = isFile ? folderOf(out) : out;
  await files.proveWritable(outbox);
  if (!isFile) return { outbox, structure: "flat" };
  const name = baseName(out)
    .replace(/[{}]/g, "_")
    .replace(/\.[^.]*$/, ".{ext}");
  return { outbox, structure: "flat", format, name, suffix: "" };
}

/** The first inbox, whose settings hold. Errors: `usage`. */
function settingsOf({ config }: OpenProject): InboxConfig {
  const [inbox] = config.inboxes;
  if (!inbox) throw new AppError("usage", "the configuration has no inbox to take the settings from");
  return inbox;
}

/** Who asks for photos by name waits for them: nothing is held for review. */
const withRaw = ({ raw: _raw, review: _review, ...plain }: Recipe, way: RawWay): Recipe =>
  way.kind === "preview" ? plain : { ...plain, raw: way };

const lookAsked = (text: string, cwd: string): LookSetting =>
  isLookName(text) ? { kind: "named", name: text } : { kind: "file", file: absolute(cwd, text) };

async function photoOf(files: Files, input: PathText, recipe: Recipe, priority: number): Promise<NewPhoto> {
  const stat = await files.stat(input);
  if (!stat) throw new AppError("usage", `there is no ${input}`);
  const leave = { kind: "leave" } as const;
  return {
    inbox: null,
    path: input,
    absolute: input,
    signature: { sizeBytes: stat.sizeBytes, mtimeNs: stat.mtimeNs, inode: stat.inode },
    origin: "command",
    recipe: { ...recipe, original: { done: leave, failed: leave, duplicate: leave, unsupported: leave } },
    priority,
    turn: 0,
    before: Promise.resolve(),
    // Who names a file wants it graded, whatever it is.
    same: { duplicates: "regrade", metadataChanges: "ignore", ownOutputs: "take" },
  };
}
