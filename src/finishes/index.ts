/** The finishes, and which one serves a job. */
import type { Job, Recipe } from "../core/job/job.ts";
import type { Finish } from "./finish.ts";
import { local } from "./local.ts";
import { lut } from "./lut.ts";

/** Who solves: `local` too where it is only wanted for spatial edits. */
export const solverFor = ({ finish, onSpatial }: Recipe): Finish =>
  finish === "local" || onSpatial === "local" ? local : lut;

/** Who renders what was solved. */
export const rendererFor = ({ facts }: Job): Finish => (facts.grid === undefined ? lut : local);
