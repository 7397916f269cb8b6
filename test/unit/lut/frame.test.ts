import { describe, expect, test } from "vitest";
import { frameOf } from "../../../src/core/lut/fit/frame.ts";

const mismatch = expect.objectContaining({ code: "pair-mismatch" });

describe("frame", () => {
  test.each([
    [1248, 832, 1248, 832],
    [6000, 4000, 1248, 832],
    [640, 480, 64, 48],
  ])("%d × %d shows whole in %d × %d", (...sizes) => {
    expect(frameOf(...sizes)).toEqual({ left: 0, top: 0, width: sizes[0], height: sizes[1], whole: true });
  });

  test.each([
    [6000, 4000, 1184, 880, { left: 309, top: 0, width: 5382, height: 4000 }],
    [1600, 1200, 1184, 880, { left: 0, top: 5, width: 1600, height: 1190 }],
    [4000, 6000, 880, 1184, { left: 0, top: 309, width: 4000, height: 5382 }],
    [2560, 1024, 1568, 672, { left: 85, top: 0, width: 2390, height: 1024 }],
  ])("of %d × %d, %d × %d shows the centre", (beforeWidth, beforeHeight, afterWidth, afterHeight, box) => {
    expect(frameOf(beforeWidth, beforeHeight, afterWidth, afterHeight)).toEqual({ ...box, whole: false });
  });

  test("an exact half column is cut as Python rounds it: to the even number", () => {
    expect(frameOf(1001, 1000, 1000, 1000).left).toBe(0);
    expect(frameOf(1003, 1000, 1000, 1000).left).toBe(2);
  });

  test.each([
    [4000, 1000, 1000, 1000],
    [1000, 1000, 300, 1000],
    [15, 1000, 16, 1000],
    [100, 100, 0, 100],
    [100.5, 100, 100, 100],
    [Number.NaN, 100, 100, 100],
  ])("%d × %d and %d × %d are no pair", (...sizes) => {
    expect(() => frameOf(...sizes)).toThrow(mismatch);
  });
});
