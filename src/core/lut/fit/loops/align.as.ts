/** Loops of the registration, as align.ts says. */
import { doubleAt, floatAt, intAt, putDouble, putFloat } from "./memory.as";

const UNKNOWNS: i32 = 5;
const BINS: i32 = 4096;

/** Points with a slope, one of each side × side; gives their number. */
export function points(
  values: usize,
  width: i32,
  height: i32,
  side: i32,
  scale: f64,
  halfWidth: f64,
  halfHeight: f64,
  xs: usize,
  ys: usize,
  slopesX: usize,
  slopesY: usize,
  lumas: usize,
): i32 {
  const perPixel = 1 / (2 * scale);
  let count = 0;
  for (let top = 1; top + side < height; top += side)
    for (let left = 1; left + side < width; left += side) {
      let steepest: f64 = 0;
      for (let row = top; row < top + side; row++)
        for (let column = left; column < left + side; column++) {
          const i = row * width + column;
          const slopeX = perPixel * (floatAt(values, i + 1) - floatAt(values, i - 1));
          const slopeY = perPixel * (floatAt(values, i + width) - floatAt(values, i - width));
          const steepness = slopeX * slopeX + slopeY * slopeY;
          if (steepness <= steepest) continue;
          steepest = steepness;
          putFloat(xs, count, (<f64>column + 0.5) * scale - halfWidth);
          putFloat(ys, count, (<f64>row + 0.5) * scale - halfHeight);
          putFloat(slopesX, count, slopeX);
          putFloat(slopesY, count, slopeY);
          putFloat(lumas, count, floatAt(values, i));
        }
      if (steepest > 0) count++;
    }
  return count;
}

/** still − moved at the warped places into `difference`, NaN outside; gives the median. */
export function compare(
  count: i32,
  xs: usize,
  ys: usize,
  slopesX: usize,
  slopesY: usize,
  lumas: usize,
  values: usize,
  width: i32,
  height: i32,
  scale: f64,
  zoomX: f64,
  zoomY: f64,
  rotation: f64,
  right: f64,
  down: f64,
  difference: usize,
): f64 {
  const bins = memory.data((BINS + 1) * 4, 4);
  memory.fill(bins, 0, (BINS + 1) * 4);
  let counted: f64 = 0;
  for (let i = 0; i < count; i++) {
    const x = floatAt(xs, i);
    const y = floatAt(ys, i);
    const u = (zoomX * x - rotation * y) / scale + right;
    const v = (rotation * x + zoomY * y) / scale + down;
    if (!(u >= 0 && v >= 0 && u < <f64>(width - 1) && v < <f64>(height - 1))) {
      putFloat(difference, i, NaN);
      continue;
    }
    const left = <i32>u;
    const top = <i32>v;
    const fx = u - <f64>left;
    const at = top * width + left;
    const upper = floatAt(values, at) + fx * (floatAt(values, at + 1) - floatAt(values, at));
    const below = floatAt(values, at + width);
    const lower = below + fx * (floatAt(values, at + width + 1) - below);
    const d = floatAt(lumas, i) - upper - (v - <f64>top) * (lower - upper);
    putFloat(difference, i, d);
    const bin = bins + ((<usize>(<i32>((d + 1) * <f64>(BINS / 2) + 0.5))) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
    counted += 1;
  }
  let below: f64 = 0;
  let bin = 0;
  while (bin < BINS && below + <f64>intAt(bins, bin) < counted / 2) below += <f64>intAt(bins, bin++);
  const held = <f64>intAt(bins, bin);
  const inside = held > 0 ? (counted / 2 - below) / held - 0.5 : 0;
  return (<f64>bin + inside) / <f64>(BINS / 2) - 1;
}

/** Sums of one Gauss–Newton step over the points whose difference less `median` is a number: 5 × 5, then 5. */
export function motion(
  count: i32,
  xs: usize,
  ys: usize,
  slopesX: usize,
  slopesY: usize,
  lumas: usize,
  difference: usize,
  median: f64,
  tolerance: f64,
  matrix: usize,
): void {
  const right = matrix + 8 * UNKNOWNS * UNKNOWNS;
  const slope = memory.data(40, 8);
  for (let i = 0; i < count; i++) {
    const d = <f64>(<f32>(floatAt(difference, i) - median));
    if (isNaN(d)) continue;
    const gx = floatAt(slopesX, i);
    const gy = floatAt(slopesY, i);
    const x = floatAt(xs, i);
    const y = floatAt(ys, i);
    putDouble(slope, 0, gx * x);
    putDouble(slope, 1, gy * y);
    putDouble(slope, 2, gy * x - gx * y);
    putDouble(slope, 3, gx);
    putDouble(slope, 4, gy);
    const away = d / tolerance;
    const near = 1 / (1 + away * away);
    for (let a = 0; a < UNKNOWNS; a++) {
      const w = near * near * doubleAt(slope, a);
      putDouble(right, a, doubleAt(right, a) + w * d);
      for (let b = a; b < UNKNOWNS; b++) {
        const at = UNKNOWNS * a + b;
        putDouble(matrix, at, doubleAt(matrix, at) + w * doubleAt(slope, b));
      }
    }
  }
}
