/** The keys that say who is told of outcomes: programs and webhooks, for all inboxes or for one. */
import { z } from "zod";
import { duration } from "./measured.ts";

const WORD_MAX = 4_096;

const isWebAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const hook = z
  .strictObject({
    run: z
      .array(z.string().max(WORD_MAX), { error: "expected a list: the program, then its words" })
      .min(1)
      .max(100)
      .refine(([program]) => program !== "", { error: "the program has no name" })
      .optional()
      .describe(
        "A program and its words, run without a shell in the project's folder; it reads the JSON on its input.",
      ),
    url: z
      .string()
      .max(WORD_MAX)
      .refine(isWebAddress, { error: "expected an address that begins with https:// or http://" })
      .optional()
      .describe("An address that the JSON is posted to."),
    secret: z
      .string()
      .min(1)
      .max(WORD_MAX)
      .optional()
      .describe("With `url`: signs what is posted (HMAC-SHA-256), best taken from the environment."),
    timeout: duration("1s", "1h").default("60s").describe("How long it may take before it is ended."),
  })
  .refine(({ run, url }) => (run === undefined) !== (url === undefined), {
    error: "expected `run` or `url`, and not both",
  })
  .refine(({ run, secret }) => run === undefined || secret === undefined, {
    error: "`secret` signs what is posted to a `url`; a program gets none",
  });

/** Each key without a default: an inbox's own wins over that of all. */
export const hooks = z.strictObject({
  onDone: hook.optional().describe("Told of each photo that is written."),
  onFailed: hook.optional().describe("Told of each photo that failed for good."),
  onHeld: hook.optional().describe("Told of each photo that waits for a person."),
  onShoot: hook.optional().describe("Told when a folder is complete, with a summary."),
});

export const HOOKS_ARE = "Programs and webhooks that are told what happened; docs/hooks.md.";
