/** What a finish is: how the model's picture becomes the output. Stage lut asks it to solve, stage write to render. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { Facts, FinishName, Job } from "../core/job/job.ts";
import type { FitRequest, Ports, RenderReport, RenderRequest } from "../ports.ts";
import type { Attempting } from "../stages/define.ts";

/** The pair a finish solves, and the part of the photo it shows. */
export type Solving = {
  readonly job: Job;
  readonly pair: Pick<FitRequest, "before" | "after" | "baseline" | "rounding">;
  readonly view: NonNullable<FitRequest["local"]>["view"];
  readonly ports: Ports;
  readonly attempting: Attempting;
};

/** Facts that say where look (and more) are kept, and what they are worth. */
export type Solved = Required<Pick<Facts, "cube" | "verdict" | "score" | "fit">> &
  Pick<Facts, "grid" | "heatmap" | "notes">;

export type Rendering = {
  readonly job: Job;
  readonly cube: PathText;
  readonly to: Pick<RenderRequest, "to" | "format">;
  readonly ports: Ports;
  readonly attempting: Attempting;
};

export type Finish = {
  readonly name: FinishName;
  solve(solving: Solving): Promise<Solved>;
  render(rendering: Rendering): Promise<RenderReport>;
};
