import { expect, test } from "vitest";
import { parseDuration, parsePixels, parseSize } from "../../../src/core/config/durations.ts";

test("durations have a unit", () => {
  expect(["500ms", "2s", "1.5s", "15m", "1h", "1d"].map(parseDuration)).toEqual([500, 2e3, 1500, 9e5, 3.6e6, 8.64e7]);
  expect(["2", "", "-2s", "2 weeks", "s", "1e3s"].map(parseDuration)).toEqual(Array(6).fill(undefined));
});

test("sizes count in 1024 with an i and in 1000 without", () => {
  expect(parseSize("2GiB")).toBe(2 * 1024 ** 3);
  expect(parseSize("2GB")).toBe(2e9);
  expect(parseSize("1.5 KiB")).toBe(1536);
  expect(parseSize("7B")).toBe(7);
  expect(parseSize("2G")).toBeUndefined();
});

test("pixel counts are megapixels", () => {
  expect(parsePixels("500MP")).toBe(5e8);
  expect(parsePixels("500")).toBeUndefined();
});
