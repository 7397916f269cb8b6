import { describe, expect, test } from "vitest";
import { identity, latticeOf } from "../../../src/core/lut/lattice.ts";
import { previewStrip } from "../../../src/core/lut/strip.ts";

const pixelOf =
  ({ samples, width }: ReturnType<typeof previewStrip>) =>
  (x: number, y: number) => [...samples.slice(3 * (x + width * y), 3 * (x + width * y) + 3)];

describe("the preview strip", () => {
  test("the look that changes nothing shows the same above and below", () => {
    const { width, height, samples } = previewStrip(identity(17));
    expect([width, height]).toEqual([1024, 256]);
    const half = samples.length / 2;
    expect(samples.slice(0, half)).toEqual(samples.slice(half));
  });

  test("a grey ramp from black to white, hues below it, from full colour to grey", () => {
    const pixel = pixelOf(previewStrip(identity(2)));
    expect([pixel(0, 0), pixel(1023, 31)]).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ]);
    expect([pixel(0, 32), pixel(256, 32), pixel(512, 32)]).toEqual([
      [217, 0, 0],
      [0, 217, 0],
      [0, 0, 217],
    ]);
    expect(pixel(300, 127)).toEqual([217, 217, 217]);
  });

  test("below is what the look makes of above", () => {
    const pixel = pixelOf(previewStrip(latticeOf(2, (r, g, b) => [1 - r, 1 - g, 1 - b])));
    for (const [x, y] of [
      [0, 0],
      [700, 60],
      [900, 100],
    ] as const)
      expect(pixel(x, y + 128)).toEqual(pixel(x, y).map((value) => 255 - value));
  });
});
