/**
 * Metadata carried from the original into the graded file: EXIF, GPS, IPTC, XMP, the ICC profile, comments.
 * The encoder is given bare pixels and writes none; everything is put in here, byte for byte where the formats agree.
 */
import type { WrittenFormat } from "../../ports.ts";
import type { Anatomy, Blocks } from "./anatomy.ts";
import { intoJpeg, intoJpegAgain } from "./carry-jpeg.ts";
import { type Density, densityOf, physOf, turnedDensity } from "./density.ts";
import { type Facts, PROGRAM, trueExif } from "./exif.ts";
import { exifItem, profileProperty, withHeifItems, xmpItem } from "./heif-carry.ts";
import type { Segment } from "./jpeg.ts";
import { type Chunk, iccChunk, iptcChunk, isRawProfile, isXmp, withChunks, xmpChunk } from "./png.ts";
import { bufferSource } from "./source.ts";
import { THUMBNAIL_RESOURCE, type Thumbnail, thumbnailResource } from "./thumbnail.ts";
import { bytesValue, inOrder, ratioValue, readTiff, TAG, type Tree, tagValue, type Value, writeTree } from "./tiff.ts";
import { iptcIn, metadataOf, resourceOf, resourcesIn } from "./tiff-photo.ts";
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
/** A TIFF has IPTC in a tag of its own. */
const IPTC = 0x0404;

/** The encoded picture with the original's metadata, in parts to be written one after the other. */
export async function carryMetadata(
  encoded: Buffer,
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
    resources: resources && trueResources(resources, facts.thumbnail),
  };
  const { parts, notes } = await into(format, encoded, { ...facts, anatomy, blocks, density: densityOf(anatomy) });
  const extended = !again && anatomy.jpeg?.segments.some(isExtendedXmp) ? [EXTENDED_LOST] : [];
  return { parts, notes: [...made.notes, ...extended, ...notes] };
}

const EXTENDED_LOST = "Extended XMP (more than 64 KB of it) was left out: only a JPEG holds it in pieces.";
const isExtendedXmp = ({ bytes }: Segment): boolean =>
  bytes.toString("latin1", 4, 39) === "http://ns.adobe.com/xmp/extension/\0";

function turnOf({ orientation, width, height }: Anatomy, result: Result): Turn {
  return { orientation, width, height, scale: result.width / (isSideways({ orientation }) ? height : width) };
}

async function into(format: WrittenFormat, encoded: Buffer, cargo: Cargo): Promise<Carried> {
  switch (format) {
    case "jpeg":
      return cargo.anatomy.jpeg ? intoJpegAgain(encoded, cargo) : intoJpeg(encoded, cargo);
    case "png":
      return { parts: withChunks(encoded, chunksFor(cargo)), notes: [] };
    case "webp":
      return intoWebp(encoded, cargo);
    case "tiff":
      return { parts: await intoTiff(encoded, cargo), notes: [] };
    case "avif":
      return intoAvif(encoded, cargo);
  }
}

/** Photoshop's resources with the thumbnail of the graded picture, or with none. */
function trueResources(resources: Buffer, thumbnail: Thumbnail | null): Buffer {
  const all = [...resourcesIn(resources)];
  if (all.length === 0) return resources;
  return Buffer.concat(
    all.flatMap(({ id, whole }) => {
      if (id === THUMBNAIL_RESOURCE) return thumbnail ? [resourceOf(id, thumbnailResource(thumbnail))] : [];
      return id === OLD_THUMBNAIL ? [] : [whole];
    }),
  );
}

const withoutIptc = (resources: Buffer): Buffer =>
  Buffer.concat([...resourcesIn(resources)].filter(({ id }) => id !== IPTC).map(({ whole }) => whole));

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
  const items = [...(blocks.exif ? [exifItem(blocks.exif)] : []), ...(blocks.xmp ? [xmpItem(blocks.xmp)] : [])];
  const properties = blocks.icc ? [profileProperty(blocks.icc)] : [];
  const lost = blocks.resources !== null && iptcIn(blocks.resources) !== null;
  const parts = await withHeifItems(encoded, properties, items);
  return { parts, notes: lost ? ["IPTC was left out: AVIF has no place for it."] : [] };
}

const INCH = 2;

/** A new first directory at the end: the encoder's tags of the pixels and the original's of everything else. */
async function intoTiff(encoded: Buffer, { blocks, density, turn }: Cargo): Promise<Buffer[]> {
  const fresh = await readTiff(bufferSource(encoded));
  const { little } = fresh;
  const exif = blocks.exif && (await readTiff(bufferSource(blocks.exif)).catch(() => null));
  const own = exif ? inOrder(metadataOf(exif), little).entries : new Map<number, Value>();
  const entries = new Map([...fresh.entries, ...own]);
  entries.set(TAG.orientation, tagValue(little, 1));
  if (density && !own.has(TAG.xResolution)) {
    const { x, y } = turnedDensity(density, turn);
    entries.set(TAG.xResolution, ratioValue(little, x));
    entries.set(TAG.yResolution, ratioValue(little, y));
    entries.set(TAG.resolutionUnit, tagValue(little, INCH));
  }
  if (!entries.has(TAG.software)) entries.set(TAG.software, tagValue(little, PROGRAM));
  const iptc = blocks.resources && iptcIn(blocks.resources);
  if (blocks.xmp) entries.set(TAG.xmp, bytesValue(blocks.xmp, 1));
  if (iptc) entries.set(TAG.iptc, bytesValue(iptc));
  const others = blocks.resources && withoutIptc(blocks.resources);
  if (others?.length) entries.set(TAG.photoshop, bytesValue(others, 1));
  if (blocks.icc) entries.set(TAG.icc, bytesValue(blocks.icc));
  const tree: Tree = { little, entries, next: 0 };
  const start = encoded.length + (encoded.length & 1);
  const head = Buffer.from(encoded.subarray(0, 8));
  little ? head.writeUInt32LE(start, 4) : head.writeUInt32BE(start, 4);
  return [head, encoded.subarray(8), Buffer.alloc(encoded.length & 1), writeTree(tree, start)];
}
