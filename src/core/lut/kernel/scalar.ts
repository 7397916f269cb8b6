/**
 * The kernel without vectors, for machines whose WebAssembly has none: the same numbers as kernel.as.ts, bit for bit.
 *
 * Of two keys, (x − y) & ((x − y) >> 31) is how far x lies below y, or 0: what min loses and max gains, without a branch.
 */
import type { Lattice } from "../lattice.ts";
import type { Kernel } from "./kernel.ts";
import { nodesOf8, nodesOf16 } from "./nodes.ts";

/** Where a pixel falls: four nodes and their weights. Filled anew for each pixel, so that none is an object. */
const STRIDE = 0x7fff;

export function scalarKernel(lattice: Lattice, bits: 8 | 16): Kernel["apply"] {
  const { n } = lattice;
  if (bits === 8) {
    const nodes = nodesOf8(lattice);
    return (pixels, channels) => grade8(nodes, n, pixels as Uint8Array, channels);
  }
  const nodes = nodesOf16(lattice);
  return (pixels, channels) => grade16(nodes, n, pixels as Uint16Array, channels);
}

function grade8(nodes: Int16Array, n: number, pixels: Uint8Array, channels: number): void {
  const through = 1 + n + n * n;
  for (let p = 0; p < pixels.length; p += channels) {
    const xr = pixels[p]! * (n - 1);
    const xg = pixels[p + 1]! * (n - 1);
    const xb = pixels[p + 2]! * (n - 1);
    const cr = (xr + 1 + (xr >> 8)) >> 8;
    const cg = (xg + 1 + (xg >> 8)) >> 8;
    const cb = (xb + 1 + (xb >> 8)) >> 8;
    const red = ((xr - 255 * cr) << 15) | 1;
    const green = ((xg - 255 * cg) << 15) | n;
    const blue = ((xb - 255 * cb) << 15) | (n * n);
    let below = (red - green) & ((red - green) >> 31);
    const more = red - below;
    const less = green + below;
    below = (more - blue) & ((more - blue) >> 31);
    const high = more - below;
    const rest = blue + below;
    below = (less - rest) & ((less - rest) >> 31);
    const middle = less - below;
    const h = high >> 15;
    const m = middle >> 15;
    const l = (rest + below) >> 15;
    const at0 = cr + n * (cg + n * cb);
    const at1 = at0 + (high & STRIDE);
    const at2 = at1 + (middle & STRIDE);
    const at3 = at0 + through;
    for (let c = 0; c < 3; c++) {
      const sum =
        (255 - h) * nodes[4 * at0 + c]! +
        (h - m) * nodes[4 * at1 + c]! +
        (m - l) * nodes[4 * at2 + c]! +
        l * nodes[4 * at3 + c]!;
      const codes = (sum + 16_320) >> 7;
      pixels[p + c] = (codes + 1 + (codes >> 8)) >> 8;
    }
  }
}

function grade16(nodes: Float32Array, n: number, pixels: Uint16Array, channels: number): void {
  const { fround } = Math;
  const through = 1 + n + n * n;
  for (let p = 0; p < pixels.length; p += channels) {
    const xr = pixels[p]! * (n - 1);
    const xg = pixels[p + 1]! * (n - 1);
    const xb = pixels[p + 2]! * (n - 1);
    const cr = (xr + 1 + (xr >> 16)) >> 16;
    const cg = (xg + 1 + (xg >> 16)) >> 16;
    const cb = (xb + 1 + (xb >> 16)) >> 16;
    const red = ((xr - 65_535 * cr) << 15) | 1;
    const green = ((xg - 65_535 * cg) << 15) | n;
    const blue = ((xb - 65_535 * cb) << 15) | (n * n);
    let below = (red - green) & ((red - green) >> 31);
    const more = red - below;
    const less = green + below;
    below = (more - blue) & ((more - blue) >> 31);
    const high = more - below;
    const rest = blue + below;
    below = (less - rest) & ((less - rest) >> 31);
    const middle = less - below;
    const h = high >> 15;
    const m = middle >> 15;
    const l = (rest + below) >> 15;
    const at0 = cr + n * (cg + n * cb);
    const at1 = at0 + (high & STRIDE);
    const at2 = at1 + (middle & STRIDE);
    const at3 = at0 + through;
    for (let c = 0; c < 3; c++) {
      const near = fround(
        fround(nodes[4 * at0 + c]! * fround(65_535 - h)) + fround(nodes[4 * at1 + c]! * fround(h - m)),
      );
      const across = fround(fround(nodes[4 * at2 + c]! * fround(m - l)) + fround(nodes[4 * at3 + c]! * fround(l)));
      pixels[p + c] = fround(fround(near + across) + 0.5);
    }
  }
}
