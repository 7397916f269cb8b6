/**
 * lut: fit the look between plate and preview, and say whether it is one colour grade.
 * Safe to run twice: the fit is deterministic, and the look is kept under its own hash.
 */
import { joinPath, showPath } from "../core/inbox/path-text.ts";
import { done, type Facts } from "../core/job/job.ts";
import { defineStage, workFile } from "./define.ts";

export const lutStage = defineStage({
  name: "lut",
  needs: ["plate", "preview"],
  attemptsMax: 3,
  async run({ plate: plateId, preview }, job, { clock, files, ledger, looksFolder, pictures }, attempting) {
    const plate = await ledger.plates.get(plateId);
    if (!plate) return { kind: "rewind", to: "upload", code: "internal", reason: `Plate ${plateId} is not on record.` };
    const file = workFile(attempting, "look.cube");
    const fit = await pictures.fit(
      {
        before: plate.file,
        after: preview,
        baseline: job.facts.baseline ?? null,
        rounding: job.facts.rounding ?? "rounded",
        size: job.recipe.lutSize,
        title: `hotgrade ${showPath(job.path)}`,
        comments: ["Input and output: sRGB-encoded R'G'B'.", `Job ${job.id}.`],
        to: file,
      },
      attempting.signal,
    );
    const sha256 = await files.sha256(file);
    const cube = joinPath(looksFolder, `${sha256}.cube`);
    await files.makeFolder(looksFolder);
    await files.writeAtomic(cube, await files.read(file, CUBE_BYTES_MAX));
    await ledger.looks.add({ sha256, file: cube, score: fit.score, job: job.id }, clock.now());

    const facts: Facts = { cube, verdict: fit.verdict, score: fit.score, fit };
    if (fit.verdict === "spatial" && job.recipe.onSpatial === "hold")
      return { kind: "hold", code: "look-spatial", reason: spatialReason(fit.score), facts, retryFrom: "queue" };
    return done(facts);
  },
});

/** 129³ rows of about 27 bytes. */
const CUBE_BYTES_MAX = 64 * 2 ** 20;

const spatialReason = (score: number): string =>
  `The model changed parts of the picture, not only its colours (score ${score.toFixed(1)}; a colour grade stays below 2.2).`;
