/** What an inbox's name template makes of a photo, for people to look at before there is one. */
import type { InboxConfig } from "../config/parse.ts";
import { type PathText, showPath } from "../inbox/path-text.ts";
import type { OutputRecipe } from "./job.ts";
import { namingOf } from "./output-names.ts";

const PHOTO = "IMG_0001.JPG" as PathText;
const LOOK = "4f1c09ab";
const SEED = 1_234_567;

export type Example = Pick<InboxConfig, "path" | "look" | "seed"> & { readonly output: OutputRecipe };

/** `IMG_0001.JPG → IMG_0001_graded.JPG`, of a JPEG taken now, the first of its inbox. */
export function exampleName({ path, look, seed, output }: Example, now: number): string {
  const photo = { inbox: path, path: PHOTO, facts: { look: LOOK }, createdAt: now, recipe: { output } };
  const grade = {
    lookName: look.kind === "named" ? look.name : null,
    seed: typeof seed === "number" ? seed : SEED,
    number: 1,
  };
  const { stems, files } = namingOf(photo, { format: "jpeg" }, grade, 1);
  return `${PHOTO} → ${showPath(`${stems[0]}${files.at(-1)?.suffix}` as PathText)}`;
}
