/** Loops of the drift, as drift.ts says: blocks gathered into cells, cells spread over blocks. */
import { addFloat, floatAt, putFloat } from "./memory.as";

const HELD: i32 = 4;

export function gatherCells(
  left: usize,
  trust: usize,
  weights: usize,
  columns: i32,
  rows: i32,
  cell: i32,
  cellColumns: i32,
  cells: usize,
): void {
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++) {
      const weight = floatAt(trust, i) * floatAt(weights, i);
      const at = HELD * ((row / cell) * cellColumns + column / cell);
      for (let c = 0; c < 3; c++) addFloat(cells, at + c, weight * floatAt(left, 3 * i + c));
      addFloat(cells, at + 3, weight);
    }
}

export function spreadCells(
  cells: usize,
  cellColumns: i32,
  cellRows: i32,
  cell: i32,
  columns: i32,
  rows: i32,
  out: usize,
): void {
  for (let row = 0, q = 0; row < rows; row++) {
    const v = placeOf(row, cell, cellRows);
    const top = <i32>v;
    const down = v - <f64>top;
    const upper = HELD * cellColumns * top;
    const lower = HELD * cellColumns * min<i32>(cellRows - 1, top + 1);
    for (let column = 0; column < columns; column++) {
      const u = placeOf(column, cell, cellColumns);
      const across = u - <f64>(<i32>u);
      const near = HELD * <i32>u;
      const far = HELD * min<i32>(cellColumns - 1, <i32>u + 1);
      for (let c = 0; c < 3; c++, q++) {
        const above = mixed(cells, upper + near + c, upper + far + c, across);
        const below = mixed(cells, lower + near + c, lower + far + c, across);
        putFloat(out, q, above + down * (below - above));
      }
    }
  }
}

@inline
function placeOf(block: i32, cell: i32, cells: i32): f64 {
  return min<f64>(<f64>(cells - 1), max<f64>(0, (<f64>block + 0.5) / <f64>cell - 0.5));
}

@inline
function mixed(cells: usize, near: i32, far: i32, share: f64): f64 {
  return floatAt(cells, near) + share * (floatAt(cells, far) - floatAt(cells, near));
}
