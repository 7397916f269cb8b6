/** How commands that send photos through the line tell what became of them. */
import type { ErrandResult } from "../app/errand.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { ENDED, type Job } from "../core/job/job.ts";
import type { CommandContext } from "./command.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit.ts";
import type { Printer } from "./print.ts";
import { jobData, sayTroubles, standing } from "./project.ts";

export const showProgress = (print: Printer) => (jobs: readonly Job[]) => {
  const ended = jobs.filter(({ status }) => status === "held" || ENDED.includes(status)).length;
  const now = jobs.filter(({ status }) => status === "leased").map((job) => `${showPath(job.path)} ${standing(job)}`);
  print.progress(`${ended} of ${jobs.length} photos  ${now.join(", ")}`);
};

/** Prints the results, and gives the exit code they deserve. */
export function finishErrand({ print }: CommandContext, result: ErrandResult, json: boolean): ExitCode {
  print.settle();
  const { jobs, refusals, stuck } = result;
  const inOrder = [...jobs].sort((left, right) => left.seq - right.seq);
  if (json) {
    const refused = refusals.map(({ path, error: { code, message, hint } }) => ({
      path: showPath(path),
      error: { code, message, hint },
    }));
    print.json({ jobs: inOrder.map((job) => jobData(job)), refused });
  } else {
    for (const { status, facts } of inOrder)
      if (status === "done") for (const output of (facts.outputs ?? []).slice(-1)) print.line(showPath(output));
    for (const note of new Set(inOrder.flatMap(({ facts }) => facts.notes ?? []))) print.say(`note: ${note}`);
    sayTroubles(print, inOrder);
    for (const { path, error } of refusals) {
      print.say(`${showPath(path)} is not graded`);
      print.error(error);
    }
    for (const { path, failure } of inOrder.filter(isLeftOut))
      print.say(`${showPath(path)} is left out: ${failure?.message}`);
    const waiting = inOrder.filter(({ shoot, waitsOn }) => shoot && waitsOn !== null).length;
    const count = (status: Job["status"]) => inOrder.filter((job) => job.status === status).length;
    const parts = [
      `${count("done")} graded`,
      `${count("failed")} failed`,
      `${count("held")} held`,
      `${inOrder.filter(isLeftOut).length} left out`,
      `${waiting} waiting for the look of their shoot`,
      `${refusals.length} refused`,
    ];
    print.say(`${parts.filter((part, at) => at === 0 || !part.startsWith("0 ")).join(", ")}.`);
  }
  if (stuck) {
    print.error(stuck);
    return exitCodeOf(stuck.code);
  }
  const isWell =
    refusals.length === 0 &&
    jobs.every((job) => job.status === "done" || job.status === "superseded" || isLeftOut(job));
  return isWell ? EXIT.ok : EXIT.failed;
}

/** A copy of another photo that the configuration wants left out. */
const isLeftOut = ({ failure }: Job): boolean => failure?.code === "duplicate";
