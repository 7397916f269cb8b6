/** When two hand-ins of a file are one job, and where a job begins. */
import { canonicalRecipe, promptText } from "../config/recipe.ts";
import type { Facts, Job, Recipe, Signature, Stage } from "./job.ts";
import { photoWords } from "./output-names.ts";

/**
 * Where a job begins, and with what it knows of its file: a look that is kept asks no model. A photo of a shoot begins as
 * a hero; the ledger makes it a frame when the shoot has its heroes already.
 */
export function startOf(recipe: Recipe, file: Facts): { readonly stage: Stage; readonly facts: Facts } {
  const { signature, photo } = file;
  const facts: Facts = { ...(signature && { signature }), ...(photo && { photo }) };
  if (recipe.look.kind !== "kept") return { stage: "upload", facts };
  const { sha256, file: cube } = recipe.look;
  return { stage: "write", facts: { ...facts, look: sha256, cube } };
}

/** Where a copy begins that gets nothing from another photo. */
export const stageAlone = ({ look }: Pick<Recipe, "look">): Stage => (look.kind === "kept" ? "write" : "upload");

/** A job whose new recipe differs only in how the look is applied and written begins there, with the look it has. */
export function startWithLook(
  { facts, recipe: before }: Pick<Job, "facts" | "recipe">,
  recipe: Recipe,
): { readonly stage: Stage; readonly facts: Facts } | undefined {
  const { signature, photo } = facts;
  // Finish direct needs the model's picture, which is not kept for long.
  if (facts.cube === undefined || facts.finish === "direct" || !asksSameLook(before, recipe)) return undefined;
  return { stage: "write", facts: known({ signature, photo, ...lookFacts(facts) }) };
}

/** What another job of the same picture needs to be written with this one's look; the plate says what a grid covers. */
export function lookFacts({ plate, look, cube, grid, finish, verdict, score, fit }: Facts): Facts {
  return known({ plate, look, cube, grid, finish, verdict, score, fit });
}

const known = (facts: { readonly [Name in keyof Facts]: Facts[Name] | undefined }): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

/** A photo as templates speak of it. */
type Spoken = Parameters<typeof photoWords>[0] & Pick<Job, "recipe">;

/** Would a model be asked in the same words about both, and to the same end? */
export const takesSameLook = (one: Spoken, other: Spoken): boolean =>
  asksSameLook(one.recipe, other.recipe) &&
  promptText(one.recipe, photoWords(one)) === promptText(other.recipe, photoWords(other));

/** Would a model be asked the same for both? How a look is applied and written may differ. */
export function asksSameLook(one: Recipe, other: Recipe): boolean {
  const { strength, output, original } = one;
  return canonicalRecipe({ ...other, strength, output, original }) === canonicalRecipe(one);
}

/** Ledgers of before have the hash of the whole file for formats whose picture was not told apart: the same file holds it. */
export function holdsPicture(
  { contentSha256, pictureSha256 }: { readonly contentSha256: string; readonly pictureSha256: string },
  expected: string,
): boolean {
  return pictureSha256 === expected || contentSha256 === expected;
}

/** The same file unchanged? Device numbers change at every mount and count for nothing; inodes where both are known. */
export function isSameFile(one: Signature, other: Signature): boolean {
  return (
    one.sizeBytes === other.sizeBytes &&
    one.mtimeNs === other.mtimeNs &&
    (one.inode === "" || other.inode === "" || one.inode === other.inode)
  );
}

/** Its original may have been put away for that: tried again, it comes home first. */
export function endedUngraded({ status, failure }: Pick<Job, "status" | "failure">): boolean {
  return status === "failed" || (status === "cancelled" && failure?.code === "cancelled");
}

/** A job that ended because its file was away, or was another picture for a while: the same file brings it back. */
export function comesBack({ status, failure }: Pick<Job, "status" | "failure">): boolean {
  return status === "superseded" || (status === "cancelled" && failure?.code === "original-gone");
}
