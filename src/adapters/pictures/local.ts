/**
 * Look and bilateral grid on a picture of full size, in place, line by line.
 *
 * A line is widened to 16 bits before the look, so that the two together round once. Pictures in a profile of their own go
 * through the look's device link as ever; look and luma are then read as sRGB, which is what the grid was fitted on.
 */
import type { PathText } from "../../core/inbox/path-text.ts";
import { GRID_LENGTH_MAX, parseGrid } from "../../core/local/file.ts";
import { type Grid, LUMA, weakenGrid } from "../../core/local/grid.ts";
import { prepareSlicer, type Slicer } from "../../core/local/slice.ts";
import { type Kernel, prepareKernel } from "../../core/lut/kernel/kernel.ts";
import type { Lattice } from "../../core/lut/lattice.ts";
import { readWhole, told } from "../files.ts";
import type { Samples } from "./convert.ts";
import type { Pixels } from "./decode.ts";
import type { ProfileWay } from "./icc.ts";
import { converters } from "./profile-lines.ts";

/** The grid at a strength. `look` is the SHA-256 of the .cube it has to belong to. */
export async function readGrid(file: PathText, look: string, strength: number): Promise<Grid> {
  const bytes = await told("read", file, () => readWhole(file, GRID_LENGTH_MAX));
  return weakenGrid(parseGrid(bytes.toString("utf8"), look), strength);
}

/** What becomes of line `y`: its samples as 16-bit codes, changed in place. */
export type ChangeLine = (y: number, row: Uint16Array) => void;

/** `lattice` is the look in the picture's own numbers. */
export function lineChange(pixels: Pixels, lattice: Lattice, grid: Grid | null): ChangeLine {
  const { channels, width, height, way } = pixels;
  const kernel = prepareKernel(lattice, 16);
  if (!grid) return (_y, row) => void kernel.apply(row, channels);
  const slicer = prepareSlicer(grid, width, height);
  return way ? profileLine(pixels, way, kernel, slicer) : plainLine(pixels, kernel, slicer);
}

/** All lines, one after the other: memory is one line, whatever the picture's size. */
export function changeLines({ samples, channels, width, height }: Pixels, change: ChangeLine): void {
  const row = new Uint16Array(width * channels);
  for (let y = 0; y < height; y++) {
    const from = y * row.length;
    widen(samples, from, row);
    change(y, row);
    narrow(row, samples, from);
  }
}

/** Look and grid on a whole picture, in place. */
export const applyLocal = (pixels: Pixels, lattice: Lattice, grid: Grid): void =>
  changeLines(pixels, lineChange(pixels, lattice, grid));

function widen(samples: Samples, from: number, row: Uint16Array): void {
  if (samples instanceof Uint16Array) row.set(samples.subarray(from, from + row.length));
  else for (let i = 0; i < row.length; i++) row[i] = 257 * samples[from + i]!;
}

function narrow(row: Uint16Array, samples: Samples, from: number): void {
  if (samples instanceof Uint16Array) samples.set(row, from);
  else for (let i = 0; i < row.length; i++) samples[from + i] = (row[i]! + 128) / 257;
}

function plainLine({ channels, width }: Pixels, kernel: Kernel, slicer: Slicer): ChangeLine {
  const luma = new Float32Array(width);
  const [r, g, b] = LUMA.map((share) => share / 65_535) as [number, number, number];
  return (y, row) => {
    for (let x = 0, p = 0; x < width; x++, p += channels) luma[x] = r * row[p]! + g * row[p + 1]! + b * row[p + 2]!;
    kernel.apply(row, channels);
    slicer.codes(y, luma, row, channels);
  };
}

function profileLine({ channels, width }: Pixels, way: ProfileWay, kernel: Kernel, slicer: Slicer): ChangeLine {
  const luma = new Float32Array(width);
  const colours = new Float64Array(3 * width);
  const { toSrgb, fromSrgb } = converters(way);
  return (y, row) => {
    toSrgb(row, channels, colours);
    for (let x = 0, q = 0; x < width; x++, q += 3)
      luma[x] = LUMA[0] * colours[q]! + LUMA[1] * colours[q + 1]! + LUMA[2] * colours[q + 2]!;
    kernel.apply(row, channels);
    toSrgb(row, channels, colours);
    slicer.numbers(y, luma, colours);
    fromSrgb(colours, row, channels);
  };
}
