/** The keys of an inbox that say what kind of file its photos become. */
import { z } from "zod";
import { WRITTEN_FORMATS } from "../job/picture.ts";

export const outputFields = {
  format: z
    .enum(["same", ...WRITTEN_FORMATS])
    .default("same")
    .describe(
      "Format of the output: `same` as the original (of a HEIC a JPEG), `jpeg`, `tiff`, `png`, `webp` or `avif`.",
    ),
  quality: z
    .int()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe("Of JPEG, WebP and AVIF, 1 to 100; null keeps the source's, or takes 92, 90 and 75 where it has none."),
  bitDepth: z
    .union([z.literal("same"), z.literal(8), z.literal(10), z.literal(12), z.literal(16)], {
      error: "expected same, 8, 10, 12 or 16",
    })
    .default("same")
    .describe(
      "Bits a channel: `same` keeps as many as the format holds; 16 is for `tiff` and `png`, 10 and 12 for `avif`.",
    ),
  resize: z
    .int()
    .min(16)
    .max(65_535)
    .nullable()
    .default(null)
    .describe("Length of the output's long edge in pixels, such as 2560; nothing is made larger. null keeps the size."),
  profile: z
    .enum(["keep", "srgb", "p3"])
    .default("keep")
    .describe("`keep` the colour profile, or convert to `srgb` or `p3` (Display P3) and embed that."),
} as const;
