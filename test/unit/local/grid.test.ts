/** The parts of the bilateral grid: its size, its file, its slices, its equations. */
import { describe, expect, test } from "vitest";
import type { Triple } from "../../../src/core/colour/srgb.ts";
import { bandOf, solveBand } from "../../../src/core/local/band.ts";
import { formatGrid, parseGrid } from "../../../src/core/local/file.ts";
import {
  emptyGrid,
  type Grid,
  gridSize,
  LUMA,
  unseen,
  viewOf,
  viewWithin,
  weakenGrid,
} from "../../../src/core/local/grid.ts";
import { heatMap } from "../../../src/core/local/heat.ts";
import { sampleLocal } from "../../../src/core/local/sample.ts";
import { coordinates, prepareSlicer, refineAxis } from "../../../src/core/local/slice.ts";
import { chance } from "../../support/pictures.ts";

const SIZE = { columns: 5, rows: 4, levels: 6 };

function randomGrid(view = { left: 0, top: 0, width: 1, height: 1 }): Grid {
  const random = chance(7);
  const grid = emptyGrid(SIZE, view);
  return { ...grid, values: grid.values.map(() => 0.2 * (random() - 0.5)) };
}

const lumaOf = (colour: Triple): number => LUMA[0] * colour[0] + LUMA[1] * colour[1] + LUMA[2] * colour[2];

describe("size", () => {
  test("twelve by eight by six for a photo of three to two, upright for an upright one", () => {
    expect(gridSize(1248, 832)).toEqual({ columns: 12, rows: 8, levels: 6 });
    expect(gridSize(832, 1248)).toEqual({ columns: 8, rows: 12, levels: 6 });
    expect(gridSize(5000, 100)).toEqual({ columns: 24, rows: 4, levels: 6 });
  });
});

describe("view", () => {
  test("a frame of the photo as shares, and what it leaves out", () => {
    const view = viewOf({ left: 500, top: 0, width: 5000, height: 4000 }, { width: 6000, height: 4000 });
    expect(view).toEqual({ left: 1 / 12, top: 0, width: 5 / 6, height: 1 });
    expect(unseen(view)).toBeCloseTo(1 / 6);
    expect(viewWithin(view, { left: 0.5, top: 0, width: 0.5, height: 1 }).left).toBeCloseTo(0.5);
  });

  test("outside the view coordinates rest at its border, their slope without a jump", () => {
    const at = coordinates(1000, 0.2, 0.6, 11);
    expect([at[0], at[100]]).toEqual([0, 0]);
    expect(at[999]).toBeCloseTo(10, 6);
    expect(at[499]).toBeCloseTo(5, 1);
    let bend = 0;
    for (let x = 1; x < 999; x++) bend = Math.max(bend, Math.abs(at[x - 1]! - 2 * at[x]! + at[x + 1]!));
    expect(bend).toBeLessThan((10 / 600) * 0.05);
  });

  test("a whole photo's coordinates go straight from border to border", () => {
    const at = coordinates(100, 0, 1, 11);
    expect([at[0]!, at[99]!].map((value) => value.toFixed(3))).toEqual(["0.050", "9.950"]);
  });
});

describe("file", () => {
  test("a grid comes back as it was written, to six digits", () => {
    const grid = randomGrid({ left: 0.1, top: 0, width: 0.8, height: 1 });
    const { values, ...rest } = parseGrid(formatGrid(grid, "abc"), "abc");
    expect(rest).toEqual({ ...SIZE, view: grid.view });
    expect(Math.max(...values.map((value, at) => Math.abs(value - grid.values[at]!)))).toBeLessThan(1e-6);
  });

  test.each([
    ["no JSON", "{", "no JSON"],
    ["another file", '{"format":"x"}', "not one of this version"],
    ["too few numbers", formatGrid(randomGrid(), "abc").replace(/,[^,]*\]/, "]"), "should hold 1440 numbers"],
    ["a number that is none", formatGrid(randomGrid(), "abc").replace(/\[[^,]*/, "[null"), "should hold"],
    ["a size beyond bounds", formatGrid(randomGrid(), "abc").replace('"rows":4', '"rows":4000'), "out of bounds"],
    ["another look", formatGrid(randomGrid(), "abd"), "belongs to another look"],
    ["no view", formatGrid(randomGrid(), "abc").replace('"width":1', '"width":0'), "no part of a photo"],
  ])("%s is refused", (_what, text, says) => {
    expect(() => parseGrid(text, "abc")).toThrow(
      expect.objectContaining({ code: "grid-invalid", message: expect.stringContaining(says) }),
    );
  });
});

describe("equations", () => {
  test("a band is solved as the full matrix would be", () => {
    const [n, reach] = [40, 5];
    const random = chance(3);
    const full = Array.from({ length: n }, () => new Float64Array(n));
    const band = bandOf(n, reach);
    for (let i = 0; i < n; i++)
      for (let j = Math.max(0, i - reach); j <= i; j++) {
        const value = i === j ? 8 + random() : random() - 0.5;
        full[i]![j] = value;
        full[j]![i] = value;
        band.values[i * (reach + 1) + reach - i + j] = value;
      }
    const wanted = Float64Array.from({ length: 2 * n }, random);
    const right = new Float64Array(2 * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) for (let c = 0; c < 2; c++) right[2 * i + c]! += full[i]![j]! * wanted[2 * j + c]!;
    solveBand(band, right, 2);
    expect(Math.max(...right.map((value, at) => Math.abs(value - wanted[at]!)))).toBeLessThan(1e-12);
  });
});

describe("slice", () => {
  test("a smooth curve goes through every node, and a straight line stays straight", () => {
    const nodes = Float32Array.of(0, 1, 4, 2, 2);
    const many = refineAxis(nodes, 1, 5, 1, 4);
    expect([many[0], many[4], many[8], many[12], many[16]]).toEqual([0, 1, 4, 2, 2]);
    const line = refineAxis(Float32Array.of(1, 2, 3), 1, 3, 1, 2);
    expect([...line]).toEqual([1, 1.5, 2, 2.5, 3]);
  });

  test("an empty grid and a strength of nothing change nothing", () => {
    for (const grid of [emptyGrid(SIZE), weakenGrid(randomGrid(), 0)]) {
      const row = Uint16Array.from({ length: 90 }, (_, at) => (at * 727) % 65_536);
      const wanted = Uint16Array.from(row);
      prepareSlicer(grid, 30, 20).codes(7, new Float32Array(30).fill(0.4), row, 3);
      expect(row).toEqual(wanted);
    }
  });

  test("the fast loop agrees with the plain one, and leaves alpha alone", () => {
    const random = chance(11);
    const slicer = prepareSlicer(randomGrid(), 60, 40);
    const luma = Float32Array.from({ length: 60 }, () => 1.2 * random() - 0.1);
    const row = Uint16Array.from({ length: 240 }, () => 65_535 * random());
    const before = Uint16Array.from(row);
    const numbers = new Float64Array(180);
    for (let x = 0; x < 60; x++) for (let c = 0; c < 3; c++) numbers[3 * x + c] = row[4 * x + c]! / 65_535;
    slicer.codes(
      13,
      luma.map((value) => Math.min(1, Math.max(0, value))),
      row,
      4,
    );
    slicer.numbers(13, luma, numbers);
    for (let x = 0; x < 60; x++) {
      expect(row[4 * x + 3]).toBe(before[4 * x + 3]);
      for (let c = 0; c < 3; c++) {
        const wanted = Math.min(65_535, Math.max(0, 65_535 * numbers[3 * x + c]!));
        expect(Math.abs(row[4 * x + c]! - wanted)).toBeLessThan(0.51);
      }
    }
  });

  test("slices lie on the curve through the nodes, to a code for any grid a fit may give", () => {
    const grid = { ...randomGrid(), values: randomGrid().values.map((value) => value / 10) };
    const random = chance(5);
    const [width, height] = [600, 400];
    const slicer = prepareSlicer(grid, width, height);
    for (const y of [0, 1, 57, 200, 399]) {
      const before = Float64Array.from({ length: 3 * width }, random);
      const colour = (at: number): Triple => [before[at]!, before[at + 1]!, before[at + 2]!];
      const luma = Float32Array.from({ length: width }, (_, x) => lumaOf(colour(3 * x)));
      const row = Float64Array.from(before);
      slicer.numbers(y, luma, row);
      for (let x = 0; x < width; x++) {
        const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
        const exact = sampleLocal(grid, u, v, colour(3 * x), colour(3 * x));
        for (let c = 0; c < 3; c++) expect(Math.abs(row[3 * x + c]! - exact[c]!)).toBeLessThan(1 / 255);
      }
    }
  });

  test("of a photo with an edge in it, each side gets its own change", () => {
    const grid = emptyGrid(SIZE);
    // Blue rises by a tenth where it is dark, and nothing changes where it is light.
    for (let node = 0; node < SIZE.columns * SIZE.rows; node++)
      for (let level = 0; level < 3; level++) grid.values[12 * (level + 6 * node) + 11] = 0.1;
    const row = new Uint16Array(6).fill(30_000);
    prepareSlicer(grid, 2, 2).codes(0, Float32Array.of(0.2, 0.9), row, 3);
    expect(row).toEqual(Uint16Array.of(30_000, 30_000, 36_554, 30_000, 30_000, 30_000));
  });
});

test("a heat map is grey where all is well and red where nothing is", () => {
  const plate = new Uint8Array(3 * 20 * 10).fill(200);
  const map = heatMap(plate, 20, 10, { columns: 2, rows: 1, values: Float32Array.of(0.2, 12) });
  expect([...map.subarray(0, 3)]).toEqual([140, 140, 140]);
  const [r, g, b] = map.subarray(57, 60);
  expect(r! - Math.max(g!, b!)).toBeGreaterThan(100);
});
