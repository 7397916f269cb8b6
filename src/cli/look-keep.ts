/** look keep, look list, look drop: looks under names of their own, to be used again without asking a model. */
import { systemClock } from "../adapters/system.ts";
import { looksFolderOf } from "../app/wire.ts";
import { AppError } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import type { KeptLook } from "../core/job/job.ts";
import { isLookName, LOOK_WORDS } from "../core/lut/names.ts";
import type { Ledger } from "../ports.ts";
import { keepLook } from "../stages/keep-look.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { requireFiles } from "./disk.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { jobNamed, lookOfJob, type OpenProject, openProject, withLedger } from "./project.ts";

export const lookKeep = defineCommand({
  name: "look keep",
  summary: "keep a look under a name, for `look: NAME` in the configuration",
  usage: "JOB|FILE.cube NAME",
  about: [
    "Takes the look that a job was given, by the start of its id, or that of a .cube. With `look: NAME` an inbox then grades its photos with it and asks no model; `hotgrade grade --look NAME` does so for single photos.",
  ],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [2, 2],
  examples: [
    ['hotgrade look keep 4f1c "Golden hour"', "the look of a photo that came out well"],
    ["hotgrade look keep film.cube Film", "a look from elsewhere"],
  ],
  async run(context) {
    const { options, print, words } = context;
    const [from, name] = [words[0]!, words[1]!];
    if (!isLookName(name) || (LOOK_WORDS as readonly string[]).includes(name))
      throw new AppError(
        "usage",
        `${name} cannot name a look: use letters, digits, spaces, dots and dashes; not each or shoot, and no .cube at its end`,
      );
    const project = await openProject(context, options.config);
    const look = await withLedger(project, async (ledger) => {
      const found = await lookMeant(from, context, project, ledger);
      if (await ledger.looks.name(found.sha256, name)) return found;
      const known = (await ledger.looks.list()).find(({ sha256 }) => sha256 === found.sha256);
      const what = known ? `This look is called ${known.name}` : `Another look is called ${name}`;
      throw new AppError("look-known", `${what} already.`);
    });
    if (options.json) print.json({ name, sha256: look.sha256, file: showPath(look.file) });
    else print.say(`Kept as ${name}. \`look: ${name}\` in the configuration uses it.`);
    return undefined;
  },
});

/** The look of a .cube, or of a job. Errors: `usage`, `job-unknown`, `cube-invalid`. */
async function lookMeant(
  text: string,
  { cwd }: Pick<CommandContext, "cwd">,
  { config, files }: OpenProject,
  ledger: Ledger,
): Promise<KeptLook> {
  if (!/\.cube$/i.test(text)) return lookOfJob(await jobNamed(ledger, text));
  const file = absolute(cwd, text);
  await requireFiles(files, [file]);
  const ports = { clock: systemClock, files, ledger, looksFolder: looksFolderOf(config) };
  return keepLook(file, { score: null, job: null }, ports);
}

export const lookList = defineCommand({
  name: "look list",
  summary: "the looks that have a name",
  usage: "[--json]",
  about: ["Each with the job it was fitted for, if it was, and its file, which `hotgrade look show` reads."],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [0, 0],
  examples: [["hotgrade look list", "what `look: NAME` may say"]],
  async run(context) {
    const { options, print } = context;
    const project = await openProject(context, options.config);
    const looks = await withLedger(project, (ledger) => ledger.looks.list());
    if (options.json) print.json({ looks: looks.map((look) => ({ ...look, file: showPath(look.file) })) });
    else if (looks.length === 0) print.say("No looks are kept yet; `hotgrade look keep JOB NAME` keeps one.");
    else
      print.table(
        [{ title: "NAME" }, { title: "JOB" }, { title: "ΔE", right: true }, { title: "FILE" }],
        looks.map(({ name, job, score, file }) => [
          name,
          job?.slice(0, 8) ?? "",
          score?.toFixed(2) ?? "",
          showPath(file),
        ]),
      );
    return undefined;
  },
});

export const lookDrop = defineCommand({
  name: "look drop",
  summary: "give up a look's name",
  usage: "NAME",
  about: ["The look stays with the photos that have it. Inboxes that ask for the name wait until it is given again."],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [1, 1],
  examples: [['hotgrade look drop "Golden hour"', "the name is free again"]],
  async run(context) {
    const { options, print, words } = context;
    const name = words[0]!;
    const project = await openProject(context, options.config);
    if (!(await withLedger(project, (ledger) => ledger.looks.forget(name))))
      throw new AppError("look-unknown", `No look is called ${name}.`);
    if (options.json) print.json({ dropped: name });
    else print.say(`${name} is free again.`);
    return undefined;
  },
});
