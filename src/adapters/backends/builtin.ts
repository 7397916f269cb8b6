/**
 * The builtin backend: no network, no model, no AI. It reads the words of the prompt by a written vocabulary
 * (core/colour/words.ts) and paints the plate with the grade they name. Deterministic, so it stores nothing.
 */
import { z } from "zod";
import { isNeutral } from "../../core/colour/parametric.ts";
import { readPrompt } from "../../core/colour/words.ts";
import type { Backend, Pictures } from "../../ports.ts";

export const options = z.strictObject({ name: z.string(), kind: z.literal("builtin") });

export type BuiltinContext = { readonly pictures: Pictures };

/** Said wherever the builtin backend shows. */
export const BUILTIN_IS = "builtin: reads the words of the prompt on this machine; it is not an AI";

function remarks(prompt: string): readonly string[] {
  const { grade, unknown } = readPrompt(prompt);
  const notes = unknown.length > 0 ? [`The builtin backend does not know: ${unknown.join(", ")}.`] : [];
  return isNeutral(grade) ? [...notes, "Nothing in the prompt changes a colour, so the photo stays as it is."] : notes;
}

/** As many as may stand painted and not yet fetched. */
const DEPTH = 4;

export function open({ name }: z.infer<typeof options>, { pictures }: BuiltinContext): Backend {
  return {
    name,
    kind: "builtin",
    depth: DEPTH,
    plateRule: async () => ({ kind: "own", pixelsMax: 1_000_000 }),
    remarks,
    probe: async () => {},
    check: async () => [{ level: "ok", code: null, message: BUILTIN_IS }],
    preflight: async () => ({ ready: true }),
    put: async ({ file }) => file,
    submit: async () => {},
    progress: async () => ({ kind: "finished", pictures: [{ slot: "result", name: "result" }], ranMs: null }),
    withdraw: async () => "kept",
    picture: async ({ prompt, plate }, _ref, to, signal) => {
      await pictures.paint({ plate: plate.file, grade: readPrompt(prompt).grade, to }, signal);
    },
    cancel: async () => {},
    tidy: async () => {},
    rounding: async () => "rounded",
    glimpse: () => undefined,
    onNudge: () => () => {},
    close: async () => {},
  };
}
