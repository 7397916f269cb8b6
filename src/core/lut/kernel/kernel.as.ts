/**
 * The kernel's loops, four pixels at a time. kernel.ts says what they compute and why there are no branches; scalar.ts
 * computes the same, number by number.
 *
 * Memory, all places given by the caller: nodes in the order of a .cube, four numbers each, the fourth 0, and a margin of
 * n² + n + 1 nodes after the last, so that the last code needs no clamp; pixels, graded in place, whose number is rounded
 * up to a multiple of four, with 16 bytes of room behind them; 64 bytes of scratch.
 */

/** 8-bit RGB or RGBA. Nodes are i16, in 128ths of a code. */
export function grade8rgb(pixels: usize, count: i32, nodes: usize, n: i32, scratch: usize): void {
  const red = i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1);
  const green = i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1);
  const blue = i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1);
  const packed = i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  for (let p = 0; p < count; p += 4, pixels += 12) {
    const seen = v128.load(pixels);
    const four = fourOf8(i8x16.swizzle(seen, red), i8x16.swizzle(seen, green), i8x16.swizzle(seen, blue), nodes, n, scratch);
    const graded = i8x16.swizzle(four, packed);
    v128.store_lane<i64>(pixels, graded, 0);
    v128.store_lane<i32>(pixels, graded, 2, 8);
  }
}

export function grade8rgba(pixels: usize, count: i32, nodes: usize, n: i32, scratch: usize): void {
  const low = i32x4.splat(0xff);
  const alpha = i32x4.splat(0xff000000);
  for (let p = 0; p < count; p += 4, pixels += 16) {
    const seen = v128.load(pixels);
    const red = v128.and(seen, low);
    const green = v128.and(i32x4.shr_u(seen, 8), low);
    const blue = v128.and(i32x4.shr_u(seen, 16), low);
    v128.store(pixels, v128.or(fourOf8(red, green, blue, nodes, n, scratch), v128.and(seen, alpha)));
  }
}

/** 16-bit RGB or RGBA. Nodes are f32, 0 … 1. */
export function grade16rgb(pixels: usize, count: i32, nodes: usize, n: i32, scratch: usize): void {
  const low = i32x4.splat(0xffff);
  const packed = i8x16(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1);
  for (let p = 0; p < count; p += 4, pixels += 24) {
    const one = v128.load(pixels);
    const two = v128.load(pixels, 12);
    const red = v128.and(i16x8.shuffle(one, two, 0, 7, 3, 7, 8, 7, 11, 7), low);
    const green = v128.and(i16x8.shuffle(one, two, 1, 7, 4, 7, 9, 7, 12, 7), low);
    const blue = v128.and(i16x8.shuffle(one, two, 2, 7, 5, 7, 10, 7, 13, 7), low);
    fourOf16(red, green, blue, nodes, n, scratch);
    const first = i8x16.swizzle(v128.load(scratch), packed);
    const second = i8x16.swizzle(v128.load(scratch, 16), packed);
    v128.store_lane<i64>(pixels, first, 0);
    v128.store_lane<i32>(pixels, first, 2, 8);
    v128.store_lane<i64>(pixels, second, 0, 12);
    v128.store_lane<i32>(pixels, second, 2, 20);
  }
}

export function grade16rgba(pixels: usize, count: i32, nodes: usize, n: i32, scratch: usize): void {
  const low = i32x4.splat(0xffff);
  const alpha = i64x2.splat(0xffff000000000000);
  for (let p = 0; p < count; p += 4, pixels += 32) {
    const one = v128.load(pixels);
    const two = v128.load(pixels, 16);
    const red = v128.and(i16x8.shuffle(one, two, 0, 7, 4, 7, 8, 7, 12, 7), low);
    const green = v128.and(i16x8.shuffle(one, two, 1, 7, 5, 7, 9, 7, 13, 7), low);
    const blue = v128.and(i16x8.shuffle(one, two, 2, 7, 6, 7, 10, 7, 14, 7), low);
    fourOf16(red, green, blue, nodes, n, scratch);
    v128.store(pixels, v128.or(v128.load(scratch), v128.and(one, alpha)));
    v128.store(pixels, v128.or(v128.load(scratch, 16), v128.and(two, alpha)), 16);
  }
}

/**
 * The cell of x = v·(n − 1), for codes v of `bits` bits: ⌊x / (2^bits − 1)⌋, exactly. What is left over is the share of the
 * cell, in 255ths or 65535ths.
 */
@inline
function cellOf(x: v128, bits: i32): v128 {
  return i32x4.shr_u(i32x4.add(i32x4.add(x, i32x4.splat(1)), i32x4.shr_u(x, bits)), bits);
}

/** share << 15 | the axis' stride in nodes. */
@inline
function keyOf(x: v128, cell: v128, bits: i32, stride: v128): v128 {
  const share = i32x4.add(i32x4.sub(x, i32x4.shl(cell, bits)), cell);
  return v128.or(i32x4.shl(share, 15), stride);
}

/** ⌊(sum + 128 · 255 / 2) / (128 · 255)⌋, which is the code. */
@inline
function rounded8(sum: v128): v128 {
  return cellOf(i32x4.shr_u(i32x4.add(sum, i32x4.splat(16320)), 7), 8);
}

/** Four pixels' codes, 32 bits each, → their graded bytes, R G B 0 each. */
@inline
function fourOf8(red: v128, green: v128, blue: v128, nodes: usize, n: i32, scratch: usize): v128 {
  const most = i32x4.splat(n - 1);
  const one = i32x4.splat(1);
  const xr = i32x4.mul(red, most);
  const xg = i32x4.mul(green, most);
  const xb = i32x4.mul(blue, most);
  const cr = cellOf(xr, 8);
  const cg = cellOf(xg, 8);
  const cb = cellOf(xb, 8);
  const up = i32x4.splat(n);
  const far = i32x4.splat(n * n);
  const kr = keyOf(xr, cr, 8, one);
  const kg = keyOf(xg, cg, 8, up);
  const kb = keyOf(xb, cb, 8, far);
  const more = i32x4.max_s(kr, kg);
  const less = i32x4.min_s(kr, kg);
  const high = i32x4.max_s(more, kb);
  const rest = i32x4.min_s(more, kb);
  const middle = i32x4.max_s(less, rest);
  const lowest = i32x4.min_s(less, rest);
  const stride = i32x4.splat(0x7fff);
  const at0 = i32x4.add(i32x4.add(cr, i32x4.mul(cg, up)), i32x4.mul(cb, far));
  const at1 = i32x4.add(at0, v128.and(high, stride));
  const at2 = i32x4.add(at1, v128.and(middle, stride));
  const at3 = i32x4.add(at0, i32x4.splat(1 + n + n * n));
  // Addresses go through memory: taking lanes out one by one is slower.
  v128.store(scratch, i32x4.shl(at0, 3));
  v128.store(scratch, i32x4.shl(at1, 3), 16);
  v128.store(scratch, i32x4.shl(at2, 3), 32);
  v128.store(scratch, i32x4.shl(at3, 3), 48);
  const h = i32x4.shr_u(high, 15);
  const m = i32x4.shr_u(middle, 15);
  const l = i32x4.shr_u(lowest, 15);
  const w01 = v128.or(i32x4.sub(i32x4.splat(255), h), i32x4.shl(i32x4.sub(h, m), 16));
  const w23 = v128.or(i32x4.sub(m, l), i32x4.shl(l, 16));
  const q0 = sum8(nodes, scratch, i32x4.shuffle(w01, w01, 0, 0, 0, 0), i32x4.shuffle(w23, w23, 0, 0, 0, 0));
  const q1 = sum8(nodes, scratch + 4, i32x4.shuffle(w01, w01, 1, 1, 1, 1), i32x4.shuffle(w23, w23, 1, 1, 1, 1));
  const q2 = sum8(nodes, scratch + 8, i32x4.shuffle(w01, w01, 2, 2, 2, 2), i32x4.shuffle(w23, w23, 2, 2, 2, 2));
  const q3 = sum8(nodes, scratch + 12, i32x4.shuffle(w01, w01, 3, 3, 3, 3), i32x4.shuffle(w23, w23, 3, 3, 3, 3));
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(rounded8(q0), rounded8(q1)), i16x8.narrow_i32x4_s(rounded8(q2), rounded8(q3)));
}

/** Nodes at the four addresses of one pixel, by their weights in 255ths: 128 · 255 times the code. */
@inline
function sum8(nodes: usize, at: usize, w01: v128, w23: v128): v128 {
  const near = v128.load_zero<i64>(nodes + load<u32>(at));
  const second = v128.load_zero<i64>(nodes + load<u32>(at, 16));
  const third = v128.load_zero<i64>(nodes + load<u32>(at, 32));
  const across = v128.load_zero<i64>(nodes + load<u32>(at, 48));
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.shuffle(near, second, 0, 8, 1, 9, 2, 10, 3, 11), w01),
    i32x4.dot_i16x8_s(i16x8.shuffle(third, across, 0, 8, 1, 9, 2, 10, 3, 11), w23),
  );
}

/** Four pixels' codes, 32 bits each, → their graded words in `scratch`, R G B 0 each. */
@inline
function fourOf16(red: v128, green: v128, blue: v128, nodes: usize, n: i32, scratch: usize): void {
  const most = i32x4.splat(n - 1);
  const one = i32x4.splat(1);
  const xr = i32x4.mul(red, most);
  const xg = i32x4.mul(green, most);
  const xb = i32x4.mul(blue, most);
  const cr = cellOf(xr, 16);
  const cg = cellOf(xg, 16);
  const cb = cellOf(xb, 16);
  const up = i32x4.splat(n);
  const far = i32x4.splat(n * n);
  const kr = keyOf(xr, cr, 16, one);
  const kg = keyOf(xg, cg, 16, up);
  const kb = keyOf(xb, cb, 16, far);
  const more = i32x4.max_s(kr, kg);
  const less = i32x4.min_s(kr, kg);
  const high = i32x4.max_s(more, kb);
  const rest = i32x4.min_s(more, kb);
  const middle = i32x4.max_s(less, rest);
  const lowest = i32x4.min_s(less, rest);
  const stride = i32x4.splat(0x7fff);
  const at0 = i32x4.add(i32x4.add(cr, i32x4.mul(cg, up)), i32x4.mul(cb, far));
  const at1 = i32x4.add(at0, v128.and(high, stride));
  const at2 = i32x4.add(at1, v128.and(middle, stride));
  const at3 = i32x4.add(at0, i32x4.splat(1 + n + n * n));
  v128.store(scratch, i32x4.shl(at0, 4));
  v128.store(scratch, i32x4.shl(at1, 4), 16);
  v128.store(scratch, i32x4.shl(at2, 4), 32);
  v128.store(scratch, i32x4.shl(at3, 4), 48);
  const h = i32x4.shr_u(high, 15);
  const m = i32x4.shr_u(middle, 15);
  const l = i32x4.shr_u(lowest, 15);
  const w0 = f32x4.convert_i32x4_s(i32x4.sub(i32x4.splat(65535), h));
  const w1 = f32x4.convert_i32x4_s(i32x4.sub(h, m));
  const w2 = f32x4.convert_i32x4_s(i32x4.sub(m, l));
  const w3 = f32x4.convert_i32x4_s(l);
  const q0 = sum16(nodes, scratch, f32x4.shuffle(w0, w0, 0, 0, 0, 0), f32x4.shuffle(w1, w1, 0, 0, 0, 0), f32x4.shuffle(w2, w2, 0, 0, 0, 0), f32x4.shuffle(w3, w3, 0, 0, 0, 0));
  const q1 = sum16(nodes, scratch + 4, f32x4.shuffle(w0, w0, 1, 1, 1, 1), f32x4.shuffle(w1, w1, 1, 1, 1, 1), f32x4.shuffle(w2, w2, 1, 1, 1, 1), f32x4.shuffle(w3, w3, 1, 1, 1, 1));
  const q2 = sum16(nodes, scratch + 8, f32x4.shuffle(w0, w0, 2, 2, 2, 2), f32x4.shuffle(w1, w1, 2, 2, 2, 2), f32x4.shuffle(w2, w2, 2, 2, 2, 2), f32x4.shuffle(w3, w3, 2, 2, 2, 2));
  const q3 = sum16(nodes, scratch + 12, f32x4.shuffle(w0, w0, 3, 3, 3, 3), f32x4.shuffle(w1, w1, 3, 3, 3, 3), f32x4.shuffle(w2, w2, 3, 3, 3, 3), f32x4.shuffle(w3, w3, 3, 3, 3, 3));
  v128.store(scratch, i16x8.narrow_i32x4_u(q0, q1));
  v128.store(scratch, i16x8.narrow_i32x4_u(q2, q3), 16);
}

/** Nodes at the four addresses of one pixel, by their weights in 65535ths: the codes, rounded. */
@inline
function sum16(nodes: usize, at: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const near = f32x4.add(
    f32x4.mul(v128.load(nodes + load<u32>(at)), w0),
    f32x4.mul(v128.load(nodes + load<u32>(at, 16)), w1),
  );
  const across = f32x4.add(
    f32x4.mul(v128.load(nodes + load<u32>(at, 32)), w2),
    f32x4.mul(v128.load(nodes + load<u32>(at, 48)), w3),
  );
  return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.add(near, across), f32x4.splat(0.5)));
}
