/** demo: the sample photos through the whole line in a temporary place, with proof that the results hold. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BUILTIN_IS } from "../adapters/backends/builtin.ts";
import { systemClock } from "../adapters/system.ts";
import { sweepInboxes } from "../app/errand.ts";
import { ledgerOf } from "../app/wire.ts";
import { AppError } from "../core/errors.ts";
import { joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { kindOfName } from "../core/inbox/rule.ts";
import type { Job } from "../core/job/job.ts";
import type { Pictures, VerifyReport } from "../ports.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { parseConfigText } from "./config-file.ts";
import { absolute, resolvePaths } from "./config-paths.ts";
import { filesOf } from "./disk.ts";
import { finishErrand, showProgress } from "./errand-result.ts";
import { EXIT } from "./exit.ts";
import { logOf } from "./log.ts";
import { withPictures } from "./pictures.ts";
import type { OpenProject } from "./project.ts";

const SAMPLES = fileURLToPath(new URL("../../samples", import.meta.url));
/** What re-applying the .cube may be off by before encoding, in codes of the output. */
const CODES_OFF_MAX = 1;

export const demo = defineCommand({
  name: "demo",
  summary: "grade the sample photos in a temporary place and show what happened",
  usage: "[--out DIR]",
  about: [
    "No GPU, no configuration: four photos go through the whole line with the builtin backend, which reads the words of the prompt and is not an AI. Then every result is checked: same size as its original, changed, and its .cube gives the same picture again.",
  ],
  options: {
    out: { kind: "text", short: "o", value: "DIR", about: "Where to work; else a new folder in the temporary place." },
  },
  words: [0, 0],
  examples: [["hotgrade demo", "the first thing to run"]],
  async run(context) {
    const { cwd, options, print, signal } = context;
    const root =
      options.out === undefined ? await mkdtemp(join(tmpdir(), "hotgrade-demo-")) : absolute(cwd, options.out);
    const project = await prepare(root, context);
    print.say(`Grading the sample photos. Backend: ${BUILTIN_IS}.`);
    print.say(`Prompt: ${project.config.inboxes[0]!.prompt}.`);
    const log = logOf(project.config, context, "error");
    const startedAt = systemClock.now();
    const errand = { project, files: project.files, log, signal, progress: showProgress(print) };
    const result = await sweepInboxes(errand, project.config.inboxes);
    const seconds = (systemClock.now() - startedAt) / 1_000;
    await log.close();
    const checked = await withPictures(project.config, context, "at once", (pictures) => prove(result.jobs, pictures));
    await showTable(context, project, checked);
    const code =
      result.refusals.length > 0 || result.jobs.some(({ status }) => status !== "done")
        ? finishErrand(context, result, false)
        : EXIT.ok;
    print.line();
    print.line(
      `${checked.length} photos in ${seconds.toFixed(1)} s. The results, each with its .cube and report, are in`,
    );
    print.line(`  ${showPath(project.config.inboxes[0]!.outbox)}`);
    print.line("Now your own photos: `npm start`, then drop them into inbox/.");
    return checked.length > 0 && checked.every(({ fault }) => fault === null) ? code : EXIT.failed;
  },
});

/** A project of its own with the samples in its inbox. */
async function prepare(root: string, context: CommandContext): Promise<OpenProject> {
  const files = filesOf(context);
  const text = "inboxes: [{ path: inbox, outbox: graded, settle: 300ms }]\n";
  const config = resolvePaths(parseConfigText(text, "(demo)", {}), root, undefined);
  const inbox = config.inboxes[0]!.path;
  await files.makeFolder(inbox);
  const samples = absolute(".", SAMPLES);
  for (const { name } of await files.list(samples)) {
    if (kindOfName(name) !== "photo") continue;
    if ((await files.copy(joinPath(samples, name), joinPath(inbox, name))) === "taken")
      throw new AppError("output-exists", `${root} holds another demo already.`);
  }
  return { config, root, env: context.env, files, configFile: null };
}

type Checked = {
  readonly job: Job;
  readonly output: PathText | null;
  readonly proof: VerifyReport | null;
  readonly fault: string | null;
};

async function prove(jobs: readonly Job[], pictures: Pictures): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  for (const job of [...jobs].sort((left, right) => left.seq - right.seq)) {
    const output = job.facts.outputs?.at(-1) ?? null;
    const cube = job.facts.outputs?.find((path) => path.endsWith(".cube"));
    if (output === null || cube === undefined) {
      checked.push({ job, output, proof: null, fault: job.failure?.message ?? "no output" });
      continue;
    }
    const proof = await pictures.verify({ original: job.original, cube, strength: 1, output });
    checked.push({ job, output, proof, fault: faultOf(proof) });
  }
  return checked;
}

function faultOf({ sameSize, changed, maxCode }: VerifyReport): string | null {
  if (!sameSize) return "another size than its original";
  if (!changed) return "not changed";
  return maxCode <= CODES_OFF_MAX ? null : `its .cube is ${maxCode.toFixed(1)} codes off`;
}

async function showTable({ print }: CommandContext, project: OpenProject, checked: readonly Checked[]): Promise<void> {
  const ledger = ledgerOf(project);
  const rows = [];
  for (const { job, output, proof, fault } of checked) {
    const attempts = await ledger.attempts.of(job.id);
    const stages = attempts.map(({ stage, startedAt, endedAt }) => `${stage} ${endedAt - startedAt}`).join(" · ");
    const { width = 0, height = 0 } = job.facts.photo ?? {};
    rows.push([
      showPath(job.path),
      `${width}×${height}`,
      job.facts.verdict ?? job.status,
      proof ? `ΔE ${proof.meanDeltaE.toFixed(1)}` : "",
      fault ?? `yes, ${proof!.maxCode.toFixed(2)} codes off`,
      output === null ? "" : showPath(output).slice(showPath(output).lastIndexOf("/") + 1),
      stages,
    ]);
  }
  await ledger.close();
  print.line();
  print.table(
    [
      { title: "PHOTO" },
      { title: "SIZE" },
      { title: "LOOK" },
      { title: "CHANGED BY" },
      { title: ".CUBE REPEATS IT" },
      { title: "RESULT" },
      { title: "STAGES, ms" },
    ],
    rows,
  );
}
