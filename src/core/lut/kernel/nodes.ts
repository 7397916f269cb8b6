/**
 * A lattice's nodes as the loops read them: in the order of a .cube, four numbers each, the fourth 0, clipped to what a
 * pixel can hold. The last code falls on the last node with a share of 0; the nodes "after" it are read, with weight 0,
 * from a margin of n² + n + 1 nodes.
 */
import type { Lattice } from "../lattice.ts";

const lengthOf = (n: number): number => 4 * (n ** 3 + n * n + n + 1);

/** In 128ths of an 8-bit code. */
export function nodesOf8({ n, values }: Lattice): Int16Array {
  const nodes = new Int16Array(lengthOf(n));
  for (let q = 0, at = 0; q < values.length; q++, at += q % 3 === 0 ? 2 : 1) {
    const value = values[q]!;
    nodes[at] = value > 0 ? (value < 1 ? 255 * 128 * value + 0.5 : 255 * 128) : 0;
  }
  return nodes;
}

/** 0 … 1. */
export function nodesOf16({ n, values }: Lattice): Float32Array {
  const nodes = new Float32Array(lengthOf(n));
  for (let q = 0, at = 0; q < values.length; q++, at += q % 3 === 0 ? 2 : 1) {
    const value = values[q]!;
    nodes[at] = value > 0 ? (value < 1 ? value : 1) : 0;
  }
  return nodes;
}
