/**
 * verify: does the output show the original through its .cube, and its .grid where it has one?
 * The original is decoded again and every sampled pixel recomputed in double precision by the plain reference
 * interpolation; that is held against the fast kernel's answer and against what the written file decodes to.
 */
import { deltaE } from "../../core/colour/delta-e.ts";
import { type Triple, toLab } from "../../core/colour/srgb.ts";
import type { Grid } from "../../core/local/grid.ts";
import { sampleLocal } from "../../core/local/sample.ts";
import { coordinates } from "../../core/local/slice.ts";
import type { Lattice } from "../../core/lut/lattice.ts";
import { sampleTetrahedral } from "../../core/lut/sample.ts";
import type { VerifyReport, VerifyRequest } from "../../ports.ts";
import { type Samples, toSrgbInPlace } from "./convert.ts";
import { decodePicture, openPicture, type Pixels } from "./decode.ts";
import { sampleBeyond, throughProfile } from "./link.ts";
import { readGrid } from "./local.ts";
import { applyLook, readLook } from "./render.ts";

/** All pixels of a picture up to this many; of larger ones an even grid of at most as many. */
const PIXELS_CHECKED_MAX = 3_000_000;
/** CIEDE2000 is slow; so many pixels tell a mean well enough. */
const DIFFERENCES_MAX = 100_000;

export async function verify(request: VerifyRequest, pixelsMax: number): Promise<VerifyReport> {
  const look = await readLook(request.cube, request.strength);
  const opened = await openPicture(request.original, pixelsMax);
  const output = await decodePicture(await openPicture(request.output, pixelsMax));
  const original = await decodePicture(opened);
  const grid = request.grid === undefined ? null : await readGrid(request.grid, look.sha256, request.strength);
  const sameSize = original.width === output.width && original.height === output.height;
  if (!sameSize) return { sameSize, changed: true, pixels: 0, ...UNKNOWN };
  const places = placesOf(original.width * original.height, PIXELS_CHECKED_MAX);
  const before = picked(original, places);
  // A grid needs to know the places: the whole picture goes through, and the samples are picked from it.
  const fast = grid ? original : { ...before, samples: before.samples.slice() };
  applyLook(fast, look, opened.anatomy.profile?.sha256 ?? "", grid);
  const written = picked(output, places);
  const meanDeltaE = meanDifference(before, written);
  const exact = exactly(look.lattice, grid, original, places);
  const off = differences({ before, fast: grid ? picked(fast, places) : fast, written }, exact);
  return { sameSize, changed: meanDeltaE > 0, pixels: places.length, meanDeltaE, ...off };
}

const UNKNOWN = {
  maxCode: Number.NaN,
  beyondMaxCode: Number.NaN,
  encodedMaxCode: Number.NaN,
  encodedMeanCode: Number.NaN,
  meanDeltaE: Number.NaN,
};

type Trio = { readonly before: Pixels; readonly fast: Pixels; readonly written: Pixels };

/** What should become of a pixel, by its number among the places and its colour in the picture's own numbers. */
type Exact = (index: number, colour: Triple) => Triple;

function exactly(look: Lattice, grid: Grid | null, { width, height, way }: Pixels, places: Uint32Array): Exact {
  if (!grid) return (_, colour) => (way ? throughProfile(look, way, colour) : sampleTetrahedral(look, colour));
  const across = coordinates(width, grid.view.left, grid.view.width, 2);
  const down = coordinates(height, grid.view.top, grid.view.height, 2);
  return (index, colour) => {
    const [x, y] = [places[index]! % width, Math.floor(places[index]! / width)];
    const shown = way ? way.toSrgb(colour) : colour;
    const looked = way ? sampleBeyond(look, shown) : sampleTetrahedral(look, shown);
    const changed = sampleLocal(grid, across[x]!, down[y]!, shown, looked);
    return way ? way.fromSrgb(changed) : changed;
  };
}

function differences({ before, fast, written }: Trio, exactly: Exact): Omit<typeof UNKNOWN, "meanDeltaE"> {
  const { way } = before;
  const max = maxOf(before.samples);
  const scale = max / maxOf(written.samples);
  let [inside, beyond, encoded, sum] = [0, 0, 0, 0];
  for (let pixel = 0; pixel < before.width; pixel++) {
    const colour = colourAt(before, pixel);
    const exact = exactly(pixel, colour);
    let off = 0;
    for (let c = 0; c < 3; c++) {
      const code = Math.min(max, Math.max(0, exact[c]! * max));
      off = Math.max(off, Math.abs(fast.samples[pixel * fast.channels + c]! - code));
      const away = Math.abs(written.samples[pixel * written.channels + c]! * scale - code);
      encoded = Math.max(encoded, away);
      sum += away;
    }
    if (off <= Math.min(inside, way ? beyond : inside)) continue;
    if (!way || isInside(way.toSrgb(colour))) inside = Math.max(inside, off);
    else beyond = Math.max(beyond, off);
  }
  const codes = (value: number) => (value * 255) / max;
  return {
    maxCode: codes(inside),
    beyondMaxCode: codes(beyond),
    encodedMaxCode: codes(encoded),
    encodedMeanCode: codes(sum / Math.max(1, 3 * before.width)),
  };
}

/** Inside sRGB, give or take the rounding of a profile's numbers. */
const isInside = (colour: Triple): boolean => colour.every((value) => value > -0.001 && value < 1.001);

/** Indices of at most `most` pixels, evenly through the picture. */
function placesOf(pixels: number, most: number): Uint32Array {
  const step = Math.max(1, pixels / most);
  return Uint32Array.from({ length: Math.floor(pixels / step) }, (_, index) => Math.floor(index * step));
}

function picked(pixels: Pixels, places: Uint32Array): Pixels {
  const { samples, channels } = pixels;
  const few =
    samples instanceof Uint16Array
      ? new Uint16Array(places.length * channels)
      : new Uint8Array(places.length * channels);
  for (let i = 0; i < places.length; i++)
    for (let c = 0; c < channels; c++) few[i * channels + c] = samples[places[i]! * channels + c]!;
  return { ...pixels, samples: few, width: places.length, height: 1 };
}

const maxOf = (samples: Samples): number => (samples instanceof Uint16Array ? 65_535 : 255);

function colourAt({ samples, channels }: Pixels, pixel: number): Triple {
  const [max, at] = [maxOf(samples), pixel * channels];
  return [samples[at]! / max, samples[at + 1]! / max, samples[at + 2]! / max];
}

/** Mean CIEDE2000 between the two, both as sRGB. */
function meanDifference(before: Pixels, after: Pixels): number {
  const places = placesOf(before.width, DIFFERENCES_MAX);
  const [one, other] = [before, after].map((pixels) => {
    const few = picked(pixels, places);
    if (few.way) toSrgbInPlace(few.samples, few.channels, few.way);
    return few;
  });
  let sum = 0;
  for (let i = 0; i < places.length; i++) sum += deltaE(toLab(colourAt(one!, i)), toLab(colourAt(other!, i)));
  return places.length > 0 ? sum / places.length : 0;
}
