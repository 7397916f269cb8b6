import { expect, test } from "vitest";
import { coverageNotes } from "../../../src/core/lut/coverage.ts";
import { formatCube, parseCube } from "../../../src/core/lut/cube.ts";
import { lookFacts } from "../../../src/core/lut/facts.ts";
import { latticeOf } from "../../../src/core/lut/lattice.ts";

const NOTHING = { n: 2, known: new Uint8Array(8) };

function facts(curve: (value: number) => number, comments: readonly string[] = []) {
  const lattice = latticeOf(9, (r, g, b) => [curve(r), curve(g), curve(b)]);
  return lookFacts(parseCube(formatCube(lattice, { title: "t", comments })));
}

test("the look that changes nothing has no clipping and its greys in order", () => {
  expect(facts((value) => value)).toMatchObject({
    title: "t",
    size: 9,
    clipping: { low: 0, high: 0, colours: 0 },
    greysMonotone: true,
    change: expect.closeTo(0, 6),
    neutral: expect.arrayContaining([{ in: 0.5, out: [0.5, 0.5, 0.5], cast: 0 }]),
  });
});

test("clipping counts inner nodes only", () => {
  const { clipping } = facts((value) => Math.max(0, 2 * value - 1));
  expect(clipping).toMatchObject({ low: expect.closeTo(4 / 7, 6), high: 0 });
});

test("a colour is clipped as soon as one of its channels is", () => {
  const { clipping } = facts((value) => Math.max(0, 2 * value - 1));
  expect(clipping.colours).toBeCloseTo(1 - (3 / 7) ** 3, 6);
});

test("a lighter grey that comes out darker is a reversal", () => {
  expect(facts((value) => (value === 0.5 ? 0.3 : value))).toMatchObject({ greysMonotone: false });
});

test("the strongest cast of the grey axis is found, and said in C*", () => {
  const lattice = latticeOf(9, (r, g, b) => [r, g, r === 0.5 && g === 0.5 && b === 0.5 ? 0.6 : b]);
  const { greatestCast, neutral } = lookFacts(parseCube(formatCube(lattice, { title: "t" })));
  expect(greatestCast).toEqual({ in: 0.5, cast: 14.7 });
  expect(neutral.map(({ cast }) => cast > 1)).toEqual([false, false, false, false, true, false, false, false, false]);
});

test("coverage is said where the file's comments carry it, and left out where not", () => {
  expect(facts((value) => value, ["Fitted.", ...coverageNotes(0.98765, NOTHING)])).toMatchObject({ coverage: 0.9877 });
  expect(facts((value) => value, coverageNotes(1, NOTHING))).toMatchObject({ coverage: 1 });
  expect(facts((value) => value, ["Coverage: all of it"])).not.toHaveProperty("coverage");
  expect(facts((value) => value)).not.toHaveProperty("coverage");
});
