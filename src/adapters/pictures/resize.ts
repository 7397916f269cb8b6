/** Pixels made smaller, by the library's Lanczos filter, colours under alpha weighed by it. */
import sharp from "sharp";
import type { Pixels } from "./decode.ts";

type Size = { readonly width: number; readonly height: number };

/** The long edge becomes `longEdge`; nothing is made larger: `sizeWithin({6000, 4000}, 3000)` is 3000 × 2000. */
export function sizeWithin({ width, height }: Size, longEdge: number): Size {
  const scale = longEdge / Math.max(width, height);
  if (scale >= 1) return { width, height };
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export async function within(pixels: Pixels, longEdge: number): Promise<Pixels> {
  const { samples, channels, width, height } = pixels;
  const size = sizeWithin(pixels, longEdge);
  if (size.width === width && size.height === height) return pixels;
  const image = sharp(samples, { raw: { width, height, channels }, limitInputPixels: false }).resize(
    size.width,
    size.height,
    { fit: "fill", kernel: "lanczos3" },
  );
  if (samples instanceof Uint8Array) return { ...pixels, ...size, samples: await image.raw().toBuffer() };
  const bytes = await image.toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer();
  const even = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return { ...pixels, ...size, samples: new Uint16Array(even.buffer, even.byteOffset, even.length / 2) };
}
