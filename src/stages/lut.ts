/**
 * lut: fit the look between plate and preview, say whether it is one colour grade, and which finish makes the output.
 * Safe to run twice: the fit is deterministic, and what it finds is kept under its own hash.
 */
import { AppError } from "../core/errors.ts";
import { finishFor, holdReason, solverFor } from "../core/job/finishing.ts";
import { done, type Job } from "../core/job/job.ts";
import { finishNamed } from "../finishes/index.ts";
import { plateOf } from "../finishes/plate.ts";
import type { PairRequest, Ports } from "../ports.ts";
import { lookOfFirst } from "./copy.ts";
import { defineStage } from "./define.ts";
import { heldForReview } from "./review.ts";
import { lookOfShoot } from "./shoot.ts";

export const lutStage = defineStage({
  name: "lut",
  needs: [],
  attemptsMax: 3,
  async run(_facts, job, ports, attempting) {
    if (job.facts.copy) return lookOfFirst(job, ports, attempting);
    const heroes = job.shoot ? await lookOfShoot(job, ports, attempting) : ([job] as const);
    if ("kind" in heroes) return heroes;
    const { recipe, facts } = job;
    if (facts.plate === undefined || !(await ports.ledger.plates.get(facts.plate)))
      return { kind: "rewind", to: "upload", code: "internal", reason: `Plate ${facts.plate} is not on record.` };
    const { view } = await plateOf(job, ports);
    const [own, ...others] = heroes;
    const pairs = [
      await pairOf(own, ports),
      ...(await Promise.all(others.map((hero) => pairOf(hero, ports)))),
    ] as const;
    const { finish: solver, when } = solverFor(recipe, facts.approvedAs);
    const solved = await finishNamed(solver).solve({ job, pairs, view, when, ports, attempting });

    const chosen = finishFor(recipe, facts.approvedAs, solved.fit);
    const finish = chosen ?? recipe.finish;
    // Without a grid there is nothing local about it.
    const learnt = { ...solved, finish: finish === "local" && solved.grid === undefined ? "lut" : finish } as const;
    if (chosen === null) {
      const failsOn = job.shoot ? { failsOn: heroes[solved.fit.worst ?? 0]!.id } : {};
      const reason = holdReason(job, solved.fit);
      return { kind: "hold", code: "look-spatial", reason, facts: { ...learnt, ...failsOn }, retryFrom: "queue" };
    }
    if (!job.shoot) return done(learnt);
    // Once the shoot has the look, its frames go on.
    const held = await heldForReview(job, { ...learnt, failsOn: job.id }, ports, attempting);
    if (held) return held;
    const { look } = await ports.ledger.shoots.ready(job.id, attempting.lease, solved.look, ports.clock.now());
    return done({ ...learnt, look: look!.sha256, cube: look!.file });
  },
});

/** What the model was given and gave back for a job. Errors: `internal` when either is not on record. */
async function pairOf(job: Job, ports: Ports): Promise<PairRequest> {
  const { preview: after, baseline = null, rounding = "rounded" } = job.facts;
  if (after === undefined) throw new AppError("internal", `Job ${job.id} has no preview for its look.`);
  const { file: before, part } = await plateOf(job, ports);
  return { before, after, baseline, part, rounding };
}
