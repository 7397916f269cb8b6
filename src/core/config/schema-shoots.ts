/** The key of an inbox that says what is made of a shoot once it is complete. */
import { z } from "zod";

export const shootFields = {
  contactSheet: z
    .boolean()
    .default(false)
    .describe(
      "Once a folder is complete (nothing new for `shootGap`, every photo ended), put contact sheets beside its photos: before and after, 40 on each.",
    ),
} as const;
