/** How long a look takes to fit at a megapixel, against the obvious way: the mean edited colour of each bin of colour. */
import { expect, test } from "vitest";
import { fitLook } from "../../src/core/lut/fit/fit.ts";
import { identity, type Lattice } from "../../src/core/lut/lattice.ts";
import { lookNamed } from "../support/looks.ts";
import { addNoise, drawn, scene } from "../support/pictures.ts";

const WIDTH = 1248;
const HEIGHT = 832;
const look = lookNamed("tealOrange");
const colour = scene(5);
const before = drawn(WIDTH, HEIGHT, colour);
const after = drawn(WIDTH, HEIGHT, (u, v) => {
  const [r, g, b] = colour(u + 1.2 / WIDTH, v - 0.8 / HEIGHT).map((value) => Math.min(1, Math.max(0, value)));
  return look([r!, g!, b!]);
});
addNoise(after, 2, 1);

/** The naive baseline: bins of 33³, means of what fell in, the identity where nothing did. */
function binAverage(from: Uint8Array, to: Uint8Array): Lattice {
  const n = 33;
  const sums = new Float64Array(3 * n ** 3);
  const counts = new Uint32Array(n ** 3);
  const bin = (code: number) => Math.round((code / 255) * (n - 1));
  for (let p = 0; p < from.length; p += 3) {
    const node = bin(from[p]!) + n * (bin(from[p + 1]!) + n * bin(from[p + 2]!));
    counts[node]!++;
    for (let c = 0; c < 3; c++) sums[3 * node + c]! += to[p + c]! / 255;
  }
  const values = identity(n).values;
  for (let node = 0; node < n ** 3; node++)
    if (counts[node]! > 0) for (let c = 0; c < 3; c++) values[3 * node + c] = sums[3 * node + c]! / counts[node]!;
  return { n, values };
}

/** What registration and regression may cost, in bin averages. The average takes 20 to 30 ms where the fit takes 350. */
const RATIO_MAX = 40;

test(`a pair of ${WIDTH} × ${HEIGHT}`, async ({ bench }) => {
  const pair = { before: before.pixels, after: after.pixels, width: WIDTH, height: HEIGHT };
  const results = await bench.compare(
    bench("naive: bin average", () => void binAverage(before.pixels, after.pixels)),
    bench("fit: registration and robust lattice", () => void fitLook({ ...pair, rounding: "rounded", size: 33 })),
    { time: 3_000, iterations: 5 },
  );
  const naive = results.get("naive: bin average").latency.p50;
  expect(results.get("fit: registration and robust lattice").latency.p50 / naive).toBeLessThan(RATIO_MAX);
});
