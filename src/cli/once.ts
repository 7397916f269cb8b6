/** once: one sweep of the inboxes, for cron and scripts. */
import { sweepInboxes } from "../app/errand.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { DRY_RUN, sayDryRun } from "./dry-run.ts";
import { finishErrand, showProgress } from "./errand-result.ts";
import { logOf } from "./log.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { type OpenProject, openProject } from "./project.ts";

export const once = defineCommand({
  name: "once",
  summary: "grade what lies in the inboxes now, then exit",
  usage: "[INBOX…] [--dry-run] [--json]",
  about: [
    "One sweep: takes every photo that has settled, grades it, and exits when all are done. INBOX is the path of a configured inbox; without one, all are swept. Beside a running daemon the photos become the daemon's, and the command follows them; beside another `once` it waits for its end.",
    "Exits 1 when a photo failed or was refused, 3 when no backend could be reached or the hours of an inbox have not begun: those photos stay in the ledger, and the next run goes on with them.",
  ],
  options: { ...DRY_RUN, ...CONFIG, ...JSON_OUTPUT },
  words: [0, Number.POSITIVE_INFINITY],
  examples: [
    ["hotgrade once", "from cron: 0 3 * * * cd /photos && hotgrade once"],
    ["hotgrade once weddings", "only that inbox"],
  ],
  async run(context) {
    const { options, print, signal, words } = context;
    const project = await openProject(context, options.config);
    const inboxes = inboxesNamed(project, words, context.cwd);
    if (options["dry-run"]) return sayDryRun(context, project, inboxes, options.json);
    const log = logOf(project.config, context, "error");
    try {
      const errand = { project, files: project.files, log, signal, progress: showProgress(print), say: print.say };
      return finishErrand(context, await sweepInboxes(errand, inboxes), options.json);
    } finally {
      await log.close();
    }
  },
});

function inboxesNamed({ config }: OpenProject, words: readonly string[], cwd: string): readonly InboxConfig[] {
  if (words.length === 0) return config.inboxes;
  return words.map((word) => {
    const found = config.inboxes.find(({ path }) => path === absolute(cwd, word));
    if (found) return found;
    const known = config.inboxes.map(({ path }) => path).join(", ");
    throw new AppError("usage", `${word} is no inbox of the configuration; there is ${known}`);
  });
}
