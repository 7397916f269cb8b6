import { expect, test } from "vitest";
import { parse } from "../../../src/core/config/parse.ts";
import {
  backendsFor,
  canonicalRecipe,
  dispositionFolders,
  lookWords,
  promptText,
  recipeFor,
} from "../../../src/core/config/recipe.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";

const path = (text: string) => text as PathText;
const builtin = { name: "here", kind: "builtin" } as const;
const LIMITS = { connectMs: 1, answerMs: 1, transferMs: 1, stuckMs: 1, idleMs: 1, awayMs: 1 };
const gpu = {
  name: "gpu",
  kind: "comfyui",
  url: "http://h",
  depth: 2,
  token: null,
  headers: {},
  ca: null,
  weight: 1,
  only: null,
  tidy: true,
  timeouts: LIMITS,
} as const;

const PLAIN = { prompt: undefined, look: { kind: "each" } } as const;

function inbox(keys: Record<string, unknown> = {}) {
  const parsed = parse({
    inboxes: [{ path: "/in", outbox: "/out", ...keys }],
    backends: [{ name: "here", kind: "builtin" }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.config.inboxes[0]!;
}

test("an inbox is served by every backend that is not builtin, by the builtin when there is no other, or by those it names", () => {
  expect(backendsFor({ backends: null }, [builtin, gpu])).toEqual(["gpu"]);
  expect(backendsFor({ backends: null }, [builtin])).toEqual(["here"]);
  expect(backendsFor({ backends: ["here"] }, [builtin, gpu])).toEqual(["here"]);
});

test("a folder's own prompt and look replace the inbox's", () => {
  const look = { kind: "kept", sha256: "aa", file: path("/var/looks/aa.cube") } as const;
  const recipe = recipeFor(inbox({ prompt: "warm" }), [builtin], { prompt: " cold\n", look });
  expect(recipe).toMatchObject({ prompt: "cold", look, strength: 1, output: { outbox: "/out" } });
  expect(recipeFor(inbox({ prompt: "warm" }), [builtin], { ...PLAIN, prompt: "\n" }).prompt).toBe("warm");
});

test("equal recipes have equal canonical text, whatever the order of their keys", () => {
  const recipe = recipeFor(inbox({ params: { b: 1, a: 2 } }), [builtin], PLAIN);
  const turned = Object.fromEntries(Object.entries(recipe).reverse()) as typeof recipe;
  expect(canonicalRecipe({ ...turned, params: { a: 2, b: 1 } })).toBe(canonicalRecipe(recipe));
  expect(canonicalRecipe({ ...recipe, prompt: "other" })).not.toBe(canonicalRecipe(recipe));
  expect(JSON.parse(canonicalRecipe(recipe))).toEqual(recipe);
});

test("a prompt's places are filled and its suffix follows", () => {
  const words = { inbox: "wedding", folder: "day 1", name: "IMG_1", date: "2026-11-22", camera: "" };
  expect(promptText({ prompt: "{folder} of {inbox} with {camera} film", promptSuffix: "keep still" }, words)).toBe(
    "day 1 of wedding with film, keep still",
  );
  expect(promptText({ prompt: "Warm.", promptSuffix: "Keep still" }, words)).toBe("Warm. Keep still");
  expect(promptText({ prompt: "Warm", promptSuffix: "" }, words)).toBe("Warm");
  expect(promptText({ prompt: "{name} {red|blue}", promptSuffix: "" }, { ...words, name: "{camera} $&" })).toBe(
    "{camera} $& {red|blue}",
  );
});

test("folders for originals are below the inbox unless they are absolute", () => {
  expect(dispositionFolders(inbox({ original: { done: "move:done", failed: "copy:/x" } }))).toEqual(["/in/done", "/x"]);
});

test("photos whose RAW is developed share no look with those whose preview is taken", () => {
  const { look, ...inboxRecipe } = recipeFor(inbox(), [builtin], PLAIN);
  const recipe = { ...inboxRecipe, look };
  expect(lookWords(recipe)).toBe(lookWords({ ...recipe, strength: 0.5 }));
  expect(lookWords({ ...recipe, raw: { kind: "develop" } })).not.toBe(lookWords(recipe));
});
