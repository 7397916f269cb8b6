/** retry, cancel, approve: what a person decides about jobs. They speak to the ledger; the daemon sees it there. */
import { systemClock, systemIds } from "../adapters/system.ts";
import { regrade, staleJobs } from "../app/stale.ts";
import { AppError } from "../core/errors.ts";
import { FINISHES, type FinishName, type Job, type Status } from "../core/job/job.ts";
import type { Ledger } from "../ports.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { jobNamed, type OpenProject, openProject, withLedger } from "./project.ts";

const WHICH = {
  inbox: { kind: "text", value: "PATH", about: "All of this inbox." },
  all: { kind: "flag", about: "All photos that it applies to." },
  ...CONFIG,
  ...JSON_OUTPUT,
} as const;

type Which = { readonly inbox: string | undefined; readonly all: boolean; readonly failed?: boolean };

/** The jobs a person means: by id, or all of some statuses. Errors: `usage`, `job-unknown`. */
async function meant(
  context: CommandContext,
  ledger: Ledger,
  which: Which,
  statuses: readonly Status[],
): Promise<readonly Job[]> {
  const { cwd, words } = context;
  if (words.length > 0) return Promise.all(words.map((word) => jobNamed(ledger, word)));
  if (!which.all && !which.failed && which.inbox === undefined)
    throw new AppError("usage", "say which: the start of an id, --inbox PATH or --all");
  return ledger.jobs.find({ statuses, ...(which.inbox ? { inbox: absolute(cwd, which.inbox) } : {}) });
}

/** Says how many changed. A job that was named and cannot be changed so is a failure. */
function tell({ print, words }: CommandContext, json: boolean, ids: readonly string[], verb: string): ExitCode {
  if (json) print.json({ changed: ids });
  else print.say(`${ids.length} ${ids.length === 1 ? "photo" : "photos"} ${verb}.`);
  if (ids.length >= words.length) return EXIT.ok;
  print.say(
    "A photo that is done, or is on its way already, cannot be changed so; `hotgrade job ID` says where it stands.",
  );
  return EXIT.failed;
}

export const retry = defineCommand({
  name: "retry",
  summary: "let failed, held or cancelled photos go on; grade stale ones again",
  usage: "[ID…] [--failed | --stale | --inbox PATH | --all]",
  about: [
    "A failed or cancelled photo goes on from the stage it failed at. A held one asks the model again with a new seed; `approve` takes what is there instead.",
    "--stale grades photos again whose recipe (configuration, prompt.txt) was edited since: the results come beside the old ones under the next number.",
  ],
  options: {
    failed: { kind: "flag", about: "All that failed." },
    stale: { kind: "flag", about: "All done photos with an older recipe." },
    ...WHICH,
  },
  words: [0, Number.POSITIVE_INFINITY],
  examples: [
    ["hotgrade retry --failed", "after the cause is mended"],
    ["hotgrade retry 4f1c", "one photo"],
  ],
  async run(context) {
    const { options } = context;
    const project = await openProject(context, options.config);
    const ids = await withLedger(project, async (ledger) => {
      if (options.stale && context.words.length > 0)
        throw new AppError("usage", "--stale means all stale photos; leave it out to retry the ones you name");
      if (options.stale) return retryStale(context, project, ledger, options.inbox);
      const statuses: readonly Status[] = options.failed ? ["failed"] : ["failed", "held", "cancelled"];
      const jobs = await meant(context, ledger, options, statuses);
      return ledger.jobs.retry(
        jobs.map(({ id }) => id),
        systemClock.now(),
      );
    });
    return tell(context, options.json, ids, "will be tried again");
  },
});

async function retryStale({ cwd }: CommandContext, project: OpenProject, ledger: Ledger, inbox: string | undefined) {
  const { config, files } = project;
  const wanted = inbox === undefined ? undefined : absolute(cwd, inbox);
  const ids: string[] = [];
  for (const one of config.inboxes)
    if (wanted === undefined || one.path === wanted) {
      const stale = await staleJobs(one, config, { ledger, files });
      ids.push(...(await regrade(stale, { ledger, ids: systemIds }, systemClock.now())));
    }
  return ids;
}

export const cancel = defineCommand({
  name: "cancel",
  summary: "stop photos that are on their way; originals stay",
  usage: "[ID…] [--inbox PATH | --all]",
  about: ["The photo's work ends within seconds, on the backend too. `retry` brings it back."],
  options: { ...WHICH },
  words: [0, Number.POSITIVE_INFINITY],
  examples: [["hotgrade cancel --inbox inbox", "everything of one inbox"]],
  async run(context) {
    const { options } = context;
    const project = await openProject(context, options.config);
    const ids = await withLedger(project, async (ledger) => {
      const jobs = await meant(context, ledger, options, ["ready", "leased", "held"]);
      return ledger.jobs.cancel(
        jobs.map(({ id }) => id),
        "Cancelled by hand.",
        systemClock.now(),
      );
    });
    return tell(context, options.json, ids, "cancelled");
  },
});

export const approve = defineCommand({
  name: "approve",
  summary: "write held photos as they are, or with another finish",
  usage: "[ID…] [--finish FINISH] [--inbox PATH | --all]",
  about: [
    "A photo is held when the model's edit is not one colour transform; `hotgrade job ID` names a picture of where. Approving writes it with the nearest look all the same.",
    "--finish makes more of the answer that is there, without asking the model again: `local` transfers light that changes with the place too, `direct` takes the model's own picture, made larger, `lut` the look alone.",
  ],
  options: {
    finish: { kind: "choice", value: "FINISH", of: [...FINISHES], about: "Go on with this finish:" },
    ...WHICH,
  },
  words: [0, Number.POSITIVE_INFINITY],
  examples: [
    ["hotgrade approve 4f1c", "one photo, with the nearest look"],
    ["hotgrade approve 4f1c --finish local", "with the light the model changed by place"],
  ],
  async run(context) {
    const { options } = context;
    const project = await openProject(context, options.config);
    const ids = await withLedger(project, async (ledger) => {
      const jobs = await meant(context, ledger, options, ["held"]);
      return ledger.jobs.approve(
        jobs.map(({ id }) => id),
        systemClock.now(),
        options.finish as FinishName | undefined,
      );
    });
    return tell(context, options.json, ids, "will be written");
  },
});
