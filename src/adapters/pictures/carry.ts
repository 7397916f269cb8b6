/**
 * Metadata carried from the original into the graded file: EXIF, GPS, IPTC, XMP, the ICC profile, comments.
 * The encoder is given bare pixels and writes none; everything is put in here, byte for byte where the formats agree.
 */
import type { WrittenFormat } from "../../ports.ts";
import type { Anatomy, Blocks } from "./anatomy.ts";
import { type Facts, PROGRAM, trueExif, trueXmp } from "./exif.ts";
import { exifItem, profileProperty, withHeifItems, xmpItem } from "./heif-carry.ts";
import { MARKER, segmentOf } from "./jpeg.ts";
import { type Chunk, iccChunk, iptcChunk, isRawProfile, isXmp, withChunks, xmpChunk } from "./png.ts";
import { bufferSource } from "./source.ts";
import { bytesValue, inOrder, readTiff, TAG, type Tree, tagValue, type Value, writeTree } from "./tiff.ts";
import { iptcIn, metadataOf, resourcesIn } from "./tiff-photo.ts";
import { withWebpChunks } from "./webp.ts";

export type Carried = { readonly parts: readonly Buffer[]; readonly notes: readonly string[] };

type Cargo = Facts & { readonly hasAlpha: boolean; readonly anatomy: Anatomy; readonly blocks: Blocks };

const SEGMENT_MAX = 65_533;
const EXIF_HEAD = Buffer.from("Exif\0\0", "latin1");
const XMP_HEAD = Buffer.from("http://ns.adobe.com/xap/1.0/\0", "latin1");
const RESOURCES_HEAD = Buffer.from("Photoshop 3.0\0", "latin1");
const ICC_HEAD = Buffer.from("ICC_PROFILE\0", "latin1");
/** Photoshop's thumbnails of the picture before the grade. */
const THUMBNAILS = [1033, 1036];
/** A TIFF has IPTC in a tag of its own. */
const IPTC = 0x0404;

/** The encoded picture with the original's metadata, in parts to be written one after the other. */
export async function carryMetadata(
  encoded: Buffer,
  format: WrittenFormat,
  anatomy: Anatomy,
  facts: Facts & { readonly hasAlpha: boolean },
): Promise<Carried> {
  const { exif, xmp, icc, resources } = anatomy.blocks;
  const blocks: Blocks = {
    exif: exif && (await trueExif(exif, facts)),
    xmp: xmp && trueXmp(xmp, facts),
    icc: facts.icc ?? (facts.becameSrgb ? null : icc),
    resources: resources && withoutResources(resources, THUMBNAILS),
  };
  const cargo = { ...facts, anatomy, blocks };
  switch (format) {
    case "jpeg":
      return anatomy.jpeg ? intoJpegAgain(encoded, cargo) : intoJpeg(encoded, cargo);
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

function withoutResources(resources: Buffer, ids: readonly number[]): Buffer {
  const all = [...resourcesIn(resources)];
  if (all.length === 0) return resources;
  return Buffer.concat(all.filter(({ id }) => !ids.includes(id)).map(({ whole }) => whole));
}

/** The original's own segments in their order, in place of the encoder's header. */
function intoJpegAgain(encoded: Buffer, { anatomy, blocks }: Cargo): Carried {
  const segments: Buffer[] = [];
  const placed = new Set<string>();
  const once = (name: string, make: () => readonly Buffer[]) => {
    if (!placed.has(name)) segments.push(...make());
    placed.add(name);
  };
  const notes: string[] = [];
  for (const { marker, bytes } of anatomy.jpeg!.segments) {
    const name = bytes.toString("latin1", 4, 36);
    if (marker === MARKER.com) segments.push(bytes);
    else if (marker < MARKER.app0 || marker > 0xef) continue;
    else if (marker === MARKER.app0 && !name.startsWith("JFIF\0")) continue;
    else if (name.startsWith("Exif\0")) once("exif", () => exifSegment(blocks.exif, notes));
    else if (name.startsWith("http://ns.adobe.com/xap/")) once("xmp", () => xmpSegment(blocks.xmp, notes));
    else if (name.startsWith("ICC_PROFILE\0")) once("icc", () => iccSegments(blocks.icc));
    else if (name.startsWith("Photoshop 3.0\0")) once("resources", () => resourceSegments(blocks.resources));
    // MPF points to pictures that are gone, credentials sign pixels that changed, Adobe's says how those were coded.
    else if (name.startsWith("MPF\0") || marker === 0xeb || marker === 0xee) continue;
    else segments.push(bytes);
  }
  once("icc", () => iccSegments(blocks.icc));
  return { parts: [encoded.subarray(0, 2), ...segments, afterHeader(encoded)], notes };
}

function intoJpeg(encoded: Buffer, { blocks }: Cargo): Carried {
  const notes: string[] = [];
  const segments = [
    ...exifSegment(blocks.exif, notes),
    ...xmpSegment(blocks.xmp, notes),
    ...iccSegments(blocks.icc),
    ...resourceSegments(blocks.resources),
  ];
  const head = encoded.subarray(0, encoded.length - afterHeader(encoded).length);
  return { parts: [head, ...segments, afterHeader(encoded)], notes };
}

/** What follows the encoder's SOI and JFIF segment. */
function afterHeader(encoded: Buffer): Buffer {
  let at = 2;
  while (encoded[at] === 0xff && encoded[at + 1]! >= MARKER.app0 && encoded[at + 1]! <= 0xef)
    at += 2 + encoded.readUInt16BE(at + 2);
  return encoded.subarray(at);
}

function exifSegment(exif: Buffer | null, notes: string[]): Buffer[] {
  if (!exif) return [];
  if (exif.length + EXIF_HEAD.length <= SEGMENT_MAX) return [segmentOf(0xe1, EXIF_HEAD, exif)];
  notes.push("EXIF was left out: it is larger than a JPEG can hold.");
  return [];
}

function xmpSegment(xmp: Buffer | null, notes: string[]): Buffer[] {
  if (!xmp) return [];
  if (xmp.length + XMP_HEAD.length <= SEGMENT_MAX) return [segmentOf(0xe1, XMP_HEAD, xmp)];
  notes.push("XMP was left out: it is larger than a JPEG segment.");
  return [];
}

function iccSegments(icc: Buffer | null): Buffer[] {
  const room = SEGMENT_MAX - ICC_HEAD.length - 2;
  const count = Math.ceil((icc?.length ?? 0) / room);
  if (!icc || count > 255) return [];
  return Array.from({ length: count }, (_, index) =>
    segmentOf(0xe2, ICC_HEAD, Buffer.from([index + 1, count]), icc.subarray(index * room, (index + 1) * room)),
  );
}

function resourceSegments(resources: Buffer | null): Buffer[] {
  const segments: Buffer[] = [];
  const room = SEGMENT_MAX - RESOURCES_HEAD.length;
  for (let at = 0; at < (resources?.length ?? 0); at += room)
    segments.push(segmentOf(0xed, RESOURCES_HEAD, resources!.subarray(at, at + room)));
  return segments;
}

/** Chunks of a PNG original that only its own pixels explained. */
const OF_PIXELS = ["IHDR", "PLTE", "tRNS", "bKGD", "hIST", "sBIT", "sPLT", "caBX", "acTL", "fcTL"];
const OF_COLOUR = ["gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI"];

function chunksFor({ anatomy, blocks, becameSrgb, icc }: Cargo): Chunk[] {
  const written = ["eXIf", "iCCP"];
  const kept = (anatomy.png?.chunks ?? []).filter((chunk) => {
    if (OF_PIXELS.includes(chunk.type) || written.includes(chunk.type) || isXmp(chunk) || isRawProfile(chunk))
      return false;
    return !((becameSrgb || icc) && OF_COLOUR.includes(chunk.type));
  });
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

/** A new first directory at the end: the encoder's tags of the pixels and the original's of everything else. */
async function intoTiff(encoded: Buffer, { blocks }: Cargo): Promise<Buffer[]> {
  const fresh = await readTiff(bufferSource(encoded));
  const { little } = fresh;
  const exif = blocks.exif && (await readTiff(bufferSource(blocks.exif)).catch(() => null));
  const own = exif ? inOrder(metadataOf(exif), little).entries : new Map<number, Value>();
  const entries = new Map([...fresh.entries, ...own]);
  entries.set(TAG.orientation, tagValue(little, 1));
  if (!entries.has(TAG.software)) entries.set(TAG.software, tagValue(little, PROGRAM));
  const iptc = blocks.resources && iptcIn(blocks.resources);
  if (blocks.xmp) entries.set(TAG.xmp, bytesValue(blocks.xmp, 1));
  if (iptc) entries.set(TAG.iptc, bytesValue(iptc));
  const others = blocks.resources && withoutResources(blocks.resources, [IPTC]);
  if (others?.length) entries.set(TAG.photoshop, bytesValue(others, 1));
  if (blocks.icc) entries.set(TAG.icc, bytesValue(blocks.icc));
  const tree: Tree = { little, entries, next: 0 };
  const start = encoded.length + (encoded.length & 1);
  const head = Buffer.from(encoded.subarray(0, 8));
  little ? head.writeUInt32LE(start, 4) : head.writeUInt32BE(start, 4);
  return [head, encoded.subarray(8), Buffer.alloc(encoded.length & 1), writeTree(tree, start)];
}
