/**
 * JPEGs that hold more than one picture, as phones write them: Ultra HDR (Android), Apple's HDR, motion photos, MPF previews.
 *
 * Source  Ultra HDR 1.1 and Motion Photo 1.0 (Android); CIPA DC-007 (MPF); ISO 21496-1 (layout as libultrahdr writes it).
 */
import sharp from "sharp";
import { segment, withSegments } from "./makers.ts";

const XMP_HEAD = "http://ns.adobe.com/xap/1.0/\0";
const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"';
const packet = (attributes: string, inside = "") =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${RDF}><rdf:Description rdf:about="" ${attributes}>${inside}</rdf:Description></rdf:RDF></x:xmpmeta>`;

const CONTAINER =
  'xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"';
const HDRGM = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"';
const CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"';
const RATING = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"';

const item = (attributes: string) => `<rdf:li rdf:parseType="Resource"><Container:Item ${attributes}/></rdf:li>`;
const directory = (...items: readonly string[]) =>
  `<Container:Directory><rdf:Seq>${items.map(item).join("")}</rdf:Seq></Container:Directory>`;

export const xmpSegment = (text: string): Buffer => segment(0xe1, XMP_HEAD, text);

/** A gain map like a phone's: brighter where it is light, a quarter of the size. */
async function gainMap(width: number, height: number, ...segments: readonly Buffer[]): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: width * height }, (_, index) => (255 * (index % width)) / width);
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .jpeg()
    .toBuffer();
  return withSegments(jpeg, ...segments);
}

/** The index of a photo of `primary` bytes (all of the file but for what follows) and the pictures behind it. */
export function mpfSegment(headAt: number, pictures: readonly { kind: number; at: number; length: number }[]): Buffer {
  const table = Buffer.alloc(16 * pictures.length);
  for (const [index, { kind, at, length }] of pictures.entries()) {
    table.writeUInt32BE(kind, 16 * index);
    table.writeUInt32BE(length, 16 * index + 4);
    table.writeUInt32BE(index === 0 ? 0 : at - headAt - 8, 16 * index + 8);
  }
  const head = Buffer.alloc(8 + 2 + 36 + 4);
  head.write("MM\0*\0\0\0\x08", "latin1");
  head.writeUInt16BE(3, 8);
  const row = (index: number, tag: number, type: number, count: number) => {
    head.writeUInt16BE(tag, 10 + 12 * index);
    head.writeUInt16BE(type, 12 + 12 * index);
    head.writeUInt32BE(count, 14 + 12 * index);
    return 18 + 12 * index;
  };
  head.write("0100", row(0, 0xb000, 7, 4), "latin1");
  head.writeUInt32BE(pictures.length, row(1, 0xb001, 4, 1));
  head.writeUInt32BE(head.length, row(2, 0xb002, 7, table.length));
  return segment(0xe2, "MPF\0", head, table);
}

/** The photo with an index in front and these pictures behind it. */
export function withPictures(
  jpeg: Buffer,
  pictures: readonly { kind: number; bytes: Buffer }[],
  ...segments: readonly Buffer[]
): Buffer {
  const before = segments.reduce((sum, { length }) => sum + length, 2);
  const blank = mpfSegment(
    0,
    [null, ...pictures].map(() => ({ kind: 0, at: 8, length: 0 })),
  );
  const primary = jpeg.length + before - 2 + blank.length;
  let at = primary;
  const rows = pictures.map(({ kind, bytes }) => {
    const row = { kind, at, length: bytes.length };
    at += bytes.length;
    return row;
  });
  const index = mpfSegment(before, [{ kind: 0x030000, at: 0, length: primary }, ...rows]);
  return Buffer.concat([withSegments(jpeg, ...segments, index), ...pictures.map(({ bytes }) => bytes)]);
}

/** ISO 21496-1: the version alone in the photo, the numbers in the map: one channel, 4 × at most. */
const ISO_HEAD = "urn:iso:std:iso:ts:21496:-1\0";
const isoVersion = segment(0xe2, ISO_HEAD, Buffer.from([0, 0, 0, 0]));
function isoNumbers(): Buffer {
  const ratios: readonly (readonly [number, number])[] = [
    ...([
      [0, 1],
      [2, 1],
    ] as const), // headroom of base and alternate, in stops
    ...([
      [0, 1],
      [2, 1],
      [1, 1],
      [1, 64],
      [1, 64],
    ] as const), // map's least and most, gamma, offsets
  ];
  const bytes = Buffer.alloc(5 + 8 * ratios.length);
  bytes[4] = 0x40; // colours of the base picture
  for (const [index, [over, under]] of ratios.entries()) {
    bytes.writeInt32BE(over, 5 + 8 * index);
    bytes.writeUInt32BE(under, 9 + 8 * index);
  }
  return segment(0xe2, ISO_HEAD, bytes);
}

/** An Ultra HDR photo, with both ways of saying so. */
export async function ultraHdr(base: Buffer, width: number, height: number): Promise<Buffer> {
  const numbers = `${HDRGM} hdrgm:GainMapMin="0" hdrgm:GainMapMax="2" hdrgm:Gamma="1" hdrgm:OffsetSDR="0.015625" hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2" hdrgm:BaseRenditionIsHDR="False"`;
  const map = await gainMap(width >> 2, height >> 2, xmpSegment(packet(numbers)), isoNumbers());
  const told = packet(
    `${HDRGM} ${CONTAINER} ${RATING}`,
    directory(
      'Item:Semantic="Primary" Item:Mime="image/jpeg"',
      `Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="${map.length}"`,
    ),
  );
  return withPictures(base, [{ kind: 0, bytes: map }], xmpSegment(told), isoVersion);
}

/** An iPhone's: nothing in the photo itself says that the second picture is a gain map. */
export async function appleHdr(base: Buffer, width: number, height: number): Promise<Buffer> {
  const told = packet(
    'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" HDRGainMap:HDRGainMapVersion="65536" apdi:AuxiliaryImageType="urn:com:apple:photo:2020:aux:hdrgainmap"',
  );
  return withPictures(base, [{ kind: 0, bytes: await gainMap(width >> 1, height >> 1, xmpSegment(told)) }]);
}

/** A Pixel's motion photo: a film behind the picture, in the old way of saying so and the new one. */
export function motionPhoto(base: Buffer): Buffer {
  const film = Buffer.concat([Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0isommp42", "latin1"), Buffer.alloc(4_000, 0x5a)]);
  const told = packet(
    `${CAMERA} ${CONTAINER} ${RATING} GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" GCamera:MotionPhotoPresentationTimestampUs="500" GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="${film.length}" GCamera:MicroVideoPresentationTimestampUs="500" GCamera:SpecialTypeID="x"`,
    directory(
      'Item:Semantic="Primary" Item:Mime="image/jpeg" Item:Padding="0"',
      `Item:Semantic="MotionPhoto" Item:Mime="video/mp4" Item:Length="${film.length}"`,
    ),
  );
  return Buffer.concat([withSegments(base, xmpSegment(told)), film]);
}
