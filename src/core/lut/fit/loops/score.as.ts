/** Loops of the score, as score.ts says: means of blocks over cells, and a blur of cells. */
import { addFloat, doubleAt, floatAt, putDouble, putFloat } from "./memory.as";

/** Means over cells: the look's colour (−1 where nothing counts), the residual, and 1 where something counts. All start at 0. */
export function cellMeans(
  looked: usize,
  after: usize,
  trust: usize,
  across: i32,
  down: i32,
  cell: i32,
  columns: i32,
  rows: i32,
  colour: usize,
  left: usize,
  counted: usize,
): void {
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++) {
      let n: f64 = 0;
      for (let y = row * cell; y < min<i32>(down, (row + 1) * cell); y++)
        for (let x = column * cell; x < min<i32>(across, (column + 1) * cell); x++) {
          const block = y * across + x;
          if (floatAt(trust, block) === 0) continue;
          n += 1;
          for (let c = 0; c < 3; c++) {
            const seen = floatAt(looked, 3 * block + c);
            addFloat(colour, 3 * i + c, seen);
            addFloat(left, 3 * i + c, floatAt(after, 3 * block + c) - seen);
          }
        }
      putFloat(counted, i, n > 0 ? 1 : 0);
      for (let c = 3 * i; c < 3 * i + 3; c++) {
        putFloat(colour, c, n > 0 ? floatAt(colour, c) / n : -1);
        putFloat(left, c, n > 0 ? floatAt(left, c) / n : 0);
      }
    }
}

/** The kernel of 2·radius + 1 weights, whose sum is `total`, along one line, in place; the border repeats by reflection. */
export function blurLine(
  field: usize,
  start: i32,
  step: i32,
  length: i32,
  kernel: usize,
  radius: i32,
  total: f64,
  line: usize,
): void {
  for (let k = 0; k < length; k++) putDouble(line, k, floatAt(field, start + k * step));
  for (let k = 0; k < length; k++) {
    let sum: f64 = 0;
    for (let j = 0; j <= 2 * radius; j++) sum += doubleAt(kernel, j) * doubleAt(line, reflect(k + j - radius, length));
    putFloat(field, start + k * step, sum / total);
  }
}

function reflect(at: i32, length: i32): i32 {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = ((at % period) + period) % period;
  return inside < length ? inside : period - inside;
}
