/** Loops over the pixels of a pair: block means, warped sums, smaller planes. Shapes stand at blocks.ts and pyramid.ts. */
import { addFloat, byteAt, floatAt, putFloat } from "./memory.as";

/** Texture, as a standard deviation in 8-bit codes, at which a block counts half. */
const TEXTURE_HALF: f64 = 10;

/** Sums over one quarter of a block; module variables, since a function gives back one number. */
let n: f64 = 0;
let r: f64 = 0;
let g: f64 = 0;
let b: f64 = 0;
let rr: f64 = 0;
let gg: f64 = 0;
let bb: f64 = 0;

/** Means of BEFORE by block and by quarter, trust, and how many pixels count. `alpha` 0: all do. */
export function sumBefore(
  pixels: usize,
  levels: usize,
  alpha: usize,
  width: i32,
  size: i32,
  columns: i32,
  rows: i32,
  means: usize,
  trust: usize,
  quarters: usize,
  counted: usize,
): void {
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      sumBlock(pixels, levels, alpha, width, size, column, row, row * columns + column, means, trust, quarters, counted);
}

function sumBlock(
  pixels: usize,
  levels: usize,
  alpha: usize,
  width: i32,
  size: i32,
  column: i32,
  row: i32,
  i: i32,
  means: usize,
  trust: usize,
  quarters: usize,
  counted: usize,
): void {
  const half = size >> 1;
  let count: f64 = 0;
  let red: f64 = 0;
  let green: f64 = 0;
  let blue: f64 = 0;
  let red2: f64 = 0;
  let green2: f64 = 0;
  let blue2: f64 = 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    const left = column * size + (quarter & 1) * half;
    const right = quarter & 1 ? (column + 1) * size : left + half;
    const top = row * size + (quarter >> 1) * half;
    const bottom = quarter >> 1 ? (row + 1) * size : top + half;
    sumBox(pixels, levels, alpha, width, left, right, top, bottom);
    const share: f64 = n > 0 ? 1 / n : 0;
    const q = 12 * i + 3 * quarter;
    putFloat(quarters, q, n > 0 ? r * share : -1);
    putFloat(quarters, q + 1, g * share);
    putFloat(quarters, q + 2, b * share);
    count += n;
    red += r;
    green += g;
    blue += b;
    red2 += rr;
    green2 += gg;
    blue2 += bb;
  }
  store<u16>(counted + (<usize>i << 1), <u16>count);
  if (count === 0) return;
  const meanRed = red / count;
  const meanGreen = green / count;
  const meanBlue = blue / count;
  putFloat(means, 3 * i, meanRed);
  putFloat(means, 3 * i + 1, meanGreen);
  putFloat(means, 3 * i + 2, meanBlue);
  const texture =
    deviation(red2 / count - meanRed * meanRed) +
    deviation(green2 / count - meanGreen * meanGreen) +
    deviation(blue2 / count - meanBlue * meanBlue);
  const rough = (255 * texture) / 3 / TEXTURE_HALF;
  putFloat(trust, i, (1 / (1 + rough * rough)) * (count / <f64>(size * size)));
  // A quarter without pixels that count shows what its block shows.
  for (let q = 12 * i; q < 12 * i + 12; q += 3)
    if (floatAt(quarters, q) < 0) for (let c = 0; c < 3; c++) putFloat(quarters, q + c, floatAt(means, 3 * i + c));
}

@inline
function deviation(variance: f64): f64 {
  return Math.sqrt(variance > 0 ? variance : 0);
}

@inline
function sumBox(
  pixels: usize,
  levels: usize,
  alpha: usize,
  width: i32,
  left: i32,
  right: i32,
  top: i32,
  bottom: i32,
): void {
  n = 0;
  let red: f64 = 0;
  let green: f64 = 0;
  let blue: f64 = 0;
  let red2: f64 = 0;
  let green2: f64 = 0;
  let blue2: f64 = 0;
  for (let y = top; y < bottom; y++)
    for (let at = y * width + left; at < y * width + right; at++) {
      if (alpha !== 0 && byteAt(alpha, at) < 128) continue;
      const x = floatAt(levels, byteAt(pixels, 3 * at));
      const y = floatAt(levels, byteAt(pixels, 3 * at + 1));
      const z = floatAt(levels, byteAt(pixels, 3 * at + 2));
      n += 1;
      red += x;
      green += y;
      blue += z;
      red2 += x * x;
      green2 += y * y;
      blue2 += z * z;
    }
  r = red;
  g = green;
  b = blue;
  rr = red2;
  gg = green2;
  bb = blue2;
}

/** Sums of AFTER over the pixels of each block that count, where nothing moved. */
export function sumAfter(
  pixels: usize,
  levels: usize,
  alpha: usize,
  width: i32,
  size: i32,
  columns: i32,
  rows: i32,
  sums: usize,
): void {
  for (let y = 0; y < rows * size; y++) {
    let i = (y / size) * columns;
    for (let column = 0; column < columns; column++, i++) {
      const from = y * width + column * size;
      for (let at = from; at < from + size; at++) {
        if (alpha !== 0 && byteAt(alpha, at) < 128) continue;
        addFloat(sums, 3 * i, floatAt(levels, byteAt(pixels, 3 * at)));
        addFloat(sums, 3 * i + 1, floatAt(levels, byteAt(pixels, 3 * at + 1)));
        addFloat(sums, 3 * i + 2, floatAt(levels, byteAt(pixels, 3 * at + 2)));
      }
    }
  }
}

/** Sums of AFTER read bilinearly where the warp points; blocks that reach outside it lose their trust. */
export function sumWarped(
  pixels: usize,
  levels: usize,
  alpha: usize,
  width: i32,
  height: i32,
  size: i32,
  columns: i32,
  rows: i32,
  zoomX: f64,
  zoomY: f64,
  rotation: f64,
  shiftX: f64,
  shiftY: f64,
  sums: usize,
  trust: usize,
  counted: usize,
): void {
  const down = <f64>height / 2 - 0.5;
  const right = <f64>width / 2 - 0.5;
  for (let y = 0; y < rows * size; y++) {
    const fromX = -rotation * (<f64>y - down) + shiftX + right;
    const fromY = zoomY * (<f64>y - down) + shiftY + down;
    warpedRow(pixels, levels, alpha, width, height, size, columns, y, zoomX, rotation, fromX, fromY, sums, trust, counted);
  }
}

function warpedRow(
  pixels: usize,
  levels: usize,
  alpha: usize,
  width: i32,
  height: i32,
  size: i32,
  columns: i32,
  y: i32,
  zoomX: f64,
  rotation: f64,
  fromX: f64,
  fromY: f64,
  sums: usize,
  trust: usize,
  counted: usize,
): void {
  const right = <f64>width / 2 - 0.5;
  const line = 3 * width;
  let i = (y / size) * columns;
  for (let column = 0; column < columns; column++, i++)
    for (let x = column * size; x < (column + 1) * size; x++) {
      if (alpha !== 0 && byteAt(alpha, y * width + x) < 128) continue;
      const u = zoomX * (<f64>x - right) + fromX;
      const v = rotation * (<f64>x - right) + fromY;
      if (!(u >= 0 && v >= 0 && u < <f64>(width - 1) && v < <f64>(height - 1))) {
        store<u16>(counted + (<usize>i << 1), 0);
        putFloat(trust, i, 0);
        continue;
      }
      const left = <i32>u;
      const top = <i32>v;
      const fx = u - <f64>left;
      const fy = v - <f64>top;
      const w00 = (1 - fx) * (1 - fy);
      const w10 = fx * (1 - fy);
      const w01 = (1 - fx) * fy;
      const w11 = fx * fy;
      let p = top * line + 3 * left;
      for (let c = 0; c < 3; c++, p++)
        addFloat(
          sums,
          3 * i + c,
          w00 * floatAt(levels, byteAt(pixels, p)) +
            w10 * floatAt(levels, byteAt(pixels, p + 3)) +
            w01 * floatAt(levels, byteAt(pixels, p + line)) +
            w11 * floatAt(levels, byteAt(pixels, p + line + 3)),
        );
    }
}

/** Mean colours over scale × scale pixels. */
export function shrink(
  pixels: usize,
  levels: usize,
  width: i32,
  columns: i32,
  rows: i32,
  scale: i32,
  values: usize,
): void {
  const share = 1 / <f64>(scale * scale);
  for (let row = 0, q = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, q += 3) {
      let red: f64 = 0;
      let green: f64 = 0;
      let blue: f64 = 0;
      for (let y = row * scale; y < (row + 1) * scale; y++) {
        let at = 3 * (y * width + column * scale);
        for (let x = 0; x < scale; x++, at += 3) {
          red += floatAt(levels, byteAt(pixels, at));
          green += floatAt(levels, byteAt(pixels, at + 1));
          blue += floatAt(levels, byteAt(pixels, at + 2));
        }
      }
      putFloat(values, q, red * share);
      putFloat(values, q + 1, green * share);
      putFloat(values, q + 2, blue * share);
    }
}

/** Luma of `count` colours. */
export function luma(values: usize, count: i32, red: f64, green: f64, blue: f64, out: usize): void {
  for (let i = 0, q = 0; i < count; i++, q += 3)
    putFloat(out, i, red * floatAt(values, q) + green * floatAt(values, q + 1) + blue * floatAt(values, q + 2));
}

/** Half the scale of a single channel by the filter 1 3 3 1; `across` is scratch for columns × height. */
export function halve(values: usize, width: i32, height: i32, columns: i32, rows: i32, across: usize, out: usize): void {
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < columns; x++, i++) {
      const at = y * width + 2 * x;
      const before = x > 0 ? floatAt(values, at - 1) : floatAt(values, at);
      const after = 2 * x + 2 < width ? floatAt(values, at + 2) : floatAt(values, at + 1);
      putFloat(across, i, (before + 3 * (floatAt(values, at) + floatAt(values, at + 1)) + after) / 8);
    }
  for (let y = 0, i = 0; y < rows; y++)
    for (let x = 0; x < columns; x++, i++) {
      const at = 2 * y * columns + x;
      const before = y > 0 ? floatAt(across, at - columns) : floatAt(across, at);
      const after = 2 * y + 2 < height ? floatAt(across, at + 2 * columns) : floatAt(across, at + columns);
      putFloat(out, i, (before + 3 * (floatAt(across, at) + floatAt(across, at + columns)) + after) / 8);
    }
}
