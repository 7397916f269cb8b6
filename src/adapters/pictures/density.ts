/**
 * Dots per inch: what a print is laid out by. Each format has a place of its own for it, most have two.
 *
 * Source  JFIF 1.02 (density in APP0); Exif 3.0 (XResolution, ResolutionUnit); PNG (pHYs, in dots per metre).
 */
import type { Anatomy } from "./anatomy.ts";
import { numberAt, TAG, type Tree } from "./tiff.ts";
import { isSideways, type Turn } from "./turn.ts";

/** Dots per inch across and down, as stored in the original. */
export type Density = { readonly x: number; readonly y: number };

const CM_PER_INCH = 2.54;
const M_PER_INCH = 0.0254;

/** Null where the original says nothing, or only the shape of its pixels. */
export function densityOf({ jpeg, png, tags }: Pick<Anatomy, "jpeg" | "png" | "tags">): Density | null {
  return ofJfif(jpeg?.segments.find(({ bytes }) => isJfif(bytes))?.bytes) ?? ofPng(png) ?? ofTags(tags);
}

export const isJfif = (segment: Buffer): boolean =>
  segment[1] === 0xe0 && segment.toString("latin1", 4, 9) === "JFIF\0" && segment.length >= 18;

function ofJfif(segment: Buffer | undefined): Density | null {
  const unit = segment?.[11];
  if (!segment || (unit !== 1 && unit !== 2)) return null;
  const scale = unit === 2 ? CM_PER_INCH : 1;
  return sound(segment.readUInt16BE(12) * scale, segment.readUInt16BE(14) * scale);
}

function ofPng(png: Anatomy["png"]): Density | null {
  const bytes = png?.chunks.find(({ type }) => type === "pHYs")?.bytes;
  if (!bytes || bytes.length < 9 || bytes[8] !== 1) return null;
  return sound(bytes.readUInt32BE(0) * M_PER_INCH, bytes.readUInt32BE(4) * M_PER_INCH);
}

function ofTags(tags: Tree | null): Density | null {
  const unit = numberAt(tags ?? undefined, TAG.resolutionUnit) ?? 2;
  if (!tags || (unit !== 2 && unit !== 3)) return null;
  const scale = unit === 3 ? CM_PER_INCH : 1;
  const x = ratioAt(tags, TAG.xResolution);
  return sound(x * scale, (ratioAt(tags, TAG.yResolution) || x) * scale);
}

function ratioAt({ entries, little }: Tree, tag: number): number {
  const bytes = entries.get(tag)?.bytes;
  if (!bytes || bytes.length < 8) return 0;
  return little ? bytes.readUInt32LE(0) / bytes.readUInt32LE(4) : bytes.readUInt32BE(0) / bytes.readUInt32BE(4);
}

const sound = (x: number, y: number): Density | null =>
  x >= 1 && y >= 1 && x <= 65_535 && y <= 65_535 ? { x, y } : null;

/** Upright. */
export const turnedDensity = (density: Density, turn: Turn): Density =>
  isSideways(turn) ? { x: density.y, y: density.x } : density;

/** The original's JFIF segment without the tiny picture it may hold, its density upright. */
export function trueJfif(segment: Buffer, turn: Turn): Buffer {
  const jfif = Buffer.from(segment.subarray(0, 18));
  jfif.writeUInt16BE(16, 2);
  jfif.writeUInt16BE(0, 16);
  if (isSideways(turn)) segment.copy(jfif, 12, 14, 16);
  if (isSideways(turn)) segment.copy(jfif, 14, 12, 14);
  return jfif;
}

/** A JFIF segment with this density. */
export function jfifOf({ x, y }: Density): Buffer {
  const jfif = Buffer.from("ff e0 00 10 4a 46 49 46 00 01 02 01 00 48 00 48 00 00".replaceAll(" ", ""), "hex");
  jfif.writeUInt16BE(Math.round(x), 12);
  jfif.writeUInt16BE(Math.round(y), 14);
  return jfif;
}

export function physOf({ x, y }: Density): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt32BE(Math.round(x / M_PER_INCH), 0);
  bytes.writeUInt32BE(Math.round(y / M_PER_INCH), 4);
  bytes[8] = 1;
  return bytes;
}
