/**
 * Strip: a look at a glance, as a picture. The upper half is as it was, the lower half as the look makes it.
 *
 * Shape   1024 × 256 RGB, 8 bits. A half is 128 rows: a grey ramp over the whole width; below it every hue from left to right,
 *         full colour above and grey below; beside that eight colours that people know by heart.
 * Units   encoded R′G′B′ (sRGB).
 */
import type { Triple } from "../colour/srgb.ts";
import type { RgbPicture } from "./hald.ts";
import { prepareKernel } from "./kernel/kernel.ts";
import type { Lattice } from "./lattice.ts";

const WIDTH = 1024;
const HALF = 128;
const RAMP_HEIGHT = 32;
const SWEEP_WIDTH = 768;
const SWEEP_VALUE = 0.85;
const PATCHES_ACROSS = 4;
const PATCH = { width: (WIDTH - SWEEP_WIDTH) / PATCHES_ACROSS, height: (HALF - RAMP_HEIGHT) / 2 } as const;

/** 8-bit sRGB: light skin, dark skin, foliage, grass, blue sky, sea, sunset, brick. */
const MEMORY: readonly Triple[] = [
  [224, 178, 152],
  [115, 82, 68],
  [87, 108, 67],
  [122, 148, 62],
  [118, 160, 208],
  [32, 96, 112],
  [238, 144, 74],
  [158, 62, 48],
];

export function previewStrip(lattice: Lattice): RgbPicture {
  const before = new Uint8Array(3 * WIDTH * HALF);
  for (let y = 0, at = 0; y < HALF; y++)
    for (let x = 0; x < WIDTH; x++, at += 3) before.set(colourAt(x, y).map(Math.round), at);
  const after = before.slice();
  prepareKernel(lattice, 8).apply(after, 3);
  const samples = new Uint8Array(2 * before.length);
  samples.set(before);
  samples.set(after, before.length);
  return { width: WIDTH, height: 2 * HALF, samples };
}

/** 0 … 255. */
function colourAt(x: number, y: number): Triple {
  if (y < RAMP_HEIGHT) {
    const grey = (255 * x) / (WIDTH - 1);
    return [grey, grey, grey];
  }
  const down = y - RAMP_HEIGHT;
  if (x >= SWEEP_WIDTH) {
    const column = Math.floor((x - SWEEP_WIDTH) / PATCH.width);
    return MEMORY[column + PATCHES_ACROSS * Math.floor(down / PATCH.height)]!;
  }
  return hued(x / SWEEP_WIDTH, 1 - down / (HALF - RAMP_HEIGHT - 1));
}

/** Hue 0 … 1 around, saturation 0 … 1, as HSV has them: `hued(0, 1)` is a red. */
function hued(hue: number, saturation: number): Triple {
  const channel = (turn: number) => {
    const place = (6 * hue + turn) % 6;
    return 255 * SWEEP_VALUE * (1 - saturation * Math.max(0, Math.min(place, 4 - place, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}
