/** look strength: finished photos written again with more or less of the look they have. */
import { systemClock } from "../adapters/system.ts";
import { AppError } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { type Job, STATUSES } from "../core/job/job.ts";
import type { Files } from "../ports.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { openProject, withLedger } from "./project.ts";
import { meant, WHICH } from "./which.ts";

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
    let refused = 0;
    const ids = await withLedger(project, async (ledger) => {
      const able: string[] = [];
      const found = await meant(chosen, ledger, options, STATUSES);
      // An older version never stands in for one that is under way.
      for (const job of chosen.words.length > 0 ? found : newestOfEach(found)) {
        if (job.status !== "done" && !job.facts.replaces) continue;
        const why = await cannot(job, project.files);
        if (why === null) able.push(job.id);
        else print.warn(`${showPath(job.path)} stays as it is: ${why}.`);
        if (why !== null) refused++;
      }
      return ledger.jobs.rewrite(able, strength, systemClock.now());
    });
    if (options.json) print.json({ changed: ids });
    else print.say(`${ids.length} ${ids.length === 1 ? "photo" : "photos"} will be written again.`);
    const isShort = chosen.words.length > ids.length + refused;
    if (isShort) print.say("Only a photo that is done and has another strength can be written again.");
    return refused > 0 || isShort ? EXIT.failed : EXIT.ok;
  },
});

/** Of the versions of one photo, the newest; jobs come newest first. */
function newestOfEach(jobs: readonly Job[]): readonly Job[] {
  const seen = new Set<string>();
  return jobs.filter(({ inbox, path }) => {
    const key = `${inbox ?? ""}\n${path}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Why a photo cannot be written again; null when it can. */
async function cannot({ original, facts, status }: Job, files: Files): Promise<string | null> {
  if (status !== "done") return "it is being written again already; ask when that is done";
  if (!(facts.cube && (await files.stat(facts.cube)))) return "its look is gone";
  const found = await files.stat(original);
  if (!found) return "its original is gone";
  if (facts.signature && facts.signature.sizeBytes !== found.sizeBytes) return "its original was changed";
  if (facts.finish === "direct" && !(facts.preview && (await files.stat(facts.preview))))
    return "the model's picture, which finish direct shows, is kept for a day only";
  return null;
}
