/**
 * Score: is this edit one colour transform at all?
 *
 * A LUT cannot darken a corner or light a face. What it leaves behind then is smooth over the picture, whereas noise and
 * small repainted objects are not. So: blur the residual (σ = 32 px of a megapixel), see how different in CIEDE2000 it
 * makes the colours, and take the 75th percentile over the picture.
 */
import { deltaE } from "../../colour/delta-e.ts";
import { toLab } from "../../colour/srgb.ts";
import type { Blocks } from "./blocks.ts";
import { loops } from "./loops/loops.ts";
import type { Verdict } from "./report.ts";

/** Between the greatest score of usual pairs (0.63 of 17) and the least of badly disturbed ones (0.86 of 15). */
export const WARN_FROM = 0.8;
/** Above disturbed pairs (2.04), below vignettes and relighting (2.28). */
export const SPATIAL_FROM = 2.2;

/** Blocks a side that make one cell, and the blur in cells: 16 px and 32 px of a megapixel. */
const CELL = 4;
const BLUR_CELLS = 2;
const PERCENTILE = 0.75;

export function verdictOf(score: number): Verdict {
  if (score < WARN_FROM) return "global";
  return score < SPATIAL_FROM ? "warn" : "spatial";
}

/** S for `looked`, the look's colours at the blocks (3·count, 0 … 1): 0 where it explains everything. */
export function scoreOf(blocks: Blocks, looked: Float32Array): number {
  const { values } = heatOf(blocks, looked);
  const differences = values.filter((value) => value >= 0).sort();
  return differences[Math.floor(PERCENTILE * (differences.length - 1))] ?? 0;
}

/**
 * Where the look leaves something behind: ΔE₀₀ of the blurred residual over the picture.
 * Shape   Float32Array of columns·rows, row by row, each cell CELL × CELL blocks; −1 where nothing counts.
 */
export type Heat = { readonly columns: number; readonly rows: number; readonly values: Float32Array };

export function heatOf(blocks: Blocks, looked: Float32Array): Heat {
  const columns = Math.max(1, Math.floor(blocks.columns / CELL));
  const rows = Math.max(1, Math.floor(blocks.rows / CELL));
  const colour = new Float32Array(3 * columns * rows);
  const left = new Float32Array(3 * columns * rows);
  const counted = new Float32Array(columns * rows);
  gather(blocks, looked, columns, rows, colour, left, counted);
  for (const [field, channels] of [
    [left, 3],
    [counted, 1],
  ] as const)
    blur(field, columns, rows, channels);
  const values = new Float32Array(columns * rows).fill(-1);
  for (let cell = 0, q = 0; cell < columns * rows; cell++, q += 3) {
    if (colour[q]! < 0) continue;
    const share = 1 / Math.max(counted[cell]!, 1e-6);
    const here = [colour[q]!, colour[q + 1]!, colour[q + 2]!] as const;
    const shifted = here.map((value, c) => Math.min(1, Math.max(0, value + share * left[q + c]!)));
    values[cell] = deltaE(toLab([shifted[0]!, shifted[1]!, shifted[2]!]), toLab(here));
  }
  return { columns, rows, values };
}

/** Means over cells: the look's colour (−1 where nothing counts), the residual and the share of blocks that count. */
function gather(
  { columns: across, rows: down, after, trust }: Blocks,
  looked: Float32Array,
  columns: number,
  rows: number,
  colour: Float32Array,
  left: Float32Array,
  counted: Float32Array,
): void {
  const arrays = { reads: [looked, after, trust], writes: [colour, left, counted] };
  loops(arrays, ({ cellMeans }, { at }) => {
    const seen = [at(looked), at(after), at(trust)] as const;
    cellMeans(...seen, across, down, CELL, columns, rows, at(colour), at(left), at(counted));
  });
}

/** A Gaussian of BLUR_CELLS both ways, in place; the border repeats by reflection. */
function blur(field: Float32Array, columns: number, rows: number, channels: number): void {
  const radius = 4 * BLUR_CELLS;
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / BLUR_CELLS) ** 2));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const weights = Float64Array.from(kernel);
  loops({ reads: [weights], writes: [field] }, ({ blurLine }, { at, room }) => {
    const line = room(8 * Math.max(columns, rows));
    const along = (start: number, step: number, length: number) =>
      blurLine(at(field), start, step, length, at(weights), radius, total, line);
    for (let c = 0; c < channels; c++) {
      for (let row = 0; row < rows; row++) along(row * columns * channels + c, channels, columns);
      for (let column = 0; column < columns; column++) along(column * channels + c, columns * channels, rows);
    }
  });
}
