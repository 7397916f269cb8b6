/**
 * Anatomy of a picture file: everything its header says, read in pieces and without the decoder.
 * The same for an open file (inspect, admission by memory) and for bytes in memory (render).
 */
import { AppError } from "../../core/errors.ts";
import type { PictureFormat, PictureInfo } from "../../ports.ts";
import { notesOnTheRest } from "./besides.ts";
import type { HeifHeader } from "./heif.ts";
import { type Profile, readProfile } from "./icc.ts";
import { type JpegHeader, readJpeg } from "./jpeg.ts";
import { iccOfPng, type PngHeader, rawProfileOfPng, readPng, xmpOfPng } from "./png.ts";
import { HEAD_BYTES, recognise } from "./recognise.ts";
import { bufferSource, type Source } from "./source.ts";
import { numberAt, readTiff, TAG, type Tree, textAt } from "./tiff.ts";
import { tiffAnatomy } from "./tiff-photo.ts";
import { readWebp, type WebpHeader } from "./webp.ts";

/** Metadata in the forms that every format carries; null where there is none. */
export type Blocks = {
  /** A TIFF structure, without "Exif\0\0". */
  readonly exif: Buffer | null;
  readonly xmp: Buffer | null;
  readonly icc: Buffer | null;
  /** Photoshop's image resources, which hold IPTC. */
  readonly resources: Buffer | null;
};

export type Anatomy = {
  readonly format: PictureFormat;
  /** As stored. */
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  readonly bitDepth: 8 | 16;
  readonly hasAlpha: boolean;
  readonly model: PictureInfo["model"];
  readonly blocks: Blocks;
  /** The tags of `blocks.exif`, or of the TIFF itself. */
  readonly tags: Tree | null;
  readonly profile: Profile | null;
  readonly jpeg?: JpegHeader;
  readonly png?: PngHeader;
  readonly webp?: WebpHeader;
  readonly heif?: HeifHeader;
  readonly tiffCompression?: "none" | "lzw" | "deflate";
  readonly notes: readonly string[];
};

type Parts = Omit<Anatomy, "profile" | "orientation" | "tags"> & { readonly tags?: Tree | null };

export const PIXELS_MAX = 500_000_000;
export const PREVIEW_PIXELS_MAX = 64_000_000;

/** Errors: `file-unsupported`, `picture-damaged`, `picture-too-large`. */
export async function anatomyOf(source: Source, pixelsMax: number): Promise<Anatomy> {
  const kind = recognise(await source.read(0, HEAD_BYTES));
  if ("seems" in kind) throw new AppError("file-unsupported", `This is ${kind.seems}.`, { seems: kind.seems });
  const parts = await partsOf(kind.format, source);
  const { width, height } = parts;
  if (!(width > 0 && height > 0)) throw new AppError("picture-damaged", `The header says ${width} × ${height} pixels.`);
  if (width * height > pixelsMax) {
    const message = `The picture has ${width} × ${height} pixels; the limit is ${pixelsMax}.`;
    throw new AppError("picture-too-large", message, { width, height, pixelsMax });
  }
  const { exif, icc } = parts.blocks;
  const tags = parts.tags ?? (exif && (await readTiff(bufferSource(exif)).catch(() => null)));
  const told = parts.heif?.orientation ?? numberAt(tags ?? undefined, TAG.orientation) ?? 1;
  const orientation = told >= 1 && told <= 8 ? told : 1;
  return { ...parts, tags, orientation, profile: icc && readProfile(icc) };
}

function partsOf(format: PictureFormat, source: Source): Promise<Parts> | Parts {
  switch (format) {
    case "jpeg":
      return jpegAnatomy(source);
    case "png":
      return pngAnatomy(source);
    case "webp":
      return webpAnatomy(source);
    case "tiff":
      return tiffAnatomy(source);
    case "avif":
    case "heic":
      // Five files that most photos have no use for.
      return import("./heif-photo.ts").then(({ heifAnatomy }) => heifAnatomy(source));
  }
}

async function jpegAnatomy(source: Source): Promise<Parts> {
  const jpeg = await readJpeg(source);
  if (jpeg.precision !== 8)
    throw new AppError("file-unsupported", `This is a JPEG of ${jpeg.precision} bits a channel.`);
  const body = (marker: number, start: string) =>
    jpeg.segments
      .filter(({ marker: one, bytes }) => one === marker && bytes.toString("latin1", 4, 4 + start.length) === start)
      .map(({ bytes }) => bytes.subarray(4 + start.length));
  const icc = body(0xe2, "ICC_PROFILE\0").sort((one, other) => one[0]! - other[0]!);
  const resources = body(0xed, "Photoshop 3.0\0");
  const xmp = body(0xe1, "http://ns.adobe.com/xap/1.0/\0")[0] ?? null;
  return {
    format: "jpeg",
    width: jpeg.width,
    height: jpeg.height,
    bitDepth: 8,
    hasAlpha: false,
    model: jpeg.components === 1 ? "grey" : jpeg.components === 4 ? "cmyk" : "rgb",
    blocks: {
      exif: body(0xe1, "Exif\0")[0]?.subarray(1) ?? null,
      xmp,
      icc: icc.length > 0 ? Buffer.concat(icc.map((part) => part.subarray(2))) : null,
      resources: resources.length > 0 ? Buffer.concat(resources) : null,
    },
    jpeg,
    notes: await notesOnTheRest(source, jpeg.segments, xmp),
  };
}

async function pngAnatomy(source: Source): Promise<Parts> {
  const png = await readPng(source);
  const { chunks, colourType } = png;
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.bytes;
  if (find("acTL")) throw new AppError("file-unsupported", "This is an animated PNG.");
  const transfer = find("cICP")?.[1];
  if (transfer === 16 || transfer === 18) throw new AppError("file-unsupported", "This is an HDR PNG (PQ or HLG).");
  const exif = find("eXIf") ?? rawProfileOfPng(chunks, "exif") ?? rawProfileOfPng(chunks, "APP1");
  const plain = exif?.toString("latin1", 0, 4) === "Exif" ? exif.subarray(6) : exif;
  return {
    format: "png",
    width: png.width,
    height: png.height,
    bitDepth: png.bitDepth === 16 ? 16 : 8,
    hasAlpha: colourType === 4 || colourType === 6 || find("tRNS") !== undefined,
    model: colourType === 0 || colourType === 4 ? "grey" : "rgb",
    blocks: {
      exif: plain ?? null,
      xmp: xmpOfPng(chunks),
      icc: iccOfPng(chunks),
      resources: rawProfileOfPng(chunks, "iptc") ?? rawProfileOfPng(chunks, "8bim"),
    },
    png,
    notes: colourType === 3 ? ["Indexed colours became RGB."] : [],
  };
}

async function webpAnatomy(source: Source): Promise<Parts> {
  const webp = await readWebp(source);
  if (webp.animated) throw new AppError("file-unsupported", "This is an animated WebP.");
  const find = (type: string) => webp.chunks.find((chunk) => chunk.type === type)?.bytes ?? null;
  const exif = find("EXIF");
  return {
    format: "webp",
    width: webp.width,
    height: webp.height,
    bitDepth: 8,
    hasAlpha: webp.hasAlpha,
    model: "rgb",
    blocks: {
      exif: exif?.toString("latin1", 0, 4) === "Exif" ? exif.subarray(6) : exif,
      xmp: find("XMP "),
      icc: find("ICCP"),
      resources: null,
    },
    webp,
    notes: [],
  };
}

/** What the line wants to know of a photo. */
export function infoOf(anatomy: Anatomy): PictureInfo {
  const { width, height, orientation, tags } = anatomy;
  const upright = orientation < 5;
  const make = textAt(tags ?? undefined, TAG.make);
  const model = textAt(tags ?? undefined, TAG.model);
  const taken = textAt(tags?.entries.get(TAG.exif)?.tree, TAG.takenAt);
  return {
    format: anatomy.format,
    width: upright ? width : height,
    height: upright ? height : width,
    orientation,
    bitDepth: anatomy.heif?.bits ?? anatomy.bitDepth,
    hasAlpha: anatomy.hasAlpha,
    model: anatomy.model,
    profile: anatomy.profile?.description ?? null,
    camera: make && model ? (model.startsWith(make) ? model : `${make} ${model}`) : (model ?? make),
    takenAt:
      taken && /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d/.test(taken) ? taken.slice(0, 19).replace(/:(\d\d):/, "-$1-") : null,
  };
}
