/** The kernel on every 8-bit colour there is, and against its twin without vectors. */
import { describe, expect, test } from "vitest";
import { scalarKernel } from "../../../src/core/lut/kernel/scalar.ts";
import { hasSimd, simdKernel } from "../../../src/core/lut/kernel/simd.ts";
import { type Lattice, latticeOf } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import { latticeNamed } from "../../support/looks.ts";
import { chance } from "../../support/pictures.ts";

const ERROR_MAX = 0.51;

/** The steepest lattice there is: any value at any node. */
function wild(n: number): Lattice {
  const random = chance(n);
  return latticeOf(n, () => [random(), random(), random()]);
}

/** Pixels in which every place of a cell, every order of the shares and both ends come up. */
function anyPixels(bits: 8 | 16, count: number): Uint8Array | Uint16Array {
  const random = chance(bits);
  const codeMax = 2 ** bits - 1;
  const ends = [0, 1, codeMax - 1, codeMax];
  const code = () => (random() < 0.1 ? ends[Math.floor(4 * random())]! : Math.floor((codeMax + 1) * random()));
  return bits === 8 ? Uint8Array.from({ length: count }, code) : Uint16Array.from({ length: count }, code);
}

/** All colours with this blue, red fastest. */
function sheet(blue: number): Uint8Array {
  const pixels = new Uint8Array(3 * 65_536);
  for (let i = 0; i < 65_536; i++) pixels.set([i & 255, i >> 8, blue], 3 * i);
  return pixels;
}

/** The exact code of one channel, as sampleTetrahedral has it, without an object a pixel. */
function exactCodes({ n, values }: Lattice, pixels: Uint8Array): Float64Array {
  const codes = new Float64Array(pixels.length);
  const scale = (n - 1) / 255;
  const strides = [3, 3 * n, 3 * n * n];
  const share = new Float64Array(3);
  const order = new Uint8Array(3);
  for (let p = 0; p < pixels.length; p += 3) {
    let node = 0;
    for (let c = 0; c < 3; c++) {
      const at = pixels[p + c]! * scale;
      const cell = Math.min(n - 2, Math.floor(at + 1e-9));
      share[c] = at - cell;
      node += strides[c]! * cell;
    }
    order[0] = share[0]! >= share[1]! ? (share[0]! >= share[2]! ? 0 : 2) : share[1]! >= share[2]! ? 1 : 2;
    order[2] = share[2]! <= share[1]! ? (share[2]! <= share[0]! ? 2 : 0) : share[1]! <= share[0]! ? 1 : 0;
    if (order[0] === order[2]) order[2] = (order[0] + 2) % 3;
    order[1] = 3 - order[0] - order[2];
    let rest = 1;
    for (let step = 0; step <= 3; step++) {
      const next = step < 3 ? share[order[step]!]! : 0;
      for (let c = 0; c < 3; c++) codes[p + c]! += 255 * (rest - next) * values[node + c]!;
      if (step === 3) break;
      node += strides[order[step]!]!;
      rest = next;
    }
  }
  return codes;
}

describe("every 8-bit colour", () => {
  test.each([
    ["a look on 33 nodes", latticeNamed("tealOrange")],
    ["any values on 17 nodes", wild(17)],
    ["any values on 129 nodes", wild(129)],
  ])("%s: within a rounding of the exact code", (_, lattice) => {
    const kernel = simdKernel(lattice, 8);
    let worst = 0;
    for (let blue = 0; blue < 256; blue++) {
      const pixels = sheet(blue);
      const exact = exactCodes(lattice, pixels);
      kernel(pixels, 3);
      for (let at = 0; at < pixels.length; at++) {
        const error = Math.abs(pixels[at]! - exact[at]!);
        if (error > worst) worst = error;
      }
    }
    expect(worst).toBeLessThanOrEqual(ERROR_MAX);
  });

  test("the exact codes are those of the reference interpolation", () => {
    const lattice = wild(9);
    const pixels = anyPixels(8, 3 * 2_000) as Uint8Array;
    const exact = exactCodes(lattice, pixels);
    for (let p = 0; p < pixels.length; p += 3) {
      const sampled = sampleTetrahedral(lattice, [pixels[p]! / 255, pixels[p + 1]! / 255, pixels[p + 2]! / 255]);
      for (let c = 0; c < 3; c++) expect(exact[p + c]).toBeCloseTo(255 * sampled[c]!, 6);
    }
  });
});

describe.each([8, 16] as const)("%d bits with and without vectors", (bits) => {
  test.each([2, 3, 17, 33, 65, 90, 128, 129])("%d nodes a side: the same codes, bit for bit", (n) => {
    expect(hasSimd()).toBe(true);
    const lattice = wild(n);
    const [simd, scalar] = [simdKernel(lattice, bits), scalarKernel(lattice, bits)];
    // Less than one vector, more than one strip, and every remainder of four pixels.
    for (const channels of [3, 4] as const)
      for (const count of [1, 2, 3, 5, 32_768, 70_001]) {
        const pixels = anyPixels(bits, channels * count);
        const twin = pixels.slice();
        simd(pixels, channels);
        scalar(twin, channels);
        expect(Buffer.compare(Buffer.from(pixels.buffer), Buffer.from(twin.buffer))).toBe(0);
      }
  });
});

test("a picture that begins at an odd place of its buffer is graded as any other", () => {
  const lattice = latticeNamed("night");
  const source = anyPixels(8, 3 * 101);
  const [whole, part] = [source.slice() as Uint8Array, new Uint8Array(1 + source.length + 1).fill(77)];
  part.set(source, 1);
  simdKernel(lattice, 8)(whole, 3);
  simdKernel(lattice, 8)(part.subarray(1, 1 + source.length), 3);
  expect(part.subarray(1, -1)).toEqual(whole);
  expect([part[0], part.at(-1)]).toEqual([77, 77]);
});
