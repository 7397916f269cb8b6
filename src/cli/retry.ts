/** retry, cancel, approve, reject: what a person decides about jobs. They speak to the ledger; the daemon sees it there. */
import { systemClock, systemIds } from "../adapters/system.ts";
import { bringHome } from "../app/bring-home.ts";
import { existingOf, THERE_BEFORE } from "../app/first-start.ts";
import { regrade, reviseStale, staleJobs } from "../app/stale.ts";
import { looksFolderOf } from "../app/wire.ts";
import { AppError } from "../core/errors.ts";
import { FINISHES, type FinishName, type Status } from "../core/job/job.ts";
import type { Ledger } from "../ports.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import type { ExitCode } from "./exit.ts";
import { type OpenProject, openProject, withLedger } from "./project.ts";
import { meant, tell, WHICH, type Which } from "./which.ts";

export const retry = defineCommand({
  name: "retry",
  summary: "let failed, held or cancelled photos go on; grade stale ones again",
  usage: "[ID…] [--failed | --stale | --existing | --inbox PATH | --all]",
  about: [
    "A failed or cancelled photo goes on from the stage it failed at, or begins anew where its recipe (configuration, prompt.txt) was edited since; an original that was put away comes back to its inbox. A held one asks the model again with a new seed; `approve` takes what is there instead.",
    "--stale grades photos again whose recipe (configuration, prompt.txt) was edited since: the results come beside the old ones under the next number.",
  ],
  options: {
    failed: { kind: "flag", about: "All that failed." },
    existing: { kind: "flag", about: "Photos that `existing: ignore` left alone." },
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
      if (options.existing) return takeExisting(context, project, ledger, options.inbox);
      if (options.stale && context.words.length > 0)
        throw new AppError("usage", "--stale means all stale photos; leave it out to retry the ones you name");
      if (options.stale) return retryStale(context, project, ledger, options.inbox);
      const statuses: readonly Status[] = options.failed ? ["failed"] : ["failed", "held", "cancelled"];
      const jobs = await meant(context, ledger, options, statuses);
      const { config, files } = project;
      const ports = { clock: systemClock, files, ledger, looksFolder: looksFolderOf(config) };
      await reviseStale(jobs, config, ports);
      const home = await bringHome(jobs, { clock: systemClock, files, ledger }, context.print.warn);
      const others = jobs.map(({ id }) => id).filter((id) => !home.includes(id));
      return [...home, ...(await ledger.jobs.retry(others, systemClock.now()))];
    });
    return tell(
      context,
      options.json,
      ids,
      options.existing ? "left alone before will be taken" : "will be tried again",
    );
  },
});

async function retryStale({ cwd }: CommandContext, project: OpenProject, ledger: Ledger, inbox: string | undefined) {
  const { config, files } = project;
  const wanted = inbox === undefined ? undefined : absolute(cwd, inbox);
  const ports = { clock: systemClock, files, ids: systemIds, ledger, looksFolder: looksFolderOf(config) };
  const ids: string[] = [];
  for (const one of config.inboxes)
    if (wanted === undefined || one.path === wanted) {
      const stale = await staleJobs(one, config, ports);
      ids.push(...(await regrade(stale, ports)));
    }
  return ids;
}

/** Gives their paths. A daemon looks again at once, and otherwise the next start does. */
async function takeExisting(
  { cwd, words }: CommandContext,
  project: OpenProject,
  ledger: Ledger,
  inbox: string | undefined,
) {
  if (words.length > 0) throw new AppError("usage", "--existing means all photos of an inbox that were left alone");
  const wanted = inbox === undefined ? undefined : absolute(cwd, inbox);
  const paths: string[] = [];
  for (const { path } of project.config.inboxes) {
    if (wanted !== undefined && path !== wanted) continue;
    const left = (await ledger.sightings.of(path)).filter(({ message }) => message === THERE_BEFORE);
    if (left.length > 0) await ledger.switches.set(existingOf(path), "take", systemClock.now());
    paths.push(...left.map((file) => file.path));
  }
  return paths;
}

export const cancel = defineCommand({
  name: "cancel",
  summary: "stop photos that are on their way; originals stay",
  usage: "[ID…] [--inbox PATH | --all]",
  about: ["The photo's work ends within a second, on the backend too. `retry` brings it back."],
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
    "A photo is held for review (`review: true`), with a proof that `hotgrade job ID` names, or when the model's edit is not one colour transform; then it names a picture of where. Approving writes it, with the nearest look where there is no exact one. Of a shoot, all photos that wait for it go on with that look.",
    "--finish makes more of the answer that is there, without asking the model again: `local` transfers light that changes with the place too, `direct` takes the model's own picture, made larger, `lut` the look alone. A shoot's look is for all its photos, so there it applies only to one that is alone.",
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
  run: (context) => {
    const finish = context.options.finish as FinishName | undefined;
    return decideHeld(context, (ledger, ids) => ledger.jobs.approve(ids, systemClock.now(), finish), "will be written");
  },
});

export const reject = defineCommand({
  name: "reject",
  summary: "ask the model again for held photos, or give them up",
  usage: "[ID…] [--prompt WORDS | --give-up] [--inbox PATH | --all]",
  about: [
    "A held photo goes to the model again with a new seed, also where the recipe names one: that would give the same picture. Where it is the hero of a shoot whose look fails, the next photo of the shoot goes to the model instead, and this one waits for that look like the others.",
    "--prompt asks with other words, for these photos alone; a seed that the recipe names stays, so that the words are what differs. --give-up ends the photos: nothing is written, and the original goes where `original.failed` says.",
  ],
  options: {
    prompt: { kind: "text", value: "WORDS", about: "Ask with these words instead." },
    "give-up": { kind: "flag", about: "End them; `retry` brings them back." },
    ...WHICH,
  },
  words: [0, Number.POSITIVE_INFINITY],
  examples: [
    ["hotgrade reject 4f1c", "not like this"],
    ['hotgrade reject 4f1c --prompt "cooler, less contrast"', "with other words"],
    ["hotgrade reject 4f1c --give-up", "not at all"],
  ],
  run: (context) => {
    const { prompt, "give-up": givesUp } = context.options;
    if (givesUp && prompt !== undefined) throw new AppError("usage", "--give-up asks nobody: leave out --prompt");
    if (prompt !== undefined && (prompt.trim() === "" || prompt.length > PROMPT_MAX))
      throw new AppError("usage", `--prompt takes 1 to ${PROMPT_MAX} characters`);
    const now = systemClock.now();
    if (!givesUp)
      return decideHeld(context, (ledger, ids) => ledger.jobs.reject(ids, now, prompt), "will be asked for again");
    return decideHeld(context, (ledger, ids) => ledger.jobs.giveUp(ids, "Given up by hand.", now), "given up");
  },
});

/** As many characters as the configuration lets a prompt have. */
const PROMPT_MAX = 8_000;

async function decideHeld(
  context: CommandContext & {
    readonly options: Which & { readonly config: string | undefined; readonly json: boolean };
  },
  decide: (ledger: Ledger, ids: readonly string[]) => Promise<readonly string[]>,
  verb: string,
): Promise<ExitCode> {
  const { options } = context;
  const project = await openProject(context, options.config);
  const ids = await withLedger(project, async (ledger) => {
    const jobs = await meant(context, ledger, options, ["held"]);
    return decide(
      ledger,
      jobs.map(({ id }) => id),
    );
  });
  return tell(context, options.json, ids, verb);
}
