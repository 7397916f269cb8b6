/**
 * lut: fit the look between plate and preview, say whether it is one colour grade, and which finish makes the output.
 * Safe to run twice: the fit is deterministic, and what it finds is kept under its own hash.
 */
import { finishFor, holdReason, solverFor } from "../core/job/finishing.ts";
import { done } from "../core/job/job.ts";
import { finishNamed } from "../finishes/index.ts";
import { plateOf } from "../finishes/plate.ts";
import { defineStage } from "./define.ts";

export const lutStage = defineStage({
  name: "lut",
  needs: ["plate", "preview"],
  attemptsMax: 3,
  async run({ plate, preview }, job, ports, attempting) {
    if (!(await ports.ledger.plates.get(plate)))
      return { kind: "rewind", to: "upload", code: "internal", reason: `Plate ${plate} is not on record.` };
    const { recipe, facts } = job;
    const { file, part, view } = await plateOf(job, ports);
    const { baseline = null, rounding = "rounded" } = facts;
    const pair = { before: file, after: preview, baseline, part, rounding };
    const { finish: solver, when } = solverFor(recipe, facts.approvedAs);
    const solved = await finishNamed(solver).solve({ job, pair, view, when, ports, attempting });

    const chosen = finishFor(recipe, facts.approvedAs, solved.fit);
    const finish = chosen ?? recipe.finish;
    // Without a grid there is nothing local about it.
    const learnt = { ...solved, finish: finish === "local" && solved.grid === undefined ? "lut" : finish } as const;
    if (chosen === null)
      return {
        kind: "hold",
        code: "look-spatial",
        reason: holdReason(job, solved.fit),
        facts: learnt,
        retryFrom: "queue",
      };
    return done(learnt);
  },
});
