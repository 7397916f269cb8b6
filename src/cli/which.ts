/** Which jobs a command is about, and what it says of them afterwards. */
import { AppError } from "../core/errors.ts";
import type { Job, Status } from "../core/job/job.ts";
import type { Ledger } from "../ports.ts";
import type { CommandContext } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { jobNamed } from "./project.ts";

export const WHICH = {
  inbox: { kind: "text", value: "PATH", about: "All of this inbox." },
  all: { kind: "flag", about: "All photos that it applies to." },
  ...CONFIG,
  ...JSON_OUTPUT,
} as const;

export type Which = { readonly inbox: string | undefined; readonly all: boolean; readonly failed?: boolean };

/** The jobs a person means: by id, or all of some statuses. Errors: `usage`, `job-unknown`. */
export async function meant(
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
export function tell({ print, words }: CommandContext, json: boolean, ids: readonly string[], verb: string): ExitCode {
  if (json) print.json({ changed: ids });
  else print.say(`${ids.length} ${ids.length === 1 ? "photo" : "photos"} ${verb}.`);
  if (ids.length >= words.length) return EXIT.ok;
  print.say(
    "A photo that is done, or is on its way already, cannot be changed so, and one of a shoot takes no finish of its own; `hotgrade job ID` says where it stands.",
  );
  return EXIT.failed;
}
