/**
 * Fields: pictures in floating point, and the smooth random fields that disturb them.
 *
 * Shape   Float32Array, channels interleaved, row by row; `channels` numbers a pixel.
 */

export type Field = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Float32Array;
};

export function fieldLike({ width, height }: Pick<Field, "width" | "height">, channels: number): Field {
  return { width, height, channels, values: new Float32Array(channels * width * height) };
}

/** Normal numbers (Box & Muller), deviation 1. */
export function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Random numbers every `cell` pixels, cubic between them (Catmull–Rom), scaled to a deviation of 1 over the picture. */
export function smoothField(
  size: Pick<Field, "width" | "height">,
  cell: number,
  channels: number,
  random: () => number,
): Field {
  const { width, height } = size;
  const columns = Math.ceil(width / cell) + 4;
  const rows = Math.ceil(height / cell) + 4;
  const normal = normals(random);
  const grid = Float32Array.from({ length: columns * rows * channels }, normal);
  const out = fieldLike(size, channels);
  const across = tapsOf(width, cell);
  const down = tapsOf(height, cell);
  const line = new Float32Array(columns * channels);
  for (let y = 0, at = 0; y < height; y++) {
    const row = down.first[y]! * columns * channels;
    for (let k = 0; k < line.length; k++) {
      let sum = 0;
      for (let tap = 0; tap < 4; tap++) sum += down.weights[4 * y + tap]! * grid[row + tap * columns * channels + k]!;
      line[k] = sum;
    }
    for (let x = 0; x < width; x++) {
      const from = across.first[x]! * channels;
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        for (let tap = 0; tap < 4; tap++) sum += across.weights[4 * x + tap]! * line[from + tap * channels + c]!;
        out.values[at] = sum;
      }
    }
  }
  return normalised(out);
}

/** For each place of a side: the first of its four grid points, and their weights. */
function tapsOf(length: number, cell: number): { readonly first: Int32Array; readonly weights: Float32Array } {
  const first = new Int32Array(length);
  const weights = new Float32Array(4 * length);
  for (let i = 0; i < length; i++) {
    const at = (i + 0.5) / cell;
    first[i] = Math.floor(at);
    weights.set(cubic(at - Math.floor(at)), 4 * i);
  }
  return { first, weights };
}

/** Catmull–Rom weights of the points at −1, 0, 1, 2 for a place `t` of the way from 0 to 1. */
export function cubic(t: number): readonly [number, number, number, number] {
  return [
    t * (-0.5 + t * (1 - 0.5 * t)),
    1 + t * t * (-2.5 + 1.5 * t),
    t * (0.5 + t * (2 - 1.5 * t)),
    t * t * (-0.5 + 0.5 * t),
  ];
}

function normalised(field: Field): Field {
  let sum = 0;
  let squares = 0;
  const count = field.values.length;
  for (let i = 0; i < count; i++) {
    const value = field.values[i]!;
    sum += value;
    squares += value * value;
  }
  const scale = 1 / Math.max(1e-6, Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)));
  for (let i = 0; i < count; i++) field.values[i]! *= scale;
  return field;
}

/** A Gaussian blur of `sigma` pixels; the border repeats. */
export function blurred(field: Field, sigma: number): Field {
  const radius = Math.ceil(3 * sigma);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  for (let k = 0; k < kernel.length; k++) kernel[k]! /= total;
  const { width, height, channels } = field;
  const half = fieldLike(field, channels);
  for (let y = 0; y < height; y++)
    for (let c = 0; c < channels; c++)
      blurLine(field.values, half.values, y * width * channels + c, channels, width, kernel);
  const out = fieldLike(field, channels);
  for (let k = 0; k < width * channels; k++) blurLine(half.values, out.values, k, width * channels, height, kernel);
  return out;
}

function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  stride: number,
  length: number,
  kernel: Float32Array,
): void {
  const radius = kernel.length >> 1;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    if (i >= radius && i + radius < length)
      for (let k = 0, at = start + stride * (i - radius); k < kernel.length; k++, at += stride)
        sum += kernel[k]! * from[at]!;
    else
      for (let k = 0; k < kernel.length; k++)
        sum += kernel[k]! * from[start + stride * Math.min(length - 1, Math.max(0, i + k - radius))]!;
    to[start + stride * i] = sum;
  }
}
