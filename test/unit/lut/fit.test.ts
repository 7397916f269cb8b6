import { describe, expect, test } from "vitest";
import { deltaE } from "../../../src/core/colour/delta-e.ts";
import { toLab } from "../../../src/core/colour/srgb.ts";
import { type FitInput, fitLook } from "../../../src/core/lut/fit/fit.ts";
import type { Lattice } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import { type Colour, LOOK_NAMES, type Look, lookNamed } from "../../support/looks.ts";
import { addNoise, drawn, type Picture, scene } from "../../support/pictures.ts";

const WIDTH = 320;
const HEIGHT = 240;
const SEED = 5;

type Motion = { readonly shift?: readonly [number, number]; readonly zoom?: number };

/** The scene of a seed, graded, as a camera with this motion (in pixels) sees it. */
function photo(look: Look | undefined, { shift = [0, 0], zoom = 1 }: Motion = {}, seed = SEED): Picture {
  const colour = scene(seed);
  const from = (place: number, by: number, size: number) => (place - 0.5 - by / size) / zoom + 0.5;
  return drawn(WIDTH, HEIGHT, (u, v) => {
    const seen = colour(from(u, shift[0], WIDTH), from(v, shift[1], HEIGHT)).map((value) =>
      Math.min(1, Math.max(0, value)),
    );
    return look === undefined ? (seen as unknown as Colour) : look(seen as unknown as Colour);
  });
}

const BEFORE = photo(undefined);

function fitTo(after: Picture, more: Partial<FitInput> = {}) {
  return fitLook({
    before: BEFORE.pixels,
    after: after.pixels,
    width: WIDTH,
    height: HEIGHT,
    rounding: "rounded",
    size: 33,
    ...more,
  });
}

/** Mean ΔE₀₀ between the fitted and the true look over the colours of BEFORE. */
function meanError(lattice: Lattice, look: Look): number {
  let sum = 0;
  let count = 0;
  for (let p = 0; p < BEFORE.pixels.length; p += 3 * 97, count++) {
    const colour = [BEFORE.pixels[p]! / 255, BEFORE.pixels[p + 1]! / 255, BEFORE.pixels[p + 2]! / 255] as const;
    sum += deltaE(toLab(sampleTetrahedral(lattice, colour)), toLab(look(colour)));
  }
  return sum / count;
}

/** The greatest step back, in 8-bit codes of luma, along the grey axis. */
function greyReversal(lattice: Lattice): number {
  let highest = 0;
  let worst = 0;
  for (let step = 0; step <= 1024; step++) {
    const [r, g, b] = sampleTetrahedral(lattice, [step / 1024, step / 1024, step / 1024]);
    const luma = 255 * (0.2126 * r + 0.7152 * g + 0.0722 * b);
    worst = Math.max(worst, highest - luma);
    highest = Math.max(highest, luma);
  }
  return worst;
}

describe("a clean pair", () => {
  test.each(LOOK_NAMES)("gives the look %s back, with its greys in order", (name) => {
    const { lattice, report } = fitTo(photo(lookNamed(name)));
    expect(lattice.n).toBe(33);
    expect(meanError(lattice, lookNamed(name))).toBeLessThan(0.3);
    expect(greyReversal(lattice)).toBeLessThan(0.05);
    expect(report).toMatchObject({ verdict: "global", registered: true });
    expect(report.coverage).toBeGreaterThan(0.98);
    expect(Math.hypot(...report.shift)).toBeLessThan(0.05);
  });

  test("gives the same numbers every time", () => {
    const after = photo(lookNamed("warm"));
    expect(fitTo(after)).toEqual(fitTo(after));
  });

  test("gives a look of the size that was asked for, inside 0 … 1", () => {
    for (const size of [17, 65]) {
      const { lattice } = fitTo(photo(lookNamed("contrasty")), { size });
      expect(lattice.values.length).toBe(3 * size ** 3);
      expect(lattice.values.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  test("that differs in nothing gives the identity", () => {
    const { lattice, report } = fitTo(BEFORE);
    expect(meanError(lattice, (colour) => colour)).toBeLessThan(0.02);
    expect(report.score).toBeLessThan(0.02);
  });
});

describe("what models do besides grading", () => {
  test("a shift and a zoom are found and undone", () => {
    const look = lookNamed("tealOrange");
    const { lattice, report } = fitTo(photo(look, { shift: [2.3, -1.6], zoom: 1.004 }));
    expect(report.registered).toBe(true);
    expect(Math.hypot(report.shift[0] - 2.3, report.shift[1] + 1.6)).toBeLessThan(0.15);
    expect(Math.abs(report.zoom - 1.004)).toBeLessThan(0.001);
    expect(meanError(lattice, look)).toBeLessThan(0.4);
  });

  test("a motion beyond belief is refused, and the report says so", () => {
    const { report } = fitTo(photo(lookNamed("warm"), { shift: [11, 0] }));
    expect(report).toMatchObject({ registered: false, shift: [0, 0], zoom: 1 });
    expect(report.note).toContain("without registration");
  });

  test("noise does not reach the look", () => {
    const look = lookNamed("faded");
    const after = photo(look);
    addNoise(after, 6, 11);
    const { lattice, report } = fitTo(after);
    expect(meanError(lattice, look)).toBeLessThan(0.35);
    expect(greyReversal(lattice)).toBeLessThan(0.05);
    expect(report.verdict).toBe("global");
    expect(report.noise).toBeGreaterThan(2);
  });

  test("a repainted object does not colour the look", () => {
    const look = lookNamed("warm");
    const after = photo(look);
    for (let y = 40; y < 86; y++) for (let x = 200; x < 254; x++) after.pixels.set([20, 200, 60], 3 * (y * WIDTH + x));
    const { lattice, report } = fitTo(after);
    expect(meanError(lattice, look)).toBeLessThan(0.4);
    expect(report.agreement).toBeLessThan(0.98);
  });

  test("a repainted object does not colour the look even where nothing else has its colour", () => {
    const look = lookNamed("warm");
    const dusk = scene(SEED);
    const isSun = (u: number, v: number) => (u - 0.5) ** 2 + (v - 0.4) ** 2 < 0.01;
    const dim = (u: number, v: number) => dusk(u, v).map((value) => 0.7 * Math.min(1, Math.max(0, value)));
    const colour = (u: number, v: number) => (isSun(u, v) ? [0.98, 0.97, 0.95] : dim(u, v)) as unknown as Colour;
    const before = drawn(WIDTH, HEIGHT, colour);
    const after = drawn(WIDTH, HEIGHT, (u, v) => (isSun(u, v) ? [0.2, 0.45, 0.3] : look(colour(u, v))));
    const { lattice } = fitTo(after, { before: before.pixels });
    expect(greyReversal(lattice)).toBeLessThan(0.04);
  });

  test("transparent pixels have no say", () => {
    const look = lookNamed("night");
    const after = photo(look);
    const alpha = new Uint8Array(WIDTH * HEIGHT).fill(255);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH / 3; x++) {
        alpha[y * WIDTH + x] = 0;
        after.pixels.set([255, 0, 255], 3 * (y * WIDTH + x));
      }
    expect(meanError(fitTo(after, { alpha }).lattice, look)).toBeLessThan(0.5);
  });

  test("truncated values are taken for half a code more, but for black and white", () => {
    const truncated = photo(undefined);
    const { lattice } = fitTo(truncated, { rounding: "truncated" });
    const [grey] = sampleTetrahedral(lattice, [0.5, 0.5, 0.5]);
    expect(255 * grey - 127.5).toBeGreaterThan(0.35);
    expect(255 * grey - 127.5).toBeLessThan(0.65);
  });

  test("with a baseline, the autoencoder's own colour error is no part of the look", () => {
    const look = lookNamed("faded");
    const error: Look = ([r, g, b]) => [0.94 * r + 0.05, g, 0.96 * b];
    const baseline = photo(error);
    const after = photo((colour) => look(error(colour)));
    const { lattice } = fitTo(after, { baseline: baseline.pixels });
    expect(meanError(lattice, look)).toBeLessThan(0.4);
    expect(meanError(fitTo(after).lattice, look)).toBeGreaterThan(1);
  });
});

describe("the verdict", () => {
  /** Nine small scenes, so that every colour stands in every corner; `change` is a look that depends on the place. */
  function ninefold(change: (colour: Colour, u: number, v: number) => Colour): Uint8Array {
    const colour = scene(SEED);
    return drawn(WIDTH, HEIGHT, (u, v) => change(colour((3 * u) % 1, (3 * v) % 1), u, v)).pixels;
  }

  function verdict(change: (colour: Colour, u: number, v: number) => Colour): string {
    const before = ninefold((colour) => colour);
    const pair = { before, after: ninefold(change), width: WIDTH, height: HEIGHT };
    return fitLook({ ...pair, rounding: "rounded", size: 17 }).report.verdict;
  }

  test("a light from one side is spatial", () => {
    expect(verdict(([r, g, b], u) => [r * (0.7 + 0.6 * u), g * (0.8 + 0.4 * u), b * (1.2 - 0.5 * u)])).toBe("spatial");
  });

  test("a vignette is spatial", () => {
    const darkened = (u: number, v: number) => 1 - 0.9 * ((u - 0.5) ** 2 + (v - 0.5) ** 2);
    expect(verdict(([r, g, b], u, v) => [r * darkened(u, v), g * darkened(u, v), b * darkened(u, v)])).toBe("spatial");
  });

  test("a weak light from one side is a warning", () => {
    expect(verdict(([r, g, b], u) => [r * (0.97 + 0.06 * u), g, b * (1.03 - 0.06 * u)])).toBe("warn");
  });

  test("the same scenes under one look are global", () => {
    expect(verdict(lookNamed("contrasty"))).toBe("global");
  });
});

describe("pictures that say little", () => {
  const flat = (value: number): Uint8Array => new Uint8Array(3 * 64 * 48).fill(value);
  const small = { width: 64, height: 48, rounding: "rounded", size: 17 } as const;

  test("one flat colour gives a finite look that maps it rightly", () => {
    const { lattice } = fitLook({ before: flat(100), after: flat(140), ...small });
    expect(lattice.values.every(Number.isFinite)).toBe(true);
    expect(255 * sampleTetrahedral(lattice, [100 / 255, 100 / 255, 100 / 255])[1]).toBeCloseTo(140, 0);
  });

  test("nothing but transparent pixels gives the identity and no coverage", () => {
    const { lattice, report } = fitLook({
      before: flat(9),
      after: flat(200),
      alpha: new Uint8Array(64 * 48),
      ...small,
    });
    expect(255 * sampleTetrahedral(lattice, [0.5, 0.5, 0.5])[0]).toBeCloseTo(127.5, 3);
    expect(report.coverage).toBe(0);
  });

  test("pictures that are not of the stated size are no pair", () => {
    const mismatch = expect.objectContaining({ code: "pair-mismatch" });
    expect(() => fitLook({ before: flat(1), after: flat(1).subarray(3), ...small })).toThrow(mismatch);
    expect(() => fitLook({ before: flat(1), after: flat(1), alpha: new Uint8Array(7), ...small })).toThrow(mismatch);
    expect(() => fitLook({ before: flat(1), after: flat(1), ...small, width: 8, height: 384 })).toThrow(mismatch);
  });
});
