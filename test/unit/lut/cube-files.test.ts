import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCube } from "../../../src/core/lut/cube.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";

const read = (name: string) => parseCube(readFileSync(join(import.meta.dirname, "../../fixtures/cubes", name), "utf8"));

/** What all of these files hold, over their own domain. */
const formula = (r: number, g: number, b: number) => [0.02 + 0.94 * r, 0.95 * g + 0.03 * r * b, 0.08 + 0.9 * b * b];

describe("files as other programs write them", () => {
  test.each([
    ["resolve.cube", { kind: "3D", size: 9, domainMin: [0, 0, 0], domainMax: [1, 1, 1] }],
    ["resolve-wide.cube", { kind: "3D", size: 13, domainMin: [-0.25, -0.25, -0.25], domainMax: [1.25, 1.25, 1.25] }],
    ["photoshop.cube", { kind: "3D", size: 9, title: "formula.psd" }],
    ["domain.cube", { kind: "3D", size: 17, title: "two stops of room", domainMax: [2, 2, 2] }],
  ])("%s has its formula at every node", (name, expected) => {
    const cube = read(name);
    expect(cube).toMatchObject(expected);
    for (let r = 0; r <= 8; r++)
      for (let g = 0; g <= 8; g++)
        for (let b = 0; b <= 8; b++) {
          const colour = [r / 8, g / 8, b / 8] as const;
          const out = sampleTetrahedral(cube.lattice, colour);
          for (const [c, value] of formula(...colour).entries()) expect(out[c]).toBeCloseTo(value, 5);
        }
  });

  test("a 1D table with Resolve's range bends each channel by itself", () => {
    const cube = read("curve-1d.cube");
    expect(cube).toMatchObject({ kind: "1D", size: 33 });
    const [r, g, b] = sampleTetrahedral(cube.lattice, [0.5, 0.25, 0.75]);
    expect(r).toBeCloseTo(0.5 ** 1.25, 5);
    expect(g).toBeCloseTo(0.25, 5);
    expect(b).toBeCloseTo(0.08 + 0.9 * 0.5625, 5);
  });

  test("comments above the table are kept, without their marks", () => {
    expect(read("photoshop.cube").comments).toEqual([
      "Created by: Adobe Photoshop Export Color Lookup Plugin",
      "Copyright: (C) Copyright 2026 hotgrade",
      "LUT size",
      "data domain",
      "LUT data points",
    ]);
  });
});
