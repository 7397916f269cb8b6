/**
 * Looks to test with, as plain colour functions: encoded R′G′B′ 0 … 1 in, 0 … 1 out, clipped at the end.
 * They are written for this project and stand for what image models are asked for.
 */
import { type Lattice, latticeOf } from "../../src/core/lut/lattice.ts";

export type Colour = readonly [number, number, number];
export type Look = (colour: Colour) => Colour;

const clip = (value: number) => Math.min(1, Math.max(0, value));
const luma = ([r, g, b]: Colour) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const each = (colour: Colour, change: (value: number, channel: number) => number): Colour => [
  change(colour[0], 0),
  change(colour[1], 1),
  change(colour[2], 2),
];
const saturate = (colour: Colour, by: number): Colour => {
  const grey = luma(colour);
  return each(colour, (value) => grey + by * (value - grey));
};
const contrast = (colour: Colour, by: number): Colour =>
  each(colour, (value) => (Math.tanh(2 * by * (value - 0.5)) / Math.tanh(by) + 1) / 2);

const LOOKS = {
  warm: (c) => each(contrast(saturate(c, 0.9), 0.9), (value, i) => 0.025 + 0.95 * (value * [1.06, 1, 0.88][i]!)),
  faded: (c) => each(saturate(c, 0.75), (value, i) => 0.78 * value + [0.13, 0.12, 0.15][i]!),
  tealOrange: (c) => {
    const light = luma(c);
    const tint = [-0.06 + 0.13 * light, 0.015, 0.06 - 0.12 * light];
    return contrast(
      each(c, (value, i) => value + tint[i]!),
      0.8,
    );
  },
  monochrome: (c) => {
    const grey = clip(0.6 * c[0] + 0.35 * c[1] + 0.05 * c[2]);
    return [grey, grey, grey];
  },
  contrasty: (c) => contrast(c, 1.8),
  night: (c) =>
    each(saturate(c, 0.45), (value, i) => clip(value) ** 1.5 * [0.38, 0.5, 0.78][i]! + [0, 0.005, 0.02][i]!),
} as const satisfies Record<string, Look>;

export type LookName = keyof typeof LOOKS;
export const LOOK_NAMES = Object.keys(LOOKS) as readonly LookName[];

/** The look as a function, clipped to 0 … 1. */
export function lookNamed(name: LookName): Look {
  const look: Look = LOOKS[name];
  return (colour) => each(look(colour), clip);
}

/** The look on a lattice: 33 nodes a side unless told. */
export function latticeNamed(name: LookName, n = 33): Lattice {
  const look = lookNamed(name);
  return latticeOf(n, (r, g, b) => look([r, g, b]));
}
