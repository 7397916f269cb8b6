/**
 * Metadata into a TIFF: a new first directory at the end, of the encoder's tags of the pixels and the original's of the rest.
 *
 * EXIF with a maker note becomes the head of the file, as it is, and the pixels come behind it: then offsets in the note, which
 * count from the start, are as true as they were.
 */
import type { Cargo, Carried } from "./carry.ts";
import { turnedDensity } from "./density.ts";
import { PROGRAM } from "./exif.ts";
import type { PlainTiff } from "./plain-tiff.ts";
import { bufferSource } from "./source.ts";
import {
  bytesValue,
  inOrder,
  numberAt,
  numbersAt,
  ratioValue,
  readTiff,
  TAG,
  type Tree,
  tagValue,
  type Value,
  writeTree,
} from "./tiff.ts";
import { iptcIn, metadataOf, NOTE_MOVED, resourcesIn } from "./tiff-photo.ts";

/** IPTC among Photoshop's resources; a TIFF has it in a tag of its own. */
const IPTC = 0x0404;
const INCH = 2;
const HEAD = 8;

/** What the encoder wrote, taken apart. */
export const plainOf = async (encoded: Buffer): Promise<PlainTiff> => ({
  tree: await readTiff(bufferSource(encoded)),
  pixels: encoded.subarray(HEAD),
});

export async function intoTiff({ tree: fresh, pixels }: PlainTiff, cargo: Cargo): Promise<Carried> {
  const { exif } = cargo.blocks;
  const tree = exif && (await readTiff(bufferSource(exif)).catch(() => null));
  const hasNote = tree?.entries.get(TAG.exif)?.tree?.entries.has(TAG.makerNote) ?? false;
  // Samples of 16 bits are in the encoder's byte order, and a file has only one.
  const isFree = tree?.little === fresh.little || (numberAt(fresh, TAG.bitsPerSample) ?? 1) <= 8;
  if (!exif || !tree || !hasNote || !isFree) {
    const own = tree ? inOrder(metadataOf(tree), fresh.little).entries : new Map<number, Value>();
    const parts = behind(headOf(fresh), pixels, fresh, own, cargo);
    return { parts, notes: hasNote ? [NOTE_MOVED] : [] };
  }
  const head = Buffer.concat([exif, Buffer.alloc(exif.length & 1)]);
  // The directories below lie in the block already: their pointers stay as they are.
  const own = new Map([...metadataOf(tree).entries].map(([tag, { tree: _below, ...value }]) => [tag, value] as const));
  const moved = shifted(inOrder(fresh, tree.little), head.length - HEAD);
  return { parts: behind(head, pixels, moved, own, cargo), notes: [] };
}

/** The pixels lie this much further back. */
function shifted(tree: Tree, by: number): Tree {
  const entries = new Map(tree.entries);
  for (const tag of [TAG.stripOffsets, TAG.tileOffsets]) {
    if (!entries.has(tag)) continue;
    const bytes = Buffer.concat(numbersAt(tree, tag).map((at) => longBytes(at + by, tree.little)));
    entries.set(tag, { type: 4, count: bytes.length / 4, bytes, at: 0 });
  }
  return { ...tree, entries };
}

function longBytes(value: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(4);
  little ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value);
  return bytes;
}

const headOf = ({ little }: Tree): Buffer => Buffer.from(little ? "II*\0\0\0\0\0" : "MM\0*\0\0\0\0", "latin1");

/** `front` in place of the encoder's head, its pixels, and the new first directory at the end. */
function behind(
  front: Buffer,
  pixels: Buffer,
  fresh: Tree,
  own: ReadonlyMap<number, Value>,
  cargo: Cargo,
): readonly Buffer[] {
  const { little } = fresh;
  const odd = (front.length + pixels.length) & 1;
  const start = front.length + pixels.length + odd;
  const head = Buffer.from(front);
  longBytes(start, little).copy(head, 4);
  const directory = writeTree({ little, entries: entriesOf(fresh, own, cargo), next: 0 }, start);
  return [head, pixels, Buffer.alloc(odd), directory];
}

function entriesOf(
  { entries: fresh, little }: Tree,
  own: ReadonlyMap<number, Value>,
  { blocks, density, turn }: Cargo,
): Map<number, Value> {
  const entries = new Map([...fresh, ...own]);
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
  const others = [...resourcesIn(blocks.resources ?? Buffer.alloc(0))].filter(({ id }) => id !== IPTC);
  if (others.length > 0) entries.set(TAG.photoshop, bytesValue(Buffer.concat(others.map(({ whole }) => whole)), 1));
  if (blocks.icc) entries.set(TAG.icc, bytesValue(blocks.icc));
  return entries;
}
