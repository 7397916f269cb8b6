import { describe, expect, test } from "vitest";
import { fromOklab, fromOklch, toOklab, toOklch } from "../../../src/core/colour/oklab.ts";
import { D65, fromXyz, type Triple, toEncoded, toLab, toLinear, toXyz } from "../../../src/core/colour/srgb.ts";

const GRID: readonly Triple[] = [0, 0.02, 0.25, 0.5, 0.8, 1].flatMap((r) =>
  [0, 0.04, 0.5, 1].flatMap((g) => [0, 0.3, 1].map((b) => [r, g, b] as const)),
);

function close(colour: readonly number[], expected: readonly number[], digits: number): void {
  for (const [c, value] of expected.entries()) expect(colour[c]).toBeCloseTo(value, digits);
}

describe("sRGB", () => {
  test("encoding undoes decoding over the whole range and beyond it", () => {
    for (let value = -0.5; value <= 1.5; value += 0.01) expect(toEncoded(toLinear(value))).toBeCloseTo(value, 6);
  });

  test("middle values are those of the standard", () => {
    expect(toLinear(0.5)).toBeCloseTo(0.21404, 5);
    expect(toLinear(0.04)).toBeCloseTo(0.04 / 12.92, 9);
    expect(toEncoded(0.18)).toBeCloseTo(0.46136, 4);
  });

  test("white is D65, and XYZ goes back to where it came from", () => {
    close(toXyz([1, 1, 1]), D65, 4);
    for (const colour of GRID) close(fromXyz(toXyz(colour)), colour, 5);
  });

  test("Lab of the primaries is the published one", () => {
    close(toLab([1, 1, 1]), [100, 0, 0], 1);
    close(toLab([1, 0, 0]), [53.24, 80.09, 67.2], 1);
    close(toLab([0, 0, 1]), [32.3, 79.19, -107.86], 1);
    close(toLab([0, 0, 0]), [0, 0, 0], 9);
  });
});

describe("Oklab", () => {
  test("white, and red as its author gives it", () => {
    close(toOklab([1, 1, 1]), [1, 0, 0], 3);
    close(toOklab([1, 0, 0]), [0.628, 0.2249, 0.1258], 3);
  });

  test("the way back is exact, by chroma and hue too", () => {
    for (const colour of GRID) {
      close(fromOklab(toOklab(colour)), colour, 5);
      close(fromOklab(fromOklch(toOklch(toOklab(colour)))), colour, 5);
    }
  });

  test("greys have no chroma", () => {
    for (let grey = 0; grey <= 1; grey += 0.1) expect(toOklch(toOklab([grey, grey, grey]))[1]).toBeLessThan(1e-4);
  });
});
