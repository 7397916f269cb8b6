/**
 * The EXIF of a RAW as a block that other pictures can carry: camera, exposure, GPS and the maker's notes, without what only
 * describes the sensor's data.
 *
 * Many makers' notes point to their own values by their place in the file. They keep that place in the block where a JPEG
 * can hold it; else they are put where there is room, and some of their values may no longer be found.
 */
import { TAG, type Tree, tagValue, type Value, writeTree } from "../tiff.ts";

const MAKER_NOTE = 37500;
/** What a JPEG segment holds besides "Exif\0\0", less room for what is put in when the photo is written. */
const BLOCK_MAX = 64_000;

/** Tags of a RAW's first directory that are about the photo. */
const OF_PHOTO: ReadonlySet<number> = new Set([
  ...[269, 270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 316, 18246, 18249, 33432, 33434, 33437],
  ...[34665, 34853, 36867, 36868, 40091, 40092, 40093, 40094, 40095, 42032, 42033, 42034, 42035, 42036, 42037],
]);

export type ExifBlock = { readonly block: Buffer; readonly notes: readonly string[] };

/** The directory of a RAW without everything that is not about the photo. */
export function photoTags(tree: Tree): Tree {
  return { ...tree, entries: new Map([...tree.entries].filter(([tag]) => OF_PHOTO.has(tag))), next: 0 };
}

/** `tree` as an EXIF block with this orientation; `makerNote` is where the notes lay, by default where `tree` says. */
export function exifBlockOf(tree: Tree, orientation: number): ExifBlock {
  const upright = withValue(photoTags(tree), TAG.orientation, tagValue(tree.little, orientation));
  const note = upright.entries.get(TAG.exif)?.tree?.entries.get(MAKER_NOTE);
  const plain = wholeBlock(upright.little, note ? withoutNote(upright) : upright);
  if (!note) return { block: plain, notes: [] };
  const pinned = pin(upright, note);
  if (pinned.length <= BLOCK_MAX) return { block: pinned, notes: [] };
  const moved = wholeBlock(upright.little, upright);
  if (moved.length <= BLOCK_MAX) return { block: moved, notes: [] };
  return { block: plain, notes: ["The maker's own notes were left out: they are larger than a photo can carry."] };
}

const head = (little: boolean, first: number): Buffer => {
  const bytes = Buffer.from(little ? "II*\0\0\0\0\0" : "MM\0*\0\0\0\0", "latin1");
  little ? bytes.writeUInt32LE(first, 4) : bytes.writeUInt32BE(first, 4);
  return bytes;
};

const wholeBlock = (little: boolean, tree: Tree): Buffer => Buffer.concat([head(little, 8), writeTree(tree, 8)]);

/** The block with the note at the very offset it had: the directories before it, or behind it where there is no room. */
function pin(tree: Tree, note: Value): Buffer {
  const { little } = tree;
  const placed = withNote(tree, { ...note, count: 8, bytes: Buffer.alloc(8) });
  const size = writeTree(placed, 8).length;
  const first = 8 + size <= note.at ? 8 : even(note.at + note.bytes.length);
  const block = Buffer.alloc(Math.max(first + size, note.at + note.bytes.length));
  head(little, first).copy(block);
  writeTree(placed, first).copy(block, first);
  note.bytes.copy(block, note.at);
  const entry = entryOf(
    block,
    numberIn(block, entryOf(block, first, TAG.exif, little) + 8, little),
    MAKER_NOTE,
    little,
  );
  put(block, note.bytes.length, entry + 4, little);
  put(block, note.at, entry + 8, little);
  return block;
}

const even = (value: number): number => value + (value & 1);
const numberIn = (block: Buffer, at: number, little: boolean): number =>
  little ? block.readUInt32LE(at) : block.readUInt32BE(at);
const put = (block: Buffer, value: number, at: number, little: boolean) =>
  little ? block.writeUInt32LE(value, at) : block.writeUInt32BE(value, at);

/** Where the entry of a tag stands that is surely there. */
function entryOf(block: Buffer, directory: number, tag: number, little: boolean): number {
  for (let at = directory + 2; ; at += 12)
    if ((little ? block.readUInt16LE(at) : block.readUInt16BE(at)) === tag) return at;
}

const withValue = (tree: Tree, tag: number, value: Value): Tree => ({
  ...tree,
  entries: new Map([...tree.entries, [tag, value]]),
});

function withNote(tree: Tree, note: Value): Tree {
  const exif = tree.entries.get(TAG.exif)!;
  return withValue(tree, TAG.exif, { ...exif, tree: withValue(exif.tree!, MAKER_NOTE, note) });
}

function withoutNote(tree: Tree): Tree {
  const exif = tree.entries.get(TAG.exif)!;
  const entries = new Map([...exif.tree!.entries].filter(([tag]) => tag !== MAKER_NOTE));
  return withValue(tree, TAG.exif, { ...exif, tree: { ...exif.tree!, entries } });
}
