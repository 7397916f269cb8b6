/** look strength: finished photos written again with more or less of the look they have. */
import { systemClock } from "../adapters/system.ts";
import { AppError } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import type { Job } from "../core/job/job.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { openProject, withLedger } from "./project.ts";
import { meant, tell, WHICH } from "./which.ts";

export const lookStrength = defineCommand({
  name: "look strength",
  summary: "write finished photos again with more or less of their look",
  usage: "S ID… | --inbox PATH | --all",
  about: [
    "S is 0 (the photo as it was) to 1 (the whole look). The outputs are rewritten where they lie, from the look that is kept: no model is asked. An output that was changed since, or moved away, is left alone, and the new one gets the next free name. The .cube beside the photo is weakened with it.",
    "For all photos to come there is `strength:` in the configuration.",
  ],
  options: { ...WHICH },
  words: [1, Number.POSITIVE_INFINITY],
  examples: [
    ["hotgrade look strength 0.6 4f1c", "one photo, less of it"],
    ["hotgrade look strength 0.8 --inbox inbox", "a whole inbox"],
  ],
  async run(context) {
    const { options, words, print } = context;
    const strength = Number(words[0]);
    if (!(words[0]!.trim() !== "" && strength >= 0 && strength <= 1))
      throw new AppError("usage", `the strength is a number from 0 to 1, not ${words[0]}`);
    const chosen = { ...context, words: words.slice(1) };
    const project = await openProject(context, options.config);
    const gone: Job[] = [];
    const ids = await withLedger(project, async (ledger) => {
      const there: string[] = [];
      for (const job of await meant(chosen, ledger, options, ["done"]))
        if (await project.files.stat(job.original)) there.push(job.id);
        else gone.push(job);
      return ledger.jobs.rewrite(there, strength, systemClock.now());
    });
    for (const { original } of gone)
      print.warn(`${showPath(original)} is gone: there is nothing to apply the look to.`);
    const code = tell(chosen, options.json, ids, "will be written again");
    return gone.length > 0 ? EXIT.failed : code;
  },
});
