/** Texts that several keys of the configuration share. */
import { z } from "zod";
import { placesOf } from "./template.ts";

export const PATH_MAX = 4_096;

/** Text with `{places}`; others than these words are refused. */
export const template = (words: readonly string[], lengthMax: number) =>
  z
    .string()
    .max(lengthMax)
    .refine((text) => placesOf(text).every((word) => words.includes(word)), {
      error: (issue) => {
        const astray = placesOf(String(issue.input)).find((word) => !words.includes(word));
        return `unknown place {${astray}}; known are ${words.map((word) => `{${word}}`).join(" ")}`;
      },
    });
