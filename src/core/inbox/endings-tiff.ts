/**
 * The end of a TIFF and of what is built like one (DNG, NEF, ARW, CR2, PEF): nothing in it points past the end.
 * Source  TIFF 6.0 §2, BigTIFF (libtiff), DNG 1.7 for SubIFDs. Maker notes are opaque and only measured.
 */
import { type Ending, stop, unlessZeroTail, type Window } from "./endings-window.ts";

const IFDS_MAX = 64;
const ENTRIES_MAX = 4096;
/** Strips or tiles of one image: a strip a row would be 262,144 rows. */
const PIECES_MAX = 262_144;
const PAST_END = "the TIFF points past the end of the file";

/** Bytes of one value by TIFF type; a missing type is not known and its entry is left alone. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8, // prettier-ignore
};

/** Tags whose values are offsets of further IFDs: SubIFDs, EXIF, GPS, interoperability. */
const IFD_TAGS = new Set([330, 34665, 34853, 40965]);
/** Offset tag → tag of the lengths: strips, tiles, the old JPEG thumbnail. */
const PIECE_TAGS: readonly (readonly [offsets: number, lengths: number])[] = [
  [273, 279],
  [324, 325],
  [513, 514],
];

type Layout = { readonly little: boolean; readonly big: boolean };
/** Where the values of an entry are: `count` values of `size` bytes from `at`. */
type Values = { readonly at: number; readonly size: number; readonly count: number };

export async function endingOfTiff(window: Window): Promise<Ending> {
  const head = await window.need(0, 8, PAST_END);
  const little = head[0] === 0x49;
  const layout: Layout = { little, big: head[little ? 2 : 3] === 43 };
  const first = layout.big ? await readNumber(window, layout, 8, 8) : await readNumber(window, layout, 4, 4);
  if (first === 0) return { kind: "incomplete", reason: "the TIFF has no directory yet" };
  const seen = new Set<number>();
  const queue = [first];
  for (let offset = queue.pop(); offset !== undefined; offset = queue.pop()) {
    if (offset === 0 || seen.has(offset)) continue;
    if (seen.size === IFDS_MAX) stop("unknown", "the TIFF has too many directories");
    seen.add(offset);
    queue.push(...(await checkDirectory(window, layout, offset)));
  }
  return unlessZeroTail(window, "nothing in the TIFF points past the end of the file");
}

/** Checks one IFD and gives the offsets of those it leads to. */
async function checkDirectory(window: Window, layout: Layout, offset: number): Promise<number[]> {
  const countBytes = layout.big ? 8 : 2;
  const entryBytes = layout.big ? 20 : 12;
  const count = await readNumber(window, layout, offset, countBytes);
  if (count === 0) stop("incomplete", "a directory of the TIFF is not written yet");
  const entriesAt = offset + countBytes;
  const nextAt = entriesAt + count * entryBytes;
  if (nextAt > window.sizeBytes) stop("incomplete", PAST_END);
  if (count > ENTRIES_MAX) stop("unknown", "the TIFF has too many entries");
  const found = new Map<number, Values>();
  for (let index = 0; index < count; index++) {
    const entry = await readEntry(window, layout, entriesAt + index * entryBytes);
    if (entry !== undefined) found.set(entry.tag, entry);
  }
  for (const [offsets, lengths] of PIECE_TAGS)
    await checkPieces(window, layout, found.get(offsets), found.get(lengths));
  const onward: number[] = [];
  for (const [tag, values] of found) {
    if (!IFD_TAGS.has(tag)) continue;
    const size = values.size;
    for (let index = 0; index < Math.min(values.count, IFDS_MAX); index++)
      onward.push(await readNumber(window, layout, values.at + index * size, size));
  }
  // Some writers leave the last pointer out when the directory ends the file.
  const pointerBytes = layout.big ? 8 : 4;
  if (nextAt + pointerBytes <= window.sizeBytes) onward.push(await readNumber(window, layout, nextAt, pointerBytes));
  return onward;
}

async function readEntry(window: Window, layout: Layout, at: number): Promise<(Values & { tag: number }) | undefined> {
  const tag = await readNumber(window, layout, at, 2);
  const size = TYPE_BYTES[await readNumber(window, layout, at + 2, 2)];
  if (size === undefined) return undefined;
  const wide = layout.big ? 8 : 4;
  const count = await readNumber(window, layout, at + 4, wide);
  const inline = at + 4 + wide;
  if (size * count <= wide) return { tag, at: inline, size, count };
  const offset = await readNumber(window, layout, inline, wide);
  if (offset + size * count > window.sizeBytes) stop("incomplete", PAST_END);
  return { tag, at: offset, size, count };
}

/** Every piece must lie inside the file. Lengths that are absent count as nothing. */
async function checkPieces(window: Window, layout: Layout, offsets?: Values, lengths?: Values): Promise<void> {
  if (offsets === undefined) return;
  if (offsets.count > PIECES_MAX) stop("unknown", "the TIFF has too many strips");
  const starts = await readAll(window, layout, offsets);
  const sizes =
    lengths === undefined
      ? []
      : await readAll(window, layout, { ...lengths, count: Math.min(lengths.count, offsets.count) });
  for (let index = 0; index < starts.length; index++)
    if (starts[index]! + (sizes[index] ?? 0) > window.sizeBytes) stop("incomplete", PAST_END);
}

async function readAll(window: Window, layout: Layout, { at, size, count }: Values): Promise<number[]> {
  const bytes = await window.need(at, size * count, PAST_END);
  return Array.from({ length: count }, (_, index) => numberAt(bytes, index * size, size, layout.little));
}

async function readNumber(window: Window, layout: Layout, at: number, size: number): Promise<number> {
  return numberAt(await window.need(at, size, PAST_END), 0, size, layout.little);
}

/** An unsigned whole number; above 2⁵³ it is inexact, and past the end of every file. */
function numberAt(bytes: Uint8Array, at: number, size: number, little: boolean): number {
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + bytes[at + (little ? size - 1 - index : index)]!;
  return value;
}
