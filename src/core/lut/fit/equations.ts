/**
 * Equations: what all blocks say of the lattice, and the lattice that suits them best.
 *
 * Minimises Σ wᵢ·|Aᵢ·X − targetᵢ|² + stiffness·(bending of X) + anchor·|X|² by conjugate gradients with a Jacobi
 * preconditioner, for the three channels at once; they share the matrix but not the steps, so each keeps its own α and β.
 *
 * Source  Hestenes & Stiefel (1952).
 */
import { cornersOf, fieldOf, marginOf, type Places } from "./grid.ts";
import { loops } from "./loops/loops.ts";
import { betweenCorners, neighboursOf } from "./stencil.ts";

/** Stop when the residual is this share of the right side. */
const TOLERANCE = 1e-4;

export type Equations = {
  readonly places: Places;
  /** One number a place. */
  readonly weights: Float32Array;
  /** Three numbers a place. */
  readonly target: Float32Array;
  /** As bendingOf makes it. */
  readonly bending: Float64Array;
  readonly stiffness: number;
  readonly anchor: number;
};

/** Improves `field` in place; gives the number of steps taken. */
export function solveEquations(equations: Equations, field: Float64Array, stepsMax: number): number {
  const { places, weights, target, bending, stiffness, anchor } = equations;
  const { n, count, base, weights: shares } = places;
  const [corners, between, neighbours, right] = [cornersOf(n), betweenCorners(), neighboursOf(n), fieldOf(n)];
  const [nodes, margin] = [n ** 3, marginOf(n)];
  const reads = [base, shares, weights, target, corners, between, neighbours, bending, right];
  return loops({ reads, writes: [field] }, ({ gather, complete, conjugateGradients }, { at, room }) => {
    const stencil = room(bending.byteLength);
    const seen = [at(base), at(shares), at(weights), at(target)] as const;
    gather(count, ...seen, at(corners), at(between), margin, stencil, at(right));
    complete(stencil, nodes, at(bending), stiffness, anchor);
    const bytes = field.byteLength;
    const scratch = [room(bytes), room(bytes), room(bytes), room(bytes)] as const;
    const system = [stencil, nodes, at(neighbours), margin, at(right)] as const;
    return conjugateGradients(...system, at(field), ...scratch, stepsMax, TOLERANCE);
  });
}

/** What one number a block, shared among its corners, adds up to at each node. */
export function gatherAtNodes({ n, count, base, weights }: Places, values: Float32Array): Float64Array {
  const sums = new Float64Array(n ** 3);
  const corners = cornersOf(n);
  loops({ reads: [base, weights, values, corners], writes: [sums] }, ({ sumAtNodes }, { at }) =>
    sumAtNodes(count, at(base), at(weights), at(values), at(corners), at(sums)),
  );
  return sums;
}
