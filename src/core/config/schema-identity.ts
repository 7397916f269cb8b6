/** The keys of an inbox that say which files are one photo. */
import { z } from "zod";
import { DUPLICATES } from "../job/job.ts";

export const identityFields = {
  duplicates: z
    .enum(DUPLICATES)
    .default("reuse")
    .describe(
      "A picture that lies in the inbox under another name too: `reuse` gives it an output of its own with the other's look, `skip` leaves it out, `regrade` asks the model again.",
    ),
  metadataChanges: z
    .enum(["refresh", "ignore"])
    .default("ignore")
    .describe(
      "A graded photo whose metadata alone changed, such as its rating: `refresh` writes its output again from the look it has, `ignore` leaves it.",
    ),
  ownOutputs: z
    .enum(["skip", "take"])
    .default("skip")
    .describe(
      "Outputs of hotgrade that lie in the inbox: `skip` knows them again and leaves them, `take` grades them.",
    ),
} as const;
