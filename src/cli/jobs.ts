/** jobs and job: the list, and one job's whole history. */
import { systemClock } from "../adapters/system.ts";
import { waitsUntil } from "../app/hours.ts";
import { hintOf } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { type Job, STATUSES, type Status } from "../core/job/job.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { jobData, jobNamed, type OpenProject, openProject, progressOf, standing, withLedger } from "./project.ts";

export const jobs = defineCommand({
  name: "jobs",
  summary: "list the photos and where each stands",
  usage: "[--status STATUS] [--inbox PATH] [--limit N] [--json]",
  about: ["The newest first. The first eight characters of an id are enough for every command that takes one."],
  options: {
    status: { kind: "choice", value: "STATUS", of: [...STATUSES], about: "Only these:" },
    inbox: { kind: "text", value: "PATH", about: "Only this inbox." },
    limit: { kind: "number", value: "N", min: 1, max: 100_000, whole: true, fallback: 50, about: "At most so many:" },
    ...CONFIG,
    ...JSON_OUTPUT,
  },
  words: [0, 0],
  examples: [["hotgrade jobs --status failed", "what failed"]],
  async run(context) {
    const { cwd, options, print } = context;
    const project = await openProject(context, options.config);
    const query = {
      limit: options.limit,
      ...(options.status ? { statuses: [options.status as Status] } : {}),
      ...(options.inbox ? { inbox: absolute(cwd, options.inbox) } : {}),
    };
    const { found, progress } = await withLedger(project, async (ledger) => ({
      found: await ledger.jobs.find(query),
      progress: await progressOf(ledger),
    }));
    if (options.json) print.json({ jobs: found.map((job) => jobData(job, progress.get(job.id))) });
    else if (found.length === 0) print.say("No photos yet.");
    else
      print.table(
        [{ title: "JOB" }, { title: "STANDS" }, { title: "VERDICT" }, { title: "PHOTO" }],
        found.map((job) => [
          job.id.slice(0, 8),
          standing(job, progress.get(job.id)),
          job.facts.verdict ?? "",
          showPath(job.path),
        ]),
      );
    return undefined;
  },
});

export const job = defineCommand({
  name: "job",
  summary: "one job's whole history: attempts, tickets, outputs",
  usage: "ID [--json]",
  about: ["ID may be the start of an id."],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [1, 1],
  examples: [["hotgrade job 4f1c", "the job whose id begins so"]],
  async run(context) {
    const { options, print, words } = context;
    const project = await openProject(context, options.config);
    const { found, attempts, tickets, outputs, progress } = await withLedger(project, async (ledger) => {
      const found = await jobNamed(ledger, words[0]!);
      const [attempts, tickets, outputs] = await Promise.all([
        ledger.attempts.of(found.id),
        ledger.tickets.ofJob(found.id),
        ledger.outputs.of(found.id),
      ]);
      const progress = (await progressOf(ledger)).get(found.id);
      return { found, attempts, tickets, outputs, progress };
    });
    if (options.json) {
      print.json({
        ...jobData(found, progress),
        waitsUntil: waitOf(found, project),
        prompt: found.recipe.prompt,
        attempts,
        tickets,
        outputs,
      });
      return undefined;
    }
    print.line(`job       ${found.id}`);
    print.line(`photo     ${showPath(found.original)}`);
    const until = waitOf(found, project);
    print.line(`stands    ${standing(found, progress)}${until === null ? "" : `, waits until ${until}`}`);
    print.line(`prompt    ${found.recipe.prompt}`);
    if (found.facts.fit)
      print.line(`look      ${found.facts.verdict}, ΔE ${found.facts.fit.score.toFixed(2)} left over`);
    if (found.facts.fit?.localScore !== undefined)
      print.line(`local     ΔE ${found.facts.fit.localScore.toFixed(2)} left over with light by place`);
    if (found.facts.finish) print.line(`finish    ${found.facts.finish}`);
    if (found.facts.proof) print.line(`proof     ${showPath(found.facts.proof)}`);
    if (found.facts.heatmap) print.line(`where     ${showPath(found.facts.heatmap)}`);
    if (found.facts.cube) print.line(`cube      ${showPath(found.facts.cube)}`);
    if (found.recipe.strength !== 1) print.line(`strength  ${found.recipe.strength}`);
    if (found.shoot) print.line(`shoot     ${found.shoot.id}, ${found.shoot.role}${outsideOf(found)}`);
    for (const { id, backend, state, seed } of tickets)
      print.line(`ticket    ${id} on ${backend}: ${state}, seed ${seed}`);
    for (const { path, state } of outputs)
      print.line(`output    ${showPath(path)}${state === "published" ? "" : ` (${state})`}`);
    for (const note of found.facts.notes ?? []) print.line(`note      ${note}`);
    if (found.failure) {
      print.line(`error     [${found.failure.code}] ${found.failure.message}`);
      print.line(`hint      ${hintOf(found.failure.code)}`);
    }
    print.line();
    print.table(
      [{ title: "STAGE" }, { title: "OUTCOME" }, { title: "MS", right: true }, { title: "" }],
      attempts.map(({ stage, kind, startedAt, endedAt, times, code, message }) => [
        stage,
        times > 1 ? `${kind} ×${times}` : kind,
        endedAt - startedAt,
        `${code ? `[${code}] ` : ""}${message ?? ""}`,
      ]),
    );
    return undefined;
  },
});

/** When the hours of its inbox begin, if it is those that a photo waits for. */
function waitOf({ inbox, stage, status }: Job, { config }: OpenProject): string | null {
  const settings = config.inboxes.find(({ path }) => path === inbox);
  if (!settings || status !== "ready" || (stage !== "upload" && stage !== "queue")) return null;
  return waitsUntil(settings, systemClock.now()) ?? null;
}

const outsideOf = ({ facts: { outside } }: Job): string =>
  outside === undefined ? "" : `: ${Math.round(100 * outside)} % of its colours are unknown to the look`;
