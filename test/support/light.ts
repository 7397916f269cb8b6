/**
 * Edits that change light by place, as image models make them when asked for a mood: what no LUT can hold.
 * Colours are encoded R′G′B′ 0 … 1, places 0 … 1 across and down.
 */
import type { Colour } from "./looks.ts";

export type Light = (colour: Colour, u: number, v: number) => Colour;

const clip = (value: number) => Math.min(1, Math.max(0, value));
const each = (colour: Colour, change: (value: number, channel: number) => number): Colour => [
  change(colour[0], 0),
  change(colour[1], 1),
  change(colour[2], 2),
];

export const LIGHTS = {
  vignette: (colour, u, v) => {
    const left = 1 - 0.6 * clip(2 * ((u - 0.5) ** 2 + (v - 0.5) ** 2)) ** 1.2;
    return each(colour, (value) => value * left);
  },
  relight: (colour, u, v) => {
    const lamp = Math.exp(-((u - 0.3) ** 2 + (v - 0.35) ** 2) / 0.06);
    return each(colour, (value, c) => value * (0.7 + 0.75 * lamp) + lamp * [0.1, 0.05, 0][c]!);
  },
  skyGradient: (colour, _u, v) => {
    const dusk = clip(1 - v / 0.6);
    return each(colour, (value, c) => value * (1 - 0.35 * dusk) + dusk * [0.22, 0.08, 0.02][c]!);
  },
  sideLight: (colour, u) => {
    const share = clip((u - 0.1) / 0.8);
    const cool = share * share * (3 - 2 * share);
    return each(colour, (value, c) => value * ([1.18, 1.02, 0.8][c]! * (1 - cool) + [0.72, 0.85, 1.1][c]! * cool));
  },
} as const satisfies Record<string, Light>;

export type LightName = keyof typeof LIGHTS;
export const LIGHT_NAMES = Object.keys(LIGHTS) as readonly LightName[];
