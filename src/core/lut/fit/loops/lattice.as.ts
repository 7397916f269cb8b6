/**
 * Loops over the lattice of unknowns: equations gathered from blocks, solved by conjugate gradients.
 * Shapes and sources stand at their callers: grid.ts, stencil.ts, conjugate.ts.
 */
import { addDouble, doubleAt, floatAt, intAt, putDouble, putFloat } from "./memory.as";
import { shown } from "./robust.as";

const REACH: i32 = 33;
const CENTRE: i32 = 13;

@inline
function clip(value: f64): f64 {
  return value > 0 ? (value < 1 ? value : 1) : 0;
}

/** 3 numbers of the field at `count` colours. */
export function fieldAt(field: usize, margin: i32, n: i32, colours: usize, count: i32, out: usize): void {
  for (let q = 0; q < 3 * count; q += 3) readCell(field, margin, n, colours, q, out);
}

/** clamp(M·x + t + field) at `count` colours. */
export function look(
  matrix: usize,
  offset: usize,
  field: usize,
  margin: i32,
  n: i32,
  colours: usize,
  count: i32,
  out: usize,
): void {
  for (let q = 0; q < 3 * count; q += 3) {
    readCell(field, margin, n, colours, q, out);
    const x = floatAt(colours, q);
    const y = floatAt(colours, q + 1);
    const z = floatAt(colours, q + 2);
    for (let c = 0; c < 3; c++) {
      // As two passes would round it: the prior and the field are floats before they meet.
      const before = <f64>(<f32>shown(matrix, offset, c, x, y, z));
      putFloat(out, q + c, clip(before + floatAt(out, q + c)));
    }
  }
}

@inline
function readCell(field: usize, margin: i32, n: i32, colours: usize, q: i32, out: usize): void {
  const most = <f64>(n - 1);
  const up = 24 * n;
  const far = 24 * n * n;
  const r = clip(floatAt(colours, q)) * most;
  const g = clip(floatAt(colours, q + 1)) * most;
  const b = clip(floatAt(colours, q + 2)) * most;
  const r0 = min<i32>(n - 2, <i32>r);
  const g0 = min<i32>(n - 2, <i32>g);
  const b0 = min<i32>(n - 2, <i32>b);
  const fr = r - <f64>r0;
  const fg = g - <f64>g0;
  const fb = b - <f64>b0;
  const from = field + 24 * (margin + r0 + n * (g0 + n * b0));
  const near = between(cellEdge(from, fr), cellEdge(from + up, fr), fg);
  const both = between(near, between(cellEdge(from + far, fr), cellEdge(from + far + up, fr), fg), fb);
  const blueNear = mixed(blueEdge(from, fr), blueEdge(from + up, fr), fg);
  const blue = mixed(blueNear, mixed(blueEdge(from + far, fr), blueEdge(from + far + up, fr), fg), fb);
  putFloat(out, q, f64x2.extract_lane(both, 0));
  putFloat(out, q + 1, f64x2.extract_lane(both, 1));
  putFloat(out, q + 2, blue);
}

/** Red and green between two nodes along the red axis. */
@inline
function cellEdge(node: usize, share: f64): v128 {
  return between(v128.load(node), v128.load(node, 24), share);
}

@inline
function between(one: v128, other: v128, share: f64): v128 {
  return f64x2.add(one, f64x2.mul(f64x2.splat(share), f64x2.sub(other, one)));
}

@inline
function blueEdge(node: usize, share: f64): f64 {
  return mixed(load<f64>(node, 16), load<f64>(node, 40), share);
}

@inline
function mixed(one: f64, other: f64, share: f64): f64 {
  return one + share * (other - one);
}

/** base and 8 weights of `count` colours. */
export function places(colours: usize, count: i32, n: i32, base: usize, weights: usize): void {
  const most = <f64>(n - 1);
  for (let i = 0, q = 0; i < count; i++, q += 3) {
    const r = clip(floatAt(colours, q)) * most;
    const g = clip(floatAt(colours, q + 1)) * most;
    const b = clip(floatAt(colours, q + 2)) * most;
    const r0 = min<i32>(n - 2, <i32>r);
    const g0 = min<i32>(n - 2, <i32>g);
    const b0 = min<i32>(n - 2, <i32>b);
    const fr = r - <f64>r0;
    const fg = g - <f64>g0;
    const fb = b - <f64>b0;
    store<i32>(base + (<usize>i << 2), r0 + n * (g0 + n * b0));
    const w = 8 * i;
    const near = (1 - fg) * (1 - fb);
    const up = fg * (1 - fb);
    const far = (1 - fg) * fb;
    const both = fg * fb;
    putFloat(weights, w, (1 - fr) * near);
    putFloat(weights, w + 1, fr * near);
    putFloat(weights, w + 2, (1 - fr) * up);
    putFloat(weights, w + 3, fr * up);
    putFloat(weights, w + 4, (1 - fr) * far);
    putFloat(weights, w + 5, fr * far);
    putFloat(weights, w + 6, (1 - fr) * both);
    putFloat(weights, w + 7, fr * both);
  }
}

/** The field (with its margin of `margin` nodes) at every place. */
export function readField(
  field: usize,
  corners: usize,
  margin: i32,
  base: usize,
  weights: usize,
  count: i32,
  out: usize,
): void {
  for (let i = 0; i < count; i++) {
    const from = margin + intAt(base, i);
    let r: f64 = 0;
    let g: f64 = 0;
    let b: f64 = 0;
    for (let corner = 0; corner < 8; corner++) {
      const w = floatAt(weights, 8 * i + corner);
      const at = 3 * (from + intAt(corners, corner));
      r += w * doubleAt(field, at);
      g += w * doubleAt(field, at + 1);
      b += w * doubleAt(field, at + 2);
    }
    putFloat(out, 3 * i, r);
    putFloat(out, 3 * i + 1, g);
    putFloat(out, 3 * i + 2, b);
  }
}

/** Adds `count` values to the nodes, each shared among the corners of its cell. */
export function sumAtNodes(count: i32, base: usize, weights: usize, values: usize, corners: usize, sums: usize): void {
  for (let i = 0; i < count; i++)
    for (let corner = 0; corner < 8; corner++)
      addDouble(
        sums,
        intAt(base, i) + intAt(corners, corner),
        floatAt(weights, 8 * i + corner) * floatAt(values, i),
      );
}

/** Adds AᵀWA into `stencil` and AᵀW·target into `right`. */
export function gather(
  count: i32,
  base: usize,
  shares: usize,
  weights: usize,
  target: usize,
  corners: usize,
  between8: usize,
  margin: i32,
  stencil: usize,
  right: usize,
): void {
  for (let i = 0; i < count; i++) {
    const weight = floatAt(weights, i);
    if (weight < 1e-7) continue;
    const redGreen = f64x2.promote_low_f32x4(v128.load64_zero(target + 12 * i));
    const b = floatAt(target, 3 * i + 2);
    const share = 8 * i;
    for (let one = 0; one < 8; one++) {
      const w = weight * floatAt(shares, share + one);
      if (w === 0) continue;
      const node = intAt(base, i) + intAt(corners, one);
      const to = right + 24 * (margin + node);
      v128.store(to, f64x2.add(v128.load(to), f64x2.mul(f64x2.splat(w), redGreen)));
      store<f64>(to, load<f64>(to, 16) + w * b, 16);
      const row = stencil + 8 * (REACH * node);
      for (let other = 0; other < 8; other += 2) {
        // Two corners along the red axis are neighbours in the row as well.
        const at = row + (intAt(between8, 8 * one + other) << 3);
        const pair = f64x2.promote_low_f32x4(v128.load64_zero(shares + (<usize>(share + other) << 2)));
        v128.store(at, f64x2.add(v128.load(at), f64x2.mul(f64x2.splat(w), pair)));
      }
    }
  }
}

/** Completes the stencil by stiffness·bending and the anchor. */
export function complete(
  stencil: usize,
  nodes: i32,
  bending: usize,
  stiffness: f64,
  anchor: f64,
): void {
  for (let k = 0; k < REACH * nodes; k++) addDouble(stencil, k, stiffness * doubleAt(bending, k));
  for (let k = CENTRE; k < REACH * nodes; k += REACH) addDouble(stencil, k, anchor);
}

@inline
function plus(sum: v128, factor: f64, at: usize): v128 {
  return f64x2.add(sum, f64x2.mul(f64x2.splat(factor), v128.load(at)));
}

/** out = stencil · field, three channels at once: red and green in one vector. */
export function multiply(stencil: usize, nodes: i32, neighbours: usize, margin: i32, field: usize, out: usize): void {
  let row = stencil;
  let q: usize = 24 * margin;
  for (let node = 0; node < nodes; node++, q += 24) {
    let redGreen = f64x2.splat(0);
    let blue: f64 = 0;
    const here = field + q;
    // 27 neighbours are 9 threes along the red axis; 6 more lie two nodes away.
    for (let k = 0; k < 27; k += 3, row += 24) {
      const at = here + 24 * <isize>intAt(neighbours, k);
      redGreen = plus(redGreen, load<f64>(row), at);
      redGreen = plus(redGreen, load<f64>(row, 8), at + 24);
      redGreen = plus(redGreen, load<f64>(row, 16), at + 48);
      blue += load<f64>(row) * load<f64>(at, 16);
      blue += load<f64>(row, 8) * load<f64>(at, 40);
      blue += load<f64>(row, 16) * load<f64>(at, 64);
    }
    for (let k = 27; k < REACH; k++, row += 8) {
      const at = here + 24 * <isize>intAt(neighbours, k);
      redGreen = plus(redGreen, load<f64>(row), at);
      blue += load<f64>(row) * load<f64>(at, 16);
    }
    v128.store(out + q, redGreen);
    store<f64>(out + q, blue, 16);
  }
}
