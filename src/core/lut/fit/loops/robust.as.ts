/** Loops over the blocks of a fit: the affine prior's sums, residuals and their weights. Sources stand at prior.ts and robust.ts. */
import { doubleAt, floatAt, intAt, putDouble, putFloat } from "./memory.as";

const BINS: i32 = 4096;
const RADIUS: i32 = 4;

/** Weighted sums over blocks, 25 numbers: weight; BEFORE (3); AFTER (3); BEFORE·BEFOREᵀ (9); BEFORE·AFTERᵀ (9). */
export function moments(count: i32, before: usize, after: usize, weights: usize, sums: usize): void {
  let total: f64 = 0;
  let x0: f64 = 0, x1: f64 = 0, x2: f64 = 0, y0: f64 = 0, y1: f64 = 0, y2: f64 = 0;
  let xx00: f64 = 0, xx01: f64 = 0, xx02: f64 = 0, xx11: f64 = 0, xx12: f64 = 0, xx22: f64 = 0;
  let xy00: f64 = 0, xy01: f64 = 0, xy02: f64 = 0, xy10: f64 = 0, xy11: f64 = 0, xy12: f64 = 0;
  let xy20: f64 = 0, xy21: f64 = 0, xy22: f64 = 0;
  for (let i = 0, q = 0; i < count; i++, q += 3) {
    const w = floatAt(weights, i);
    const fromR = floatAt(before, q);
    const fromG = floatAt(before, q + 1);
    const fromB = floatAt(before, q + 2);
    const r = w * fromR;
    const g = w * fromG;
    const b = w * fromB;
    const toR = floatAt(after, q);
    const toG = floatAt(after, q + 1);
    const toB = floatAt(after, q + 2);
    total += w;
    x0 += r;
    x1 += g;
    x2 += b;
    y0 += w * toR;
    y1 += w * toG;
    y2 += w * toB;
    xx00 += r * fromR;
    xx01 += r * fromG;
    xx02 += r * fromB;
    xx11 += g * fromG;
    xx12 += g * fromB;
    xx22 += b * fromB;
    xy00 += r * toR;
    xy01 += r * toG;
    xy02 += r * toB;
    xy10 += g * toR;
    xy11 += g * toG;
    xy12 += g * toB;
    xy20 += b * toR;
    xy21 += b * toG;
    xy22 += b * toB;
  }
  putDouble(sums, 0, total);
  put3(sums, 1, x0, x1, x2);
  put3(sums, 4, y0, y1, y2);
  put3(sums, 7, xx00, xx01, xx02);
  put3(sums, 10, xx01, xx11, xx12);
  put3(sums, 13, xx02, xx12, xx22);
  put3(sums, 16, xy00, xy01, xy02);
  put3(sums, 19, xy10, xy11, xy12);
  put3(sums, 22, xy20, xy21, xy22);
}

@inline
function put3(array: usize, at: i32, one: f64, two: f64, three: f64): void {
  putDouble(array, at, one);
  putDouble(array, at + 1, two);
  putDouble(array, at + 2, three);
}

/** y = M·x + t for `count` colours. */
export function affine(count: i32, matrix: usize, offset: usize, colours: usize, out: usize): void {
  for (let q = 0; q < 3 * count; q += 3) {
    const x = floatAt(colours, q);
    const y = floatAt(colours, q + 1);
    const z = floatAt(colours, q + 2);
    for (let c = 0; c < 3; c++) putFloat(out, q + c, shown(matrix, offset, c, x, y, z));
  }
}

@inline
export function shown(matrix: usize, offset: usize, c: i32, x: f64, y: f64, z: f64): f64 {
  const m = 3 * c;
  return doubleAt(matrix, m) * x + doubleAt(matrix, m + 1) * y + doubleAt(matrix, m + 2) * z + doubleAt(offset, c);
}

/** |M·x + t − y| of the blocks that count, 0 of the others. */
export function affineResiduals(
  count: i32,
  matrix: usize,
  offset: usize,
  before: usize,
  after: usize,
  trust: usize,
  residual: usize,
): void {
  for (let i = 0, q = 0; i < count; i++, q += 3) {
    const x = floatAt(before, q);
    const y = floatAt(before, q + 1);
    const z = floatAt(before, q + 2);
    const r = shown(matrix, offset, 0, x, y, z) - floatAt(after, q);
    const g = shown(matrix, offset, 1, x, y, z) - floatAt(after, q + 1);
    const b = shown(matrix, offset, 2, x, y, z) - floatAt(after, q + 2);
    putFloat(residual, i, floatAt(trust, i) > 0 ? Math.sqrt(r * r + g * g + b * b) : 0);
  }
}

/** The median of values that are 0 or more, to a 4096th of the greatest; 0 for none. */
export function median(values: usize, trust: usize, count: i32): f64 {
  const bins = memory.data(BINS * 4, 4);
  let greatest: f64 = 0;
  for (let i = 0; i < count; i++)
    if (floatAt(trust, i) > 0 && floatAt(values, i) > greatest) greatest = floatAt(values, i);
  if (greatest === 0 || !isFinite(greatest)) return 0;
  memory.fill(bins, 0, BINS * 4);
  const scale = <f64>(BINS - 1) / greatest;
  let counted = 0;
  for (let i = 0; i < count; i++)
    if (floatAt(trust, i) > 0) {
      const at = bins + (<usize>(<i32>(floatAt(values, i) * scale)) << 2);
      store<u32>(at, load<u32>(at) + 1);
      counted++;
    }
  let below = 0;
  let bin = 0;
  while (<f64>below < <f64>counted / 2) below += load<u32>(bins + (<usize>(bin++) << 2));
  return (<f64>bin - 0.5) / scale;
}

/** Length of every residual, and that of its mean over 9 × 9 blocks; `across` and `sums` are scratch, 3 numbers a block. */
export function lengths(
  signed: usize,
  columns: i32,
  rows: i32,
  length: usize,
  around: usize,
  across: usize,
  sums: usize,
): void {
  const count = columns * rows;
  for (let i = 0; i < count; i++) putFloat(length, i, lengthAt(signed, 3 * i));
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < 3; c++) runningSum(signed, across, 3 * row * columns + c, 3, columns);
  for (let at = 0; at < 3 * columns; at++) runningSum(across, sums, at, 3 * columns, rows);
  const scale = 1 / <f64>((2 * RADIUS + 1) * (2 * RADIUS + 1));
  for (let i = 0; i < count; i++) putFloat(around, i, scale * lengthAt(sums, 3 * i));
}

@inline
function lengthAt(array: usize, q: i32): f64 {
  const r = floatAt(array, q);
  const g = floatAt(array, q + 1);
  const b = floatAt(array, q + 2);
  return Math.sqrt(r * r + g * g + b * b);
}

function runningSum(from: usize, to: usize, start: i32, step: i32, length: i32): void {
  const last = length - 1;
  let sum: f64 = 0;
  for (let k = -RADIUS; k <= RADIUS; k++) sum += floatAt(from, start + step * min<i32>(last, max<i32>(0, k)));
  for (let k = 0; k < length; k++) {
    putFloat(to, start + step * k, sum);
    sum +=
      floatAt(from, start + step * min<i32>(last, k + RADIUS + 1)) - floatAt(from, start + step * max<i32>(0, k - RADIUS));
  }
}

/** Tukey's biweight of the greater of the two, each by its reach. */
export function biweight(
  count: i32,
  length: usize,
  around: usize,
  reach: f64,
  reachAround: f64,
  least: f64,
  weights: usize,
): void {
  for (let i = 0; i < count; i++) {
    const u = max<f64>(floatAt(length, i) / reach, floatAt(around, i) / reachAround);
    const kept = 1 - u * u;
    putFloat(weights, i, u < 1 ? max<f64>(least, kept * kept) : least);
  }
}

/** What the field (in `signed`) leaves of the target, and the aim; a channel that AFTER clips leaves nothing beyond. */
export function leave(
  count: i32,
  predicted: usize,
  target: usize,
  after: usize,
  trust: usize,
  clipped: f64,
  aim: usize,
  signed: usize,
): void {
  for (let i = 0, q = 0; i < count; i++) {
    const counts = floatAt(trust, i) > 0;
    for (const end = q + 3; q < end; q++) {
      const value = floatAt(signed, q);
      const look = floatAt(predicted, q) + value;
      const shown = floatAt(after, q);
      const beyond = (shown <= clipped && look < shown) || (shown >= 1 - clipped && look > shown);
      putFloat(aim, q, beyond ? value : floatAt(target, q));
      putFloat(signed, q, counts ? value - floatAt(aim, q) : 0);
    }
  }
}

/** Trust divided among the blocks of one of side³ colours; `cells` is zero, one number a colour. */
export function density(
  count: i32,
  before: usize,
  trust: usize,
  cells: usize,
  side: i32,
  crowd: f64,
  out: usize,
): void {
  for (let i = 0; i < count; i++)
    if (floatAt(trust, i) > 0) {
      const at = cells + (<usize>cellOf(before, 3 * i, side) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  for (let i = 0; i < count; i++)
    putFloat(out, i, floatAt(trust, i) / (1 + <f64>intAt(cells, cellOf(before, 3 * i, side)) / crowd));
}

@inline
function cellOf(before: usize, q: i32, side: i32): i32 {
  const r = stepOf(floatAt(before, q), side);
  const g = stepOf(floatAt(before, q + 1), side);
  return r + side * (g + side * stepOf(floatAt(before, q + 2), side));
}

@inline
function stepOf(value: f64, side: i32): i32 {
  return min<i32>(side - 1, max<i32>(0, <i32>Math.floor(value * <f64>side)));
}

/** How many blocks count, lie nearest to a node of more than `least`, and agree (a weight over a half): 3 numbers. */
export function shares(
  count: i32,
  before: usize,
  trust: usize,
  weights: usize,
  sums: usize,
  n: i32,
  least: f64,
  out: usize,
): void {
  let counted: f64 = 0;
  let covered: f64 = 0;
  let agreed: f64 = 0;
  for (let i = 0; i < count; i++) {
    if (floatAt(trust, i) === 0) continue;
    counted += 1;
    const r = nearest(floatAt(before, 3 * i), n);
    const g = nearest(floatAt(before, 3 * i + 1), n);
    if (doubleAt(sums, r + n * (g + n * nearest(floatAt(before, 3 * i + 2), n))) > least) covered += 1;
    if (floatAt(weights, i) > 0.5) agreed += 1;
  }
  put3(out, 0, counted, covered, agreed);
}

@inline
function nearest(value: f64, n: i32): i32 {
  return min<i32>(n - 1, max<i32>(0, <i32>Math.floor(value * <f64>(n - 1) + 0.5)));
}

/** The weighted mean of the squares; 0 where nothing weighs. */
export function meanSquare(count: i32, weights: usize, values: usize): f64 {
  let squares: f64 = 0;
  let total: f64 = 0;
  for (let i = 0; i < count; i++) {
    const value = floatAt(values, i);
    total += floatAt(weights, i);
    squares += floatAt(weights, i) * value * value;
  }
  return total > 0 ? squares / total : 0;
}
