/** When two hand-ins of a file are one job, and where a job begins. */
import type { Facts, Job, Recipe, Stage } from "./job.ts";

/** Where a job begins, and with what it knows of its file: a look that is known asks no model. */
export function startOf(recipe: Recipe, file: Facts): { readonly stage: Stage; readonly facts: Facts } {
  const { signature, photo } = file;
  const facts: Facts = { ...(signature && { signature }), ...(photo && { photo }) };
  return recipe.lookFile === null
    ? { stage: "upload", facts }
    : { stage: "write", facts: { ...facts, cube: recipe.lookFile } };
}

/** A job that ended because its file was away, or was another picture for a while: the same file brings it back. */
export function comesBack({ status, failure }: Pick<Job, "status" | "failure">): boolean {
  return status === "superseded" || (status === "cancelled" && failure?.code === "original-gone");
}
