import { describe, expect, test } from "vitest";
import { HALD_SIZES, haldOf, readHald } from "../../../src/core/lut/hald.ts";
import { identity, latticeOf, resample } from "../../../src/core/lut/lattice.ts";
import { latticeNamed } from "../../support/looks.ts";

function apart(one: Float32Array, other: Float32Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, q) => Math.max(most, Math.abs(value - other[q]!)), 0);
}

describe("writing", () => {
  test("level 8 is 512 × 512", () => {
    expect(haldOf(identity(9), 64, 8)).toMatchObject({ width: 512, height: 512 });
    expect(HALD_SIZES).toEqual([4, 9, 16, 25, 36, 49, 64, 81, 100, 121]);
  });

  test("red runs fastest, then green, then blue", () => {
    const { samples, width } = haldOf(identity(4), 4, 8);
    const pixel = (x: number, y: number) => [...samples.slice(3 * (x + width * y), 3 * (x + width * y) + 3)];
    expect(width).toBe(8);
    expect([pixel(0, 0), pixel(1, 0), pixel(4, 0), pixel(0, 2), pixel(7, 7)]).toEqual([
      [0, 0, 0],
      [85, 0, 0],
      [0, 85, 0],
      [0, 0, 85],
      [255, 255, 255],
    ]);
  });

  test("values outside 0 … 1 are clipped, not wrapped", () => {
    const { samples } = haldOf(
      latticeOf(4, (r) => [3 * r - 1, -1, 9]),
      4,
      16,
    );
    expect([...samples.slice(0, 12)]).toEqual([0, 0, 65_535, 0, 0, 65_535, 65_535, 0, 65_535, 65_535, 0, 65_535]);
  });

  test("a size that is no square is refused", () => {
    expect(() => haldOf(identity(33), 33, 8)).toThrow(expect.objectContaining({ code: "internal" }));
  });
});

describe("reading", () => {
  test.each([
    [8, 0.51 / 255],
    [16, 0.51 / 65_535],
  ] as const)("%i bits come back within half a step", (bits, error) => {
    const lattice = latticeNamed("tealOrange", 25);
    const read = readHald(haldOf(lattice, 25, bits));
    expect(read.own).toBe(25);
    expect(apart(read.lattice.values, lattice.values)).toBeLessThanOrEqual(error);
  });

  test("up to 65 nodes come as they are, more are resampled, and a size may be asked for", () => {
    const fine = haldOf(latticeNamed("warm", 9), 81, 16);
    expect(readHald(haldOf(identity(9), 64, 8)).lattice.n).toBe(64);
    const { lattice, own } = readHald(fine);
    expect([lattice.n, own]).toEqual([65, 81]);
    const asked = readHald(fine, 17).lattice;
    expect(apart(asked.values, resample(latticeNamed("warm", 9), 17).values)).toBeLessThan(1e-4);
  });

  test("level 12, as collections of film looks have it, is read", () => {
    const [side, n] = [1728, 144];
    const samples = new Uint8Array(3 * side * side);
    for (let node = 0; node < n ** 3; node++)
      samples.set(
        [node % n, Math.floor(node / n) % n, Math.floor(node / (n * n))].map((index) => (255 * index) / (n - 1)),
        3 * node,
      );
    const { lattice, own } = readHald({ width: side, height: side, samples }, 5);
    expect(own).toBe(144);
    expect(apart(lattice.values, identity(5).values)).toBeLessThan(1.01 / 255);
  });

  test.each([
    [512, 500],
    [500, 500],
    [1, 1],
    [2197, 2197],
  ])("%i × %i is no HaldCLUT", (width, height) => {
    expect(() => readHald({ width, height, samples: new Uint8Array(0) })).toThrow(
      expect.objectContaining({ code: "hald-invalid", message: expect.stringContaining(`${width} × ${height}`) }),
    );
  });
});
