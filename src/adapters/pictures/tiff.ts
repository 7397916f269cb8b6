/**
 * TIFF directories: read into plain trees, changed, and written again. EXIF is one of them too.
 *
 * Source  TIFF 6.0 (Adobe, 1992); BigTIFF; Exif 3.0 for the directories that hang below (Exif, GPS, interoperability).
 */
import { AppError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

export type Value = {
  readonly type: number;
  readonly count: number;
  /** The value's bytes, in the file's byte order. */
  readonly bytes: Buffer;
  /** Where the bytes lie in the file. */
  readonly at: number;
  /** The directory this value points to. */
  readonly tree?: Tree;
  /** The bytes lie at `at` already: `writeTree` points to them and adds none. */
  readonly isPlaced?: boolean;
};

export type Tree = { readonly little: boolean; readonly entries: ReadonlyMap<number, Value>; readonly next: number };

export const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  make: 271,
  model: 272,
  orientation: 274,
  samplesPerPixel: 277,
  xResolution: 282,
  yResolution: 283,
  resolutionUnit: 296,
  software: 305,
  stripOffsets: 273,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  tileOffsets: 324,
  subDirectories: 330,
  extraSamples: 338,
  sampleFormat: 339,
  thumbnailStart: 513,
  thumbnailLength: 514,
  processingSoftware: 11,
  xmp: 700,
  iptc: 33723,
  photoshop: 34377,
  icc: 34675,
  exif: 34665,
  gps: 34853,
  interoperability: 40965,
  takenAt: 36867,
  colourSpace: 40961,
  pixelWidth: 40962,
  pixelHeight: 40963,
  makerNote: 37500,
  subjectArea: 37396,
  subjectLocation: 41492,
  focalPlaneX: 41486,
  focalPlaneY: 41487,
  relatedWidth: 4097,
  relatedHeight: 4098,
  interoperabilityIndex: 1,
  dngVersion: 50706,
} as const;

const POINTERS: readonly number[] = [TAG.exif, TAG.gps, TAG.interoperability];
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const ENTRIES_MAX = 4096;
const DEPTH_MAX = 3;

export const sizeOfType = (type: number): number => SIZES[type] ?? 0;

const damaged = (what: string) => new AppError("picture-damaged", `The directory of tags is broken: ${what}.`);

/** The first directory of a TIFF file or EXIF block. */
export async function readTiff(source: Source): Promise<Tree> {
  const { first, little, big } = await readHeader(source);
  return readDirectory(source, first, little, big, 0);
}

export type Header = { readonly first: number; readonly little: boolean; readonly big: boolean };

/** Where the first directory lies, and in which order its bytes are. */
export async function readHeader(source: Source): Promise<Header> {
  const head = await source.read(0, 16);
  const little = head[0] === 0x49;
  if (head.length < 8) throw damaged("it ends in its header");
  const big = (little ? head.readUInt16LE(2) : head.readUInt16BE(2)) === 43;
  const first = big ? Number(little ? head.readBigUInt64LE(8) : head.readBigUInt64BE(8)) : word(head, 4, little);
  return { first, little, big };
}

/** What a directory says of a value, and where that lies; nothing of it is checked. */
export type Entry = Pick<Value, "type" | "count" | "at"> & { readonly tag: number; readonly length: number };

/** The directory at `at` as it lies there, its values unread. */
export async function readEntries(
  source: Source,
  at: number,
  { little, big }: Pick<Header, "little" | "big">,
): Promise<{ readonly entries: readonly Entry[]; readonly next: number }> {
  const [countSize, entrySize, offsetSize] = big ? [8, 20, 8] : [2, 12, 4];
  const head = await source.read(at, countSize);
  if (head.length < countSize) throw damaged("it points past the end of the file");
  const count = big ? Number(little ? head.readBigUInt64LE() : head.readBigUInt64BE()) : short(head, 0, little);
  if (count > ENTRIES_MAX) throw damaged(`${count} entries`);
  const table = await source.read(at + countSize, count * entrySize + offsetSize);
  if (table.length < count * entrySize) throw damaged("it ends in a directory");
  const offset = (from: number): number => {
    if (!big) return word(table, from, little);
    return Number(little ? table.readBigUInt64LE(from) : table.readBigUInt64BE(from));
  };
  const entries = Array.from({ length: count }, (_, index): Entry => {
    const entry = index * entrySize;
    const [tag, type] = [short(table, entry, little), short(table, entry + 2, little)];
    const values = offset(entry + 4);
    const length = sizeOfType(type) * values;
    const inline = entry + 4 + offsetSize;
    return { tag, type, count: values, at: length <= offsetSize ? at + countSize + inline : offset(inline), length };
  });
  const next = table.length >= count * entrySize + offsetSize ? offset(count * entrySize) : 0;
  return { entries, next };
}

/** The directory at `at`; values of a broken entry are left out, as every reader does. */
export async function readDirectory(
  source: Source,
  at: number,
  little: boolean,
  big = false,
  depth = 0,
): Promise<Tree> {
  const { entries: found, next } = await readEntries(source, at, { little, big });
  const entries = new Map<number, Value>();
  for (const { tag, type, count, at: where, length } of found) {
    if (length === 0 || where + length > source.size) continue;
    const bytes = Buffer.from(await source.read(where, length));
    if (bytes.length < length) continue;
    const value = { type, count, bytes, at: where };
    if (!POINTERS.includes(tag) || depth >= DEPTH_MAX) entries.set(tag, value);
    else {
      const tree = await readDirectory(source, numberOf(value, little)!, little, big, depth + 1).catch(() => undefined);
      if (tree) entries.set(tag, { ...value, tree });
    }
  }
  return { little, entries, next };
}

const short = (buffer: Buffer, at: number, little: boolean) =>
  little ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
const word = (buffer: Buffer, at: number, little: boolean) =>
  little ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at);

/** A whole number among the values; undefined when there is none. */
export function numberOf(
  { type, bytes }: Pick<Value, "type" | "bytes">,
  little: boolean,
  index = 0,
): number | undefined {
  const at = index * sizeOfType(type);
  if (at + sizeOfType(type) > bytes.length) return undefined;
  if (type === 1 || type === 7) return bytes[at];
  if (type === 3) return short(bytes, at, little);
  if (type === 4 || type === 13) return word(bytes, at, little);
  if (type >= 16 && type <= 18) return Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  return undefined;
}

export function numberAt(tree: Tree | undefined, tag: number, index = 0): number | undefined {
  const value = tree?.entries.get(tag);
  return value && numberOf(value, tree!.little, index);
}

export function numbersAt(tree: Tree, tag: number): number[] {
  const count = Math.min(tree.entries.get(tag)?.count ?? 0, ENTRIES_MAX);
  return Array.from({ length: count }, (_, index) => numberAt(tree, tag, index) ?? 0);
}

/** The text of an ASCII value without its NUL, or null. */
export function textAt(tree: Tree | undefined, tag: number): string | null {
  const bytes = tree?.entries.get(tag)?.bytes;
  const text = bytes?.toString("utf8").split("\0", 1).join("").trim();
  return text ? text : null;
}

/** A SHORT, LONG or ASCII value of this byte order. */
export function tagValue(little: boolean, content: number | string): Value {
  if (typeof content === "string") {
    const bytes = Buffer.from(`${content}\0`);
    return { type: 2, count: bytes.length, bytes, at: 0 };
  }
  const bytes = Buffer.alloc(content > 0xffff ? 4 : 2);
  if (content > 0xffff) little ? bytes.writeUInt32LE(content) : bytes.writeUInt32BE(content);
  else little ? bytes.writeUInt16LE(content) : bytes.writeUInt16BE(content);
  return { type: bytes.length === 4 ? 4 : 3, count: 1, bytes, at: 0 };
}

/** A RATIONAL in thousandths: `ratioValue(true, 300)` is 300000/1000. */
export function ratioValue(little: boolean, ratio: number): Value {
  const bytes = Buffer.alloc(8);
  for (const [value, at] of [
    [Math.round(ratio * 1000), 0],
    [1000, 4],
  ] as const)
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  return { type: 5, count: 1, bytes, at: 0 };
}

export const bytesValue = (bytes: Buffer, type = 7): Value => ({
  type,
  count: bytes.length / sizeOfType(type),
  bytes,
  at: 0,
});

/** The same tree in another byte order. Values whose inside nobody knows (type UNDEFINED) stay as they are. */
export function inOrder(tree: Tree, little: boolean): Tree {
  if (tree.little === little) return tree;
  const entries = [...tree.entries].map(([tag, value]): [number, Value] => {
    const size = value.type === 5 || value.type === 10 ? 4 : sizeOfType(value.type);
    const bytes = Buffer.from(value.bytes);
    if (size === 2) bytes.swap16();
    else if (size === 4) bytes.swap32();
    else if (size === 8) bytes.swap64();
    return [tag, value.tree ? { ...value, bytes, tree: inOrder(value.tree, little) } : { ...value, bytes }];
  });
  return { little, entries: new Map(entries), next: tree.next };
}

/** The bytes of a tree that will lie at `at` (even): its directory, its values, then the directories below it. */
export function writeTree(tree: Tree, at: number): Buffer {
  const { little } = tree;
  const entries = [...tree.entries].sort(([one], [other]) => one - other);
  const table = Buffer.alloc(2 + entries.length * 12 + 4);
  const put = (value: number, to: number) => (little ? table.writeUInt32LE(value, to) : table.writeUInt32BE(value, to));
  const put16 = (value: number, to: number) =>
    little ? table.writeUInt16LE(value, to) : table.writeUInt16BE(value, to);
  const parts: Buffer[] = [table];
  let end = at + table.length + (table.length & 1);
  if (table.length & 1) parts.push(Buffer.alloc(1));
  put16(entries.length, 0);
  entries.forEach(([tag, { type, count, bytes, tree: below, isPlaced, at: place }], index) => {
    const entry = 2 + index * 12;
    put16(tag, entry);
    put16(below ? 4 : type, entry + 2);
    put(below ? 1 : count, entry + 4);
    const content = below ? writeTree(below, end) : bytes;
    if (!below && content.length <= 4) {
      content.copy(table, entry + 8);
      return;
    }
    if (isPlaced) {
      put(place, entry + 8);
      return;
    }
    put(end, entry + 8);
    parts.push(content, Buffer.alloc(content.length & 1));
    end += content.length + (content.length & 1);
  });
  return Buffer.concat(parts);
}
