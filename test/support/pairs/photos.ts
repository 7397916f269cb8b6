/** Photos for pairs: the samples, or a folder of one's own (HOTGRADE_BENCH_PHOTOS), upright, in sRGB, cut and mirrored. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { chance } from "../pictures.ts";

/** RGB interleaved, 8 bits. */
export type Pixels = { readonly width: number; readonly height: number; readonly rgb: Uint8Array };

/** A part of a photo at full size, and the same part as a model gets it. */
export type Shot = { readonly name: string; readonly full: Pixels; readonly plate: Pixels };

const SAMPLES = join(import.meta.dirname, "../../../samples");
/** A photo is read with at most this many pixels, as a phone's. */
const PIXELS_MAX = 12_000_000;
/** Sizes of about a megapixel that models work at. */
const PLATES = [
  [1248, 832],
  [1184, 880],
  [1024, 1024],
  [880, 1184],
  [832, 1248],
] as const;
const KEPT_MIN = 0.6;

export function photoFiles(folder = SAMPLES): readonly string[] {
  const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp|tiff?)$/i.test(name));
  if (names.length === 0) throw new Error(`${folder} holds no photos`);
  return names.sort().map((name) => join(folder, name));
}

const opened = new Map<string, Promise<Pixels>>();

/** The whole photo; kept, since many shots are taken of one. */
export function photo(file: string): Promise<Pixels> {
  const known = opened.get(file) ?? decoded(file);
  opened.set(file, known);
  return known;
}

async function decoded(file: string): Promise<Pixels> {
  const image = sharp(file).rotate().toColourspace("srgb").removeAlpha();
  const { width, height } = await sharp(file).metadata();
  const scale = Math.min(1, Math.sqrt(PIXELS_MAX / (width * height)));
  const side = Math.round(Math.max(width, height) * scale);
  return pixelsOf(scale < 1 ? image.resize(side, side, { fit: "inside" }) : image);
}

/** The shot of a seed: which photo, which part of it, mirrored or not, at which of the usual sizes. */
export async function shotOf(files: readonly string[], seed: number): Promise<Shot> {
  const random = chance(104_729 * seed + 5);
  const file = files[seed % files.length]!;
  const whole = await photo(file);
  const [width, height] = PLATES[Math.floor(PLATES.length * random())]!;
  const kept = KEPT_MIN + (1 - KEPT_MIN) * random();
  const scale = kept * Math.min(whole.width / width, whole.height / height);
  const box = { width: Math.floor(width * scale), height: Math.floor(height * scale) };
  const left = Math.floor(random() * (whole.width - box.width));
  const top = Math.floor(random() * (whole.height - box.height));
  const cut = sharp(whole.rgb, { raw: { width: whole.width, height: whole.height, channels: 3 } })
    .extract({ left, top, ...box })
    .flop(random() < 0.5)
    .flip(random() < 0.25);
  const full = await pixelsOf(cut);
  const plate = await pixelsOf(sharp(full.rgb, { raw: { ...box, channels: 3 } }).resize(width, height));
  return { name: file.slice(file.lastIndexOf("/") + 1), full, plate };
}

async function pixelsOf(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
