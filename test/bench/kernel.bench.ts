/** How fast a look runs over pixels, against the obvious way: tetrahedra chosen by branches, in floating point. */
import { describe, expect, test } from "vitest";
import { prepareKernel } from "../../src/core/lut/kernel/kernel.ts";
import { scalarKernel } from "../../src/core/lut/kernel/scalar.ts";
import type { Lattice } from "../../src/core/lut/lattice.ts";
import { latticeNamed } from "../support/looks.ts";
import { chance } from "../support/pictures.ts";

const PIXELS = 24_000_000;
const lattice = latticeNamed("tealOrange");
const random = chance(1);
/** Neighbours in a photo are alike, and branches are guessed better there than in noise: a slow ramp with some noise on it. */
const shades = Float32Array.from({ length: 3 * 4096 }, (_, at) => {
  const along = Math.floor(at / 3) / 4096;
  const wave = 0.5 + 0.45 * Math.sin(7 * along + 2 * (at % 3));
  return Math.min(1, Math.max(0, wave + 0.06 * (random() - 0.5)));
});
/** What the design asks for, at 24 MP on one thread. */
const RATIO_MIN = { 8: 5, 16: 3 } as const;

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

describe.each([8, 16] as const)("24 megapixels, %d bits, 33 nodes a side", (bits) => {
  test("four sorted pixels at a time are faster than branches", async ({ bench }) => {
    const codeMax = 2 ** bits - 1;
    const pixels = bits === 8 ? new Uint8Array(3 * PIXELS) : new Uint16Array(3 * PIXELS);
    for (let at = 0; at < pixels.length; at++) pixels[at] = codeMax * shades[at % shades.length]!;
    const source = pixels.slice();
    const kernel = prepareKernel(lattice, bits);
    const scalar = scalarKernel(lattice, bits);
    // Each begins with the photo's own pixels: a look applied again and again would leave few colours.
    const on = (grade: () => void) => () => {
      grade();
      pixels.set(source);
    };
    const results = await bench.compare(
      bench(
        "naive: branches, floating point",
        on(() => branchy(lattice, pixels, codeMax)),
      ),
      bench(
        "without vectors: sorted keys, one pixel at a time",
        on(() => scalar(pixels, 3)),
      ),
      bench(
        "kernel: sorted keys, four pixels at a time",
        on(() => kernel.apply(pixels, 3)),
      ),
      bench("the copy that each of these includes", () => pixels.set(source)),
      { time: 0, iterations: 5, warmupTime: 0, warmupIterations: 1 },
    );
    const copy = results.get("the copy that each of these includes").latency.p50;
    const took = (name: Parameters<typeof results.get>[0]) => results.get(name).latency.p50 - copy;
    const [naive, fast] = [took("naive: branches, floating point"), took("kernel: sorted keys, four pixels at a time")];
    const slow = took("without vectors: sorted keys, one pixel at a time");
    const each = [naive, slow, fast].map((ms) => ((1e6 * ms) / PIXELS).toFixed(1));
    console.log(
      `${bits} bits: ${each[0]} naive, ${each[1]} without vectors, ${each[2]} ns a pixel; ${(naive / fast).toFixed(1)} times as fast`,
    );
    expect(naive / fast).toBeGreaterThan(RATIO_MIN[bits]);
  }, 300_000);
});
