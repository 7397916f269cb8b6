/** Look and bilateral grid from pairs whose truth is known, held against it at full size. */
import { beforeAll, describe, expect, test } from "vitest";
import { applyLocal } from "../../../src/adapters/pictures/local.ts";
import { deltaE } from "../../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../../src/core/colour/srgb.ts";
import { formatGrid, parseGrid } from "../../../src/core/local/file.ts";
import { emptyGrid, type Grid, WHOLE } from "../../../src/core/local/grid.ts";
import { fitLocal } from "../../../src/core/local/local.ts";
import type { Lattice } from "../../../src/core/lut/lattice.ts";
import { LIGHT_NAMES, LIGHTS, type Light } from "../../support/light.ts";
import { type Look, lookNamed } from "../../support/looks.ts";
import { addNoise, drawn, type Picture, scene } from "../../support/pictures.ts";

/** The plate, and the photo it was made from. */
const PLATE = { width: 624, height: 416 };
const FULL = { width: 1500, height: 1000 };
/** Four times over, so that every colour stands in every corner and no look can tell them apart. */
const once = scene(5);
const place = (u: number, v: number) => once((2 * u + 4) % 1, (2 * v + 4) % 1);
const still: Light = (colour) => colour;

function photo(size: { width: number; height: number }, look: Look, light: Light, shift = 0): Picture {
  const clipped = (u: number, v: number) => place(u, v).map((value) => Math.min(1, Math.max(0, value)));
  return drawn(size.width, size.height, (u, v) => {
    const [r, g, b] = clipped(u + shift / size.width, v);
    return light(look([r!, g!, b!]), u + shift / size.width, v);
  });
}

const same: Look = (colour) => colour;
const plate = photo(PLATE, same, still);
const original = photo(FULL, same, still);

/** A model that also shifts by half a pixel and adds noise. */
function fitTo(look: Look, light: Light, view = WHOLE) {
  const after = photo(PLATE, look, light, 0.5);
  addNoise(after, 1.5, 3);
  const input = { before: plate.pixels, after: after.pixels, ...PLATE, rounding: "rounded", size: 33 } as const;
  return fitLocal([input], "always", view);
}

function rendered(lattice: Lattice, grid: Grid | null, from: Picture = original): Uint8Array {
  const samples = Uint8Array.from(from.pixels);
  const { width, height } = from;
  const pixels = { samples, channels: 3, width, height, way: null, becameSrgb: false, notes: [] } as const;
  applyLocal(pixels, lattice, grid ?? emptyGrid({ columns: 2, rows: 2, levels: 2 }));
  return samples;
}

function meanError(one: Uint8Array, other: Uint8Array): number {
  let sum = 0;
  let count = 0;
  const colour = (pixels: Uint8Array, at: number): Triple => [
    pixels[at]! / 255,
    pixels[at + 1]! / 255,
    pixels[at + 2]! / 255,
  ];
  for (let at = 0; at < one.length; at += 3 * 37, count++)
    sum += deltaE(toLab(colour(one, at)), toLab(colour(other, at)));
  return sum / count;
}

describe.each(LIGHT_NAMES)("%s", (name) => {
  const look = lookNamed("warm");
  let fitted: ReturnType<typeof fitTo>;
  beforeAll(() => {
    fitted = fitTo(look, LIGHTS[name]);
  });

  test("is transferred at full size to within 1.5, where a look alone leaves more than 2", () => {
    const truth = photo(FULL, look, LIGHTS[name]).pixels;
    const alone = fitLocalAlone(look, LIGHTS[name]);
    expect(meanError(rendered(alone, null), truth)).toBeGreaterThan(2);
    expect(meanError(rendered(fitted.lattice, fitted.grid), truth)).toBeLessThan(1.5);
  });

  test("leaves no seam: a flat picture bends nowhere by more than a fifth of a code", () => {
    const grey = drawn(FULL.width, 40, () => [0.5, 0.5, 0.5]);
    const samples = new Uint16Array(grey.pixels.length).fill(32_768);
    const pixels = {
      samples,
      channels: 3,
      width: FULL.width,
      height: 40,
      way: null,
      becameSrgb: false,
      notes: [],
    } as const;
    applyLocal(pixels, fitted.lattice, fitted.grid!);
    const bend = (x: number, by: number, c: number) => {
      const at = 3 * (20 * FULL.width + x) + c;
      return Math.abs(samples[at - 3 * by]! - 2 * samples[at]! + samples[at + 3 * by]!) / 257;
    };
    let most = 0;
    for (let x = 1; x < FULL.width - 1; x++) for (let c = 0; c < 3; c++) most = Math.max(most, bend(x, 1, c));
    // Straight lines between the grid's own nodes would bend there by what they rise from cell to cell.
    const cell = FULL.width / (fitted.grid!.columns - 1);
    let straight = 0;
    for (let node = 1; node < fitted.grid!.columns - 1; node++)
      for (let c = 0; c < 3; c++)
        straight = Math.max(straight, bend(Math.round(node * cell), Math.floor(cell) - 1, c) / cell);
    expect(most).toBeLessThan(0.2); // 8-bit codes a pixel
    expect(most).toBeLessThan(straight);
  });

  test("gives the same bytes every time, and after a stay on disk the same picture to half a code", () => {
    const { lattice, grid } = fitTo(look, LIGHTS[name]);
    expect(formatGrid(grid!, "")).toBe(formatGrid(fitted.grid!, ""));
    const kept = rendered(lattice, parseGrid(formatGrid(grid!, ""), ""));
    const fresh = rendered(fitted.lattice, fitted.grid);
    expect(kept.reduce((most, value, at) => Math.max(most, Math.abs(value - fresh[at]!)), 0)).toBeLessThanOrEqual(1);
  });
});

function fitLocalAlone(look: Look, light: Light): Lattice {
  const after = photo(PLATE, look, light, 0.5);
  addNoise(after, 1.5, 3);
  const input = { before: plate.pixels, after: after.pixels, ...PLATE, rounding: "rounded", size: 33 } as const;
  return fitLocal([input], "never", WHOLE).lattice;
}

describe("where there is nothing local", () => {
  test("a plain grade gets no grid, and no heat map", () => {
    const { grid, heat, report } = fitTo(lookNamed("tealOrange"), still);
    expect([report.verdict, grid, heat, report.localScore]).toEqual(["global", null, null, undefined]);
  });

  test("a plain grade with repainted objects is not made worse by more than a little", () => {
    const look = lookNamed("faded");
    const repaint: Light = (colour, u, v) =>
      (u - 0.35) ** 2 + ((v - 0.5) / 1.5) ** 2 < 0.012 || (u - 0.75) ** 2 + ((v - 0.4) / 1.5) ** 2 < 0.008
        ? [0.7, 0.3, 0.4]
        : [colour[0] * (0.97 + 0.06 * u), colour[1], colour[2] * (1.03 - 0.06 * u)];
    const { grid, lattice, report } = fitTo(look, repaint);
    expect(report.verdict).toBe("warn");
    const truth = photo(FULL, look, still).pixels;
    const [alone, both] = [meanError(rendered(lattice, null), truth), meanError(rendered(lattice, grid), truth)];
    expect(both).toBeLessThan(alone + 1);
  });

  test("a verdict of warn gets a grid only when it is asked for always", () => {
    const weak: Light = ([r, g, b], u) => [r * (0.95 + 0.1 * u), g, b * (1.05 - 0.1 * u)];
    const after = photo(PLATE, same, weak);
    const input = { before: plate.pixels, after: after.pixels, ...PLATE, rounding: "rounded", size: 17 } as const;
    expect(fitLocal([input], "spatial", WHOLE)).toMatchObject({ report: { verdict: "warn" }, grid: null });
    expect(fitLocal([input], "always", WHOLE).grid).not.toBeNull();
  });
});

test("portrait photos have their grid upright", () => {
  const size = { width: 416, height: 624 };
  const before = drawn(size.width, size.height, place);
  const light: Light = ([r, g, b], _u, v) => [r * (1.3 - 0.7 * v), g * (1.2 - 0.5 * v), b * (0.7 + 0.5 * v)];
  const after = drawn(size.width, size.height, (u, v) => light(place(u, v), u, v));
  const input = { before: before.pixels, after: after.pixels, ...size, rounding: "rounded", size: 33 } as const;
  const { lattice, grid } = fitLocal([input], "always", WHOLE);
  expect(grid).toMatchObject({ columns: 8, rows: 12 });
  expect(meanError(rendered(lattice, grid, before), after.pixels)).toBeLessThan(1.5);
});
