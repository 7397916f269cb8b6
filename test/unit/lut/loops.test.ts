import { expect, test } from "vitest";
import { loops } from "../../../src/core/lut/fit/loops/loops.ts";

test("what loops give comes back into the caller's arrays, and what they read stays as it was", () => {
  const values = Float32Array.of(0.25, 0.5, 0.75);
  const out = Float32Array.of(9);
  loops({ reads: [values], gives: [out] }, ({ luma }, { at }) => luma(at(values), 1, 1, 2, 4, at(out)));
  expect([...out]).toEqual([4.25]);
  expect([...values]).toEqual([0.25, 0.5, 0.75]);
});

test("arrays larger than the memory so far make it grow, and bytes of a Buffer are bytes", () => {
  const pixels = Buffer.alloc(3 * 2000 * 1000, 51);
  const levels = Float32Array.from({ length: 256 }, (_, code) => code / 255);
  const values = new Float32Array(3);
  loops({ reads: [pixels, levels], gives: [values] }, ({ shrink }, { at }) =>
    shrink(at(pixels), at(levels), 1000, 1, 1, 1000, at(values)),
  );
  expect(values[0]).toBeCloseTo(0.2, 6);
});

test("room is empty at every call, whatever an earlier one left there", () => {
  const first = loops({ reads: [] }, (_, { room, doubles }) => doubles(room(64), 8));
  const used = Float64Array.from({ length: 8 }, () => 7);
  loops({ reads: [used] }, () => undefined);
  const second = loops({ reads: [] }, (_, { room, doubles }) => doubles(room(64), 8));
  expect([...first, ...second]).toEqual(new Array(16).fill(0));
});
