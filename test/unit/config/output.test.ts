/** The keys that say what kind of file a photo becomes. */
import { expect, test } from "vitest";
import { type Config, parse } from "../../../src/core/config/parse.ts";
import { canonicalRecipe, recipeFor } from "../../../src/core/config/recipe.ts";
import { startWithLook } from "../../../src/core/job/identity.ts";
import type { Facts } from "../../../src/core/job/job.ts";

const inInbox = (keys: object) => parse({ inboxes: [{ path: "in", ...keys }] });

function recipeOf(keys: object) {
  const parsed = inInbox(keys) as { readonly ok: true; readonly config: Config };
  return recipeFor(parsed.config.inboxes[0]!, parsed.config.backends, { prompt: undefined, look: { kind: "each" } });
}

const messages = (keys: object): readonly string[] => {
  const parsed = inInbox(keys);
  return parsed.ok ? [] : parsed.issues.map(({ message }) => message);
};

test("what no file can be is refused with the formats that can", () => {
  expect(messages({ format: "jpeg", bitDepth: 16 })).toEqual(["JPEG holds 8 bits, not 16; TIFF and PNG do"]);
  expect(messages({ format: "tiff", bitDepth: 10 })).toEqual(["TIFF holds 8 or 16 bits, not 10; AVIF does"]);
  expect(messages({ format: "avif", bitDepth: 16 })).toEqual(["AVIF holds 8, 10 or 12 bits, not 16; TIFF and PNG do"]);
  expect(messages({ bitDepth: 14 })).toEqual(["expected same, 8, 10, 12 or 16"]);
  expect(messages({ resize: 0 })).toEqual(["expected at least 16, got 0"]);
  expect(messages({ format: "heic" })).toEqual([
    expect.stringContaining("expected same, jpeg, tiff, png, webp or avif"),
  ]);
});

test("whatever may be is taken", () => {
  for (const keys of [
    { format: "avif", bitDepth: 12, quality: 60 },
    { format: "png", bitDepth: 16 },
    { bitDepth: 16, resize: 2_560, profile: "p3" },
    { bitDepth: "same", resize: null, profile: "keep" },
  ])
    expect(messages(keys)).toEqual([]);
});

test("keys that ask for nothing leave recipes as they were before these keys were known", () => {
  const { output } = recipeOf({});
  expect(Object.keys(output).sort()).toEqual([
    "format",
    "name",
    "outbox",
    "quality",
    "sidecars",
    "structure",
    "suffix",
  ]);
  const same = recipeOf({ bitDepth: "same", resize: null, profile: "keep" });
  expect(canonicalRecipe(same)).toBe(canonicalRecipe(recipeOf({})));
});

test("a photo whose size or profile alone is to be another keeps its look", () => {
  const facts: Facts = { look: "aa", cube: "/looks/aa.cube" as never };
  const next = recipeOf({ resize: 2_000, profile: "srgb", format: "avif", bitDepth: 10 });
  expect(canonicalRecipe(next)).not.toBe(canonicalRecipe(recipeOf({})));
  expect(startWithLook({ facts, recipe: recipeOf({}) }, next)).toMatchObject({ stage: "write" });
});
