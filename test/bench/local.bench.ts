/**
 * Finish local against finish lut on a 24 MP picture: the loop over its pixels alone, and a whole JPEG from file to file.
 * The second is what a photographer waits for, and what the target speaks of: at most three times the time of lut.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyLocal } from "../../src/adapters/pictures/local.ts";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { formatGrid } from "../../src/core/local/file.ts";
import { emptyGrid, gridSize } from "../../src/core/local/grid.ts";
import { prepareKernel } from "../../src/core/lut/kernel/kernel.ts";
import type { Pictures } from "../../src/ports.ts";
import { pathOf, savedCube, sceneImage, silent, strongLook } from "../support/photos.ts";
import { chance } from "../support/pictures.ts";

const SIZE = { width: 6000, height: 4000 };
const RATIO_MAX = 3;
const folder = mkdtempSync(join(tmpdir(), "hotgrade-bench-"));
const original = pathOf(join(folder, "24mp.jpg"));
const gridFile = pathOf(join(folder, "look.grid"));
const random = chance(1);
const empty = emptyGrid(gridSize(SIZE.width, SIZE.height));
const grid = { ...empty, values: empty.values.map(() => 0.1 * (random() - 0.5)) };
let pictures: Pictures;
let count = 0;

beforeAll(async () => {
  const scene = await sceneImage(1500, 1000).resize(SIZE.width, SIZE.height).jpeg({ quality: 92 }).toBuffer();
  writeFileSync(original, scene);
  const cube = readFileSync(savedCube(folder));
  writeFileSync(gridFile, formatGrid(grid, createHash("sha256").update(cube).digest("hex")));
  pictures = openPictures({ workers: 1, memoryBytes: 2 ** 31, log: silent });
});

afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

test("24 MP in memory", async ({ bench }) => {
  const samples = new Uint8Array(await sharp(original).raw().toBuffer());
  const pixels = { samples, channels: 3, ...SIZE, way: null, becameSrgb: false, notes: [] } as const;
  const kernel = prepareKernel(strongLook, 8);
  await bench.compare(
    bench("lut", () => kernel.apply(samples, 3)),
    bench("local", () => applyLocal(pixels, strongLook, grid)),
    { iterations: 4, warmupIterations: 1, time: 0, warmupTime: 0 },
  );
}, 120_000);

test("24 MP JPEG, file to file", async ({ bench }) => {
  const cube = pathOf(join(folder, "look.cube"));
  const render = async (besides: { readonly grid?: typeof gridFile }) => {
    const to = pathOf(join(folder, `render-${++count}.jpg`));
    await pictures.render({ original, cube, strength: 1, format: "jpeg", quality: null, to, ...besides });
  };
  const results = await bench.compare(
    bench("lut", () => render({})),
    bench("local", () => render({ grid: gridFile })),
    { iterations: 6, warmupIterations: 1, time: 0, warmupTime: 0 },
  );
  expect(results.get("local").latency.p50 / results.get("lut").latency.p50).toBeLessThan(RATIO_MAX);
}, 120_000);
