/** Metadata into a JPEG: segments before the first scan, the original's own ones in their own order where it was a JPEG. */

import { ISO_GAIN_MAP_HEAD } from "./besides.ts";
import type { Cargo, Carried } from "./carry.ts";
import { isJfif, jfifOf, trueJfif, turnedDensity } from "./density.ts";
import { MARKER, type Segment, segmentOf } from "./jpeg.ts";

const SEGMENT_MAX = 65_533;
const EXIF_HEAD = Buffer.from("Exif\0\0", "latin1");
const XMP_HEAD = Buffer.from("http://ns.adobe.com/xap/1.0/\0", "latin1");
const RESOURCES_HEAD = Buffer.from("Photoshop 3.0\0", "latin1");
const ICC_HEAD = Buffer.from("ICC_PROFILE\0", "latin1");

/** Tiny pictures from before the grade, and how a film's frame lay. */
const STALE_APP0 = ["JFXX\0", "AVI1"];
/** Indexes of pictures that are gone. */
const STALE_APP2 = ["MPF\0", ISO_GAIN_MAP_HEAD];

/** The original's own segments in place of the encoder's header. */
export function intoJpegAgain(encoded: Buffer, { anatomy, blocks, turn }: Cargo): Carried {
  const segments: Buffer[] = [];
  const placed = new Set<string>();
  const notes: string[] = [];
  const once = (name: string, make: () => readonly Buffer[]) => {
    if (!placed.has(name)) segments.push(...make());
    placed.add(name);
  };
  for (const segment of anatomy.jpeg!.segments) {
    const { marker, bytes } = segment;
    const name = bytes.toString("latin1", 4, 36);
    if (marker === MARKER.com) segments.push(bytes);
    else if (marker < MARKER.app0 || marker > 0xef || isStale(segment)) continue;
    else if (isJfif(bytes)) once("jfif", () => [trueJfif(bytes, turn)]);
    else if (name.startsWith("Exif\0")) once("exif", () => exifSegment(blocks.exif, notes));
    else if (name.startsWith("http://ns.adobe.com/xap/")) once("xmp", () => xmpSegment(blocks.xmp, notes));
    else if (name.startsWith("ICC_PROFILE\0")) once("icc", () => iccSegments(blocks.icc));
    else if (name.startsWith("Photoshop 3.0\0")) once("resources", () => resourceSegments(blocks.resources));
    else segments.push(bytes);
  }
  // A profile that the original had none of.
  once("icc", () => iccSegments(blocks.icc));
  return { parts: [encoded.subarray(0, 2), ...segments, afterHeader(encoded)], notes };
}

/** Content credentials and JPEG-HDR (APP11) are about pixels that changed, Adobe's (APP14) says how those were coded. */
function isStale({ marker, bytes }: Segment): boolean {
  const name = bytes.toString("latin1", 4, 36);
  const starts = (heads: readonly string[]) => heads.some((head) => name.startsWith(head));
  if (marker === MARKER.app0) return starts(STALE_APP0);
  if (marker === MARKER.app2) return starts(STALE_APP2);
  return marker === MARKER.app11 || marker === MARKER.app14;
}

const KNOWN = ["JFIF\0", "Exif\0", "http://ns.adobe.com/", "ICC_PROFILE\0", "Photoshop 3.0\0"];

/** An APP segment that nobody here knows: FLIR's, GoPro's, Ricoh's, FlashPix, thermal pictures. */
export function isMakersOwn(segment: Segment): boolean {
  const name = segment.bytes.toString("latin1", 4, 36);
  const isApp = segment.marker >= MARKER.app0 && segment.marker <= 0xef;
  return isApp && !isStale(segment) && !KNOWN.some((head) => name.startsWith(head));
}

export function intoJpeg(encoded: Buffer, { blocks, density, turn }: Cargo): Carried {
  const notes: string[] = [];
  const segments = [
    ...exifSegment(blocks.exif, notes),
    ...xmpSegment(blocks.xmp, notes),
    ...iccSegments(blocks.icc),
    ...resourceSegments(blocks.resources),
  ];
  const header = encoded.subarray(2, encoded.length - afterHeader(encoded).length);
  const jfif = density ? jfifOf(turnedDensity(density, turn)) : header;
  return { parts: [encoded.subarray(0, 2), jfif, ...segments, afterHeader(encoded)], notes };
}

/** What follows the encoder's SOI and JFIF segment. */
function afterHeader(encoded: Buffer): Buffer {
  let at = 2;
  while (encoded[at] === 0xff && encoded[at + 1]! >= MARKER.app0 && encoded[at + 1]! <= 0xef)
    at += 2 + encoded.readUInt16BE(at + 2);
  return encoded.subarray(at);
}

export function exifSegment(exif: Buffer | null, notes: string[]): Buffer[] {
  if (!exif) return [];
  if (exif.length + EXIF_HEAD.length <= SEGMENT_MAX) return [segmentOf(0xe1, EXIF_HEAD, exif)];
  notes.push("EXIF was left out: it is larger than a JPEG can hold.");
  return [];
}

export function xmpSegment(xmp: Buffer | null, notes: string[]): Buffer[] {
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

export function resourceSegments(resources: Buffer | null): Buffer[] {
  const segments: Buffer[] = [];
  const room = SEGMENT_MAX - RESOURCES_HEAD.length;
  for (let at = 0; at < (resources?.length ?? 0); at += room)
    segments.push(segmentOf(0xed, RESOURCES_HEAD, resources!.subarray(at, at + room)));
  return segments;
}
