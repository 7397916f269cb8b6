import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  frameFor,
  KONTEXT_SIZES,
  PADDED_ASPECT_MAX,
  type PlateRule,
  plateRule,
} from "../../../src/core/workflow/framing.ts";
import { graphOf, PLAIN, shipped } from "./sample.ts";

const KONTEXT: PlateRule = { kind: "kontext" };
const MULTIPLE: PlateRule = { kind: "multiple", of: 16, pixelsMax: 1_048_576 };
const OWN: PlateRule = { kind: "own", pixelsMax: 1_000_000 };
const sides = fc.tuple(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 1, max: 40_000 }));

describe("the rule", () => {
  test("of a workflow follows from its nodes", () => {
    expect(plateRule(shipped("kontext-color-grade"))).toEqual(KONTEXT);
    expect(plateRule(shipped("qwen-color-grade"))).toEqual(KONTEXT);
    expect(plateRule(shipped("flux2-klein-color-grade"))).toEqual(MULTIPLE);
    expect(plateRule(shipped("flux2-dev"))).toEqual(MULTIPLE);
    expect(plateRule(graphOf(PLAIN))).toEqual(OWN);
    expect(plateRule(undefined)).toEqual(OWN);
  });

  test("of any workflow that encodes is multiples, since the encoder crops the rest", () => {
    expect(plateRule(graphOf({ ...PLAIN, 5: ["VAEEncode", { pixels: ["1", 0] }] }))).toEqual(MULTIPLE);
  });
});

describe("Kontext's sizes", () => {
  test.each([
    [6000, 4000, 1248, 832, [0, 0, 6000, 4000]],
    [4000, 3000, 1184, 880, [0, 13, 4000, 2973]],
    [3000, 4000, 880, 1184, [13, 0, 2973, 4000]],
    [5000, 4000, 1104, 944, [161, 0, 4678, 4000]],
    [1920, 1080, 1392, 752, [0, 21, 1920, 1037]],
    [640, 480, 1184, 880, [0, 2, 640, 476]],
    [1024, 1024, 1024, 1024, [0, 0, 1024, 1024]],
  ])("%d × %d becomes %d × %d", (width, height, plateWidth, plateHeight, crop) => {
    const [left, top, cropWidth, cropHeight] = crop;
    expect(frameFor(KONTEXT, width, height)).toEqual({
      crop: { left, top, width: cropWidth, height: cropHeight },
      width: plateWidth,
      height: plateHeight,
      squeeze: false,
    });
  });

  test("pass as they are", () => {
    for (const { width, height } of KONTEXT_SIZES)
      expect(frameFor(KONTEXT, width, height)).toMatchObject({
        width,
        height,
        crop: { left: 0, top: 0, width, height },
      });
  });

  // The borders between two sizes, as a running ComfyUI drew them.
  test.each([
    [0.4429, 672],
    [0.4431, 688],
    [0.7049, 832],
    [0.7051, 880],
    [1.0846, 1024],
    [1.0848, 1104],
    [1.4226, 1184],
    [1.4228, 1248],
    [2.2596, 1504],
    [2.2598, 1568],
  ])("aspect %d goes to width %d", (aspect, width) => {
    expect(frameFor(KONTEXT, Math.round(aspect * 100_000), 100_000).width).toBe(width);
  });
});

describe("a long shape", () => {
  test("is squeezed whole, not cropped", () => {
    const frame = frameFor(KONTEXT, 8000, 2000);
    expect(frame).toEqual({
      crop: { left: 0, top: 0, width: 8000, height: 2000 },
      width: 1568,
      height: 672,
      squeeze: true,
    });
    expect(frameFor(KONTEXT, 2000, 8000)).toMatchObject({ width: 672, height: 1568, squeeze: true });
  });

  test("is cropped up to 2.6 to 1", () => {
    expect(frameFor(KONTEXT, 2600, 1000)).toMatchObject({ squeeze: false, width: 1568 });
    expect(frameFor(KONTEXT, 2601, 1000)).toMatchObject({ squeeze: true, width: 1568 });
  });

  test("under multiples is squeezed to 2.6 to 1", () => {
    const { width, height, squeeze } = frameFor(MULTIPLE, 20_000, 1000);
    expect(squeeze).toBe(true);
    expect(width / height).toBeCloseTo(2.6, 1);
  });
});

describe("multiples", () => {
  test("take all of a 3 : 2 photo", () => {
    expect(frameFor(MULTIPLE, 6000, 4000)).toMatchObject({
      width: 1248,
      height: 832,
      crop: { width: 6000, height: 4000 },
    });
  });

  test("of any photo keep the rule, nearly fill the budget and lose little", () => {
    fc.assert(
      fc.property(sides, ([width, height]) => {
        const frame = frameFor(MULTIPLE, width, height);
        expect([frame.width % 16, frame.height % 16]).toEqual([0, 0]);
        expect(frame.width * frame.height).toBeLessThanOrEqual(1_048_576);
        expect(frame.width * frame.height).toBeGreaterThan(0.92 * 1_048_576);
        const aspect = Math.min(2.6, Math.max(1 / 2.6, width / height));
        expect(Math.abs(Math.log(frame.width / frame.height / aspect))).toBeLessThan(0.03);
      }),
    );
  });
});

describe("a photo's own size", () => {
  test.each([
    [640, 480, 640, 480],
    [1000, 1000, 1000, 1000],
    [6000, 4000, 1225, 816],
    [1, 3_000_000, 1, 1_000_000],
  ])("%d × %d gives %d × %d, never more", (width, height, plateWidth, plateHeight) => {
    expect(frameFor(OWN, width, height)).toEqual({
      crop: { left: 0, top: 0, width, height },
      width: plateWidth,
      height: plateHeight,
      squeeze: false,
    });
  });
});

test("every frame lies inside its photo, in the middle, and has the plate's shape", () => {
  fc.assert(
    fc.property(fc.constantFrom(KONTEXT, MULTIPLE, OWN), sides, (rule, [width, height]) => {
      const { crop, squeeze, ...plate } = frameFor(rule, width, height);
      expect(crop.left).toBeGreaterThanOrEqual(0);
      expect(crop.top).toBeGreaterThanOrEqual(0);
      expect(crop.width).toBeGreaterThanOrEqual(1);
      expect(crop.height).toBeGreaterThanOrEqual(1);
      expect(Math.abs(crop.left * 2 + crop.width - width)).toBeLessThanOrEqual(1);
      expect(Math.abs(crop.top * 2 + crop.height - height)).toBeLessThanOrEqual(1);
      if (rule.kind === "own" || squeeze) return;
      const off = [
        crop.width - crop.height * (plate.width / plate.height),
        crop.height - crop.width * (plate.height / plate.width),
      ];
      expect(Math.min(...off.map(Math.abs))).toBeLessThanOrEqual(0.5);
    }),
  );
});

describe("with padding", () => {
  test("a 4 : 3 photo is whole, in the middle of the plate, between mirrored edges", () => {
    expect(frameFor(KONTEXT, 4000, 3000, "pad")).toEqual({
      crop: { left: 0, top: 0, width: 4000, height: 3000 },
      ...{ width: 1184, height: 880, squeeze: false },
      inner: { left: 5, top: 0, width: 1173, height: 880 },
    });
  });

  test("a photo of the plate's own shape fills it, and a backend without sizes needs no edges", () => {
    expect(frameFor(KONTEXT, 6000, 4000, "pad")).toEqual(frameFor(KONTEXT, 6000, 4000));
    expect(frameFor(OWN, 4000, 3000, "pad")).toEqual(frameFor(OWN, 4000, 3000));
  });

  test("a strip is squeezed all the same", () => {
    expect(frameFor(KONTEXT, 8000, 1000, "pad")).toMatchObject({ squeeze: false, inner: { width: 1568, height: 196 } });
    expect(frameFor(KONTEXT, 8001, 1000, "pad")).toEqual(frameFor(KONTEXT, 8001, 1000));
  });

  test("every other photo is whole and in its own shape, on a plate of the same size as ever", () => {
    fc.assert(
      fc.property(fc.constantFrom(KONTEXT, MULTIPLE), sides, (rule, [width, height]) => {
        fc.pre(Math.max(width / height, height / width) <= PADDED_ASPECT_MAX);
        const { crop, inner, squeeze, ...plate } = frameFor(rule, width, height, "pad");
        expect([crop, squeeze]).toEqual([{ left: 0, top: 0, width, height }, false]);
        expect(frameFor(rule, width, height)).toMatchObject(plate);
        const box = inner ?? { left: 0, top: 0, ...plate };
        expect(Math.min(box.left, box.top)).toBe(0);
        expect(Math.abs(2 * box.left + box.width - plate.width)).toBeLessThanOrEqual(1);
        expect(Math.abs(2 * box.top + box.height - plate.height)).toBeLessThanOrEqual(1);
        const off = [box.width - (box.height * width) / height, box.height - (box.width * height) / width];
        expect(Math.min(...off.map(Math.abs))).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});

test.each([
  [0, 1],
  [1, -1],
  [1.5, 2],
  [Number.NaN, 1],
])("%d × %d is no photo", (width, height) => {
  expect(() => frameFor(KONTEXT, width, height)).toThrow("has no plate");
});
