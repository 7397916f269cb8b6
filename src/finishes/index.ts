/** The finishes, by name. */
import type { FinishName } from "../core/job/job.ts";
import { direct } from "./direct.ts";
import type { Finish } from "./finish.ts";
import { local } from "./local.ts";
import { lut } from "./lut.ts";

const BY_NAME: Readonly<Record<FinishName, Finish>> = { lut, local, direct };

export const finishNamed = (name: FinishName): Finish => BY_NAME[name];
