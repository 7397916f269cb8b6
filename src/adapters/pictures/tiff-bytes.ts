/**
 * What makes the picture of a TIFF, a DNG or a camera RAW that is built as one: the pixels of all its directories, and every
 * tag of theirs but those named here. A tag that nobody knows counts: that costs a needless version, never a missed one.
 *
 * Source  TIFF 6.0; TIFF/EP; DNG 1.7; what ExifTool, Lightroom and Windows write into files in place.
 */
import { type Source, stretch } from "./source.ts";
import { type Entry, type Header, numberOf, readEntries, readHeader, sizeOfType, TAG } from "./tiff.ts";

/** Metadata. The notes of the maker (37500 within EXIF, 50740) too: programs move what lies in them, and none edits it. */
const METADATA: ReadonlySet<number> = new Set([
  ...[TAG.orientation, TAG.xResolution, TAG.yResolution, TAG.resolutionUnit], // as in JPEG and PNG
  ...[TAG.processingSoftware, TAG.software, TAG.takenAt, TAG.makerNote, TAG.interoperability],
  ...[TAG.xmp, TAG.iptc, TAG.photoshop, TAG.exif, TAG.gps],
  ...[269, 270, 285, 306, 315, 316, 33432], // document, description, page, date, artist, computer, copyright
  ...[286, 287, 297], // position of the page and its number
  ...[288, 289], // room that is free
  ...[18246, 18249], // rating, in stars and per cent
  ...[40091, 40092, 40093, 40094, 40095], // Windows: title, comment, author, keywords, subject
  ...[59932, 59933], // Windows: padding and how far things were moved
  ...[50740, 50827, 50966, 50967, 50971], // DNG: private data, the RAW's name, who made its previews and when
]);

/** Where data lie and how long each piece is: moved around whenever something is written before them. */
const DATA: readonly (readonly [places: number, lengths: number])[] = [
  [TAG.stripOffsets, TAG.stripByteCounts],
  [TAG.tileOffsets, 325],
  [TAG.thumbnailStart, TAG.thumbnailLength],
];
const STRUCTURE: ReadonlySet<number> = new Set([...DATA.flat(), TAG.subDirectories]);
/** Places without a length: tables of JPEGs in the manner of 1992. They are moved too, and how much lies there is not known. */
const UNBOUNDED: readonly number[] = [519, 520, 521];

const DIRECTORIES_MAX = 256;
/** Strips or tiles of one directory: a 500 MP photo in lines has some ten thousand. */
const PIECES_MAX = 1_000_000;
/** Directories that share their data could have the file read any number of times. */
const TIMES_MAX = 2;

export const isTiff = (start: Buffer): boolean =>
  ["II*\0", "MM\0*", "II+\0", "MM\0+", "IIRO", "IIRS", "MMOR"].includes(start.toString("latin1", 0, 4));

const odd = (what: string) => new RangeError(`the TIFF is odd: ${what}`);

/** Errors: `RangeError` and `picture-damaged` for a file of which not everything is understood: then all of it counts. */
export async function* tiffBytes(source: Source): AsyncGenerator<Buffer | string> {
  const header = await readHeader(source);
  const directories = [header.first];
  const seen = new Set<number>();
  let room = TIMES_MAX * source.size;
  let hasData = false;
  for (let at = directories.shift(); at !== undefined; at = directories.shift()) {
    if (seen.has(at)) throw odd("a directory hangs in two places");
    seen.add(at);
    if (seen.size > DIRECTORIES_MAX) throw odd("more directories than a photo has");
    const { entries, next } = await readEntries(source, at, header);
    const sorted = [...entries].sort((one, other) => one.tag - other.tag);
    yield `directory\n`;
    yield* tags(source, sorted);
    for (const [places, lengths] of DATA) {
      const from = await numbers(source, sorted, places, header);
      const long = await numbers(source, sorted, lengths, header);
      if (from.length !== long.length) throw odd("places without lengths");
      room -= long.reduce((sum, length) => sum + length, 0);
      if (room < 0) throw odd("more data than the file holds");
      if (long.length === 0) continue;
      yield `data ${places} ${long.join(" ")}\n`;
      for (const { at: start, length } of joined(from, long)) yield* stretch(source, start, length);
      hasData ||= long.some((length) => length > 0);
    }
    const below = await numbers(source, sorted, TAG.subDirectories, header);
    if (below.length > DIRECTORIES_MAX) throw odd("more directories than a photo has");
    yield `below ${below.length}, next ${next === 0 ? 0 : 1}\n`;
    directories.push(...below, ...(next === 0 ? [] : [next]));
  }
  if (!hasData) throw odd("no pixels");
}

async function* tags(source: Source, entries: readonly Entry[]): AsyncGenerator<Buffer | string> {
  const twice = entries.find(({ tag }, index) => tag === entries[index - 1]?.tag);
  if (twice) throw odd(`tag ${twice.tag} twice`);
  for (const { tag, type, count, at, length } of entries) {
    if (METADATA.has(tag) || STRUCTURE.has(tag)) continue;
    if (UNBOUNDED.includes(tag)) throw odd(`tag ${tag}, data without a length`);
    if (sizeOfType(type) === 0) throw odd(`tag ${tag} of unknown type`);
    yield `tag ${tag} ${type} ${count}\n`;
    yield* stretch(source, at, length);
  }
}

/** The numbers of a tag; none where it is missing. */
async function numbers(
  source: Source,
  entries: readonly Entry[],
  tag: number,
  { little }: Header,
): Promise<readonly number[]> {
  const entry = entries.find((one) => one.tag === tag);
  if (!entry) return [];
  const { type, count, at, length } = entry;
  if (count > PIECES_MAX) throw odd("more pieces than a photo has");
  const bytes = await source.read(at, length);
  return Array.from({ length: count }, (_, index) => {
    const number = bytes.length === length ? numberOf({ type, bytes }, little, index) : undefined;
    if (number === undefined) throw odd(`tag ${tag} holds no numbers`);
    return number;
  });
}

/** Pieces that lie one behind the other are read as one. */
function joined(from: readonly number[], long: readonly number[]): readonly { at: number; length: number }[] {
  const pieces: { at: number; length: number }[] = [];
  for (const [index, at] of from.entries()) {
    const last = pieces.at(-1);
    if (last && last.at + last.length === at) last.length += long[index]!;
    else pieces.push({ at, length: long[index]! });
  }
  return pieces;
}
