/** Which finish makes the output, and what it needs: decided from the recipe, the verdict and what a person said. Pure. */
import type { FitReport } from "../lut/fit/report.ts";
import { SPATIAL_FROM } from "../lut/fit/score.ts";
import type { Framing } from "../workflow/framing.ts";
import type { Facts, FinishName, Job, Recipe } from "./job.ts";

type Asked = Pick<Recipe, "finish" | "onSpatial">;

/**
 * A look does not miss the borders that a crop leaves out; every other finish needs an answer for every place. Also where it
 * would be needed only for edits that turn out to be spatial: by then the model has been asked.
 */
export const framingFor = ({ finish, onSpatial }: Asked): Framing =>
  finish === "lut" && (onSpatial === "hold" || onSpatial === "write") ? "crop" : "pad";

export type Solver = {
  readonly finish: FinishName;
  /** Whatever the verdict, or for spatial edits alone. */
  readonly when: "always" | "spatial";
};

/** Who solves the pair. */
export function solverFor({ finish, onSpatial }: Asked, approvedAs?: FinishName): Solver {
  if (approvedAs) return { finish: approvedAs, when: "always" };
  if (finish === "lut" && (onSpatial === "local" || onSpatial === "direct"))
    return { finish: onSpatial, when: "spatial" };
  return { finish, when: "always" };
}

/** Who renders; null where a person must say. */
export function finishFor(
  { finish, onSpatial }: Asked,
  approvedAs: FinishName | undefined,
  fit: Pick<FitReport, "verdict" | "localScore">,
): FinishName | null {
  if (approvedAs) return approvedAs;
  if (finish === "direct" || isExplained(finish, fit) || onSpatial === "write") return finish;
  // Where light by place does not explain it either, local is as near as it comes to what was wanted.
  return onSpatial === "hold" ? null : onSpatial;
}

const isExplained = (finish: FinishName, { verdict, localScore }: Pick<FitReport, "verdict" | "localScore">): boolean =>
  verdict !== "spatial" || (finish === "local" && localScore !== undefined && localScore < SPATIAL_FROM);

/** Why a photo is held, and the commands that let it go on. */
export function holdReason({ id, shoot }: Pick<Job, "id" | "shoot">, { score, localScore }: FitReport): string {
  const short = id.slice(0, 8);
  const approve = `hotgrade approve ${short}`;
  const limit = `a colour grade stays below ${SPATIAL_FROM}`;
  if (shoot)
    return `The model changed more than colours (score ${score.toFixed(1)}; ${limit}), and the photos of the shoot wait for its look. \`${approve}\` gives all of them the nearest look, \`hotgrade reject ${short}\` sends another of them to the model, \`hotgrade retry ${short}\` the same one. Alone in its shoot, it may take \`--finish local\` or \`direct\` too.`;
  if (localScore === undefined)
    return `The model changed more than colours (score ${score.toFixed(1)}; ${limit}). \`${approve} --finish local\` transfers its light by place, \`${approve} --finish direct\` takes its own picture, \`${approve}\` writes the nearest look.`;
  return `The model repainted parts of the picture (score ${score.toFixed(1)}, ${localScore.toFixed(1)} with light by place; ${limit}). \`${approve} --finish direct\` takes its own picture, \`${approve}\` writes colours and light without what it repainted.`;
}

const WARN = "Verdict warn: the edit is nearly, but not quite, one colour transform; compare photo and preview.";
const SPATIAL = "Verdict spatial: the photo has the nearest look alone; what the model changed by place is not in it.";

/** What a person is told of a photo that has a look and nothing besides. */
export function lookNotes({ verdict }: Pick<Facts, "verdict">): readonly string[] {
  if (verdict === "warn") return [WARN];
  return verdict === "spatial" ? [SPATIAL] : [];
}
