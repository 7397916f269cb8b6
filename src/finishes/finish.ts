/** What a finish is: how the model's picture becomes the output. Stage lut asks it to solve, stage write to render. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { Solver } from "../core/job/finishing.ts";
import type { Facts, FinishName, Job } from "../core/job/job.ts";
import type { View } from "../core/local/grid.ts";
import type { FitRequest, Ports, RenderReport, RenderRequest } from "../ports.ts";
import type { Attempting } from "../stages/define.ts";

/** The pairs a finish solves, the job's own first; and the part of the photo that one shows. */
export type Solving = {
  readonly job: Job;
  readonly pairs: FitRequest["pairs"];
  readonly view: View;
  readonly when: Solver["when"];
  readonly ports: Ports;
  readonly attempting: Attempting;
};

/** Facts that say where look (and more) are kept, and what they are worth. */
export type Solved = Required<Pick<Facts, "look" | "cube" | "verdict" | "score" | "fit">> &
  Pick<Facts, "grid" | "heatmap">;

export type Rendering = {
  readonly job: Job;
  /** The picture to render: the original, or what was developed from it. */
  readonly picture: Pick<RenderRequest, "original"> & { readonly pictureSha256: string };
  readonly cube: PathText;
  readonly to: Pick<RenderRequest, "to" | "format">;
  readonly ports: Ports;
  readonly attempting: Attempting;
};

export type Finish = {
  readonly name: FinishName;
  solve(solving: Solving): Promise<Solved>;
  /** The report's notes say what the user should know of this finish. */
  render(rendering: Rendering): Promise<RenderReport>;
};
