/**
 * Metadata carried from the original into the graded file: EXIF, GPS, IPTC, XMP, the ICC profile, comments.
 * The encoder is given bare pixels and writes none; everything is put in here, byte for byte where the formats agree.
 */
import type { WrittenFormat } from "../../ports.ts";
import type { Anatomy, Blocks } from "./anatomy.ts";
import { intoJpeg, intoJpegAgain, isMakersOwn } from "./carry-jpeg.ts";
import { intoTiff, plainOf } from "./carry-tiff.ts";
import { type Density, densityOf, physOf, turnedDensity } from "./density.ts";
import { type Facts, trueExif } from "./exif.ts";
import type { Segment } from "./jpeg.ts";
import type { PlainTiff } from "./plain-tiff.ts";
import { type Chunk, iccChunk, iptcChunk, isRawProfile, isXmp, withChunks, xmpChunk } from "./png.ts";
import { THUMBNAIL_RESOURCE, type Thumbnail, thumbnailResource } from "./thumbnail.ts";
import { iptcIn, resourceOf, resourcesIn } from "./tiff-photo.ts";
import { isSideways, type Turn } from "./turn.ts";
import { withWebpChunks } from "./webp.ts";
import { trueXmp } from "./xmp.ts";

export type Carried = { readonly parts: readonly Buffer[]; readonly notes: readonly string[] };

type Result = Omit<Facts, "turn"> & { readonly hasAlpha: boolean };

export type Cargo = Facts & {
  readonly hasAlpha: boolean;
  readonly anatomy: Anatomy;
  readonly blocks: Blocks;
  /** As stored in the original. */
  readonly density: Density | null;
};

/** Photoshop's thumbnail in raw pixels, from before it used JPEG. */
const OLD_THUMBNAIL = 1033;
/** The encoded picture with the original's metadata, in parts to be written one after the other. */
export async function carryMetadata(
  encoded: Buffer | PlainTiff,
  format: WrittenFormat,
  anatomy: Anatomy,
  result: Result,
): Promise<Carried> {
  const facts = { ...result, turn: turnOf(anatomy, result) };
  const { exif, xmp, icc, resources } = anatomy.blocks;
  const again = format === "jpeg" && anatomy.jpeg !== undefined;
  const made = exif ? await trueExif(exif, facts) : { block: null, notes: [] };
  const blocks: Blocks = {
    exif: made.block,
    xmp: xmp && trueXmp(xmp, facts, again),
    icc: facts.icc ?? (facts.becameSrgb ? null : icc),
    resources: resources && (await trueResources(resources, facts.thumbnail)),
  };
  const { parts, notes } = await into(format, encoded, { ...facts, anatomy, blocks, density: densityOf(anatomy) });
  return { parts, notes: [...made.notes, ...leftBehind(anatomy, format), ...notes] };
}

/** What only the original's own format has a place for. */
function leftBehind({ jpeg, png }: Anatomy, format: WrittenFormat): readonly string[] {
  const segments = format === "jpeg" ? [] : (jpeg?.segments ?? []);
  const chunks = format === "png" ? [] : (png?.chunks ?? []);
  return [
    ...(segments.some(isExtendedXmp) ? [EXTENDED_LOST] : []),
    ...(segments.some(isMakersOwn) ? [SEGMENTS_LOST] : []),
    ...(chunks.some((chunk) => TEXTS.includes(chunk.type) && !isXmp(chunk) && !isRawProfile(chunk))
      ? [TEXTS_LOST]
      : []),
  ];
}

const TEXTS = ["tEXt", "zTXt", "iTXt"];
const SEGMENTS_LOST = "Segments of the camera maker's own were left out: only a JPEG has a place for them.";
const TEXTS_LOST = "Texts in the PNG beside EXIF and XMP were left out: only a PNG has a place for them.";

const EXTENDED_LOST = "Extended XMP (more than 64 KB of it) was left out: only a JPEG holds it in pieces.";
const isExtendedXmp = ({ bytes }: Segment): boolean =>
  bytes.toString("latin1", 4, 39) === "http://ns.adobe.com/xmp/extension/\0";

function turnOf({ orientation, width, height }: Anatomy, result: Result): Turn {
  return { orientation, width, height, scale: result.width / (isSideways({ orientation }) ? height : width) };
}

async function into(format: WrittenFormat, encoded: Buffer | PlainTiff, cargo: Cargo): Promise<Carried> {
  if (!Buffer.isBuffer(encoded)) return intoTiff(encoded, cargo);
  switch (format) {
    case "jpeg":
      return cargo.anatomy.jpeg ? intoJpegAgain(encoded, cargo) : intoJpeg(encoded, cargo);
    case "png":
      return { parts: withChunks(encoded, chunksFor(cargo)), notes: [] };
    case "webp":
      return intoWebp(encoded, cargo);
    case "tiff":
      return intoTiff(await plainOf(encoded), cargo);
    case "avif":
      return intoAvif(encoded, cargo);
  }
}

/** Photoshop's resources with the thumbnail of the graded picture, or with none. */
async function trueResources(resources: Buffer, thumbnail: Thumbnail | null): Promise<Buffer> {
  const all = [...resourcesIn(resources)];
  if (all.length === 0) return resources;
  const parts: Buffer[] = [];
  for (const { id, whole } of all) {
    if (id === THUMBNAIL_RESOURCE && thumbnail) parts.push(resourceOf(id, await thumbnailResource(thumbnail)));
    else if (id !== THUMBNAIL_RESOURCE && id !== OLD_THUMBNAIL) parts.push(whole);
  }
  return Buffer.concat(parts);
}

/** Chunks of a PNG original that only its own pixels explained. */
const OF_PIXELS = ["IHDR", "PLTE", "tRNS", "bKGD", "hIST", "sBIT", "sPLT", "caBX", "acTL", "fcTL"];
const OF_COLOUR = ["gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI"];

function chunksFor({ anatomy, blocks, becameSrgb, icc, density, turn }: Cargo): Chunk[] {
  const written = ["eXIf", "iCCP", ...(density ? ["pHYs"] : [])];
  const kept = (anatomy.png?.chunks ?? []).filter((chunk) => {
    if (OF_PIXELS.includes(chunk.type) || written.includes(chunk.type) || isXmp(chunk) || isRawProfile(chunk))
      return false;
    return !((becameSrgb || icc) && OF_COLOUR.includes(chunk.type));
  });
  if (density) kept.push({ type: "pHYs", bytes: physOf(turnedDensity(density, turn)) });
  if (blocks.icc) kept.push(iccChunk(blocks.icc));
  if (blocks.exif) kept.push({ type: "eXIf", bytes: blocks.exif });
  if (blocks.xmp) kept.push(xmpChunk(blocks.xmp));
  if (blocks.resources) kept.push(iptcChunk(blocks.resources));
  return kept;
}

function intoWebp(encoded: Buffer, { blocks, width, height, hasAlpha }: Cargo): Carried {
  const chunks: Chunk[] = [];
  if (blocks.icc) chunks.push({ type: "ICCP", bytes: blocks.icc });
  if (blocks.exif) chunks.push({ type: "EXIF", bytes: blocks.exif });
  if (blocks.xmp) chunks.push({ type: "XMP ", bytes: blocks.xmp });
  const lost = blocks.resources !== null && iptcIn(blocks.resources) !== null;
  const parts = withWebpChunks(encoded, chunks, { width, height, hasAlpha });
  return { parts, notes: lost ? ["IPTC was left out: WebP has no place for it."] : [] };
}

async function intoAvif(encoded: Buffer, { blocks }: Cargo): Promise<Carried> {
  const { exifItem, profileProperty, withHeifItems, xmpItem } = await import("./heif-carry.ts");
  const items = [...(blocks.exif ? [exifItem(blocks.exif)] : []), ...(blocks.xmp ? [xmpItem(blocks.xmp)] : [])];
  const properties = blocks.icc ? [profileProperty(blocks.icc)] : [];
  const lost = blocks.resources !== null && iptcIn(blocks.resources) !== null;
  const parts = await withHeifItems(encoded, properties, items);
  return { parts, notes: lost ? ["IPTC was left out: AVIF has no place for it."] : [] };
}
