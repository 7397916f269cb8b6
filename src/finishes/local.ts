/**
 * local: the look, and on top of it what the model changed by place (a vignette, a light from the side), as a bilateral grid.
 * Where the look alone explains the edit there is no grid, and this is the finish lut.
 */
import { unseen } from "../core/local/grid.ts";
import { SPATIAL_FROM } from "../core/lut/fit/score.ts";
import { workFile } from "../stages/define.ts";
import type { Finish } from "./finish.ts";
import { keep, renderLook, solveLook } from "./lut.ts";

/** A border this small goes unnoticed. */
const UNSEEN_NOTED = 0.02;

const BEYOND_CUBE = "The photo has more than the .cube: light that changes with the place was transferred as well.";
const NOT_NEEDED = "The look alone explains the edit; nothing was changed by place.";
const REPAINTED = "The model did more than change colours and light; what it repainted is not in this photo.";

export const local: Finish = {
  name: "local",
  async solve(solving) {
    const { job, view, ports, attempting } = solving;
    const file = workFile(attempting, "look.grid");
    const when = job.recipe.finish === "local" ? "always" : "spatial";
    const { solved, report } = await solveLook(solving, { local: { to: file, when, view } });
    const earlier = job.facts.notes ?? [];
    if (report.localScore === undefined)
      return when === "always" ? { ...solved, notes: [...earlier, NOT_NEEDED] } : solved;
    const notes = [...earlier, BEYOND_CUBE];
    const hidden = unseen(view);
    if (hidden > UNSEEN_NOTED)
      notes.push(
        `The model saw ${Math.round(100 * (1 - hidden))} % of the photo, cut from its centre; towards the borders the light goes on as at the edge of that.`,
      );
    if (report.localScore >= SPATIAL_FROM) notes.push(REPAINTED);
    return { ...solved, notes, grid: (await keep(ports, file, "grid")).kept };
  },
  render(rendering) {
    const { grid } = rendering.job.facts;
    return renderLook(rendering, grid === undefined ? {} : { grid });
  },
};
