/**
 * lut: fit the look between plate and preview, and say whether it is one colour grade.
 * Safe to run twice: the fit is deterministic, and what it finds is kept under its own hash.
 */
import type { Job } from "../core/job/job.ts";
import { done } from "../core/job/job.ts";
import { type View, viewOf } from "../core/local/grid.ts";
import { SPATIAL_FROM } from "../core/lut/fit/score.ts";
import type { Frame } from "../core/workflow/framing.ts";
import type { Solved } from "../finishes/finish.ts";
import { solverFor } from "../finishes/index.ts";
import type { Ports } from "../ports.ts";
import { defineStage } from "./define.ts";

export const lutStage = defineStage({
  name: "lut",
  needs: ["plate", "preview"],
  attemptsMax: 3,
  async run({ plate: plateId, preview }, job, ports, attempting) {
    const plate = await ports.ledger.plates.get(plateId);
    if (!plate) return { kind: "rewind", to: "upload", code: "internal", reason: `Plate ${plateId} is not on record.` };
    const pair = {
      before: plate.file,
      after: preview,
      baseline: job.facts.baseline ?? null,
      rounding: job.facts.rounding ?? "rounded",
    };
    const view = await viewFor(plate.frame, job, ports);
    const facts = await solverFor(job.recipe).solve({ job, pair, view, ports, attempting });
    const reason = spatialReason(facts);
    if (reason !== null && job.recipe.onSpatial === "hold")
      return { kind: "hold", code: "look-spatial", reason, facts, retryFrom: "queue" };
    return done(facts);
  },
});

/** What the plate shows of the photo, in shares of it. */
async function viewFor(frame: string, job: Job, { pictures }: Ports): Promise<View> {
  const { crop } = JSON.parse(frame) as Frame;
  return viewOf(crop, job.facts.photo ?? (await pictures.inspect(job.original)));
}

/** Why this is no colour grade, nor light that changes with the place where such was fitted; null when it is. */
function spatialReason({ verdict, score, fit: { localScore } }: Solved): string | null {
  if (verdict !== "spatial") return null;
  const limit = `a colour grade stays below ${SPATIAL_FROM}`;
  if (localScore === undefined)
    return `The model changed parts of the picture, not only its colours (score ${score.toFixed(1)}; ${limit}).`;
  if (localScore < SPATIAL_FROM) return null;
  return `The model repainted parts of the picture (score ${score.toFixed(1)}, ${localScore.toFixed(1)} with light by place; ${limit}).`;
}
