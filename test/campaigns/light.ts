/**
 * Finish local on edits it was not tuned on: `npm run bench:local`, or `node bin/with-node.mjs test/campaigns/light.ts SEEDS`.
 *
 * Sample photos of full size under looks and lights drawn by seeds; plates of a megapixel, returned by a model that shifts,
 * zooms, drifts and adds noise. Prints mean CIEDE2000 against the truth at full size for the look alone, for look and grid,
 * and for the model's picture made larger; then the same for plain grades that come back badly disturbed.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { applyLocal } from "../../src/adapters/pictures/local.ts";
import { deltaE } from "../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../src/core/colour/srgb.ts";
import { type Grid, viewOf } from "../../src/core/local/grid.ts";
import { fitLocal } from "../../src/core/local/local.ts";
import type { FitInput } from "../../src/core/lut/fit/fit.ts";
import { prepareKernel } from "../../src/core/lut/kernel/kernel.ts";
import type { Lattice } from "../../src/core/lut/lattice.ts";
import { frameFor } from "../../src/core/workflow/framing.ts";
import type { Light } from "../support/light.ts";
import { type Disturbance, EDITS, editOf, HARD, lookOf, MILD, returned } from "../support/light-edits.ts";
import type { Look } from "../support/looks.ts";
import type { Picture } from "../support/pictures.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const ERROR_MAX = 1.5;
const seeds = Number(process.argv[2] ?? 3);

type Measured = {
  readonly verdict: string;
  readonly alone: number;
  readonly local: number;
  readonly direct: number;
};

const photos = readdirSync(SAMPLES).filter((name) => /\.(jpg|webp)$/.test(name));
let isWell = true;
for (const edit of EDITS) {
  const measured: Measured[] = [];
  for (const [at, photo] of photos.entries())
    for (let seed = 0; seed < seeds; seed++) {
      const number = 1000 + 100 * EDITS.indexOf(edit) + 10 * at + seed;
      measured.push(await measure(photo, lookOf(number + seed), editOf(edit, number), MILD, number));
    }
  isWell &&= say(edit, measured) <= ERROR_MAX;
}
for (const [name, disturbance] of Object.entries({ "plain, mild": MILD, "plain, hard": HARD })) {
  const measured: Measured[] = [];
  for (const [at, photo] of photos.entries())
    for (let seed = 0; seed < seeds; seed++)
      measured.push(await measure(photo, lookOf(at + seed), (colour) => colour, disturbance, 2000 + 10 * at + seed));
  say(name, measured);
}
process.exit(isWell ? 0 : 1);

function say(name: string, measured: readonly Measured[]): number {
  const mean = (kind: "alone" | "local" | "direct") =>
    measured.reduce((sum, one) => sum + one[kind], 0) / measured.length;
  const worst = (kind: "alone" | "local" | "direct") => Math.max(...measured.map((one) => one[kind]));
  const count = (verdict: string) => measured.filter((one) => one.verdict === verdict).length;
  const parts = (["alone", "local", "direct"] as const).map(
    (kind) => `${kind} ${mean(kind).toFixed(2)} (worst ${worst(kind).toFixed(2)})`,
  );
  console.log(
    `${name.padEnd(12)} ${measured.length} pairs  ${parts.join("  ")}  ` +
      `verdicts ${count("global")} global, ${count("warn")} warn, ${count("spatial")} spatial`,
  );
  return mean("local");
}

async function measure(name: string, look: Look, light: Light, how: Disturbance, seed: number): Promise<Measured> {
  const photo = await pictureOf(sharp(join(SAMPLES, name)).autoOrient());
  const truth = changed(photo, look, light);
  const frame = frameFor({ kind: "kontext" }, photo.width, photo.height, "pad");
  const size = frame.inner ?? frame;
  const before = await resized(photo, size);
  const after = returned(await resized(truth, size), how, seed);
  const { width, height } = before;
  const input: FitInput = {
    ...{ before: before.pixels, after: after.pixels, width, height, rounding: "rounded", size: 33 },
  };
  const alone = fitLocal([input], "never", viewOf(frame.crop, photo));
  const local = fitLocal([input], "always", viewOf(frame.crop, photo));
  const enlarged = await resized(after, photo);
  return {
    verdict: alone.report.verdict,
    alone: meanError(rendered(photo, alone.lattice, null), truth),
    local: meanError(rendered(photo, local.lattice, local.grid), truth),
    direct: meanError(enlarged, truth),
  };
}

async function pictureOf(image: Sharp): Promise<Picture> {
  const { data, info } = await image.removeAlpha().toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: new Uint8Array(data) };
}

function resized({ width, height, pixels }: Picture, to: Pick<Picture, "width" | "height">): Promise<Picture> {
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  return pictureOf(image.resize(to.width, to.height, { fit: "fill", kernel: "lanczos3" }));
}

function changed({ width, height, pixels }: Picture, look: Look, light: Light): Picture {
  const out = new Uint8Array(pixels.length);
  for (let y = 0, q = 0; y < height; y++)
    for (let x = 0; x < width; x++, q += 3) {
      const graded = look([pixels[q]! / 255, pixels[q + 1]! / 255, pixels[q + 2]! / 255]);
      const lit = light(graded, (x + 0.5) / width, (y + 0.5) / height);
      for (let c = 0; c < 3; c++) out[q + c] = Math.round(255 * Math.min(1, Math.max(0, lit[c]!)));
    }
  return { width, height, pixels: out };
}

function rendered({ width, height, pixels }: Picture, lattice: Lattice, grid: Grid | null): Picture {
  const samples = Uint8Array.from(pixels);
  const whole = { samples, channels: 3, width, height, way: null, becameSrgb: false, notes: [] } as const;
  if (grid) applyLocal(whole, lattice, grid);
  else prepareKernel(lattice, 8).apply(samples, 3);
  return { width, height, pixels: samples };
}

function meanError(one: Picture, other: Picture): number {
  const colour = ({ pixels }: Picture, at: number): Triple => [
    pixels[at]! / 255,
    pixels[at + 1]! / 255,
    pixels[at + 2]! / 255,
  ];
  let sum = 0;
  let count = 0;
  for (let at = 0; at < one.pixels.length; at += 3 * 61, count++)
    sum += deltaE(toLab(colour(one, at)), toLab(colour(other, at)));
  return sum / count;
}
