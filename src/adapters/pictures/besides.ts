/**
 * What a JPEG file holds besides its one picture: gain maps, previews, bursts, films, trailers of camera makers.
 * Only the picture is graded and only it is written, so each of them is named in a note.
 *
 * Source  CIPA DC-007 (Multi-Picture Format); Ultra HDR 1.1; ISO 21496-1; exiftool's list of trailers.
 */
import { MARKER, type Segment } from "./jpeg.ts";
import { bufferSource, type Source } from "./source.ts";
import { readTiff } from "./tiff.ts";
import { announcesGainMap } from "./xmp.ts";

const MPF_HEAD = "MPF\0";
/** The metadata of a gain map in the new standard; in the photo itself it says that one follows. */
export const ISO_GAIN_MAP_HEAD = "urn:iso:std:iso:ts:21496:-1\0";
const MP_ENTRIES = 0xb002;
const PICTURES_MAX = 64;
/** A gain map's metadata is among its first segments. */
const HEAD_BYTES = 64 << 10;
const TAIL_BYTES = 64 << 10;

const NOTES = {
  gainMap:
    "The HDR gain map was left out: it brightens the colours from before the grade. The photo is of standard range now.",
  preview: "The preview pictures in the file were left out: they show the photo before the grade.",
  further: "Further pictures in the file (a burst, a panorama's or a stereo picture's parts) were left out.",
  film: "The film in the file (a motion photo) was left out.",
  trailer: "What followed the picture in the file was left out",
  credentials: "Content credentials (C2PA) no longer hold and were left out.",
} as const;

/** Ends of files by which programs find what they put behind a picture. */
const TRAILERS: readonly (readonly [end: string, whose: string])[] = [
  ["SEFT", "Samsung's"],
  ["AXS!", "AFCP's"],
  ["AXS*", "AFCP's"],
  ["cbipcbbl", "Photo Mechanic's"],
  ["\xa1\xb2\xc3\xd4", "FotoStation's"],
  ["vivo", "vivo's"],
];

type Picture = { readonly kind: number; readonly start: number };

export async function notesOnTheRest(
  source: Source,
  segments: readonly Segment[],
  xmp: Buffer | null,
): Promise<readonly string[]> {
  const notes = new Set<string>();
  const startsWith = ({ bytes }: Segment, head: string) => bytes.toString("latin1", 4, 4 + head.length) === head;
  const gainMapIsTold = segments.some((segment) => startsWith(segment, ISO_GAIN_MAP_HEAD));
  if (gainMapIsTold || (xmp && announcesGainMap(xmp))) notes.add(NOTES.gainMap);
  const mpf = segments.find((segment) => segment.marker === MARKER.app2 && startsWith(segment, MPF_HEAD));
  for (const { kind, start } of mpf ? await picturesOf(mpf) : []) {
    const head = await source.read(start, HEAD_BYTES);
    if (isGainMap(head, kind)) notes.add(NOTES.gainMap);
    else notes.add(kind >> 16 === 1 ? NOTES.preview : NOTES.further);
  }
  const film = await trailerOf(source, xmp);
  if (film) notes.add(film);
  if (segments.some((segment) => segment.marker === MARKER.app11 && startsWith(segment, "JP")))
    notes.add(NOTES.credentials);
  return [...notes];
}

/** The pictures after the first one, by the index in its header; offsets count from that index. */
async function picturesOf({ bytes, at }: Segment): Promise<readonly Picture[]> {
  const tree = await readTiff(bufferSource(bytes.subarray(8))).catch(() => null);
  const table = tree?.entries.get(MP_ENTRIES)?.bytes ?? Buffer.alloc(0);
  const number = (from: number) => (tree?.little ? table.readUInt32LE(from) : table.readUInt32BE(from));
  const pictures: Picture[] = [];
  for (let from = 16; from + 16 <= Math.min(table.length, 16 * PICTURES_MAX); from += 16)
    pictures.push({ kind: number(from) & 0xffffff, start: at + 8 + number(from + 8) });
  return pictures;
}

const MP_GAIN_MAP = 0x050000;

const isGainMap = (head: Buffer, kind: number): boolean =>
  kind === MP_GAIN_MAP ||
  head.includes(ISO_GAIN_MAP_HEAD, 0, "latin1") ||
  head.includes("http://ns.adobe.com/hdr-gain-map/1.0/") ||
  head.includes("urn:com:apple:photo:2020:aux:hdrgainmap");

/** What follows the picture and is no JPEG; padding is nothing. */
async function trailerOf(source: Source, xmp: Buffer | null): Promise<string | null> {
  const tail = await source.read(Math.max(0, source.size - TAIL_BYTES), TAIL_BYTES);
  let end = tail.length;
  while (end > 0 && [0x00, 0x0a, 0x0d, 0x20, 0xff].includes(tail[end - 1]!)) end--;
  const isWhole = end === 0 || (tail[end - 1] === MARKER.eoi && tail[end - 2] === 0xff);
  const isFilm = /(?:MicroVideo|MotionPhoto)(?:\s*=\s*["']|>)1/.test(xmp?.toString("latin1") ?? "");
  if (isFilm) return NOTES.film;
  if (isWhole) return null;
  const whose = TRAILERS.find(([name]) => tail.toString("latin1", end - 64, end).includes(name))?.[1];
  return `${NOTES.trailer}${whose ? ` (${whose} trailer)` : ""}.`;
}
