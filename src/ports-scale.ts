/** The Ledger port's questions about very many photos at once. Types only. */
import type { PathText } from "./core/inbox/path-text.ts";
import type { Job } from "./core/job/job.ts";

/** Photos of one folder whose newest jobs are done with one recipe: what holds for one holds for all. */
export type GradedAlike = { readonly example: Job; readonly count: number };

export type ScaleLedger = {
  /** The newest job of each path of this inbox where it is done, by folder, recipe and whether it is a RAW. */
  gradedAlike(inbox: PathText): Promise<readonly GradedAlike[]>;
};
