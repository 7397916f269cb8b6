/** The keys of an inbox about RAW and JPEG pairs. */
import { z } from "zod";
import type { PairRule } from "../inbox/pairs.ts";
import { duration } from "./measured.ts";

export const pairFields = {
  pairs: z
    .enum(["jpeg", "raw", "both"])
    .default("jpeg")
    .describe(
      "Which half of a RAW and JPEG (or HEIF) pair is graded: `jpeg`, `raw`, or `both`. The other half belongs to it. With `raw: skip` there are no pairs.",
    ),
  pairWait: duration("0s", "1h")
    .default("10s")
    .describe("How long the half that is not to be graded waits for the one that is; then it is graded itself."),
};

export type PairSetting = {
  readonly pairs: PairRule | "both";
  readonly pairWaitMs: number;
};
