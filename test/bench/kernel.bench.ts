/** How fast a look runs over pixels, against the obvious way: tetrahedra chosen by branches, in floating point. */
import { describe, expect, test } from "vitest";
import { prepareKernel } from "../../src/core/lut/kernel/kernel.ts";
import type { Lattice } from "../../src/core/lut/lattice.ts";
import { latticeNamed } from "../support/looks.ts";
import { chance } from "../support/pictures.ts";

const PIXELS = 2_000_000;
const lattice = latticeNamed("tealOrange");
const random = chance(1);
const codes = Float64Array.from({ length: 3 * PIXELS }, random);

/** The naive baseline: six branches a pixel. */
function branchy({ n, values }: Lattice, pixels: Uint8Array | Uint16Array, codeMax: number): void {
  const scale = (n - 1) / codeMax;
  const corner = (r: number, g: number, b: number) => 3 * (r + n * (g + n * b));
  for (let p = 0; p < pixels.length; p += 3) {
    const r = pixels[p]! * scale;
    const g = pixels[p + 1]! * scale;
    const b = pixels[p + 2]! * scale;
    const r0 = Math.min(n - 2, Math.floor(r));
    const g0 = Math.min(n - 2, Math.floor(g));
    const b0 = Math.min(n - 2, Math.floor(b));
    const fr = r - r0;
    const fg = g - g0;
    const fb = b - b0;
    const low = corner(r0, g0, b0);
    const high = corner(r0 + 1, g0 + 1, b0 + 1);
    let path: readonly [first: number, second: number, most: number, middle: number, least: number];
    if (fr > fg) {
      if (fg > fb) path = [corner(r0 + 1, g0, b0), corner(r0 + 1, g0 + 1, b0), fr, fg, fb];
      else if (fr > fb) path = [corner(r0 + 1, g0, b0), corner(r0 + 1, g0, b0 + 1), fr, fb, fg];
      else path = [corner(r0, g0, b0 + 1), corner(r0 + 1, g0, b0 + 1), fb, fr, fg];
    } else if (fb > fg) path = [corner(r0, g0, b0 + 1), corner(r0, g0 + 1, b0 + 1), fb, fg, fr];
    else if (fb > fr) path = [corner(r0, g0 + 1, b0), corner(r0, g0 + 1, b0 + 1), fg, fb, fr];
    else path = [corner(r0, g0 + 1, b0), corner(r0 + 1, g0 + 1, b0), fg, fr, fb];
    const [first, second, most, middle, least] = path;
    for (let c = 0; c < 3; c++)
      pixels[p + c] = Math.round(
        codeMax *
          ((1 - most) * values[low + c]! +
            (most - middle) * values[first + c]! +
            (middle - least) * values[second + c]! +
            least * values[high + c]!),
      );
  }
}

describe.each([8, 16] as const)("two megapixels, %d bits, 33 nodes a side", (bits) => {
  test("sorted keys are faster than branches", async ({ bench }) => {
    const codeMax = 2 ** bits - 1;
    const source = codes.map((value) => value * codeMax);
    const pixels = bits === 8 ? new Uint8Array(source) : new Uint16Array(source);
    const kernel = prepareKernel(lattice, bits);
    const results = await bench.compare(
      bench("naive: branches, floating point", () => branchy(lattice, pixels, codeMax)),
      bench("kernel: sorted keys, no branches", () => kernel.apply(pixels, 3)),
      { time: 2_000, iterations: 10 },
    );
    const naive = results.get("naive: branches, floating point").latency.p50;
    expect(naive / results.get("kernel: sorted keys, no branches").latency.p50).toBeGreaterThan(1);
  });
});
