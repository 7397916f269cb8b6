/**
 * EXIF made true for a graded file: upright, its own size, its own thumbnail, the program named.
 * Changed in place and grown only at its end, so that what nobody can move (maker notes with offsets of their own) stays
 * where it was.
 */
import { bufferSource } from "./source.ts";
import { type Thumbnail, thumbnailPlace } from "./thumbnail.ts";
import { numbersAt, readTiff, TAG, type Tree, tagValue, type Value } from "./tiff.ts";
import { isSideways, type Turn, turnedBox, turnedPixel } from "./turn.ts";

export type Facts = {
  readonly width: number;
  readonly height: number;
  /** The profile was left behind: the numbers are sRGB now. */
  readonly becameSrgb: boolean;
  /** The profile that the numbers are in now, instead of the original's. */
  readonly icc?: Buffer;
  /** From the stored original to this picture. */
  readonly turn: Turn;
  /** The graded picture in small; null where the original had none. */
  readonly thumbnail: Thumbnail | null;
};

export type TrueExif = { readonly block: Buffer | null; readonly notes: readonly string[] };

export const PROGRAM = "hotgrade";
const SRGB = 1;
const UNCALIBRATED = 0xffff;
/** The number after the byte order; BigTIFF has another, and no place in EXIF. */
const PLAIN_TIFF = 42;
const HEAD = 8;
/** What a JPEG segment holds besides "Exif\0\0". */
const BLOCK_MAX = 65_527;
/** Kept free for the first directory, which moves to the end when the program's name comes into it. */
const PROGRAM_ROOM = 1_024;

const BROKEN = "EXIF was left out: it cannot be read.";
const NO_THUMBNAIL =
  "The thumbnail in EXIF was left out: it showed the photo before the grade and could not be replaced.";

export async function trueExif(original: Buffer, facts: Facts): Promise<TrueExif> {
  const block = Buffer.from(original);
  const tree = await readTiff(bufferSource(block)).catch(() => null);
  const isPlain = tree !== null && countIn(block, 2, tree.little) === PLAIN_TIFF;
  if (!tree || !isPlain) return { block: null, notes: [BROKEN] };
  putFacts(block, tree, facts);
  const first = numberIn(block, 4, tree.little);
  const { grown, hasThumbnail } = await withThumbnail(block, tree, first, facts.thumbnail);
  return { block: withProgram(grown, tree, first), notes: hasThumbnail || tree.next === 0 ? [] : [NO_THUMBNAIL] };
}

function putFacts(block: Buffer, tree: Tree, { width, height, becameSrgb, icc, turn }: Facts): void {
  put(block, tree, TAG.orientation, 1);
  put(block, tree, TAG.width, width);
  put(block, tree, TAG.height, height);
  if (isSideways(turn)) exchange(block, tree, TAG.xResolution, TAG.yResolution);
  const details = tree.entries.get(TAG.exif)?.tree;
  if (!details) return;
  put(block, details, TAG.pixelWidth, width);
  put(block, details, TAG.pixelHeight, height);
  if (isSideways(turn)) exchange(block, details, TAG.focalPlaneX, TAG.focalPlaneY);
  putPlaces(block, details, turn);
  const twins = details.entries.get(TAG.interoperability)?.tree;
  if (twins) {
    put(block, twins, TAG.relatedWidth, width);
    put(block, twins, TAG.relatedHeight, height);
  }
  if (icc && !becameSrgb) put(block, details, TAG.colourSpace, UNCALIBRATED);
  if (!becameSrgb) return;
  put(block, details, TAG.colourSpace, SRGB);
  // "R03" says Adobe RGB, "R98" sRGB.
  const index = twins?.entries.get(TAG.interoperabilityIndex);
  if (index?.type === 2 && index.bytes.toString("latin1", 0, 3) === "R03") block.write("R98", index.at, "latin1");
}

/** Where the camera looked: a point, a circle or a box by its middle. */
function putPlaces(block: Buffer, details: Tree, turn: Turn): void {
  if (turn.orientation === 1 && turn.scale === 1) return;
  for (const tag of [TAG.subjectArea, TAG.subjectLocation]) {
    const [x, y, width, height] = numbersAt(details, tag);
    if (x === undefined || y === undefined) continue;
    const isBox = width !== undefined && height !== undefined;
    const place = isBox ? turnedBox(turn, [x, y, width, height]) : turnedPixel(turn, x, y);
    const circle = width !== undefined && !isBox ? [Math.round(width * turn.scale)] : [];
    for (const [index, value] of [...place, ...circle].entries()) put(block, details, tag, value, index);
  }
}

/** Overwrites one whole number where the tag is there and its type can hold it. */
function put(block: Buffer, { entries, little }: Tree, tag: number, value: number, index = 0): void {
  const entry = entries.get(tag);
  // A broken entry may say that its value lies in the header of the block.
  if (!entry || index >= entry.count || entry.at < HEAD) return;
  const at = entry.at + index * (entry.type === 3 ? 2 : 4);
  if (entry.type === 3 && value >= 0 && value <= 0xffff)
    little ? block.writeUInt16LE(value, at) : block.writeUInt16BE(value, at);
  if (entry.type === 4) putNumber(block, at, value, little);
}

function putNumber(block: Buffer, at: number, value: number, little: boolean): void {
  little ? block.writeUInt32LE(value, at) : block.writeUInt32BE(value, at);
}

const numberIn = (block: Buffer, at: number, little: boolean): number =>
  little ? block.readUInt32LE(at) : block.readUInt32BE(at);
const countIn = (block: Buffer, at: number, little: boolean): number =>
  little ? block.readUInt16LE(at) : block.readUInt16BE(at);

function exchange(block: Buffer, { entries }: Tree, one: number, other: number): void {
  const [a, b] = [entries.get(one), entries.get(other)];
  if (!a || !b || a.bytes.length !== b.bytes.length || Math.min(a.at, b.at) < HEAD) return;
  b.bytes.copy(block, a.at);
  a.bytes.copy(block, b.at);
}

/** The graded thumbnail in the old one's place or at the end; where neither has room, the directory goes. */
async function withThumbnail(
  block: Buffer,
  tree: Tree,
  first: number,
  thumbnail: Thumbnail | null,
): Promise<{ grown: Buffer; hasThumbnail: boolean }> {
  const place = await thumbnailPlace(block, tree);
  if (place && place.length > 0) block.fill(0, place.start, place.start + place.length);
  if (place && thumbnail) {
    const { directory } = place;
    const room = BLOCK_MAX - PROGRAM_ROOM - block.length - 1;
    const jpeg = await thumbnail.jpeg(Math.max(place.length, room));
    if (jpeg) {
      const fits = jpeg.length <= place.length;
      const start = fits ? place.start : block.length + (block.length & 1);
      const grown = fits ? block : Buffer.concat([block, Buffer.alloc(block.length & 1), jpeg]);
      jpeg.copy(grown, start);
      putThumbnail(grown, directory, thumbnail, start, jpeg.length);
      return { grown, hasThumbnail: true };
    }
  }
  if (tree.next !== 0) dropSecond(block, tree, first);
  return { grown: block, hasThumbnail: false };
}

function putThumbnail(block: Buffer, directory: Tree, { width, height }: Thumbnail, start: number, length: number) {
  put(block, directory, TAG.thumbnailStart, start);
  put(block, directory, TAG.thumbnailLength, length);
  put(block, directory, TAG.orientation, 1);
  put(block, directory, TAG.width, width);
  put(block, directory, TAG.height, height);
}

/** Ends the chain of directories after the first. */
function dropSecond(block: Buffer, { little }: Tree, first: number): void {
  putNumber(block, first + 2 + 12 * countIn(block, first, little), 0, little);
}

/** Names the program in Software, or in ProcessingSoftware where the camera's firmware stands in Software. */
function withProgram(block: Buffer, tree: Tree, first: number): Buffer {
  const { little } = tree;
  const tag = tree.entries.has(TAG.software) ? TAG.processingSoftware : TAG.software;
  const value = tagValue(little, PROGRAM);
  if (tree.entries.has(tag)) return block;
  const count = countIn(block, first, little);
  const rows = Array.from({ length: count }, (_, row) => block.subarray(first + 2 + 12 * row, first + 14 + 12 * row));
  const start = block.length + (block.length & 1);
  const table = Buffer.alloc(2 + 12 * (count + 1) + 4);
  // Some cameras write their rows out of order; none may be lost by that.
  const isBefore = (row: Buffer) => countIn(row, 0, little) < tag;
  const named = rowOf(tag, value, start + table.length, little);
  const all = [...rows.filter(isBefore), named, ...rows.filter((row) => !isBefore(row))];
  little ? table.writeUInt16LE(all.length) : table.writeUInt16BE(all.length);
  for (const [index, row] of all.entries()) row.copy(table, 2 + 12 * index);
  block.copy(table, table.length - 4, first + 2 + 12 * count, first + 6 + 12 * count);
  const grown = Buffer.concat([block, Buffer.alloc(block.length & 1), table, value.bytes]);
  putNumber(grown, 4, start, little);
  return grown.length > BLOCK_MAX ? block : grown;
}

function rowOf(tag: number, { type, count }: Value, offset: number, little: boolean): Buffer {
  const row = Buffer.alloc(12);
  little ? row.writeUInt16LE(tag, 0) : row.writeUInt16BE(tag, 0);
  little ? row.writeUInt16LE(type, 2) : row.writeUInt16BE(type, 2);
  putNumber(row, 4, count, little);
  putNumber(row, 8, offset, little);
  return row;
}
