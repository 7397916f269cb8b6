/**
 * direct: the model's own picture, made as large as the photo. It has everything the model did, and no finer detail than the
 * model gave; no .cube can repeat it. Look and light are solved too: for the verdict, and for borders that the model was not
 * shown, where the original goes on in their colours.
 */
import { AppError } from "../core/errors.ts";
import { unseen } from "../core/local/grid.ts";
import { scaled } from "../core/workflow/framing.ts";
import type { Finish } from "./finish.ts";
import { solveLocal } from "./local.ts";
import { noted, renderLook, solveLook } from "./lut.ts";
import { plateOf } from "./plate.ts";

export const direct: Finish = {
  name: "direct",
  solve: (solving) => (unseen(solving.view) > 0 ? solveLocal(solving, solving.when) : solveLook(solving, {})),
  async render(rendering) {
    const { job, ports } = rendering;
    const { grid, preview, factor = 1 } = job.facts;
    if (preview === undefined) throw new AppError("internal", `Job ${job.id} has no preview for finish direct.`);
    const { part: shown, crop, view } = await plateOf(job, ports);
    const part = scaled(shown, factor);
    const besides = { answer: { file: preview, part, crop }, ...(grid !== undefined && { grid }) };
    const report = await renderLook(rendering, besides);
    const notes = [
      `The photo is the model's own picture of ${part.width} × ${part.height} pixels, made larger: it has no finer detail, and no .cube.`,
    ];
    if (unseen(view) > 0) {
      const seen = Math.min(99, Math.round(100 * (1 - unseen(view))));
      notes.push(`The model saw ${seen} % of the photo: its borders are the original in the model's colours.`);
    }
    return noted(report, notes);
  },
};
