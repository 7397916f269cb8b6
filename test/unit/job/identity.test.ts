import { expect, test } from "vitest";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import { isSameFile, startOf, startWithLook } from "../../../src/core/job/identity.ts";
import type { Facts } from "../../../src/core/job/job.ts";
import { aRecipe } from "../../support/jobs.ts";

const cube = "/looks/aa.cube" as PathText;
const signature = { sizeBytes: 1, mtimeNs: "2", inode: "3" };
const facts: Facts = { signature, plate: "p", preview: "/w/p.png" as PathText, look: "aa", cube, verdict: "global" };

test("a look that is kept asks no model; any other begins at upload, with what is known of the file", () => {
  expect(startOf(aRecipe(), facts)).toEqual({ stage: "upload", facts: { signature } });
  const kept = aRecipe({ look: { kind: "kept", sha256: "bb", file: cube } });
  expect(startOf(kept, facts)).toEqual({ stage: "write", facts: { signature, look: "bb", cube } });
});

test("a recipe that differs in the writing alone begins at write, with the look there is", () => {
  const recipe = aRecipe();
  const softer = { ...recipe, strength: 0.5, output: { ...recipe.output, suffix: "_soft" } };
  const { preview: _preview, ...known } = facts;
  expect(startWithLook({ facts, recipe }, softer)).toEqual({ stage: "write", facts: known });
  expect(startWithLook({ facts, recipe }, { ...recipe, prompt: "cool" })).toBeUndefined();
  expect(startWithLook({ facts: { signature }, recipe }, softer)).toBeUndefined();
  expect(startWithLook({ facts: { ...facts, finish: "direct" }, recipe }, softer)).toBeUndefined();
});

test("a file is the same by size, time and inode; an inode that says nothing counts for nothing", () => {
  expect(isSameFile(signature, { ...signature })).toBe(true);
  expect(isSameFile(signature, { ...signature, inode: "" })).toBe(true);
  expect(isSameFile({ ...signature, inode: "" }, signature)).toBe(true);
  for (const other of [{ sizeBytes: 2 }, { mtimeNs: "3" }, { inode: "4" }])
    expect(isSameFile(signature, { ...signature, ...other })).toBe(false);
});
