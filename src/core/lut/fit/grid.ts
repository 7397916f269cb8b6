/**
 * Grid: where colours fall in a lattice of unknowns, and what the lattice is there.
 *
 * Shape   node (r, g, b) is r + n·(g + n·b), red fastest, as in lattice.ts; a field holds 3 numbers a node and a margin of
 *         zeros before and after, so that a stencil may reach two nodes beyond any edge without asking.
 * Source  trilinear interpolation: a colour is the mean of the 8 nodes of its cell, each by the volume opposite to it.
 */
import { loops } from "./loops/loops.ts";

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
export function cornersOf(n: number): Int32Array {
  return Int32Array.from({ length: 8 }, (_, corner) => (corner & 1) + n * ((corner >> 1) & 1) + n * n * (corner >> 2));
}

export function placesOf(colours: Float32Array, n: number): Places {
  const count = colours.length / 3;
  const base = new Int32Array(count);
  const weights = new Float32Array(8 * count);
  loops({ reads: [colours], gives: [base, weights] }, ({ places }, { at }) =>
    places(at(colours), count, n, at(base), at(weights)),
  );
  return { n, count, base, weights };
}

/** The field at every place; 3·count numbers into `out`. */
export function readField(field: Float64Array, { n, count, base, weights }: Places, out: Float32Array): void {
  const corners = cornersOf(n);
  loops({ reads: [field, corners, base, weights], gives: [out] }, ({ readField }, { at }) =>
    readField(at(field), at(corners), marginOf(n), at(base), at(weights), count, at(out)),
  );
}

/**
 * The field at colours that are asked for once: places and reading in one pass, without keeping 8 weights a colour.
 * Shape: 3·count numbers in and out.
 */
export function fieldAt(field: Float64Array, n: number, colours: Float32Array): Float32Array {
  const out = new Float32Array(colours.length);
  loops({ reads: [field, colours], gives: [out] }, ({ fieldAt }, { at }) =>
    fieldAt(at(field), marginOf(n), n, at(colours), colours.length / 3, at(out)),
  );
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
