/**
 * Look and bilateral grid on a picture of full size, in place, line by line.
 *
 * A line is widened to 16 bits before the look, so that the two together round once. Pictures in a profile of their own go
 * through the look's device link as ever; look and luma are then read as sRGB, which is what the grid was fitted on.
 */
import { toEncoded, toLinear } from "../../core/colour/srgb.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import { GRID_LENGTH_MAX, parseGrid } from "../../core/local/file.ts";
import { type Grid, LUMA, weakenGrid } from "../../core/local/grid.ts";
import { prepareSlicer, type Slicer } from "../../core/local/slice.ts";
import { type Kernel, prepareKernel } from "../../core/lut/kernel/kernel.ts";
import type { Lattice } from "../../core/lut/lattice.ts";
import { readWhole, told } from "../files.ts";
import type { Samples } from "./convert.ts";
import type { Pixels } from "./decode.ts";
import { inverse, type ProfileWay } from "./icc.ts";

/** The grid at a strength. `look` is the SHA-256 of the .cube it has to belong to. */
export async function readGrid(file: PathText, look: string, strength: number): Promise<Grid> {
  const bytes = await told("read", file, () => readWhole(file, GRID_LENGTH_MAX));
  return weakenGrid(parseGrid(bytes.toString("utf8"), look), strength);
}

/** One line of work: the pixels `from` on. */
type Line = { readonly y: number; readonly from: number };

/** `lattice` is the look in the picture's own numbers. */
export function applyLocal(pixels: Pixels, lattice: Lattice, grid: Grid): void {
  const { samples, channels, width, height, way } = pixels;
  const slicer = prepareSlicer(grid, width, height);
  const kernel = prepareKernel(lattice, 16);
  const change = way ? profileLine(pixels, way, kernel, slicer) : plainLine(pixels, kernel, slicer);
  const row = new Uint16Array(width * channels);
  for (let y = 0; y < height; y++) {
    const from = y * row.length;
    widen(samples, from, row);
    change({ y, from }, row);
    narrow(row, samples, from);
  }
}

function widen(samples: Samples, from: number, row: Uint16Array): void {
  if (samples instanceof Uint16Array) row.set(samples.subarray(from, from + row.length));
  else for (let i = 0; i < row.length; i++) row[i] = 257 * samples[from + i]!;
}

function narrow(row: Uint16Array, samples: Samples, from: number): void {
  if (samples instanceof Uint16Array) samples.set(row, from);
  else for (let i = 0; i < row.length; i++) samples[from + i] = (row[i]! + 128) / 257;
}

type ChangeLine = (line: Line, row: Uint16Array) => void;

function plainLine({ channels, width }: Pixels, kernel: Kernel, slicer: Slicer): ChangeLine {
  const luma = new Float32Array(width);
  const [r, g, b] = LUMA.map((share) => share / 65_535) as [number, number, number];
  return ({ y }, row) => {
    for (let x = 0, p = 0; x < width; x++, p += channels) luma[x] = r * row[p]! + g * row[p + 1]! + b * row[p + 2]!;
    kernel.apply(row, channels);
    slicer.codes(y, luma, row, channels);
  };
}

function profileLine({ channels, width }: Pixels, way: ProfileWay, kernel: Kernel, slicer: Slicer): ChangeLine {
  const luma = new Float32Array(width);
  const colours = new Float64Array(3 * width);
  const { toSrgb, fromSrgb } = converters(way);
  return ({ y }, row) => {
    toSrgb(row, channels, colours);
    for (let x = 0, q = 0; x < width; x++, q += 3)
      luma[x] = LUMA[0] * colours[q]! + LUMA[1] * colours[q + 1]! + LUMA[2] * colours[q + 2]!;
    kernel.apply(row, channels);
    toSrgb(row, channels, colours);
    slicer.numbers(y, luma, colours);
    fromSrgb(colours, row, channels);
  };
}

const STEPS = 32_768;
/** sRGB numbers of colours outside of it: no profile of matrices goes further than this. */
const OUTSIDE = 1;

/** 16-bit codes of a profile to sRGB numbers and back, by tables: a line in, a line out. */
function converters({ curves, matrix }: ProfileWay) {
  const decode = curves.map((curve) => Float64Array.from({ length: 65_536 }, (_, code) => curve.decode(code / 65_535)));
  const encode = curves.map((curve) => tableOf((linear) => 65_535 * curve.encode(linear), 0, 1));
  const encodeSrgb = tableOf(toEncoded, -OUTSIDE, 1 + OUTSIDE);
  const decodeSrgb = tableOf(toLinear, -OUTSIDE, 1 + OUTSIDE);
  const [m, back] = [matrix.flat(), inverse(matrix).flat()];
  return {
    toSrgb(row: Uint16Array, channels: number, out: Float64Array): void {
      const [red, green, blue] = [decode[0]!, decode[1]!, decode[2]!];
      for (let p = 0, q = 0; q < out.length; p += channels, q += 3) {
        const r = red[row[p]!]!;
        const g = green[row[p + 1]!]!;
        const b = blue[row[p + 2]!]!;
        for (let c = 0; c < 3; c++)
          out[q + c] = readTable(encodeSrgb, m[3 * c]! * r + m[3 * c + 1]! * g + m[3 * c + 2]! * b);
      }
    },
    fromSrgb(colours: Float64Array, row: Uint16Array, channels: number): void {
      for (let p = 0, q = 0; q < colours.length; p += channels, q += 3) {
        const r = readTable(decodeSrgb, colours[q]!);
        const g = readTable(decodeSrgb, colours[q + 1]!);
        const b = readTable(decodeSrgb, colours[q + 2]!);
        for (let c = 0; c < 3; c++) {
          const linear = back[3 * c]! * r + back[3 * c + 1]! * g + back[3 * c + 2]! * b;
          row[p + c] = readTable(encode[c]!, linear) + 0.5;
        }
      }
    },
  };
}

/** A function over `from` … `to` in even steps, read by straight lines; the ends hold beyond. */
type Table = { readonly values: Float64Array; readonly from: number; readonly scale: number };

function tableOf(value: (at: number) => number, from: number, to: number): Table {
  const count = STEPS * (to - from);
  const values = Float64Array.from({ length: count + 1 }, (_, index) => value(from + index / STEPS));
  return { values, from, scale: STEPS };
}

function readTable({ values, from, scale }: Table, at: number): number {
  const place = Math.min(values.length - 1.000001, Math.max(0, (at - from) * scale));
  const index = place | 0;
  return values[index]! + (place - index) * (values[index + 1]! - values[index]!);
}
