/** What a person is shown before a photo is written, and how it is asked for. Pure. */
import type { Job } from "./job.ts";
import type { PictureInfo } from "./picture.ts";

/** Enough to judge colours on a screen, and quick to open over a slow line. */
const PROOF_PIXELS = 2_000_000;
const PROOF_QUALITY = 88;

/** The job as if its output were the proof: a small JPEG, with the look and finish that the photo will have. */
export function proofJob(job: Job, { width, height }: Pick<PictureInfo, "width" | "height">): Job {
  const { outbox, structure, name, suffix, sidecars } = job.recipe.output;
  const side = Math.max(width, height);
  const fits = Math.round(side * Math.sqrt(PROOF_PIXELS / (width * height)));
  const asked = job.recipe.output.resize ?? side;
  const output = { outbox, structure, name, suffix, sidecars, format: "jpeg", quality: PROOF_QUALITY } as const;
  const resize = Math.max(1, Math.min(fits, asked, side));
  return { ...job, recipe: { ...job.recipe, output: { ...output, profile: "srgb", resize } } };
}

/** Why it is held, and the commands that let it go on. */
export function reviewReason({ id, shoot, recipe }: Pick<Job, "id" | "shoot" | "recipe">): string {
  const short = id.slice(0, 8);
  const approve = `hotgrade approve ${short}`;
  const reject = `hotgrade reject ${short}`;
  if (recipe.look.kind === "kept")
    return `It waits for you to look at its proof. \`${approve}\` writes it, \`${reject} --give-up\` ends it; its look is a kept one, so no model is asked again.`;
  const all = shoot ? "gives its look to the whole shoot" : "writes it";
  return `It waits for you to look at its proof. \`${approve}\` ${all}, \`${reject}\` asks the model again, \`${reject} --prompt WORDS\` with other words, \`${reject} --give-up\` ends it.`;
}
