import { expect, test } from "vitest";
import { lookFacts } from "../../../src/cli/look.ts";
import { formatCube, parseCube } from "../../../src/core/lut/cube.ts";
import { latticeOf } from "../../../src/core/lut/lattice.ts";

function facts(curve: (value: number) => number) {
  const lattice = latticeOf(9, (r, g, b) => [curve(r), curve(g), curve(b)]);
  return lookFacts(parseCube(formatCube(lattice, { title: "t" })));
}

test("the look that changes nothing has no clipping and its greys in order", () => {
  expect(facts((value) => value)).toMatchObject({
    title: "t",
    size: 9,
    clipping: { low: 0, high: 0 },
    greysMonotone: true,
    change: expect.closeTo(0, 6),
    neutral: expect.arrayContaining([{ in: 0.5, out: [0.5, 0.5, 0.5] }]),
  });
});

test("clipping counts inner nodes only", () => {
  const { clipping } = facts((value) => Math.max(0, 2 * value - 1));
  expect(clipping).toEqual({ low: expect.closeTo(4 / 7, 6), high: 0 });
});

test("a lighter grey that comes out darker is a reversal", () => {
  expect(facts((value) => (value === 0.5 ? 0.3 : value))).toMatchObject({ greysMonotone: false });
});
