/**
 * Kernel: a lattice over millions of pixels, in place.
 *
 * Tetrahedral interpolation without branches. A pixel's three shares of its cell decide the path from the lower corner to
 * the upper one: the axis with the greatest share first. Each share is packed with its axis' stride into one integer,
 *
 *     key = share << 15 | stride        (share in 255ths or 65535ths, so that it is exact; stride in nodes: 1, n, n²)
 *
 * and the three keys are sorted with min and max. The sorted strides are the path, the sorted shares the weights. Branches
 * would be guessed wrongly at every other pixel of a real photo; min and max have none to guess. Four pixels go through at a
 * time where the machine has vectors (simd.ts); elsewhere one (scalar.ts), with the same results.
 *
 * Units   pixels interleaved RGB or RGBA, 8 or 16 bits; the fourth channel is left alone and RGB is taken as not
 *         premultiplied. Lattice values are clipped to 0 … 1 on the way in: a pixel has no more room.
 * Error   at most 0.51 codes from the exact value: the last rounding, and 8-bit nodes' own in 128ths of a code.
 * Source  Kasson et al. (1995) for the tetrahedra; the sort is the three-comparator network.
 */
import { AppError } from "../../errors.ts";
import type { Lattice } from "../lattice.ts";
import { scalarKernel } from "./scalar.ts";
import { hasSimd, simdKernel } from "./simd.ts";

export type Kernel = {
  readonly bits: 8 | 16;
  /** Grades pixels in place. The array has the kernel's width and holds whole pixels of `channels` values. */
  readonly apply: (pixels: Uint8Array | Uint16Array, channels: 3 | 4) => void;
};

export function prepareKernel(lattice: Lattice, bits: 8 | 16): Kernel {
  const apply = hasSimd() ? simdKernel(lattice, bits) : scalarKernel(lattice, bits);
  return {
    bits,
    apply(pixels, channels) {
      if (pixels.BYTES_PER_ELEMENT * 8 !== bits || pixels.length % channels !== 0)
        throw new AppError(
          "internal",
          `${pixels.length} values of ${8 * pixels.BYTES_PER_ELEMENT} bits are no ${bits}-bit pixels`,
        );
      apply(pixels, channels);
    },
  };
}
