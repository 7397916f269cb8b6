/** The keys of an inbox that say what its outputs are called and where they lie. */
import { z } from "zod";
import { template } from "./schema-text.ts";
import { NAME_WORDS } from "./template.ts";

const NAME_MAX = 200;

const fileNamePart = (text: string): boolean => !/[/\\\p{Cc}]/u.test(text);

export const namingFields = {
  suffix: z
    .string()
    .max(64)
    .refine(fileNamePart, { error: "a suffix holds no slash and no control character" })
    .default("")
    .describe("Added to the output's name, such as `_graded`."),
  name: template(NAME_WORDS, NAME_MAX)
    .refine(fileNamePart, { error: "a name holds no slash; `structure` decides about folders" })
    .refine((text) => text.endsWith(".{ext}") && text.length > 6, { error: "a name ends in .{ext}" })
    .default("{name}{suffix}.{ext}")
    .describe(
      "The output's name, of `{name}` `{suffix}` `{ext}` `{date}` and `{time}` (HHMMSS, when it was taken), `{folder}` `{inbox}`, `{look}` (the name of a kept look, else the first digits of its hash), `{seed}` (0 where no model was asked) and `{n}` (the photo's number in its inbox: 0001, 0002 …).",
    ),
  structure: z
    .enum(["keep", "flatten", "flat"], { error: "expected keep or flatten" })
    .default("keep")
    .describe("`keep` the inbox's folders in the outbox, or `flatten` them: all outputs lie in the outbox itself."),
} as const;
