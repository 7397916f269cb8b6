/** Pictures as ComfyUI has them: 32-bit floats 0 … 1, three to a pixel, and its conversions from and to files. */
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { type Lattice, latticeOf } from "../../../src/core/lut/lattice.ts";
import { KONTEXT_SIZES } from "../../../src/core/workflow/framing.ts";
import type { Flaws } from "./options.ts";

export type Picture = { readonly width: number; readonly height: number; readonly values: Float32Array };

/** A gentle warm grade with a lifted black, what a server paints when nothing else is asked for. */
export const WARM: Lattice = latticeOf(33, (r, g, b) => {
  const curve = (v: number) => v + 0.08 * v * (1 - v) * (2 * v - 0.6);
  return [Math.min(1, 0.03 + 0.97 * curve(r) * 1.03), 0.025 + 0.95 * curve(g), 0.03 + 0.86 * curve(b)];
});

export async function decode(bytes: Buffer): Promise<Picture> {
  const picture = sharp(bytes, { failOn: "none", limitInputPixels: 1e9 }).rotate().toColourspace("srgb").removeAlpha();
  const { data, info } = await picture.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) values[at] = data[at]! / 255;
  return { width: info.width, height: info.height, values };
}

/** 8-bit RGB; the cast cuts off what is behind the point instead of rounding. */
export function toBytes({ values }: Picture): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const level = Math.fround(255 * values[at]!);
    bytes[at] = level <= 0 ? 0 : level >= 255 ? 255 : Math.trunc(level);
  }
  return bytes;
}

/** A PNG as SaveImage writes it, with the given text chunks. */
export async function encodePng(
  picture: Picture,
  texts: Readonly<Record<string, string>> = {},
  compressionLevel = 4,
): Promise<Buffer> {
  const { width, height } = picture;
  const raw = { width, height, channels: 3 as const };
  const png = await sharp(toBytes(picture), { raw }).png({ compressionLevel }).toBuffer();
  const header = 8 + 25;
  const chunks = Object.entries(texts).map(([key, text]) => {
    const body = Buffer.from(`tEXt${key}\0${text}`, "latin1");
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(body.length - 4, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  });
  return Buffer.concat([png.subarray(0, header), ...chunks, png.subarray(header)]);
}

export function encodePreview({ width, height, values }: Picture): Promise<Buffer> {
  const raw = { width, height, channels: 3 as const };
  return sharp(toBytes({ width, height, values }), { raw })
    .resize(256, 256, { fit: "inside", kernel: "nearest" })
    .jpeg({ quality: 80 })
    .toBuffer();
}

export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const values = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((y + top) * picture.width + left);
    values.set(picture.values.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { width, height, values };
}

/** Lanczos by way of 8 bits, as ComfyUI's; the same size changes nothing. */
export async function resize(picture: Picture, width: number, height: number): Promise<Picture> {
  if (width === picture.width && height === picture.height) return picture;
  const raw = { width: picture.width, height: picture.height, channels: 3 as const };
  const scaled = sharp(toBytes(picture), { raw }).resize(width, height, { fit: "fill", kernel: "lanczos3" });
  return decodeRaw(await scaled.raw().toBuffer(), width, height);
}

function decodeRaw(data: Buffer, width: number, height: number): Picture {
  return { width, height, values: Float32Array.from(data, (level) => level / 255) };
}

/** FluxKontextImageScale: centre crop to the nearest of its sizes' aspect, then that size. */
export async function kontextScale(picture: Picture): Promise<Picture> {
  const { width, height } = picture;
  const aspect = width / height;
  let target = KONTEXT_SIZES[0]!;
  for (const size of KONTEXT_SIZES)
    if (Math.abs(aspect - size.width / size.height) < Math.abs(aspect - target.width / target.height)) target = size;
  const wanted = target.width / target.height;
  const x = aspect > wanted ? roundHalfEven((width - width * (wanted / aspect)) / 2) : 0;
  const y = aspect < wanted ? roundHalfEven((height - height * (aspect / wanted)) / 2) : 0;
  return resize(crop(picture, x, y, width - 2 * x, height - 2 * y), target.width, target.height);
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** What a model makes of a plate: its look, and the flaws it is told to have. */
export function paint(plate: Picture, look: Lattice, amount: number, seed: number, flaws: Flaws): Picture {
  let picture = applyLook(plate, look, amount);
  const { shift = { x: 0, y: 0 }, zoom = 1, noise = 0, repaint = 0, relight = 0, vignette = 0 } = flaws;
  if (shift.x !== 0 || shift.y !== 0 || zoom !== 1) picture = move(picture, shift.x, shift.y, zoom);
  if (flaws.stranger) turned(picture);
  if (relight !== 0) relit(picture, relight);
  if (vignette !== 0) vignetted(picture, vignette);
  if (repaint > 0) repainted(picture, repaint);
  if (noise > 0) noisy(picture, noise, seed);
  return picture;
}

function applyLook({ width, height, values }: Picture, { n, values: table }: Lattice, amount: number): Picture {
  const out = new Float32Array(values.length);
  const last = n - 1;
  const [stepG, stepB] = [3 * n, 3 * n * n];
  for (let at = 0; at < values.length; at += 3) {
    const [r, g, b] = [values[at]! * last, values[at + 1]! * last, values[at + 2]! * last];
    const [r0, g0, b0] = [Math.min(last - 1, r | 0), Math.min(last - 1, g | 0), Math.min(last - 1, b | 0)];
    const [fr, fg, fb] = [r - r0, g - g0, b - b0];
    const base = 3 * r0 + stepG * g0 + stepB * b0;
    for (let channel = 0; channel < 3; channel++) {
      const p = base + channel;
      const row = (from: number) => table[from]! + (table[from + 3]! - table[from]!) * fr;
      const near = row(p) + (row(p + stepG) - row(p)) * fg;
      const far = row(p + stepB) + (row(p + stepB + stepG) - row(p + stepB)) * fg;
      const v = values[at + channel]!;
      out[at + channel] = v + (near + (far - near) * fb - v) * amount;
    }
  }
  return { width, height, values: out };
}

function move(picture: Picture, right: number, down: number, zoom: number): Picture {
  const { width, height, values } = picture;
  const out = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const v = Math.min(height - 1, Math.max(0, (y - down - height / 2) / zoom + height / 2));
    const y0 = Math.min(height - 2, Math.floor(v));
    for (let x = 0; x < width; x++) {
      const u = Math.min(width - 1, Math.max(0, (x - right - width / 2) / zoom + width / 2));
      const x0 = Math.min(width - 2, Math.floor(u));
      const [fx, fy, p] = [u - x0, v - y0, 3 * (y0 * width + x0)];
      for (let c = 0; c < 3; c++) {
        const upper = values[p + c]! * (1 - fx) + values[p + 3 + c]! * fx;
        const lower = values[p + 3 * width + c]! * (1 - fx) + values[p + 3 * width + 3 + c]! * fx;
        out[3 * (y * width + x) + c] = upper * (1 - fy) + lower * fy;
      }
    }
  }
  return { width, height, values: out };
}

/** Upside down and the other way round. */
function turned({ values }: Picture): void {
  for (let at = 0, from = values.length - 3; at < from; at += 3, from -= 3) {
    const here = values.slice(at, at + 3);
    values.copyWithin(at, from, from + 3);
    values.set(here, from);
  }
}

function relit({ width, values }: Picture, factor: number): void {
  for (let at = 0; at < values.length; at++)
    values[at]! *= 1 + factor * ((2 * (Math.floor(at / 3) % width)) / width - 1);
}

function vignetted({ width, height, values }: Picture, depth: number): void {
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const away = 2 * (((x + 0.5) / width - 0.5) ** 2 + ((y + 0.5) / height - 0.5) ** 2);
      for (const end = at + 3; at < end; at++) values[at]! *= 1 - depth * away ** 1.2;
    }
}

/** Four discs of another colour, together `share` of the area. */
function repainted({ width, height, values }: Picture, share: number): void {
  const radius = Math.sqrt((share * width * height) / 4 / Math.PI);
  for (const [u, v] of [
    [0.3, 0.3],
    [0.7, 0.3],
    [0.3, 0.7],
    [0.7, 0.7],
  ] as const) // prettier-ignore
    for (let y = Math.max(0, Math.floor(v * height - radius)); y < Math.min(height, v * height + radius); y++)
      for (let x = Math.max(0, Math.floor(u * width - radius)); x < Math.min(width, u * width + radius); x++)
        if ((x - u * width) ** 2 + (y - v * height) ** 2 < radius ** 2)
          values.set([0.8 * u, 0.4, 0.9 * v], 3 * (y * width + x));
}

function noisy({ values }: Picture, levels: number, seed: number): void {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  // The sum of three uniform numbers is close enough to a normal one; its deviation is ½.
  for (let at = 0; at < values.length; at++) values[at]! += ((random() + random() + random() - 1.5) * 2 * levels) / 255;
}

/** An autoencoder's colour error: each channel a little off, more in the mid-tones. */
export function warped(picture: Picture, amount: number): Picture {
  if (amount === 0) return picture;
  const bend = [0.012, -0.01, 0.014];
  const values = picture.values.map((v, at) => v + amount * bend[at % 3]! * 4 * v * (1 - v));
  return { ...picture, values };
}
