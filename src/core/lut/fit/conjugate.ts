/**
 * Conjugate gradients with a Jacobi preconditioner, for the three channels of a lattice at once.
 *
 * Source  Hestenes & Stiefel (1952). The channels share the matrix but not the steps, so each keeps its own α and β.
 */
import { fieldOf, marginOf } from "./grid.ts";
import { multiply, REACH } from "./stencil.ts";

const CENTRE = 13;
/** Stop when the residual is this share of the right side. */
const TOLERANCE = 1e-4;

/** Improves `field` in place towards stencil · field = right; gives the number of steps taken. */
export function conjugateGradients(
  stencil: Float64Array,
  n: number,
  right: Float64Array,
  field: Float64Array,
  stepsMax: number,
): number {
  const start = 3 * marginOf(n);
  const end = start + 3 * n ** 3;
  const residual = fieldOf(n);
  const direction = fieldOf(n);
  const image = fieldOf(n);
  const inverse = fieldOf(n);
  multiply(stencil, n, field, image);
  const goal = [0, 0, 0];
  const power = [0, 0, 0];
  for (let q = start, c = 0, row = CENTRE; q < end; q++) {
    inverse[q] = 1 / stencil[row]!;
    residual[q] = right[q]! - image[q]!;
    direction[q] = inverse[q]! * residual[q]!;
    power[c]! += residual[q]! * direction[q]!;
    goal[c]! += right[q]! ** 2;
    if (++c === 3) {
      c = 0;
      row += REACH;
    }
  }
  for (let step = 1; step <= stepsMax; step++) {
    multiply(stencil, n, direction, image);
    const alpha = dots(direction, image, start, end).map((dot, c) => power[c]! / Math.max(dot, 1e-30)) as Three;
    const [left, next] = advance(field, residual, direction, image, inverse, alpha, start, end);
    if (left.every((square, c) => square <= TOLERANCE ** 2 * (goal[c]! + 1e-30))) return step;
    turn(direction, residual, inverse, next.map((value, c) => value / Math.max(power[c]!, 1e-30)) as Three, start, end);
    for (let c = 0; c < 3; c++) power[c] = next[c]!;
  }
  return stepsMax;
}

/** One number a channel. */
type Three = [number, number, number];

function dots(one: Float64Array, other: Float64Array, start: number, end: number): Three {
  let r = 0;
  let g = 0;
  let b = 0;
  for (let q = start; q < end; q += 3) {
    r += one[q]! * other[q]!;
    g += one[q + 1]! * other[q + 1]!;
    b += one[q + 2]! * other[q + 2]!;
  }
  return [r, g, b];
}

/** field += α·direction, residual −= α·image; gives |residual|² and its preconditioned form. */
function advance(
  field: Float64Array,
  residual: Float64Array,
  direction: Float64Array,
  image: Float64Array,
  inverse: Float64Array,
  alpha: Three,
  start: number,
  end: number,
): [left: Three, next: Three] {
  const left: Three = [0, 0, 0];
  const next: Three = [0, 0, 0];
  for (let c = 0; c < 3; c++) {
    const step = alpha[c]!;
    let squares = 0;
    let scaled = 0;
    for (let q = start + c; q < end; q += 3) {
      field[q]! += step * direction[q]!;
      const rest = residual[q]! - step * image[q]!;
      residual[q] = rest;
      squares += rest * rest;
      scaled += rest * rest * inverse[q]!;
    }
    left[c] = squares;
    next[c] = scaled;
  }
  return [left, next];
}

/** direction = inverse·residual + β·direction. */
function turn(
  direction: Float64Array,
  residual: Float64Array,
  inverse: Float64Array,
  beta: Three,
  start: number,
  end: number,
): void {
  for (let q = start; q < end; q += 3)
    for (let c = 0; c < 3; c++) direction[q + c] = inverse[q + c]! * residual[q + c]! + beta[c]! * direction[q + c]!;
}
