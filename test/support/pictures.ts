/**
 * Pictures to test with, drawn from numbers: RGB interleaved, 8 bits, the same on every machine.
 */
import type { Colour } from "./looks.ts";

export type Picture = { readonly width: number; readonly height: number; readonly pixels: Uint8Array };

/** Pseudo-random numbers 0 … 1 (mulberry32): a seed gives one sequence, everywhere. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A picture from a function of the place (0 … 1 across and down); values outside 0 … 1 clip. */
export function drawn(width: number, height: number, colour: (u: number, v: number) => Colour): Picture {
  const pixels = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (const value of colour((x + 0.5) / width, (y + 0.5) / height))
        pixels[at++] = Math.round(255 * Math.min(1, Math.max(0, value)));
  return { width, height, pixels };
}

/**
 * Something like a photo: soft colours that reach most of the gamut, round objects with edges, a grey card and some texture.
 * `place` moves the camera: it maps a place of the picture to a place of the scene.
 */
export function scene(seed: number): (u: number, v: number) => Colour {
  const random = chance(seed);
  const waves = Array.from({ length: 9 }, () => [2 + 9 * random(), 2 + 9 * random(), 7 * random()] as const);
  const discs = Array.from({ length: 14 }, () => ({
    u: random(),
    v: random(),
    radius: 0.03 + 0.09 * random(),
    colour: [random(), random(), random()] as Colour,
  }));
  const wave = (k: number, u: number, v: number) => Math.sin(waves[k]![0] * u + waves[k]![1] * v + waves[k]![2]);
  return (u, v) => {
    if (v > 0.93) return [u, u, u];
    const disc = discs.find((one) => (u - one.u) ** 2 + (v - one.v) ** 2 < one.radius ** 2);
    const texture = 0.03 * Math.sin(190 * u + 4 * wave(6, u, v)) * Math.sin(170 * v);
    const channel = (k: number) =>
      disc === undefined
        ? 0.5 + 0.28 * wave(k, u, v) + 0.22 * wave(k + 3, v, u)
        : disc.colour[k]! + 0.06 * wave(k, u, v);
    return [channel(0) + texture, channel(1) + texture, channel(2) + texture];
  };
}

/** Normal noise with this deviation in 8-bit codes, in place. */
export function addNoise({ pixels }: Picture, codes: number, seed: number): void {
  const random = chance(seed);
  for (let at = 0; at < pixels.length; at++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    pixels[at] = Math.round(Math.min(255, Math.max(0, pixels[at]! + codes * normal)));
  }
}
