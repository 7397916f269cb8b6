/**
 * What is worth knowing of a workflow besides its graph: `NAME.notes.json` beside `NAME.json`. The licence and the
 * sources of its models are told by `check`; nothing of it decides whether a job may run.
 */
import { z } from "zod";
import { AppError } from "../errors.ts";

const url = z.url({ protocol: /^https$/, error: "expected an https address" });
const version = z.string().regex(/^\d+(\.\d+){1,2}$/, { error: "expected a version such as 0.3.42" });

const notesShape = z.strictObject({
  title: z.string().min(1),
  /** Of the model, which is what limits the use of its pictures; several models count by the strictest. */
  licence: z.strictObject({ name: z.string().min(1), commercial: z.boolean(), url }),
  models: z.array(
    z.strictObject({
      file: z.string().min(1),
      /** Below ComfyUI's own folder, such as models/vae. */
      folder: z.string().regex(/^models\/[a-z_]+$/, { error: "expected a folder such as models/vae" }),
      url,
      sizeMb: z.number().positive(),
    }),
  ),
  /** The oldest ComfyUI that can run it. */
  needs: version,
  /** In words, such as "about 20 GB"; null where it hardly needs any. */
  gpuMemory: z.string().min(1).nullable(),
  /** In words: steps, cfg, sampler. */
  settings: z.string().min(1),
  /** What it is for, where that is not plain. */
  remark: z.string().min(1).optional(),
});

export type Notes = z.infer<typeof notesShape>;

/** Errors: `workflow-invalid`, with every field that is wrong. */
export function readNotes(text: string, name: string): Notes {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (thrown) {
    throw new AppError("workflow-invalid", `The notes of workflow ${name} are not JSON: ${thrown}`, { name }, thrown);
  }
  const read = notesShape.safeParse(plain);
  if (read.success) return read.data;
  const what = read.error.issues.map(({ path, message }) => `${path.join(".") || "all of it"}: ${message}`).join("; ");
  throw new AppError("workflow-invalid", `The notes of workflow ${name} cannot be used: ${what}.`, { name });
}

/** 340 MB, 11.9 GB. */
export function sizeText(sizeMb: number): string {
  return sizeMb < 1000 ? `${Math.round(sizeMb)} MB` : `${(sizeMb / 1000).toFixed(1)} GB`;
}
