/**
 * Sheets: pairs to look at. Six panels each: before, the model's answer / ours at full size, its difference from the true look
 * ×8 about grey / a detail of the last two pictures pixel for pixel: the model's answer scaled up, and ours.
 */
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { fitLook } from "../../../src/core/lut/fit/fit.ts";
import { prepareKernel } from "../../../src/core/lut/kernel/kernel.ts";
import type { Look } from "../looks.ts";
import type { Level } from "./degrade.ts";
import { measure } from "./measure.ts";
import { pairOf, type Subject } from "./pair.ts";
import type { Pixels } from "./photos.ts";

const PANEL = { width: 456, height: 304 };
const GAP = 8;
const MAGNIFIED = 8;

/** Writes `fit-<photo>.jpg` and gives a line that says what it shows. */
export async function writeSheet(folder: string, subject: Subject, level: Level): Promise<string> {
  const { look, lookName, shot } = subject;
  const pair = pairOf(subject, level);
  const { lattice, report } = fitLook({ ...pair, size: 33 });
  const ours: Pixels = { ...shot.full, rgb: Uint8Array.from(shot.full.rgb) };
  prepareKernel(lattice, 8).apply(ours.rgb, 3);
  const { width, height } = shot.full;
  const answer = imageOf({ width: pair.width, height: pair.height, rgb: pair.after });
  const detail = {
    left: (width - PANEL.width) >> 1,
    top: Math.floor(0.6 * (height - PANEL.height)),
    ...PANEL,
  };
  const enlarged = await answer.clone().resize(width, height, { fit: "fill" }).png().toBuffer();
  const panels = [
    whole(imageOf(shot.plate)),
    whole(answer),
    whole(imageOf(ours)),
    whole(imageOf(difference(shot.full, ours, look))),
    sharp(enlarged).extract(detail),
    imageOf(ours).extract(detail),
  ];
  const name = `fit-${shot.name.replace(/\..*$/, "")}.jpg`;
  await sheetOf(panels, join(folder, name));
  const { mean, p95 } = measure(lattice, look, shot.full);
  return `${name}: ${lookName}, ${level}: ΔE₀₀ ${mean.toFixed(2)} mean, ${p95.toFixed(2)} p95; ${report.verdict} (${report.score})`;
}

const imageOf = ({ width, height, rgb }: Pixels): Sharp => sharp(rgb, { raw: { width, height, channels: 3 } });
const whole = (image: Sharp): Sharp => image.resize({ ...PANEL, fit: "contain", background: "#fff" });

/** Middle grey where ours is what the look says; eight codes off for each code that it is not. */
function difference(photo: Pixels, ours: Pixels, look: Look): Pixels {
  const rgb = new Uint8Array(ours.rgb.length);
  for (let q = 0; q < rgb.length; q += 3) {
    const truth = look([photo.rgb[q]! / 255, photo.rgb[q + 1]! / 255, photo.rgb[q + 2]! / 255]);
    for (let c = 0; c < 3; c++) {
      const off = ours.rgb[q + c]! - Math.round(255 * truth[c]!);
      rgb[q + c] = Math.min(255, Math.max(0, 128 + MAGNIFIED * off));
    }
  }
  return { ...ours, rgb };
}

async function sheetOf(panels: readonly Sharp[], file: string): Promise<void> {
  const rows = panels.length / 2;
  const layers = await Promise.all(
    panels.map(async (panel, k) => ({
      input: await panel.png().toBuffer(),
      left: (k % 2) * (PANEL.width + GAP),
      top: Math.floor(k / 2) * (PANEL.height + GAP),
    })),
  );
  const size = { width: 2 * PANEL.width + GAP, height: rows * PANEL.height + (rows - 1) * GAP };
  await sharp({ create: { ...size, channels: 3, background: "#fff" } })
    .composite(layers)
    .jpeg({ quality: 80, mozjpeg: true })
    .toFile(file);
}
