/** What the configuration says of RAW, and what recipes make of it. */
import { expect, test } from "vitest";
import { parse } from "../../../src/core/config/parse.ts";
import { canonicalRecipe, recipeFor, recipeOf } from "../../../src/core/config/recipe.ts";
import type { PictureInfo } from "../../../src/core/job/picture.ts";

function inboxWith(keys: Readonly<Record<string, unknown>>) {
  const parsed = parse({ inboxes: [{ path: "inbox", ...keys }] });
  if (!parsed.ok) throw new Error(parsed.issues.map(({ message }) => message).join("; "));
  return parsed.config.inboxes[0]!;
}

const recipeWith = (keys: Readonly<Record<string, unknown>>) =>
  recipeFor(inboxWith(keys), [{ name: "here", kind: "builtin" }], { prompt: undefined, look: { kind: "each" } });

const COMMAND = ["darktable-cli", "{in}", "{out}"];
const JPEG: PictureInfo = {
  ...{ format: "jpeg", width: 3, height: 2, orientation: 1, bitDepth: 8, hasAlpha: false },
  ...{ model: "rgb", profile: null, camera: null, takenAt: null },
};
const RAW: PictureInfo = { ...JPEG, raw: "CR2" };

test("preview is what holds when nothing is said", () => {
  expect(inboxWith({}).raw).toEqual({ kind: "preview" });
  expect(inboxWith({ raw: "skip" }).raw).toEqual({ kind: "skip" });
  expect(inboxWith({ raw: "command", rawCommand: COMMAND, rawLimit: "90s" }).raw).toEqual({
    kind: "command",
    command: COMMAND,
    limitMs: 90_000,
  });
});

test.each([
  [{ raw: "developed" }, "expected preview, develop, command or skip, got developed"],
  [{ raw: "command" }, "raw: command needs rawCommand"],
  [{ raw: "command", rawCommand: ["dcraw", "{in}"] }, "rawCommand has no {out}"],
  [{ raw: "command", rawCommand: ["dcraw", "{out}"] }, "rawCommand has no {in}"],
  [{ raw: "command", rawCommand: "dcraw {in} {out}" }, "expected a list: the program, then its words"],
  [{ raw: "command", rawCommand: COMMAND, rawLimit: "1h" }, "between 1s and 15m"],
])("%j is explained", (keys, message) => {
  expect(() => inboxWith(keys)).toThrow(message);
});

test("a recipe says nothing of the preview, as recipes did before there was a choice", () => {
  expect(recipeWith({ raw: "preview" })).not.toHaveProperty("raw");
  expect(canonicalRecipe(recipeWith({ raw: "skip" }))).toBe(canonicalRecipe(recipeWith({})));
  expect(recipeWith({ raw: "develop" }).raw).toEqual({ kind: "develop" });
});

test("how RAW is developed is no matter of a JPEG: it is not stale when that changes", () => {
  const develop = recipeWith({ raw: "develop" });
  expect(canonicalRecipe(recipeOf(develop, JPEG))).toBe(canonicalRecipe(recipeWith({})));
  expect(recipeOf(develop, RAW)).toBe(develop);
});
