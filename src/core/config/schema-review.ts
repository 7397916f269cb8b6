/** The key of an inbox that lets a person look before a photo is written. */
import { z } from "zod";

export const reviewFields = {
  review: z
    .boolean()
    .default(false)
    .describe(
      "Hold every photo with a proof of 2 MP before it is written: `hotgrade approve` writes it, `reject` asks the model again. Of a shoot the heroes are held, and the frames wait.",
    ),
} as const;
