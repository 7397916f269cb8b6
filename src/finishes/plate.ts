/** The plate of a job, as its finish sees it: which part of the photo it shows, and where. */
import { AppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import type { Job } from "../core/job/job.ts";
import { type View, viewOf } from "../core/local/grid.ts";
import type { Box, Frame } from "../core/workflow/framing.ts";
import type { Ports } from "../ports.ts";

export type ShownPlate = {
  readonly file: PathText;
  /** The part of the plate, and of the model's answer, that shows the photo. */
  readonly part: Box;
  /** The part of the photo that is shown, in its pixels. */
  readonly crop: Box;
  /** The same in shares of the photo. */
  readonly view: View;
};

/** Errors: `internal` when the plate is not on record. */
export async function plateOf(job: Job, { ledger, pictures }: Ports): Promise<ShownPlate> {
  const plate = job.facts.plate === undefined ? undefined : await ledger.plates.get(job.facts.plate);
  if (!plate) throw new AppError("internal", `Plate ${job.facts.plate} is not on record.`);
  const { crop, inner } = JSON.parse(plate.frame) as Frame;
  const part = inner ?? { left: 0, top: 0, width: plate.width, height: plate.height };
  const photo = job.facts.photo ?? (await pictures.inspect(job.original));
  return { file: plate.file, part, crop, view: viewOf(crop, photo) };
}
