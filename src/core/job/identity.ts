/** When two hand-ins of a file are one job, and where a job begins. */
import { canonicalRecipe } from "../config/recipe.ts";
import type { Facts, Job, Recipe, Stage } from "./job.ts";

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

/** A job whose new recipe differs only in how the look is applied and written begins there, with the look it has. */
export function startWithLook(
  { facts, recipe: before }: Pick<Job, "facts" | "recipe">,
  recipe: Recipe,
): { readonly stage: Stage; readonly facts: Facts } | undefined {
  const { signature, photo, plate, look, cube, grid, finish, verdict, score, fit } = facts;
  // Finish direct needs the model's picture, which is not kept for long.
  if (cube === undefined || finish === "direct" || !asksSameLook(before, recipe)) return undefined;
  const kept = { signature, photo, plate, look, cube, grid, finish, verdict, score, fit };
  return { stage: "write", facts: Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) };
}

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

/** Its original may have been put away for that: tried again, it comes home first. */
export function endedUngraded({ status, failure }: Pick<Job, "status" | "failure">): boolean {
  return status === "failed" || (status === "cancelled" && failure?.code === "cancelled");
}

/** A job that ended because its file was away, or was another picture for a while: the same file brings it back. */
export function comesBack({ status, failure }: Pick<Job, "status" | "failure">): boolean {
  return status === "superseded" || (status === "cancelled" && failure?.code === "original-gone");
}
