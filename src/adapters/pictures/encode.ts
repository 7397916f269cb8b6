/**
 * From pixels to a file's bytes, as the original was: its depth, its quality or better, its chroma, its compression.
 * The encoder writes no metadata; `carry.ts` puts the original's in.
 */
import sharp, { type Sharp } from "sharp";
import { AppError } from "../../core/errors.ts";
import type { PictureFormat } from "../../ports.ts";
import type { Anatomy } from "./anatomy.ts";
import { type Samples, threeChannels, toBytes } from "./convert.ts";

/** A second coding at a lower quality would show; a coarser original gets this. */
const QUALITY_MIN = 75;
/** For originals whose quality cannot be read: PNG, TIFF, WebP. */
const QUALITY_DEFAULT = { jpeg: 92, webp: 90 } as const;
const SIDE_MAX = { jpeg: 65_535, webp: 16_383, png: 2 ** 31 - 1, tiff: 2 ** 31 - 1 } as const;
const PNG_LEVEL = 6;

export type Encoding = {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly format: PictureFormat;
  /** 1 … 100; null as the original. */
  readonly quality: number | null;
  readonly anatomy: Anatomy;
};

export type Encoded = { readonly bytes: Buffer; readonly hasAlpha: boolean; readonly notes: readonly string[] };

export async function encodePicture(pixels: Samples, encoding: Encoding): Promise<Encoded> {
  const { width, height, format } = encoding;
  if (Math.max(width, height) > SIDE_MAX[format])
    throw new AppError(
      "picture-too-large",
      `A ${format} holds at most ${SIDE_MAX[format]} pixels a side; this has ${width} × ${height}.`,
    );
  const notes: string[] = [];
  let [samples, channels] = [pixels, encoding.channels];
  if (format === "jpeg" && channels === 4) {
    [samples, channels] = [threeChannels(samples), 3];
    notes.push("Transparency was left out: JPEG has none.");
  }
  if ((format === "jpeg" || format === "webp") && samples instanceof Uint16Array) {
    samples = toBytes(samples);
    notes.push(`16 bits became 8: ${format === "jpeg" ? "JPEG" : "WebP"} holds no more.`);
  }
  let image = sharp(samples, { raw: { width, height, channels }, limitInputPixels: false });
  if (samples instanceof Uint16Array) image = image.toColourspace("rgb16");
  const bytes = await asFormat(image, encoding).toBuffer();
  return { bytes, hasAlpha: channels === 4, notes };
}

function asFormat(image: Sharp, { format, quality, anatomy }: Encoding): Sharp {
  switch (format) {
    case "jpeg": {
      const { jpeg } = anatomy;
      const estimate = jpeg ? Math.max(QUALITY_MIN, jpeg.quality) : QUALITY_DEFAULT.jpeg;
      // The encoder knows 4:2:0 and 4:4:4: whatever lies between is kept better than it was.
      const halved = jpeg !== undefined && !jpeg.fullChroma && isHalved(jpeg.segments);
      const chromaSubsampling = halved ? "4:2:0" : "4:4:4";
      return image.jpeg({
        quality: quality ?? estimate,
        chromaSubsampling,
        optimiseCoding: false,
        progressive: jpeg?.progressive ?? false,
      });
    }
    case "png":
      return image.png({ compressionLevel: PNG_LEVEL, adaptiveFiltering: false });
    case "webp": {
      if (anatomy.webp?.lossless && quality === null) return image.webp({ lossless: true, exact: true, quality: 50 });
      return image.webp({
        quality: quality ?? QUALITY_DEFAULT.webp,
        alphaQuality: 100,
        exact: true,
        smartSubsample: true,
      });
    }
    case "tiff": {
      const compression = anatomy.tiffCompression ?? "lzw";
      return image.tiff({ compression, predictor: compression === "none" ? "none" : "horizontal" });
    }
  }
}

/** Luma has twice the chroma's samples in both directions: 4:2:0, and nothing finer. */
function isHalved(segments: readonly { marker: number; bytes: Buffer }[]): boolean {
  const frame = segments.find(({ marker }) => marker >= 0xc0 && marker <= 0xc2)?.bytes;
  return frame !== undefined && frame[11] === 0x22 && frame[14] === 0x11 && frame[17] === 0x11;
}
