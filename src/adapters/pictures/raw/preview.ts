/**
 * The JPEGs that a camera put into its RAW.
 *
 * Makers keep it in a dozen places: strips of a directory, tags of their own, maker notes, boxes, behind a header. What all
 * of them share is that it is a whole JPEG. So the bytes are searched for one, and each find is walked marker by marker to
 * its end; bytes that only look like a start do not get far. Sensor data is often coded as JPEG too: the lossless kind is
 * told by its frame, the lossy kind of a DNG by the directory it belongs to.
 * Source  ITU-T T.81 annex B.
 */
import { type JpegHeader, MARKER, readJpeg } from "../jpeg.ts";
import { bufferSource } from "../source.ts";

export type Preview = { readonly bytes: Buffer; readonly header: JpegHeader };

/** Bytes from `start` up to `end`. */
export type Range = { readonly start: number; readonly end: number };

const START = Buffer.from([0xff, MARKER.soi, 0xff]);
const SEGMENTS_MAX = 20_000;
/** Starts that are looked at; a RAW of 2 GiB of noise has about 128. */
const STARTS_MAX = 100_000;

/** All of them, the largest first. JPEGs that begin within `sensor` are no previews. */
export async function jpegsIn(raw: Buffer, sensor: readonly Range[]): Promise<readonly Preview[]> {
  const previews: Preview[] = [];
  let at = raw.indexOf(START);
  for (let count = 0; at >= 0 && count < STARTS_MAX; count++) {
    const inside = sensor.find(({ start, end }) => at >= start && at < end);
    const end = inside ? null : endOfJpeg(raw, at);
    const found = end === null ? null : await pictureIn(raw.subarray(at, end));
    if (found) previews.push(found);
    at = raw.indexOf(START, inside ? inside.end : found ? end! : at + 1);
  }
  return previews.sort((one, other) => sizeOf(other) - sizeOf(one));
}

const sizeOf = ({ header: { width, height }, bytes }: Preview): number => width * height + bytes.length / 2 ** 32;

/** A JPEG that shows something: of 8 bits, grey or in colour. */
async function pictureIn(bytes: Buffer): Promise<Preview | null> {
  const header = await readJpeg(bufferSource(bytes)).catch(() => null);
  if (header?.precision !== 8 || (header.components !== 1 && header.components !== 3)) return null;
  return header.width > 0 && header.height > 0 ? { bytes, header } : null;
}

/** Where the JPEG that begins at `start` ends; null when it is none or is cut off. */
function endOfJpeg(raw: Buffer, start: number): number | null {
  let at = start + 2;
  for (let segment = 0; segment < SEGMENTS_MAX && at + 4 <= raw.length; segment++) {
    if (raw[at] !== 0xff) return null;
    const marker = raw[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker < 0xc0 || marker === MARKER.soi) return null;
    if (marker === MARKER.eoi) return at + 2;
    const length = raw.readUInt16BE(at + 2);
    if (length < 2) return null;
    at += 2 + length;
    if (marker === MARKER.sos) at = endOfScan(raw, at);
    // A segment may end with the file's last marker.
    if (at + 2 === raw.length && raw[at] === 0xff && raw[at + 1] === MARKER.eoi) return at + 2;
  }
  return null;
}

/** The next marker in entropy-coded data that is neither a stuffed zero nor a restart. */
function endOfScan(raw: Buffer, from: number): number {
  let at = raw.indexOf(0xff, from);
  while (at >= 0 && at + 1 < raw.length) {
    const next = raw[at + 1]!;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
    at = raw.indexOf(0xff, at + (next === 0xff ? 1 : 2));
  }
  return raw.length;
}
