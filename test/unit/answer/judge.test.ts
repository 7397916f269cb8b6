/** What comes back, measured and judged: plain numbers, no files. */
import { expect, test } from "vitest";
import { deviationOf, distanceOf, spreadOf, structureOf } from "../../../src/core/answer/compare.ts";
import { type Comparison, doubtsOf, factorOf, isBlank } from "../../../src/core/answer/judge.ts";
import { drawn, scene } from "../../support/pictures.ts";

const SIZE = [96, 64] as const;
const lumaOf = (seed: number, change: (code: number) => number = (code) => code) => {
  const { pixels } = drawn(...SIZE, scene(seed));
  const codes = Uint8Array.from({ length: pixels.length / 3 }, (_, at) => change(pixels[3 * at + 1]!));
  return { width: SIZE[0], height: SIZE[1], codes };
};
const fine: Comparison = {
  spread: 200,
  plateDeviation: 50,
  distance: { meanCodes: 9, offShare: 0.7 },
  structure: 0.9,
};

test("measures: spread, deviation, distance", () => {
  expect(spreadOf(Uint8Array.of(1, 2, 3, 1, 7, 3))).toBe(5);
  expect(spreadOf(Uint8Array.of(9, 9, 9))).toBe(0);
  expect(deviationOf(Uint8Array.of(10, 20))).toBe(5);
  expect(distanceOf(Uint8Array.of(1, 2, 3, 4), Uint8Array.of(1, 2, 3, 12))).toEqual({ meanCodes: 2, offShare: 0.25 });
});

test("edges agree through any grade, also a negative, and not between two scenes", () => {
  const plate = lumaOf(1);
  expect(structureOf(plate, plate)).toBeCloseTo(1, 6);
  expect(
    structureOf(
      plate,
      lumaOf(1, (code) => 255 - code),
    ),
  ).toBeCloseTo(1, 6);
  expect(
    structureOf(
      plate,
      lumaOf(1, (code) => 255 * (code / 255) ** 2),
    ),
  ).toBeGreaterThan(0.8);
  for (const seed of [2, 3, 4, 5, 6, 7]) expect(Math.abs(structureOf(plate, lumaOf(seed))!)).toBeLessThan(0.2);
  expect(
    structureOf(
      plate,
      lumaOf(1, () => 80),
    ),
  ).toBeNull();
});

test("an answer is as large as the plate, or a whole number of times as large", () => {
  const plate = { width: 300, height: 200 };
  expect(factorOf(plate, plate)).toBe(1);
  expect(factorOf({ width: 1200, height: 800 }, plate)).toBe(4);
  for (const [width, height] of [
    [150, 100],
    [450, 300],
    [600, 400.5],
    [600, 200],
    [2700, 1800],
  ] as const)
    expect(factorOf({ width, height }, plate)).toBeNull();
});

test("one colour for a photo of many is no answer; one colour for one colour is", () => {
  expect(isBlank({ ...fine, spread: 0 })).toBe(true);
  expect(isBlank({ ...fine, spread: 3 })).toBe(false);
  expect(isBlank({ ...fine, spread: 0, plateDeviation: 1 })).toBe(false);
});

test("the plate itself and another photo are said, in a sentence each; a small retouch is neither", () => {
  expect(doubtsOf(fine, "gpu-1")).toEqual([]);
  expect(doubtsOf({ ...fine, distance: { meanCodes: 0.5, offShare: 0 } }, "gpu-1")).toEqual([
    "gpu-1 gave the picture back as it was given: the prompt changed nothing.",
  ]);
  expect(doubtsOf({ ...fine, distance: { meanCodes: 0.2, offShare: 0.002 } }, "gpu-1")).toEqual([]);
  expect(doubtsOf({ ...fine, structure: 0.01 }, "gpu-1")).toEqual([
    expect.stringContaining("does not show this photo"),
  ]);
  expect(doubtsOf({ ...fine, structure: null, distance: null }, "gpu-1")).toEqual([]);
});
