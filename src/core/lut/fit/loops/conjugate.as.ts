/** Conjugate gradients, as conjugate.ts says. */

import { multiply } from "./lattice.as";
import { doubleAt, putDouble } from "./memory.as";

const CENTRE: i32 = 13;
const REACH: i32 = 33;

// Three channels: their steps differ. Numbers of one solve, kept here because a loop of this file runs alone.
const goal = memory.data(24, 8);
const power = memory.data(24, 8);
const dots = memory.data(24, 8);
const left = memory.data(24, 8);
const next = memory.data(24, 8);

/**
 * Improves `field` towards stencil · field = right; gives the number of steps taken. The four arrays `residual`,
 * `direction`, `image` and `inverse` are as long as the field and zero.
 */
export function conjugateGradients(
  stencil: usize,
  nodes: i32,
  neighbours: usize,
  margin: i32,
  right: usize,
  field: usize,
  residual: usize,
  direction: usize,
  image: usize,
  inverse: usize,
  stepsMax: i32,
  tolerance: f64,
): i32 {
  const start = 3 * margin;
  const end = start + 3 * nodes;
  multiply(stencil, nodes, neighbours, margin, field, image);
  for (let c = 0; c < 3; c++) {
    let squares: f64 = 0;
    let scaled: f64 = 0;
    for (let q = start + c, row = CENTRE; q < end; q += 3, row += REACH) {
      const share = 1 / doubleAt(stencil, row);
      const rest = doubleAt(right, q) - doubleAt(image, q);
      putDouble(inverse, q, share);
      putDouble(residual, q, rest);
      putDouble(direction, q, share * rest);
      scaled += rest * (share * rest);
      squares += doubleAt(right, q) * doubleAt(right, q);
    }
    putDouble(goal, c, squares);
    putDouble(power, c, scaled);
  }
  for (let step = 1; step <= stepsMax; step++) {
    multiply(stencil, nodes, neighbours, margin, direction, image);
    dot(direction, image, start, end);
    let isDone = true;
    for (let c = 0; c < 3; c++) {
      advance(field, residual, direction, image, inverse, c, start, end);
      if (!(doubleAt(left, c) <= tolerance * tolerance * (doubleAt(goal, c) + 1e-30))) isDone = false;
    }
    if (isDone) return step;
    for (let c = 0; c < 3; c++) {
      const beta = doubleAt(next, c) / max<f64>(doubleAt(power, c), 1e-30);
      turn(direction, residual, inverse, beta, start + c, end);
      putDouble(power, c, doubleAt(next, c));
    }
  }
  return stepsMax;
}

function dot(one: usize, other: usize, start: i32, end: i32): void {
  for (let c = 0; c < 3; c++) {
    let sum: f64 = 0;
    for (let q = start + c; q < end; q += 3) sum += doubleAt(one, q) * doubleAt(other, q);
    putDouble(dots, c, sum);
  }
}

/** field += α·direction, residual −= α·image; leaves |residual|² in `left` and its preconditioned form in `next`. */
function advance(
  field: usize,
  residual: usize,
  direction: usize,
  image: usize,
  inverse: usize,
  c: i32,
  start: i32,
  end: i32,
): void {
  const alpha = doubleAt(power, c) / max<f64>(doubleAt(dots, c), 1e-30);
  let squares: f64 = 0;
  let scaled: f64 = 0;
  for (let q = start + c; q < end; q += 3) {
    putDouble(field, q, doubleAt(field, q) + alpha * doubleAt(direction, q));
    const rest = doubleAt(residual, q) - alpha * doubleAt(image, q);
    putDouble(residual, q, rest);
    squares += rest * rest;
    scaled += rest * rest * doubleAt(inverse, q);
  }
  putDouble(left, c, squares);
  putDouble(next, c, scaled);
}

/** direction = inverse·residual + β·direction. */
function turn(direction: usize, residual: usize, inverse: usize, beta: f64, start: i32, end: i32): void {
  for (let q = start; q < end; q += 3)
    putDouble(direction, q, doubleAt(inverse, q) * doubleAt(residual, q) + beta * doubleAt(direction, q));
}
