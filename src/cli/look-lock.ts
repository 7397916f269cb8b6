/** look lock, look unlock: one look for everything that an inbox takes in from now on. */
import { systemClock } from "../adapters/system.ts";
import { lockOf } from "../app/looks.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { jobNamed, lookOfJob, type OpenProject, openProject, withLedger } from "./project.ts";

export const lookLock = defineCommand({
  name: "look lock",
  summary: "make a job's look the look of its inbox from now on",
  usage: "JOB [--inbox PATH]",
  about: [
    "Photos that come in from then on are graded with that look and ask no model, until `hotgrade look unlock`. A look.cube in a folder still decides for that folder. Photos that are under way already keep their own way.",
  ],
  options: {
    inbox: { kind: "text", value: "PATH", about: "The inbox to lock, when it is not the job's own." },
    ...CONFIG,
    ...JSON_OUTPUT,
  },
  words: [1, 1],
  examples: [["hotgrade look lock 4f1c", "this is how the rest of the shoot shall look"]],
  async run(context) {
    const { cwd, options, print, words } = context;
    const project = await openProject(context, options.config);
    const { inbox, sha256 } = await withLedger(project, async (ledger) => {
      const job = await jobNamed(ledger, words[0]!);
      const { sha256 } = lookOfJob(job);
      const inbox = options.inbox === undefined ? job.inbox : absolute(cwd, options.inbox);
      if (inbox === null) throw new AppError("usage", "this photo came from no inbox: say which with --inbox PATH");
      inboxOf(project, inbox);
      await ledger.switches.set(lockOf(inbox), sha256, systemClock.now());
      return { inbox, sha256 };
    });
    if (options.json) print.json({ inbox: showPath(inbox), look: sha256 });
    else print.say(`${showPath(inbox)} now grades every new photo with this look; \`hotgrade look unlock\` ends that.`);
    return undefined;
  },
});

export const lookUnlock = defineCommand({
  name: "look unlock",
  summary: "let an inbox find its looks again as configured",
  usage: "[INBOX]",
  about: ["INBOX may be left out when there is only one."],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [0, 1],
  examples: [["hotgrade look unlock", "the only inbox"]],
  async run(context) {
    const { cwd, options, print, words } = context;
    const project = await openProject(context, options.config);
    const [only, ...more] = project.config.inboxes;
    if (words[0] === undefined && more.length > 0) throw new AppError("usage", "there are several inboxes: say which");
    const inbox = inboxOf(project, words[0] === undefined ? (only?.path ?? ("" as PathText)) : absolute(cwd, words[0]));
    const wasLocked = await withLedger(project, async (ledger) => {
      const before = await ledger.switches.get(lockOf(inbox));
      await ledger.switches.set(lockOf(inbox), null, systemClock.now());
      return before !== undefined;
    });
    if (options.json) print.json({ inbox: showPath(inbox), wasLocked });
    else print.say(wasLocked ? `${showPath(inbox)} is unlocked.` : `${showPath(inbox)} was not locked.`);
    return undefined;
  },
});

/** Errors: `usage` when the configuration has no such inbox. */
function inboxOf({ config }: OpenProject, path: PathText): PathText {
  const known = config.inboxes.map((inbox) => inbox.path);
  if (known.includes(path)) return path;
  throw new AppError("usage", `${showPath(path)} is no inbox; there is ${known.map(showPath).join(", ") || "none"}`);
}
