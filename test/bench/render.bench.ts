/**
 * A 24 MP JPEG from file to file: our whole render (decode, look, encode, metadata, hash, fsync) against the library's
 * plain decode and encode with its defaults, in the same run.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { Pictures } from "../../src/ports.ts";
import { pathOf, savedCube, sceneImage, silent } from "../support/photos.ts";

const SIZE = { width: 6000, height: 4000 };
const folder = mkdtempSync(join(tmpdir(), "hotgrade-bench-"));
const original = join(folder, "24mp.jpg");
let pictures: Pictures;
let count = 0;

beforeAll(async () => {
  const noise = await sharp({
    create: { ...SIZE, channels: 3, background: "#000", noise: { type: "gaussian", mean: 128, sigma: 12 } },
  })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const scene = await sceneImage(1500, 1000).resize(SIZE.width, SIZE.height).png({ compressionLevel: 0 }).toBuffer();
  writeFileSync(
    original,
    await sharp(scene)
      .composite([{ input: noise, blend: "soft-light" }])
      .removeAlpha()
      .jpeg({ quality: 92 })
      .toBuffer(),
  );
  savedCube(folder);
  pictures = openPictures({ workers: 1, memoryBytes: 2 ** 31, log: silent });
});

afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

test("24 MP JPEG, file to file", async ({ bench }) => {
  const cube = pathOf(join(folder, "look.cube"));
  await bench.compare(
    bench("render", async () => {
      const to = pathOf(join(folder, `render-${++count}.jpg`));
      await pictures.render({ original: pathOf(original), cube, strength: 1, format: "jpeg", quality: null, to });
    }),
    bench("decode and encode alone", async () => {
      await sharp(original)
        .jpeg({ quality: 92 })
        .toFile(join(folder, `plain-${++count}.jpg`));
    }),
    { iterations: 8, warmupIterations: 2, time: 0, warmupTime: 0 },
  );
}, 120_000);
