/**
 * Edits of light drawn by a seed, and what a model returns of them: for measuring finish local on what it was not tuned on.
 * Colours are encoded R′G′B′ 0 … 1, places 0 … 1 across and down.
 */
import type { Light } from "./light.ts";
import { LOOK_NAMES, type Look, lookNamed } from "./looks.ts";
import { addNoise, chance, type Picture } from "./pictures.ts";

export const EDITS = ["vignette", "relight", "sky", "side light"] as const;
export type EditName = (typeof EDITS)[number];

const clip = (value: number) => Math.min(1, Math.max(0, value));
const smooth = (share: number) => share * share * (3 - 2 * share);

/** Every number of an edit is drawn, so that no two are alike. */
export function editOf(name: EditName, seed: number): Light {
  const random = chance(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  switch (name) {
    case "vignette": {
      const [x, y] = [between(0.35, 0.65), between(0.35, 0.65)];
      const [depth, power] = [between(0.35, 0.7), between(0.8, 1.6)];
      return each((value, _c, u, v) => value * (1 - depth * clip(2 * ((u - x) ** 2 + (v - y) ** 2)) ** power));
    }
    case "relight": {
      const [x, y, wide] = [between(0.1, 0.9), between(0.1, 0.9), between(0.04, 0.16)];
      const [dark, gain] = [between(0.6, 0.9), between(0.4, 0.8)];
      const tint = [between(0.03, 0.12), between(0.01, 0.07), between(-0.02, 0.03)];
      return each((value, c, u, v) => {
        const lamp = Math.exp(-((u - x) ** 2 + (v - y) ** 2) / wide);
        return value * (dark + gain * lamp) + lamp * tint[c]!;
      });
    }
    case "sky": {
      const [reach, dim, bend] = [between(0.35, 0.8), between(0.15, 0.45), between(0.8, 1.6)];
      const tint = [between(0.05, 0.22), between(0.02, 0.1), between(0, 0.12)];
      return each((value, c, _u, v) => {
        const dusk = clip(1 - v / reach) ** bend;
        return value * (1 - dim * dusk) + dusk * tint[c]!;
      });
    }
    case "side light": {
      const angle = between(0, 2 * Math.PI);
      const [one, other] = [
        [between(1, 1.2), between(0.95, 1.05), between(0.75, 0.95)],
        [between(0.7, 0.9), between(0.8, 0.95), between(0.95, 1.15)],
      ];
      return each((value, c, u, v) => {
        const along = 0.5 + (u - 0.5) * Math.cos(angle) + (v - 0.5) * Math.sin(angle);
        const share = smooth(clip((along - 0.1) / 0.8));
        return value * (one![c]! * (1 - share) + other![c]! * share);
      });
    }
  }
}

const each =
  (change: (value: number, channel: number, u: number, v: number) => number): Light =>
  (colour, u, v) => [change(colour[0], 0, u, v), change(colour[1], 1, u, v), change(colour[2], 2, u, v)];

export const lookOf = (seed: number): Look => lookNamed(LOOK_NAMES[seed % LOOK_NAMES.length]!);

/** How much a model disturbs what it returns. */
export type Disturbance = {
  /** Pixels at most. */
  readonly shift: number;
  /** 0.003 is 0.3 % at most. */
  readonly zoom: number;
  /** 8-bit codes. */
  readonly noise: number;
  /** Colours that drift over the picture, at most so far. */
  readonly drift: number;
  /** Share of the area under repainted discs. */
  readonly repaint: number;
};

export const MILD: Disturbance = { shift: 1, zoom: 0.003, noise: 1.5, drift: 0.008, repaint: 0 };
export const HARD: Disturbance = { shift: 2, zoom: 0.006, noise: 3, drift: 0.02, repaint: 0.06 };

/** The picture as a model would return it. */
export function returned(truth: Picture, { shift, zoom, noise, drift, repaint }: Disturbance, seed: number): Picture {
  const { width, height } = truth;
  const random = chance(seed);
  const either = (most: number) => most * (2 * random() - 1);
  const [right, down, scale] = [either(shift), either(shift), 1 + either(zoom)];
  const waves = Array.from({ length: 3 }, () => [either(drift), 3 * random(), 3 * random(), 6 * random()] as const);
  const discs = Array.from({ length: 4 }, () => [random(), random()] as const);
  const radius = Math.sqrt((repaint * width * height) / discs.length / Math.PI);
  const pixels = new Uint8Array(truth.pixels.length);
  for (let y = 0, q = 0; y < height; y++)
    for (let x = 0; x < width; x++, q += 3) {
      const u = Math.min(width - 1.001, Math.max(0, (x - right - width / 2) / scale + width / 2));
      const v = Math.min(height - 1.001, Math.max(0, (y - down - height / 2) / scale + height / 2));
      const disc = discs.findIndex(([a, b]) => (x - a * width) ** 2 + (y - b * height) ** 2 < radius ** 2);
      for (let c = 0; c < 3; c++) {
        const [most, a, b, phase] = waves[c]!;
        const value =
          bilinear(truth, u, v, c) + 255 * most * Math.sin((6 * a * x) / width + (6 * b * y) / height + phase);
        pixels[q + c] = Math.round(255 * clip((disc < 0 ? value : 60 + 45 * ((disc + c) % 4)) / 255));
      }
    }
  const picture = { width, height, pixels };
  addNoise(picture, noise, seed);
  return picture;
}

function bilinear({ width, pixels }: Picture, u: number, v: number, c: number): number {
  const [x, y] = [Math.floor(u), Math.floor(v)];
  const at = (column: number, row: number) => pixels[3 * (row * width + column) + c]!;
  const upper = at(x, y) + (u - x) * (at(x + 1, y) - at(x, y));
  const lower = at(x, y + 1) + (u - x) * (at(x + 1, y + 1) - at(x, y + 1));
  return upper + (v - y) * (lower - upper);
}
