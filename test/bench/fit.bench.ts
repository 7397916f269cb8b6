/** How long a look takes to fit at a megapixel, against the obvious way: the mean edited colour of each bin of colour. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { fitLook } from "../../src/core/lut/fit/fit.ts";
import { lookNamed } from "../support/looks.ts";
import { binAverage } from "../support/pairs/bin-average.ts";
import { pathOf, silent } from "../support/photos.ts";
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

const folder = mkdtempSync(join(tmpdir(), "hotgrade-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same pair from PNG to .cube, as the line does it in a worker that has fitted before. */
async function fileToFile(): Promise<{ fit(): Promise<unknown>; close(): Promise<void> }> {
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  const [from, to, cube] = ["before.png", "after.png", "look.cube"].map((name) => pathOf(join(folder, name)));
  await sharp(before.pixels, { raw }).png().toFile(from!);
  await sharp(after.pixels, { raw }).png().toFile(to!);
  const pictures = openPictures({ workers: 1, memoryBytes: 2 ** 30, log: silent });
  const pairs = [{ before: from!, after: to!, baseline: null, rounding: "rounded" }] as const;
  return {
    fit: () => pictures.fit({ pairs, size: 33, title: "bench", comments: [], to: cube! }),
    close: () => pictures.close(),
  };
}

test(`a pair of ${WIDTH} × ${HEIGHT}`, async ({ bench }) => {
  const files = await fileToFile();
  const pair = { before: before.pixels, after: after.pixels, width: WIDTH, height: HEIGHT };
  const results = await bench.compare(
    bench("naive: bin average", () => void binAverage(before.pixels, after.pixels)),
    bench("fit: registration and robust lattice", () => void fitLook({ ...pair, rounding: "rounded", size: 33 })),
    bench("fit: the same from PNG to .cube, in a worker", async () => void (await files.fit())),
    { time: 3_000, iterations: 5 },
  );
  await files.close();
  const naive = results.get("naive: bin average").latency.p50;
  expect(results.get("fit: registration and robust lattice").latency.p50 / naive).toBeLessThan(RATIO_MAX);
});
