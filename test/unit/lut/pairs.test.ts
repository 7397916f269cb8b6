import { describe, expect, test } from "vitest";
import { latticeOf } from "../../../src/core/lut/lattice.ts";
import { autoencoderOf } from "../../support/pairs/autoencoder.ts";
import { addNoises, degrade, LEVELS, move, repaint, toCodes } from "../../support/pairs/degrade.ts";
import { blurred, type Field, smoothField } from "../../support/pairs/fields.ts";
import { lookOfSeed } from "../../support/pairs/looks.ts";
import { greyReversals, measure } from "../../support/pairs/measure.ts";
import { gradedBy, pairOf, type Subject } from "../../support/pairs/pair.ts";
import { chance, drawn, scene } from "../../support/pictures.ts";

const WIDTH = 240;
const HEIGHT = 160;
const SEEDS = Array.from({ length: 28 }, (_, k) => k + 1);

function subject(seed: number): Subject {
  const { pixels } = drawn(WIDTH, HEIGHT, scene(seed));
  const plate = { width: WIDTH, height: HEIGHT, rgb: pixels };
  const { name, look } = lookOfSeed(seed);
  return { seed, shot: { name: "scene", full: plate, plate }, lookName: name, look, graded: gradedBy(look, plate) };
}

const { graded } = subject(3);

function deviation(one: Float32Array, other: Float32Array): number {
  let squares = 0;
  for (let q = 0; q < one.length; q++) squares += (one[q]! - other[q]!) ** 2;
  return 255 * Math.sqrt(squares / one.length);
}

/** Share of the pixels that changed by more than a code. */
function changed(one: Field, other: Field): number {
  let count = 0;
  for (let q = 0; q < one.values.length; q += 3)
    if ([0, 1, 2].some((c) => Math.abs(one.values[q + c]! - other.values[q + c]!) > 1 / 255)) count++;
  return (3 * count) / one.values.length;
}

describe("drawn looks", () => {
  test("a seed is a look, and seeds differ", () => {
    const at = (seed: number) => lookOfSeed(seed).look([0.3, 0.5, 0.6]);
    expect(at(5)).toEqual(at(5));
    expect(new Set(SEEDS.map((seed) => at(seed).join())).size).toBe(SEEDS.length);
  });

  test("looks are continuous: neighbouring colours stay neighbours", () => {
    const random = chance(1);
    for (const seed of SEEDS) {
      const { name, look } = lookOfSeed(seed);
      for (let k = 0; k < 300; k++) {
        const colour = [random(), random(), random()] as const;
        const here = look(colour);
        const near = look([colour[0] + 1e-5, colour[1] - 1e-5, colour[2] + 1e-5]);
        for (let c = 0; c < 3; c++) expect(Math.abs(here[c]! - near[c]!), name).toBeLessThan(1e-3);
      }
    }
  });

  test("no look turns greys back", () => {
    for (const seed of SEEDS) {
      const { name, look } = lookOfSeed(seed);
      expect(greyReversals(latticeOf(65, (r, g, b) => look([r, g, b]))), name).toBe(0);
    }
  });
});

describe("levels", () => {
  test("a seed gives the same pair, byte for byte", () => {
    expect(pairOf(subject(8), "hard")).toEqual(pairOf(subject(8), "hard"));
  });

  test("clean is the look itself, rounded or cut off to eight bits", () => {
    for (const [seed, change] of [
      [7, Math.round],
      [8, Math.floor],
    ] as const) {
      const one = subject(seed);
      const { after, rounding } = pairOf(one, "clean");
      expect(rounding).toBe(seed === 7 ? "rounded" : "truncated");
      expect(after).toEqual(Uint8Array.from(one.graded.values, (value) => change(255 * value)));
    }
  });

  test("each level is further from the look than the one before", () => {
    const away = (["clean", "mild", "hard"] as const).map((level) =>
      deviation(degrade(graded, LEVELS[level], chance(1)).values, graded.values),
    );
    expect(away[0]).toBe(0);
    expect(away[1]).toBeGreaterThan(1);
    expect(away[2]).toBeGreaterThan(1.5 * away[1]!);
  });
});

describe("disturbances", () => {
  test("a shift moves the picture by at most so many pixels", () => {
    const ramp: Field = { ...graded, values: graded.values.map((_, q) => (Math.floor(q / 3) % WIDTH) / WIDTH) };
    const moved = move(ramp, { shiftPx: 3, zoom: 0, warpPx: 0 }, chance(2));
    const by = WIDTH * (moved.values[3 * (80 * WIDTH + 120)]! - ramp.values[3 * (80 * WIDTH + 120)]!);
    expect(Math.abs(by)).toBeGreaterThan(0.05);
    expect(Math.abs(by)).toBeLessThan(3);
    expect(moved.values[3 * (20 * WIDTH + 60)]! - ramp.values[3 * (20 * WIDTH + 60)]!).toBeCloseTo(by / WIDTH, 4);
  });

  test("nothing moves where all amounts are zero", () => {
    const still = move(graded, { shiftPx: 0, zoom: 0, warpPx: 0 }, chance(2));
    expect(deviation(still.values, graded.values)).toBeLessThan(1e-3);
  });

  test("repainting changes about its share of the picture and leaves the rest alone", () => {
    for (const seed of [1, 2, 3, 4]) {
      const share = changed(repaint(graded, 0.08, chance(seed)), graded);
      expect(share).toBeGreaterThan(0.05);
      expect(share).toBeLessThan(0.2);
    }
  });

  test("grid noise and drift have their deviation, texture noise follows texture", () => {
    const none = { texture: 0, latent: 0, drift: 0 };
    const noisy = (amounts: Partial<typeof none>) => addNoises(graded, { ...none, ...amounts }, chance(4)).values;
    expect(deviation(noisy({ latent: 2 }), graded.values)).toBeCloseTo(2, 2);
    expect(deviation(noisy({ drift: 1 }), graded.values)).toBeCloseTo(1, 2);
    const flat: Field = { ...graded, values: graded.values.map(() => 0.5) };
    const onFlat = deviation(addNoises(flat, { ...none, texture: 4 }, chance(4)).values, flat.values);
    expect(deviation(noisy({ texture: 4 }), graded.values)).toBeGreaterThan(1.3 * onFlat);
  });

  test("a blur keeps a flat picture and softens an edge", () => {
    const edge: Field = { ...graded, values: graded.values.map((_, q) => (Math.floor(q / 3) % WIDTH < 120 ? 0 : 1)) };
    const soft = blurred(edge, 2).values;
    const at = 3 * (80 * WIDTH + 119);
    expect(soft[at]).toBeGreaterThan(0.3);
    expect(soft[at]).toBeLessThan(0.5);
    expect(soft[at - 60]).toBe(0);
  });

  test("smooth fields have deviation 1 and no steps", () => {
    const { values } = smoothField({ width: WIDTH, height: HEIGHT }, 16, 1, chance(6));
    let step = 0;
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 1; x < WIDTH; x++)
        step = Math.max(step, Math.abs(values[y * WIDTH + x]! - values[y * WIDTH + x - 1]!));
    expect(step).toBeLessThan(0.6);
    expect(deviation(values, new Float32Array(values.length)) / 255).toBeCloseTo(1, 1);
  });

  test("cutting codes off is half a code darker than rounding", () => {
    const mean = (codes: Uint8Array) => codes.reduce((sum, code) => sum + code, 0) / codes.length;
    expect(mean(toCodes(graded, "rounded")) - mean(toCodes(graded, "truncated"))).toBeCloseTo(0.5, 1);
  });

  test("an autoencoder errs smoothly, differently for each picture, and much alike on plate and edit", () => {
    const error = (seed: number, side: "plate" | "edit") => {
      const { values } = autoencoderOf(seed)[side](graded, graded);
      return values.map((value, q) => value - graded.values[q]!);
    };
    const none = new Float32Array(graded.values.length);
    expect(deviation(error(1, "plate"), none)).toBeGreaterThan(0.5);
    expect(deviation(error(1, "plate"), error(1, "edit"))).toBeLessThan(0.8 * deviation(error(1, "plate"), none));
    expect(deviation(error(1, "plate"), error(2, "plate"))).toBeGreaterThan(deviation(error(1, "plate"), none));
  });
});

test("the true look measures as no error", () => {
  const { look, shot } = subject(4);
  const { mean, p95, banding, reversals } = measure(
    latticeOf(65, (r, g, b) => look([r, g, b])),
    look,
    shot.full,
  );
  expect(mean).toBeLessThan(0.05);
  expect(p95).toBeLessThan(0.2);
  expect([banding, reversals]).toEqual([0, 0]);
});
