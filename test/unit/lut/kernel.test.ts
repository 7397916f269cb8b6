import { describe, expect, test } from "vitest";
import { prepareKernel } from "../../../src/core/lut/kernel/kernel.ts";
import { identity, type Lattice, latticeOf } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import { latticeNamed } from "../../support/looks.ts";
import { chance } from "../../support/pictures.ts";

const ERROR_MAX = 0.51;

/** The steepest lattice there is: any value at any node. */
function wild(n: number): Lattice {
  const random = chance(n);
  return latticeOf(n, () => [random(), random(), random()]);
}

/** The greatest distance, in codes, between what the kernel made of `pixels` and the reference. */
function worstError(lattice: Lattice, bits: 8 | 16, pixels: Uint8Array | Uint16Array): number {
  const codeMax = 2 ** bits - 1;
  const graded = pixels.slice();
  prepareKernel(lattice, bits).apply(graded, 3);
  let worst = 0;
  for (let p = 0; p < pixels.length; p += 3) {
    const colour = [pixels[p]! / codeMax, pixels[p + 1]! / codeMax, pixels[p + 2]! / codeMax] as const;
    const exact = sampleTetrahedral(lattice, colour);
    for (let c = 0; c < 3; c++) worst = Math.max(worst, Math.abs(graded[p + c]! - codeMax * exact[c]!));
  }
  return worst;
}

/** Every combination of these codes. */
function combinations(codes: readonly number[], bits: 8 | 16): Uint8Array | Uint16Array {
  const all = codes.flatMap((r) => codes.flatMap((g) => codes.flatMap((b) => [r, g, b])));
  return bits === 8 ? Uint8Array.from(all) : Uint16Array.from(all);
}

describe("8 bits", () => {
  const every5th = combinations([1, 254, ...Array.from({ length: 52 }, (_, k) => 5 * k)], 8);

  test.each([
    ["a look on 33 nodes", latticeNamed("tealOrange")],
    ["any values on 2 nodes", wild(2)],
    ["any values on 17 nodes", wild(17)],
    ["any values on 33 nodes", wild(33)],
    ["any values on 65 nodes", wild(65)],
  ])("%s: the error is a rounding's, on a dense grid of colours", (_, lattice) => {
    expect(worstError(lattice, 8, every5th)).toBeLessThanOrEqual(ERROR_MAX);
  });

  test("the identity changes no colour at all", () => {
    const grey = combinations(
      Array.from({ length: 86 }, (_, k) => 3 * k),
      8,
    );
    const graded = grey.slice();
    prepareKernel(identity(33), 8).apply(graded, 3);
    expect(graded).toEqual(grey);
  });
});

describe("16 bits", () => {
  test.each([
    ["a look on 33 nodes", latticeNamed("contrasty")],
    ["any values on 33 nodes", wild(33)],
    ["any values on 129 nodes", wild(129)],
  ])("%s: the error is a rounding's, on sampled colours", (_, lattice) => {
    const random = chance(3);
    const edges = combinations([0, 1, 2047, 2048, 32_767, 32_768, 65_534, 65_535], 16);
    const sampled = Uint16Array.from({ length: 240_000 }, () => 65_536 * random());
    expect(worstError(lattice, 16, edges)).toBeLessThanOrEqual(ERROR_MAX);
    expect(worstError(lattice, 16, sampled)).toBeLessThanOrEqual(ERROR_MAX);
  });
});

describe("pixels", () => {
  test("alpha is left alone, and does not change the colours", () => {
    const rgb = Uint8Array.from({ length: 300 }, (_, at) => (at * 37) % 256);
    const rgba = Uint8Array.from({ length: 400 }, (_, at) =>
      at % 4 === 3 ? at % 256 : rgb[3 * (at >> 2) + (at % 4)]!,
    );
    const alpha = rgba.filter((_, at) => at % 4 === 3);
    const kernel = prepareKernel(latticeNamed("night"), 8);
    kernel.apply(rgb, 3);
    kernel.apply(rgba, 4);
    expect(rgba.filter((_, at) => at % 4 === 3)).toEqual(alpha);
    expect(rgba.filter((_, at) => at % 4 !== 3)).toEqual(rgb);
  });

  test("lattice values outside 0 … 1 clip instead of wrapping around", () => {
    const far = latticeOf(2, (r, g, b) => [3 * r - 1, 3 * g - 1, 3 * b - 1]);
    const pixels = Uint8Array.of(0, 255, 255, 255, 0, 0);
    prepareKernel(far, 8).apply(pixels, 3);
    expect([...pixels]).toEqual([0, 255, 255, 255, 0, 0]);
  });

  test("an array of the wrong width, or of half a pixel, is a bug and says so", () => {
    const bug = expect.objectContaining({ code: "internal" });
    expect(() => prepareKernel(identity(2), 8).apply(new Uint16Array(3), 3)).toThrow(bug);
    expect(() => prepareKernel(identity(2), 16).apply(new Uint16Array(4), 3)).toThrow(bug);
  });
});
