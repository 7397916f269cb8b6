/** How long a look takes to fit at a megapixel, against the obvious way: the mean edited colour of each bin of colour. */
import { expect, test } from "vitest";
import { fitLook } from "../../src/core/lut/fit/fit.ts";
import { lookNamed } from "../support/looks.ts";
import { binAverage } from "../support/pairs/bin-average.ts";
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
