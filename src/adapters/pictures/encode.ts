/**
 * From pixels to a file's bytes, as the original was: its depth, its quality or better, its chroma, its compression.
 * The encoder writes no metadata; `carry.ts` puts the original's in.
 */
import sharp, { type Sharp } from "sharp";
import { AppError } from "../../core/errors.ts";
import { type BitDepth, FORMAT_NAMES, type WrittenFormat } from "../../core/job/picture.ts";
import type { Anatomy } from "./anatomy.ts";
import { type Samples, threeChannels } from "./convert.ts";
import { inDepth } from "./depth.ts";
import { type PlainTiff, plainTiff } from "./plain-tiff.ts";

/** A second coding at a lower quality would show; a coarser original gets this. */
const QUALITY_MIN = 75;
/** For originals whose quality cannot be read: PNG, TIFF, WebP, AVIF, HEIC. */
const QUALITY_DEFAULT = { jpeg: 92, webp: 90, avif: 75 } as const;
const SIDE_MAX: Readonly<Record<WrittenFormat, number>> = {
  jpeg: 65_535,
  webp: 16_383,
  avif: 16_384,
  png: 2 ** 31 - 1,
  tiff: 2 ** 31 - 1,
};
const PNG_LEVEL = 6;
/** Of 9: 24 MP take about six seconds of one core. Twice the time saves a tenth of the bytes. */
const AVIF_EFFORT = 1;
/** Of 6: three seconds where the library's own 4 takes ten, for files as large. */
const WEBP_EFFORT = 2;
/** Below 2 the encoder gives up on large pictures full of detail; should it do so at 2, this one holds. */
const WEBP_EFFORT_SURE = 4;

export type Encoding = {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly format: WrittenFormat;
  readonly bits: BitDepth;
  /** 1 … 100; null as the original. */
  readonly quality: number | null;
  readonly anatomy: Anatomy;
};

export type Encoded = {
  readonly file: Buffer | PlainTiff;
  readonly hasAlpha: boolean;
  readonly notes: readonly string[];
};

export async function encodePicture(pixels: Samples, encoding: Encoding): Promise<Encoded> {
  const { width, height, format, bits } = encoding;
  if (Math.max(width, height) > SIDE_MAX[format])
    throw new AppError(
      "picture-too-large",
      `${FORMAT_NAMES[format]} holds at most ${SIDE_MAX[format]} pixels a side; this has ${width} × ${height}.`,
    );
  const notes: string[] = [];
  let [samples, channels] = [pixels, encoding.channels];
  if (format === "jpeg" && channels === 4) {
    [samples, channels] = [threeChannels(samples), 3];
    notes.push("Transparency was left out: JPEG has none.");
  }
  samples = inDepth(samples, bits);
  const plain =
    format === "tiff" && compressionOf(encoding.anatomy) === "none"
      ? plainTiff(samples, { width, height, channels })
      : undefined;
  if (plain) return { file: plain, hasAlpha: channels === 4, notes };
  let image = sharp(samples, { raw: { width, height, channels }, limitInputPixels: false });
  if (samples instanceof Uint16Array) image = image.toColourspace("rgb16");
  return { file: await encoded(image, encoding), hasAlpha: channels === 4, notes };
}

const compressionOf = ({ tiffCompression = "lzw" }: Anatomy) => tiffCompression;

async function encoded(image: Sharp, encoding: Encoding): Promise<Buffer> {
  if (encoding.format !== "webp") return asFormat(image, encoding).toBuffer();
  const again = image.clone();
  try {
    return await asFormat(image, encoding).toBuffer();
  } catch {
    return asFormat(again, encoding).webp({ effort: WEBP_EFFORT_SURE }).toBuffer();
  }
}

function asFormat(image: Sharp, { format, quality, bits, anatomy }: Encoding): Sharp {
  // The encoder knows 4:2:0 and 4:4:4: whatever lies between is kept better than it was.
  const chromaSubsampling = hasHalfChroma(anatomy) ? "4:2:0" : "4:4:4";
  switch (format) {
    case "jpeg": {
      const { jpeg } = anatomy;
      const estimate = jpeg ? Math.max(QUALITY_MIN, jpeg.quality) : QUALITY_DEFAULT.jpeg;
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
        effort: WEBP_EFFORT,
        quality: quality ?? QUALITY_DEFAULT.webp,
        alphaQuality: 100,
        exact: true,
        smartSubsample: true,
      });
    }
    case "tiff": {
      const compression = compressionOf(anatomy);
      return image.tiff({ compression, predictor: compression === "none" ? "none" : "horizontal" });
    }
    case "avif":
      return image.avif({
        quality: quality ?? QUALITY_DEFAULT.avif,
        effort: AVIF_EFFORT,
        chromaSubsampling,
        bitdepth: bits as 8 | 10 | 12,
      });
  }
}

const hasHalfChroma = ({ jpeg, heif }: Anatomy): boolean =>
  heif ? heif.halfChroma : jpeg !== undefined && !jpeg.fullChroma && isHalved(jpeg.segments);

/** Luma has twice the chroma's samples in both directions: 4:2:0, and nothing finer. */
function isHalved(segments: readonly { marker: number; bytes: Buffer }[]): boolean {
  const frame = segments.find(({ marker }) => marker >= 0xc0 && marker <= 0xc2)?.bytes;
  return frame !== undefined && frame[11] === 0x22 && frame[14] === 0x11 && frame[17] === 0x11;
}
