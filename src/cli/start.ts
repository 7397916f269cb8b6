/** start: the daemon. */

import { BUILTIN_IS } from "../adapters/backends/builtin.ts";
import { runDaemon } from "../app/daemon.ts";
import { AppError } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { defineCommand } from "./command.ts";
import { DRY_RUN, sayDryRun } from "./dry-run.ts";
import { EXIT } from "./exit.ts";
import { logOf } from "./log.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { openProject } from "./project.ts";

export const start = defineCommand({
  name: "start",
  summary: "watch the inboxes and grade what arrives, until stopped",
  usage: "[--dry-run [--json]] [--config FILE]",
  about: [
    "Watches every inbox of the configuration and grades each photo that arrives: the graded photo, its .cube and a report land in the outbox. Ctrl-C stops it; what was under way goes on at the next start. Only one daemon works on a ledger.",
    "`hotgrade status` in another terminal shows what is where; --dry-run shows beforehand what would happen to every file.",
  ],
  options: { ...DRY_RUN, ...CONFIG, ...JSON_OUTPUT },
  words: [0, 0],
  examples: [["hotgrade start", "with config/hotgrade.yaml, or with inbox/ and graded/ here when there is none"]],
  async run(context) {
    const { options, print, signal } = context;
    const project = await openProject(context, options.config);
    const { config, files } = project;
    if (options["dry-run"]) return sayDryRun(context, project, config.inboxes, options.json);
    if (options.json) throw new AppError("usage", "--json goes with --dry-run");
    const log = logOf(config, context);
    try {
      await runDaemon(project, files, log, signal, {
        say: print.say,
        started() {
          for (const { path, outbox } of config.inboxes)
            print.say(`Drop photos into ${showPath(path)}; results come to ${showPath(outbox)}.`);
          for (const { name, kind } of config.backends)
            if (kind === "builtin") print.say(`Backend ${name} is ${BUILTIN_IS}.`);
        },
      });
    } finally {
      await log.close();
    }
    return EXIT.ok;
  },
});
