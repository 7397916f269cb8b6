import { expect, test } from "vitest";
import { blocksOf } from "../../../src/core/lut/fit/blocks.ts";
import { driftOf } from "../../../src/core/lut/fit/drift.ts";
import { drawn, scene } from "../../support/pictures.ts";

const SIZE = { width: 480, height: 320 };
const before = drawn(SIZE.width, SIZE.height, scene(5)).pixels;
const levels = Float32Array.from({ length: 256 }, (_, code) => code / 255);
const blocks = blocksOf({ before, after: before, ...SIZE, beforeLevels: levels, afterLevels: levels }, 2);

test("what is left over everywhere is drift everywhere, a little held back", () => {
  const left = new Float32Array(3 * blocks.count).fill(0.01);
  const drift = driftOf(blocks, left, new Float32Array(blocks.count).fill(1));
  for (const value of drift) expect(value / 0.01).toBeGreaterThan(0.6);
  for (const value of drift) expect(value / 0.01).toBeLessThan(1);
});

test("what alternates from block to block is no drift, and blocks without weight say nothing", () => {
  const left = Float32Array.from({ length: 3 * blocks.count }, (_, q) => (Math.floor(q / 3) % 2 ? 0.01 : -0.01));
  const alike = driftOf(blocks, left, new Float32Array(blocks.count).fill(1));
  for (const value of alike) expect(Math.abs(value)).toBeLessThan(0.002);
  const unheard = driftOf(blocks, left, new Float32Array(blocks.count));
  for (const value of unheard) expect(value).toBe(0);
});
