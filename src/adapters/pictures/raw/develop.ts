/**
 * From a camera's RAW to a plain picture file: by the JPEG in it, by LibRaw, or by a program. The file has the RAW's
 * metadata, so that everything after it needs to know of no RAW. The RAW itself is only read.
 */

import sharp from "sharp";
import { AppError } from "../../../core/errors.ts";
import { type PathText, showPath } from "../../../core/inbox/path-text.ts";
import { holdsPicture } from "../../../core/job/identity.ts";
import type { DevelopReport, DevelopRequest, PictureInfo, RawWay } from "../../../ports.ts";
import { readWhole, told, writeAtomic } from "../../files.ts";
import { type Anatomy, anatomyOf, infoOf } from "../anatomy.ts";
import { carryMetadata } from "../carry.ts";
import { exifSegment, resourceSegments, xmpSegment } from "../carry-jpeg.ts";
import { FILE_BYTES_MAX } from "../decode.ts";
import { fingerprintFrom } from "../fingerprint.ts";
import { MARKER } from "../jpeg.ts";
import { profileNamed } from "../profiles.ts";
import { bufferSource } from "../source.ts";
import { TAG } from "../tiff.ts";
import { keepTimes } from "../times.ts";
import { developByCommand, notAPicture } from "./command.ts";
import { developByLibraw } from "./libraw.ts";
import { blocksOfRaw, previewOf, type RawFile, readRaw } from "./read.ts";

type Made = { readonly bytes: Buffer; readonly notes: readonly string[] };

export async function inspectRaw(file: PathText, way: RawWay, pixelsMax: number): Promise<PictureInfo> {
  const raw = await readRaw(await told("read", file, () => readWhole(file, FILE_BYTES_MAX)));
  if (way.kind === "preview") {
    const { bytes } = await asPreview(raw);
    return { ...infoOf(await anatomyOf(bufferSource(bytes), pixelsMax)), raw: raw.kind };
  }
  const { blocks } = blocksOfRaw(raw, raw.orientation);
  const size = raw.size ?? raw.preview?.header ?? { width: 0, height: 0 };
  return { ...infoOf({ ...plainAnatomy(raw, blocks), ...size, orientation: raw.orientation }), raw: raw.kind };
}

export async function develop(request: DevelopRequest, pixelsMax: number, signal: AbortSignal): Promise<DevelopReport> {
  const { original, pictureSha256, way, to } = request;
  const bytes = await told("read", original, () => readWhole(original, FILE_BYTES_MAX));
  if (pictureSha256 !== undefined && !holdsPicture(await fingerprintFrom(bufferSource(bytes)), pictureSha256))
    throw new AppError("original-changed", `${showPath(original)} holds another picture now.`, { path: original });
  const raw = await readRaw(bytes);
  const made = await make(bytes, raw, request, pixelsMax, signal);
  signal.throwIfAborted();
  const source = bufferSource(made.bytes);
  const anatomy = await anatomyOf(source, pixelsMax);
  await told("write", to, () => writeAtomic(to, made.bytes));
  // Who asks for the photo's own times later has only this file to look at.
  await told("write", to, () => keepTimes(original, to));
  return {
    pictureSha256: (await fingerprintFrom(source)).pictureSha256,
    photo: { ...infoOf(anatomy), raw: raw.kind },
    notes: [noteOf(raw, way, infoOf(anatomy)), ...made.notes],
  };
}

function noteOf({ kind, size }: RawFile, way: RawWay, { width, height }: PictureInfo): string {
  switch (way.kind) {
    case "preview": {
      const note = `The photo is the JPEG that the camera put into the ${kind}, ${width} × ${height} pixels`;
      const isSmall = size !== null && 2 * width * height < size.width * size.height;
      return isSmall ? `${note}; with \`raw: develop\` it has ${size.width} × ${size.height}.` : `${note}.`;
    }
    case "develop":
      return `The ${kind} was developed by LibRaw, with the camera's white balance.`;
    case "command":
      return `The ${kind} was developed by ${way.command[0]}.`;
  }
}

async function make(
  bytes: Buffer,
  raw: RawFile,
  { way, folder }: DevelopRequest,
  pixelsMax: number,
  signal: AbortSignal,
): Promise<Made> {
  switch (way.kind) {
    case "preview":
      return asPreview(raw);
    case "develop":
      return asTiff(bytes, raw, pixelsMax, signal);
    case "command": {
      const { command, limitMs } = way;
      const request = { command, raw: bytes, kind: raw.kind, folder, limitMs, lengthMax: FILE_BYTES_MAX, signal };
      return fromProgram(await developByCommand(request), command, raw, pixelsMax);
    }
  }
}

/** The preview with the RAW's EXIF and XMP before its own other segments; not encoded again. */
async function asPreview(raw: RawFile): Promise<Made> {
  const { bytes, header } = previewOf(raw);
  const { blocks, notes: found } = blocksOfRaw(raw, raw.orientation);
  const notes = [...found];
  const replaced = ["Exif\0\0", "http://ns.adobe.com/xap/1.0/\0", "MPF\0"];
  const kept = header.segments.filter(
    ({ bytes: one }) => !replaced.some((start) => one.toString("latin1", 4, 4 + start.length) === start),
  );
  const resources = kept.some(({ marker }) => marker === 0xed) ? null : raw.resources;
  const own = [...exifSegment(blocks.exif, notes), ...xmpSegment(blocks.xmp, notes), ...resourceSegments(resources)];
  const [first, ...rest] = kept.map((segment) => segment.bytes);
  const isJfif = kept[0]?.marker === MARKER.app0;
  const segments = isJfif ? [first!, ...own, ...rest] : [...own, ...kept.map((segment) => segment.bytes)];
  return { bytes: Buffer.concat([bytes.subarray(0, 2), ...segments, fromScan(bytes)]), notes };
}

/** The first scan and all that follows. */
function fromScan(bytes: Buffer): Buffer {
  let at = 2;
  while (bytes[at + 1] !== MARKER.sos) at += bytes[at + 1] === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  return bytes.subarray(at);
}

/** 16 bits sRGB, uncompressed: it is read once or twice and goes. */
async function asTiff(bytes: Buffer, raw: RawFile, pixelsMax: number, signal: AbortSignal): Promise<Made> {
  const pixels = (raw.size?.width ?? 0) * (raw.size?.height ?? 0);
  if (pixels > pixelsMax)
    throw new AppError("picture-too-large", `The RAW has ${pixels} pixels; the limit is ${pixelsMax}.`, { pixelsMax });
  const { width, height, samples } = await developByLibraw(bytes, { signal });
  const encoded = await sharp(samples, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .toColourspace("rgb16")
    .tiff({ compression: "none", predictor: "none" })
    .toBuffer();
  return carried(encoded, raw, { width, height, icc: profileNamed("srgb") });
}

/** A picture by a program: as it is, with the RAW's metadata where it has none. */
async function fromProgram(bytes: Buffer, command: readonly string[], raw: RawFile, pixelsMax: number): Promise<Made> {
  const anatomy = await anatomyOf(bufferSource(bytes), pixelsMax).catch((thrown: unknown) => {
    if (thrown instanceof AppError && thrown.code === "picture-too-large") throw thrown;
    throw notAPicture(command, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  });
  const { format, width, height, blocks, tags } = anatomy;
  if (format !== "tiff" || anatomy.orientation !== 1 || tags?.entries.has(TAG.exif)) return { bytes, notes: [] };
  return carried(bytes, raw, { width, height, icc: blocks.icc });
}

/** A TIFF, upright, with what the RAW says of the photo. */
async function carried(
  encoded: Buffer,
  raw: RawFile,
  { width, height, icc }: { readonly width: number; readonly height: number; readonly icc: Buffer | null },
): Promise<Made> {
  const { blocks, notes } = blocksOfRaw(raw, 1);
  const anatomy: Anatomy = { ...plainAnatomy(raw, blocks), width, height, blocks: { ...blocks, icc } };
  const facts = { width, height, becameSrgb: false, hasAlpha: false, thumbnail: null };
  const made = await carryMetadata(encoded, "tiff", anatomy, facts);
  return { bytes: Buffer.concat(made.parts), notes: [...notes, ...made.notes] };
}

/** A RAW as if it were a TIFF of 16 bits: what is known of it without developing. */
function plainAnatomy(raw: RawFile, blocks: ReturnType<typeof blocksOfRaw>["blocks"]): Anatomy {
  return {
    format: "tiff",
    width: 0,
    height: 0,
    orientation: 1,
    bitDepth: 16,
    hasAlpha: false,
    model: "rgb",
    blocks: { ...blocks, icc: null },
    tags: raw.tags,
    profile: null,
    notes: [],
  };
}
