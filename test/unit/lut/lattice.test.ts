import { describe, expect, test } from "vitest";
import { blend, clamp, compose, identity, latticeOf, resample, weaken } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral, sampleTrilinear } from "../../../src/core/lut/sample.ts";
import { latticeNamed } from "../../support/looks.ts";
import { chance } from "../../support/pictures.ts";

function close(one: Iterable<number>, other: Iterable<number>, digits = 6): void {
  const expected = [...other];
  for (const [c, value] of [...one].entries()) expect(value).toBeCloseTo(expected[c]!, digits);
}

function colours(count: number): [number, number, number][] {
  const random = chance(7);
  return Array.from({ length: count }, () => [random(), random(), random()]);
}

describe("lattice", () => {
  test("red runs fastest", () => {
    expect([...identity(2).values.slice(3, 6)]).toEqual([1, 0, 0]);
    expect([...identity(2).values.slice(6, 9)]).toEqual([0, 1, 0]);
  });

  test("sizes outside 2 … 129 are refused", () => {
    for (const n of [1, 130, 2.5, Number.NaN])
      expect(() => identity(n)).toThrow(expect.objectContaining({ code: "internal" }));
  });

  test("both interpolations leave every colour alone on the identity", () => {
    for (const colour of colours(500)) {
      close(sampleTetrahedral(identity(17), colour), colour);
      close(sampleTrilinear(identity(17), colour), colour);
    }
  });

  test("both interpolations give a node's own value at the node", () => {
    const lattice = latticeNamed("tealOrange", 9);
    for (let node = 0; node < 9 ** 3; node += 7) {
      const colour = [(node % 9) / 8, (Math.floor(node / 9) % 9) / 8, Math.floor(node / 81) / 8] as const;
      const value = [...lattice.values.slice(3 * node, 3 * node + 3)];
      close(sampleTetrahedral(lattice, colour), value);
      close(sampleTrilinear(lattice, colour), value);
    }
  });

  test("colours outside 0 … 1, and what is no number, are clipped", () => {
    close(sampleTetrahedral(identity(5), [-1, 2, Number.NaN]), [0, 1, 0]);
    close(sampleTrilinear(identity(5), [-1, 2, Number.NaN]), [0, 1, 0]);
  });

  test("tetrahedral interpolation keeps greys on the grey axis", () => {
    const twisted = latticeOf(3, (r, g, b) => (r === g && g === b ? [r, r, r] : [b, r, g]));
    for (let grey = 0; grey <= 1; grey += 0.05)
      close(sampleTetrahedral(twisted, [grey, grey, grey]), [grey, grey, grey]);
  });

  test("resampling to a finer lattice keeps the look at every old node", () => {
    const coarse = latticeNamed("warm", 9);
    const fine = resample(coarse, 33);
    for (const colour of colours(200)) {
      const node = colour.map((value) => Math.round(value * 8) / 8) as [number, number, number];
      close(sampleTetrahedral(fine, node), sampleTetrahedral(coarse, node));
    }
  });

  test("composing is one look after the other", () => {
    const both = compose(latticeNamed("warm"), latticeNamed("faded"), 33);
    const node = [0.25, 0.5, 0.75] as const;
    close(
      sampleTetrahedral(both, node),
      sampleTetrahedral(latticeNamed("faded"), sampleTetrahedral(latticeNamed("warm"), node)),
    );
  });

  test("strength 0 is the identity, 1 the look, a half lies between", () => {
    const look = latticeNamed("night", 9);
    expect(weaken(look, 0).values).toEqual(identity(9).values);
    close(weaken(look, 1).values, look.values);
    const middle = identity(9).values.map((value, q) => (value + look.values[q]!) / 2);
    close(weaken(look, 0.5).values, middle);
  });

  test("a blend of two sizes lies between them on the finer one", () => {
    const [coarse, fine] = [latticeNamed("warm", 5), latticeNamed("night", 9)];
    expect(blend(coarse, fine, 0.25).n).toBe(9);
    close(blend(coarse, fine, 0).values, resample(coarse, 9).values);
    close(blend(coarse, fine, 1).values, fine.values);
    const quarter = resample(coarse, 9).values.map((value, q) => 0.75 * value + 0.25 * fine.values[q]!);
    close(blend(coarse, fine, 0.25).values, quarter);
  });

  test("clamping keeps values inside 0 … 1 and makes numbers of what is none", () => {
    const wild = { n: 2, values: Float32Array.from({ length: 24 }, (_, q) => [-1, 0.5, 2, Number.NaN][q % 4]!) };
    expect([...clamp(wild).values.slice(0, 4)]).toEqual([0, 0.5, 1, 0]);
  });
});
