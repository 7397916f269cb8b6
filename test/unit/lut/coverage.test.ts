import { expect, test } from "vitest";
import { coverageIn, coverageNotes, isKnown, shareOutside, supportIn } from "../../../src/core/lut/coverage.ts";
import { formatCube, parseCube } from "../../../src/core/lut/cube.ts";
import { identity } from "../../../src/core/lut/lattice.ts";

/** A look that knows the dark half of red, over 17³ nodes. */
const DARK = { n: 17, known: Uint8Array.from({ length: 17 ** 3 }, (_, node) => (node % 17 <= 8 ? 1 : 0)) };

test("what a look rests on comes back from its .cube, in lines that other programs can skip", () => {
  const text = formatCube(identity(2), { title: "t", comments: ["Ours.", ...coverageNotes(0.98765, DARK)] });
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThan(100);
  const { comments } = parseCube(text);
  expect(coverageIn(comments)).toBe(0.9877);
  expect(supportIn(comments)).toEqual(DARK);
});

test("a colour belongs to its nearest node", () => {
  expect(isKnown(DARK, [0.53, 1, 1], 0)).toBe(true);
  expect(isKnown(DARK, [0.54, 1, 1], 0)).toBe(false);
  expect(isKnown(DARK, [9, 0.9, 0.9, 0.2], 1)).toBe(false);
  expect(shareOutside(DARK, Uint8Array.of(0, 0, 0, 255, 0, 0, 10, 9, 8, 200, 0, 0))).toBe(0.5);
});

test("comments without a whole support say nothing", () => {
  const notes = coverageNotes(1, DARK);
  expect(supportIn(notes.slice(0, -1))).toBeUndefined();
  expect(supportIn(notes.map((note) => note.replace("Support 17", "Support 99")))).toBeUndefined();
  expect(supportIn(["Support 17: A"])).toBeUndefined();
  expect(supportIn(["Fitted by hand."])).toBeUndefined();
});
