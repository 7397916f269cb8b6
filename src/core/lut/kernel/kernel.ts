/**
 * Kernel: a lattice over millions of pixels, in place.
 *
 * Tetrahedral interpolation without branches. A pixel's three shares of its cell decide the path from the lower corner to
 * the upper one: the axis with the greatest share first. Each share is packed with the number of its axis into one integer,
 *
 *     key = share << 2 | axis        (share 0 … 2²⁸ stands for 0 … 1; axis 0 red, 1 green, 2 blue)
 *
 * and the three keys are sorted with min and max. The sorted axes are the path, the sorted shares the weights. Branches
 * would be guessed wrongly at every other pixel of a real photo; min and max, written as arithmetic, have none to guess.
 *
 * Units   pixels interleaved RGB or RGBA, 8 or 16 bits; the fourth channel is left alone and RGB is taken as not
 *         premultiplied. Lattice values are clipped to 0 … 1 on the way in: a pixel has no more room.
 * Error   at most 0.51 codes from the exact value: the only rounding is the last.
 * Source  Kasson et al. (1995) for the tetrahedra; the sort is the three-comparator network.
 */
import { AppError } from "../../errors.ts";
import { clamp, type Lattice } from "../lattice.ts";

export type Kernel = {
  readonly bits: 8 | 16;
  /** Grades pixels in place. The array has the kernel's width and holds whole pixels of `channels` values. */
  readonly apply: (pixels: Uint8Array | Uint16Array, channels: 3 | 4) => void;
};

const SHARE_ONE = 2 ** 28;
const SHARE = 1 / SHARE_ONE;

/** What the loop reads: nodes scaled to codes, and where each axis' next node is. */
type Prepared = {
  readonly nodes: Float32Array;
  /** Numbers between a node and the next, by axis. */
  readonly strides: Int32Array;
  readonly n: number;
  readonly codeMax: number;
};

export function prepareKernel(lattice: Lattice, bits: 8 | 16): Kernel {
  const { n } = lattice;
  const codeMax = bits === 8 ? 255 : 65_535;
  // The last code falls on the last node with a share of 0; the node "after" it is read, with weight 0, from this margin.
  const nodes = new Float32Array(3 * (n ** 3 + n * n + n + 1));
  nodes.set(clamp(lattice).values.map((value) => value * codeMax));
  const prepared = { nodes, strides: Int32Array.of(3, 3 * n, 3 * n * n, 0), n, codeMax };
  return {
    bits,
    apply(pixels, channels) {
      if (pixels.BYTES_PER_ELEMENT * 8 !== bits || pixels.length % channels !== 0)
        throw new AppError(
          "internal",
          `${pixels.length} values of ${8 * pixels.BYTES_PER_ELEMENT} bits are no ${bits}-bit pixels`,
        );
      // One compiled loop a width: an array that is sometimes the one and sometimes the other is read twice as slowly.
      if (bits === 8) loops8(prepared, pixels as Uint8Array, channels);
      else loops16(prepared, pixels as Uint16Array, channels);
    },
  };
}

function loops8({ nodes, strides, n, codeMax }: Prepared, pixels: Uint8Array, channels: number): void {
  const scale = (n - 1) / codeMax;
  const through = 3 * (1 + n + n * n);
  for (let p = 0; p < pixels.length; p += channels) {
    const r = pixels[p]! * scale;
    const g = pixels[p + 1]! * scale;
    const b = pixels[p + 2]! * scale;
    const r0 = r | 0;
    const g0 = g | 0;
    const b0 = b | 0;
    const red = ((r - r0) * SHARE_ONE) << 2;
    const green = (((g - g0) * SHARE_ONE) << 2) | 1;
    const blue = (((b - b0) * SHARE_ONE) << 2) | 2;
    // Of two keys, (x − y) & ((x − y) >> 31) is how far x lies below y, or 0: what min loses and max gains.
    let below = (red - green) & ((red - green) >> 31);
    const more = red - below;
    const less = green + below;
    below = (more - blue) & ((more - blue) >> 31);
    const high = more - below;
    const rest = blue + below;
    below = (less - rest) & ((less - rest) >> 31);
    const middle = less - below;
    const low = rest + below;
    const at0 = 3 * (r0 + n * (g0 + n * b0));
    const at1 = at0 + strides[high & 3]!;
    const at2 = at1 + strides[middle & 3]!;
    const at3 = at0 + through;
    const wHigh = (high >> 2) * SHARE;
    const wMiddle = (middle >> 2) * SHARE;
    const w3 = (low >> 2) * SHARE;
    const w0 = 1 - wHigh;
    const w1 = wHigh - wMiddle;
    const w2 = wMiddle - w3;
    pixels[p] = w0 * nodes[at0]! + w1 * nodes[at1]! + w2 * nodes[at2]! + w3 * nodes[at3]! + 0.5;
    pixels[p + 1] = w0 * nodes[at0 + 1]! + w1 * nodes[at1 + 1]! + w2 * nodes[at2 + 1]! + w3 * nodes[at3 + 1]! + 0.5;
    pixels[p + 2] = w0 * nodes[at0 + 2]! + w1 * nodes[at1 + 2]! + w2 * nodes[at2 + 2]! + w3 * nodes[at3 + 2]! + 0.5;
  }
}

function loops16({ nodes, strides, n, codeMax }: Prepared, pixels: Uint16Array, channels: number): void {
  const scale = (n - 1) / codeMax;
  const through = 3 * (1 + n + n * n);
  for (let p = 0; p < pixels.length; p += channels) {
    const r = pixels[p]! * scale;
    const g = pixels[p + 1]! * scale;
    const b = pixels[p + 2]! * scale;
    const r0 = r | 0;
    const g0 = g | 0;
    const b0 = b | 0;
    const red = ((r - r0) * SHARE_ONE) << 2;
    const green = (((g - g0) * SHARE_ONE) << 2) | 1;
    const blue = (((b - b0) * SHARE_ONE) << 2) | 2;
    // Of two keys, (x − y) & ((x − y) >> 31) is how far x lies below y, or 0: what min loses and max gains.
    let below = (red - green) & ((red - green) >> 31);
    const more = red - below;
    const less = green + below;
    below = (more - blue) & ((more - blue) >> 31);
    const high = more - below;
    const rest = blue + below;
    below = (less - rest) & ((less - rest) >> 31);
    const middle = less - below;
    const low = rest + below;
    const at0 = 3 * (r0 + n * (g0 + n * b0));
    const at1 = at0 + strides[high & 3]!;
    const at2 = at1 + strides[middle & 3]!;
    const at3 = at0 + through;
    const wHigh = (high >> 2) * SHARE;
    const wMiddle = (middle >> 2) * SHARE;
    const w3 = (low >> 2) * SHARE;
    const w0 = 1 - wHigh;
    const w1 = wHigh - wMiddle;
    const w2 = wMiddle - w3;
    pixels[p] = w0 * nodes[at0]! + w1 * nodes[at1]! + w2 * nodes[at2]! + w3 * nodes[at3]! + 0.5;
    pixels[p + 1] = w0 * nodes[at0 + 1]! + w1 * nodes[at1 + 1]! + w2 * nodes[at2 + 1]! + w3 * nodes[at3 + 1]! + 0.5;
    pixels[p + 2] = w0 * nodes[at0 + 2]! + w1 * nodes[at1 + 2]! + w2 * nodes[at2 + 2]! + w3 * nodes[at3 + 2]! + 0.5;
  }
}
