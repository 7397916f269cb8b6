/** The keys of an inbox that say what becomes of its originals. */
import { z } from "zod";
import { PATH_MAX } from "./schema-text.ts";

const DISPOSITION = /^(leave|trash|(move|copy):.+)$/;
const disposition = z
  .string({ error: "expected leave, move:FOLDER, copy:FOLDER or trash" })
  .max(PATH_MAX)
  .regex(DISPOSITION, { error: "expected leave, move:FOLDER, copy:FOLDER or trash" });

export const originalFields = {
  original: z
    .strictObject({
      done: disposition
        .default("leave")
        .describe("`leave`, `move:FOLDER`, `copy:FOLDER` or `trash` once the output is there."),
      failed: disposition
        .default("leave")
        .describe("The same, for a photo that could not be graded; beside it lies `NAME.error.json`."),
      held: disposition
        .default("leave")
        .describe(
          "The same, while a photo waits for a person; then it goes on from there, or back where it came from.",
        ),
      duplicate: disposition.default("leave").describe("The same, for a photo that was graded already."),
      unsupported: disposition
        .default("leave")
        .describe("The same, for a file that hotgrade cannot read; beside it lies `NAME.error.json`."),
    })
    .prefault({})
    .describe("What becomes of the original; a relative FOLDER is below the inbox and is never watched."),
  removeEmptyFolders: z
    .boolean()
    .default(false)
    .describe("Whether folders of the inbox go once their last original was moved out."),
} as const;
