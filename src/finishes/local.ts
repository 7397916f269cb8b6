/**
 * local: the look, and on top of it what the model changed by place (a vignette, a light from the side), as a bilateral grid.
 * Where the look alone explains the edit there is no grid, and this is the finish lut.
 */
import { unseen } from "../core/local/grid.ts";
import { SPATIAL_FROM } from "../core/lut/fit/score.ts";
import { workFile } from "../stages/define.ts";
import type { Finish, Solved, Solving } from "./finish.ts";
import { noted, renderLook, solveLook } from "./lut.ts";
import { plateOf } from "./plate.ts";

/** A border this small goes unnoticed. */
const UNSEEN_NOTED = 0.02;

const BEYOND_CUBE = "The photo has more than the .cube: light that changes with the place was transferred as well.";
const REPAINTED = "The model did more than change colours and light; what it repainted is not in this photo.";

export const local: Finish = {
  name: "local",
  solve: (solving) => solveLocal(solving, solving.when),
  async render(rendering) {
    const { grid, fit } = rendering.job.facts;
    const report = await renderLook(rendering, grid === undefined ? {} : { grid });
    const notes = [BEYOND_CUBE];
    const { view } = await plateOf(rendering.job, rendering.ports);
    const seen = Math.round(100 * (1 - unseen(view)));
    if (unseen(view) > UNSEEN_NOTED)
      notes.push(
        `The model saw ${seen} % of the photo, cut from its centre; towards the borders the light goes on as at the edge of that.`,
      );
    if ((fit?.localScore ?? 0) >= SPATIAL_FROM) notes.push(REPAINTED);
    return noted(report, notes);
  },
};

/** Look and grid. */
export function solveLocal(solving: Solving, when: Solving["when"]): Promise<Solved> {
  const to = workFile(solving.attempting, "look.grid");
  return solveLook(solving, { local: { to, when, view: solving.view } });
}
