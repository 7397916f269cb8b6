/**
 * EXIF made true for a graded file: upright, its own size, no stale thumbnail, the program named.
 * Changed in place and grown only at its end, so that what nobody can move (maker notes with offsets of their own) stays
 * where it was.
 */
import { bufferSource } from "./source.ts";
import { readTiff, TAG, type Tree, tagValue, type Value } from "./tiff.ts";

export type Facts = {
  readonly width: number;
  readonly height: number;
  /** The profile was left behind: the numbers are sRGB now. */
  readonly becameSrgb: boolean;
  /** The profile that the numbers are in now, instead of the original's. */
  readonly icc?: Buffer;
};

export const PROGRAM = "hotgrade";
const SRGB = 1;
const UNCALIBRATED = 0xffff;
/** What a JPEG segment holds besides "Exif\0\0". */
const BLOCK_MAX = 65_527;

export async function trueExif(original: Buffer, facts: Facts): Promise<Buffer | null> {
  const block = Buffer.from(original);
  const tree = await readTiff(bufferSource(block)).catch(() => null);
  if (!tree) return null;
  const { little } = tree;
  put(block, tree, TAG.orientation, 1);
  put(block, tree, TAG.width, facts.width);
  put(block, tree, TAG.height, facts.height);
  const details = tree.entries.get(TAG.exif)?.tree;
  if (details) {
    put(block, details, TAG.pixelWidth, facts.width);
    put(block, details, TAG.pixelHeight, facts.height);
    if (facts.becameSrgb) put(block, details, TAG.colourSpace, SRGB);
    else if (facts.icc) put(block, details, TAG.colourSpace, UNCALIBRATED);
  }
  const first = little ? block.readUInt32LE(4) : block.readUInt32BE(4);
  await dropThumbnail(block, tree, first);
  return withProgram(block, tree, first);
}

/** Overwrites one whole number where the tag is there and its type can hold it. */
function put(block: Buffer, { entries, little }: Tree, tag: number, value: number): void {
  const entry = entries.get(tag);
  if (!entry) return;
  if (entry.type === 3 && value <= 0xffff)
    little ? block.writeUInt16LE(value, entry.at) : block.writeUInt16BE(value, entry.at);
  if (entry.type === 4) little ? block.writeUInt32LE(value, entry.at) : block.writeUInt32BE(value, entry.at);
}

/** Ends the chain of directories after the first and blanks the thumbnail: it shows the picture before the grade. */
async function dropThumbnail(block: Buffer, tree: Tree, first: number): Promise<void> {
  if (tree.next === 0) return;
  const count = tree.little ? block.readUInt16LE(first) : block.readUInt16BE(first);
  block.fill(0, first + 2 + 12 * count, first + 6 + 12 * count);
  const at = tree.little ? "LE" : "BE";
  const number = (from: number) => (at === "LE" ? block.readUInt32LE(from) : block.readUInt32BE(from));
  // Tags 513 and 514 of the second directory say where the thumbnail's JPEG lies.
  const entries =
    tree.next + 2 <= block.length ? (tree.little ? block.readUInt16LE(tree.next) : block.readUInt16BE(tree.next)) : 0;
  let [start, length] = [0, 0];
  for (let entry = tree.next + 2; entry + 12 <= Math.min(block.length, tree.next + 2 + 12 * entries); entry += 12) {
    const tag = tree.little ? block.readUInt16LE(entry) : block.readUInt16BE(entry);
    if (tag === 513) start = number(entry + 8);
    if (tag === 514) length = number(entry + 8);
  }
  if (start > 0 && start + length <= block.length) block.fill(0, start, start + length);
}

/** Names the program in Software, or in ProcessingSoftware where the camera's firmware stands in Software. */
function withProgram(block: Buffer, tree: Tree, first: number): Buffer {
  const tag = tree.entries.has(TAG.software) ? TAG.processingSoftware : TAG.software;
  const value = tagValue(tree.little, PROGRAM);
  if (tree.entries.has(tag)) return block;
  const count = tree.little ? block.readUInt16LE(first) : block.readUInt16BE(first);
  const rows = Array.from({ length: count }, (_, row) => block.subarray(first + 2 + 12 * row, first + 14 + 12 * row));
  const start = block.length + (block.length & 1);
  const table = Buffer.alloc(2 + 12 * (count + 1) + 4);
  const tagOf = (row: Buffer) => (tree.little ? row.readUInt16LE(0) : row.readUInt16BE(0));
  const before = rows.filter((row) => tagOf(row) < tag);
  const all = [...before, rowOf(tag, value, start + table.length, tree.little), ...rows.slice(before.length)];
  tree.little ? table.writeUInt16LE(all.length) : table.writeUInt16BE(all.length);
  for (const [index, row] of all.entries()) row.copy(table, 2 + 12 * index);
  const grown = Buffer.concat([block, Buffer.alloc(block.length & 1), table, value.bytes]);
  tree.little ? grown.writeUInt32LE(start, 4) : grown.writeUInt32BE(start, 4);
  return grown.length > BLOCK_MAX ? block : grown;
}

function rowOf(tag: number, { type, count }: Value, offset: number, little: boolean): Buffer {
  const row = Buffer.alloc(12);
  for (const [value, at] of [
    [tag, 0],
    [type, 2],
  ] as const)
    little ? row.writeUInt16LE(value, at) : row.writeUInt16BE(value, at);
  for (const [value, at] of [
    [count, 4],
    [offset, 8],
  ] as const)
    little ? row.writeUInt32LE(value, at) : row.writeUInt32BE(value, at);
  return row;
}

/** XMP repeats EXIF's orientation and size, and some readers believe it first. */
export function trueXmp(xmp: Buffer, { width, height }: Pick<Facts, "width" | "height">): Buffer {
  const values = {
    "tiff:Orientation": 1,
    "tiff:ImageWidth": width,
    "tiff:ImageLength": height,
    "exif:PixelXDimension": width,
    "exif:PixelYDimension": height,
  };
  let text = xmp.toString("latin1");
  for (const [name, value] of Object.entries(values))
    text = text
      .replace(new RegExp(`(?<=${name}\\s*=\\s*["'])\\d+(?=["'])`, "g"), String(value))
      .replace(new RegExp(`(?<=<${name}>)\\d+(?=<)`, "g"), String(value));
  return Buffer.from(text, "latin1");
}
