/**
 * A lattice's nodes as the loops read them: in the order of a .cube, four numbers each, the fourth 0, clipped to what a
 * pixel can hold. The last code falls on the last node with a share of 0; the nodes "after" it are read, with weight 0,
 * from a margin of n² + n + 1 nodes.
 */
import type { Lattice } from "../lattice.ts";

const lengthOf = (n: number): number => 4 * (n ** 3 + n * n + n + 1);
const clip = (value: number): number => (value > 0 ? Math.min(1, value) : 0);

/** In 128ths of an 8-bit code. */
export function nodesOf8({ n, values }: Lattice): Int16Array {
  const nodes = new Int16Array(lengthOf(n));
  for (let q = 0, at = 0; q < values.length; q += 3, at += 4)
    for (let c = 0; c < 3; c++) nodes[at + c] = Math.round(255 * 128 * clip(values[q + c]!));
  return nodes;
}

/** 0 … 1. */
export function nodesOf16({ n, values }: Lattice): Float32Array {
  const nodes = new Float32Array(lengthOf(n));
  for (let q = 0, at = 0; q < values.length; q += 3, at += 4)
    for (let c = 0; c < 3; c++) nodes[at + c] = clip(values[q + c]!);
  return nodes;
}
