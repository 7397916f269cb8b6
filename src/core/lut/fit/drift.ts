/**
 * Drift: a slow change of colour over the picture that the model adds and no look explains. A colour that one corner alone
 * shows would take that corner's drift for its own; so what a look leaves over is smoothed over the place and taken out.
 *
 * The look and its drift are found in turns (backfitting: Buja, Hastie & Tibshirani, 1989), and only for a few of them: run
 * to the end, the drift would swallow slow parts of the look.
 */
import type { Blocks } from "./blocks.ts";
import { loops } from "./loops/loops.ts";

/** Blocks a side that make one cell: 24 px of a megapixel. */
const CELL = 6;
/** A cell of this weight in blocks believes half of what it sees. */
const BELIEF = 10;
/** Numbers a cell holds: three channels, each weighted, and the weight. */
const HELD = 4;
/** A Gaussian of deviation 1 cell. */
const KERNEL = [-3, -2, -1, 0, 1, 2, 3].map((k) => Math.exp(-0.5 * k * k));

/**
 * What `left` (3·count, signed) is on average around each block, by `weights`; as long as `left`.
 */
export function driftOf(blocks: Blocks, left: Float32Array, weights: Float32Array): Float32Array {
  const columns = Math.ceil(blocks.columns / CELL);
  const rows = Math.ceil(blocks.rows / CELL);
  const gathered = gather(blocks, left, weights, columns, rows);
  const across = smooth(gathered, columns, rows, HELD, HELD * columns);
  const cells = smooth(across, rows, columns, HELD * columns, HELD);
  for (let at = 0; at < cells.length; at += HELD)
    for (let c = at; c < at + 3; c++) cells[c]! /= cells[at + 3]! + BELIEF;
  return spread(cells, columns, rows, blocks);
}

function gather(
  blocks: Blocks,
  left: Float32Array,
  weights: Float32Array,
  columns: number,
  rows: number,
): Float32Array {
  const cells = new Float32Array(HELD * columns * rows);
  const { trust } = blocks;
  loops({ reads: [left, trust, weights], writes: [cells] }, ({ gatherCells }, { at }) =>
    gatherCells(at(left), at(trust), at(weights), blocks.columns, blocks.rows, CELL, columns, at(cells)),
  );
  return cells;
}

/** The Gaussian along lines of `length` cells `step` numbers apart; what lies beyond the picture has no weight. */
function smooth(from: Float32Array, length: number, lines: number, step: number, between: number): Float32Array {
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++)
    for (let i = 0; i < length; i++)
      for (let k = Math.max(0, i - 3); k <= Math.min(length - 1, i + 3); k++)
        for (let c = line * between; c < line * between + HELD; c++)
          to[c + i * step]! += KERNEL[k - i + 3]! * from[c + k * step]!;
  return to;
}

/** Cells back to blocks, bilinearly. */
function spread(cells: Float32Array, columns: number, rows: number, blocks: Blocks): Float32Array {
  const out = new Float32Array(3 * blocks.count);
  loops({ reads: [cells], gives: [out] }, ({ spreadCells }, { at }) =>
    spreadCells(at(cells), columns, rows, CELL, blocks.columns, blocks.rows, at(out)),
  );
  return out;
}
