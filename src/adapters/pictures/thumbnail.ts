/**
 * The small picture inside EXIF, made again from the graded one: what file managers and cameras show first.
 * Upright like the photo, without bars, in sRGB as viewers take it.
 */
import sharp from "sharp";
import type { Blocks } from "./anatomy.ts";
import { type Samples, toBytes, toSrgbInPlace } from "./convert.ts";
import type { Pixels } from "./decode.ts";
import { bufferSource } from "./source.ts";
import { numberAt, readDirectory, readTiff, TAG, type Tree } from "./tiff.ts";
import { resourcesIn } from "./tiff-photo.ts";

export type Thumbnail = {
  readonly width: number;
  readonly height: number;
  /** As fine as fits into so many bytes; null when even the coarsest does not. */
  readonly jpeg: (bytesMax: number) => Promise<Buffer | null>;
};

/** What DCF cameras write, where the original does not say. */
const LONG_SIDE = 160;
const LONG_SIDE_MAX = 512;
const QUALITIES = [85, 60, 35] as const;
/** Places averaged for one pixel, across and down: enough to be free of stairs, and quick from 100 megapixels too. */
const PLACES = 4;

/** Where an EXIF block has its thumbnail (no length: there is none to write over); null when it has no place for one. */
export type ThumbnailPlace = { readonly directory: Tree; readonly start: number; readonly length: number };

export async function thumbnailPlace(block: Buffer, first: Tree): Promise<ThumbnailPlace | null> {
  if (first.next === 0) return null;
  const directory = await readDirectory(bufferSource(block), first.next, first.little).catch(() => null);
  if (!directory) return null;
  const start = numberAt(directory, TAG.thumbnailStart);
  const length = numberAt(directory, TAG.thumbnailLength);
  if (start === undefined || length === undefined) return null;
  // Only bytes that are a JPEG are ever written over: a broken directory may point anywhere.
  const isJpeg = block[start] === 0xff && block[start + 1] === 0xd8;
  return { directory, start, length: isJpeg ? Math.min(length, block.length - start) : 0 };
}

/** The graded picture in small when the original has a thumbnail; else null. */
export async function thumbnailFor(pixels: Pixels, { exif, resources }: Blocks): Promise<Thumbnail | null> {
  const tree = exif && (await readTiff(bufferSource(exif)).catch(() => null));
  const place = tree && (await thumbnailPlace(exif, tree));
  const inResources = [...resourcesIn(resources ?? Buffer.alloc(0))].find(({ id }) => id === THUMBNAIL_RESOURCE)?.body;
  if (!place && !inResources) return null;
  const jpeg = place ? exif.subarray(place.start, place.start + place.length) : inResources!.subarray(RESOURCE_HEAD);
  // What is no picture inside has no size to keep.
  const old = await (async () => sharp(jpeg).metadata())().catch(() => null);
  const long = Math.min(LONG_SIDE_MAX, Math.max(old?.width ?? 0, old?.height ?? 0) || LONG_SIDE);
  const scale = Math.min(1, long / Math.max(pixels.width, pixels.height));
  const width = Math.max(1, Math.round(pixels.width * scale));
  const height = Math.max(1, Math.round(pixels.height * scale));
  const rgb = shrunk(pixels, width, height);
  if (pixels.way) toSrgbInPlace(rgb, 3, pixels.way);
  const image = sharp(toBytes(rgb), { raw: { width, height, channels: 3 } });
  const made = new Map<number, Promise<Buffer>>();
  return {
    width,
    height,
    async jpeg(bytesMax) {
      for (const quality of QUALITIES) {
        const encode = made.get(quality) ?? image.clone().jpeg({ quality }).toBuffer();
        made.set(quality, encode);
        if ((await encode).length <= bytesMax) return encode;
      }
      return null;
    },
  };
}

/** Photoshop's thumbnail, in JPEG. */
export const THUMBNAIL_RESOURCE = 1036;
const RESOURCE_HEAD = 28;

/** The body of that resource: its header says what is in the JPEG behind it. */
export async function thumbnailResource({ width, height, jpeg }: Thumbnail): Promise<Buffer> {
  const bytes = (await jpeg(Number.POSITIVE_INFINITY)) ?? Buffer.alloc(0);
  const row = 4 * Math.ceil((24 * width) / 32);
  const head = Buffer.alloc(RESOURCE_HEAD);
  for (const [index, value] of [1, width, height, row, row * height, bytes.length].entries())
    head.writeUInt32BE(value, 4 * index);
  head.writeUInt16BE(24, 24);
  head.writeUInt16BE(1, 26);
  return Buffer.concat([head, bytes]);
}

/** Each pixel is the mean of some places of its part of the picture. */
function shrunk({ samples, channels, width, height }: Pixels, across: number, down: number): Samples {
  const small = samples instanceof Uint16Array ? new Uint16Array(3 * across * down) : new Uint8Array(3 * across * down);
  const places = (at: number, count: number, size: number) =>
    Array.from({ length: PLACES }, (_, k) =>
      Math.min(size - 1, Math.floor(((at + (k + 0.5) / PLACES) / count) * size)),
    );
  const columns = Array.from({ length: across }, (_, x) => places(x, across, width));
  for (let y = 0; y < down; y++) {
    const rows = places(y, down, height);
    for (let x = 0; x < across; x++) {
      let [r, g, b] = [0, 0, 0];
      for (const row of rows)
        for (const column of columns[x]!) {
          const at = (row * width + column) * channels;
          r += samples[at]!;
          g += samples[at + 1]!;
          b += samples[at + 2]!;
        }
      const to = 3 * (y * across + x);
      small[to] = Math.round(r / PLACES ** 2);
      small[to + 1] = Math.round(g / PLACES ** 2);
      small[to + 2] = Math.round(b / PLACES ** 2);
    }
  }
  return small;
}
