/**
 * The heat map: where in the picture the model did something that the look does not explain.
 *
 * The plate in grey, and over it what is left behind: nothing up to a ΔE₀₀ of 1, yellow at 3, red from 8 on.
 */
import type { Heat } from "../lut/fit/score.ts";
import { LUMA } from "./grid.ts";

/** ΔE₀₀ → colour (8-bit codes) and how much of it covers the grey, 0 … 1. */
const STOPS = [
  { difference: 1, colour: [255, 230, 90], cover: 0 },
  { difference: 3, colour: [255, 210, 60], cover: 0.5 },
  { difference: 8, colour: [220, 30, 20], cover: 0.75 },
] as const;
/** The grey stands back a little, so that the colours carry. */
const GREY = 0.7;

/** RGB, 8 bits, of the plate's size. */
export function heatMap(plate: Uint8Array, width: number, height: number, heat: Heat): Uint8Array {
  const out = new Uint8Array(plate.length);
  const across = placesOf(width, heat.columns);
  const down = placesOf(height, heat.rows);
  for (let y = 0, q = 0; y < height; y++)
    for (let x = 0; x < width; x++, q += 3) {
      const luma = LUMA[0] * plate[q]! + LUMA[1] * plate[q + 1]! + LUMA[2] * plate[q + 2]!;
      const { colour, cover } = shade(heatAt(heat, across[x]!, down[y]!));
      for (let c = 0; c < 3; c++) out[q + c] = Math.round((1 - cover) * GREY * luma + cover * colour[c]!);
    }
  return out;
}

/** Where pixels lie between the centres of cells; the outermost cells reach to the border. */
function placesOf(pixels: number, cells: number): Float32Array {
  return Float32Array.from({ length: pixels }, (_, at) =>
    Math.min(cells - 1, Math.max(0, ((at + 0.5) / pixels) * cells - 0.5)),
  );
}

function heatAt({ columns, rows, values }: Heat, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [Math.min(columns - 1, left + 1), Math.min(rows - 1, top + 1)];
  const cell = (column: number, row: number) => Math.max(0, values[row * columns + column]!);
  const upper = cell(left, top) + (x - left) * (cell(right, top) - cell(left, top));
  const lower = cell(left, bottom) + (x - left) * (cell(right, bottom) - cell(left, bottom));
  return upper + (y - top) * (lower - upper);
}

function shade(difference: number): { readonly colour: readonly number[]; readonly cover: number } {
  const above = STOPS.findIndex((stop) => stop.difference > difference);
  if (above === 0) return STOPS[0];
  if (above < 0) return STOPS[STOPS.length - 1]!;
  const [from, to] = [STOPS[above - 1]!, STOPS[above]!];
  const share = (difference - from.difference) / (to.difference - from.difference);
  return {
    colour: from.colour.map((value, c) => value + share * (to.colour[c]! - value)),
    cover: from.cover + share * (to.cover - from.cover),
  };
}
