/**
 * Grid: where colours fall in a lattice of unknowns, and what the lattice is there.
 *
 * Shape   node (r, g, b) is r + n·(g + n·b), red fastest, as in lattice.ts; a field holds 3 numbers a node and a margin of
 *         zeros before and after, so that a stencil may reach two nodes beyond any edge without asking.
 * Source  trilinear interpolation: a colour is the mean of the 8 nodes of its cell, each by the volume opposite to it.
 */

/** Trilinear places of `count` colours in a lattice of `n`³ nodes. */
export type Places = {
  readonly n: number;
  readonly count: number;
  /** The lower node of each colour's cell. */
  readonly base: Int32Array;
  /** 8 weights a colour; bit 0 of the corner is red's step, bit 1 green's, bit 2 blue's. */
  readonly weights: Float32Array;
};

/** Nodes of margin on each side of a field. */
export const marginOf = (n: number): number => 2 * n * n;

export function fieldOf(n: number): Float64Array {
  return new Float64Array(3 * (n ** 3 + 2 * marginOf(n)));
}

/** Node offsets of a cell's 8 corners. */
export function cornersOf(n: number): readonly number[] {
  return Array.from({ length: 8 }, (_, corner) => (corner & 1) + n * ((corner >> 1) & 1) + n * n * (corner >> 2));
}

export function placesOf(colours: Float32Array, n: number): Places {
  const count = colours.length / 3;
  const base = new Int32Array(count);
  const weights = new Float32Array(8 * count);
  for (let i = 0, q = 0; i < count; i++, q += 3) {
    const r = Math.min(1, Math.max(0, colours[q]!)) * (n - 1);
    const g = Math.min(1, Math.max(0, colours[q + 1]!)) * (n - 1);
    const b = Math.min(1, Math.max(0, colours[q + 2]!)) * (n - 1);
    const r0 = Math.min(n - 2, r | 0);
    const g0 = Math.min(n - 2, g | 0);
    const b0 = Math.min(n - 2, b | 0);
    const fr = r - r0;
    const fg = g - g0;
    const fb = b - b0;
    base[i] = r0 + n * (g0 + n * b0);
    const w = 8 * i;
    const near = (1 - fg) * (1 - fb);
    const up = fg * (1 - fb);
    const far = (1 - fg) * fb;
    const both = fg * fb;
    weights[w] = (1 - fr) * near;
    weights[w + 1] = fr * near;
    weights[w + 2] = (1 - fr) * up;
    weights[w + 3] = fr * up;
    weights[w + 4] = (1 - fr) * far;
    weights[w + 5] = fr * far;
    weights[w + 6] = (1 - fr) * both;
    weights[w + 7] = fr * both;
  }
  return { n, count, base, weights };
}

/** The field at every place; 3·count numbers into `out`. */
export function readField(field: Float64Array, { n, count, base, weights }: Places, out: Float32Array): void {
  const corners = cornersOf(n).map((corner) => 3 * (corner + marginOf(n)));
  for (let i = 0; i < count; i++) {
    const from = 3 * base[i]!;
    let r = 0;
    let g = 0;
    let b = 0;
    for (let corner = 0; corner < 8; corner++) {
      const w = weights[8 * i + corner]!;
      const at = from + corners[corner]!;
      r += w * field[at]!;
      g += w * field[at + 1]!;
      b += w * field[at + 2]!;
    }
    out[3 * i] = r;
    out[3 * i + 1] = g;
    out[3 * i + 2] = b;
  }
}

/**
 * The field at colours that are asked for once: places and reading in one pass, without keeping 8 weights a colour.
 * Shape: 3·count numbers in and out.
 */
export function fieldAt(field: Float64Array, n: number, colours: Float32Array): Float32Array {
  const out = new Float32Array(colours.length);
  const margin = 3 * marginOf(n);
  const up = 3 * n;
  const far = 3 * n * n;
  const last = n - 2;
  for (let q = 0; q < colours.length; q += 3) {
    const r = Math.min(1, Math.max(0, colours[q]!)) * (n - 1);
    const g = Math.min(1, Math.max(0, colours[q + 1]!)) * (n - 1);
    const b = Math.min(1, Math.max(0, colours[q + 2]!)) * (n - 1);
    const r0 = Math.min(last, r | 0);
    const g0 = Math.min(last, g | 0);
    const b0 = Math.min(last, b | 0);
    const fr = r - r0;
    const fg = g - g0;
    const fb = b - b0;
    const from = margin + 3 * (r0 + n * (g0 + n * b0));
    for (let at = from, c = q; at < from + 3; at++, c++) {
      const low = field[at]! + fr * (field[at + 3]! - field[at]!);
      const high = field[at + up]! + fr * (field[at + up + 3]! - field[at + up]!);
      const lowFar = field[at + far]! + fr * (field[at + far + 3]! - field[at + far]!);
      const highFar = field[at + far + up]! + fr * (field[at + far + up + 3]! - field[at + far + up]!);
      const near = low + fg * (high - low);
      out[c] = near + fb * (lowFar + fg * (highFar - lowFar) - near);
    }
  }
  return out;
}

/** The same field on a lattice of another size, linearly: the warm start of a finer solve. */
export function refine(field: Float64Array, from: number, to: number): Float64Array {
  const colours = new Float32Array(3 * to ** 3);
  for (let node = 0; node < to ** 3; node++) {
    colours[3 * node] = (node % to) / (to - 1);
    colours[3 * node + 1] = (Math.floor(node / to) % to) / (to - 1);
    colours[3 * node + 2] = Math.floor(node / (to * to)) / (to - 1);
  }
  const out = fieldOf(to);
  out.set(fieldAt(field, from, colours), 3 * marginOf(to));
  return out;
}
