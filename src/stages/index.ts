/** The line: every stage, in the order a photo passes them. */
import type { Stage } from "../core/job/job.ts";
import type { StageProgram } from "./define.ts";
import { fetchStage } from "./fetch.ts";
import { lutStage } from "./lut.ts";
import { queueStage } from "./queue.ts";
import { retireStage } from "./retire.ts";
import { uploadStage } from "./upload.ts";
import { writeStage } from "./write.ts";

export const LINE: readonly StageProgram[] = [uploadStage, queueStage, fetchStage, lutStage, writeStage, retireStage];

const BY_NAME = new Map(LINE.map((program) => [program.name, program]));

export function programOf(stage: Stage): StageProgram {
  return BY_NAME.get(stage)!;
}
