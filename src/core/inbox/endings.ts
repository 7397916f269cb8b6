/**
 * Does a file end as its format says? Found out from the bytes alone, whatever the name says.
 *
 * "complete" is proof, "incomplete" is proof of the contrary, "unknown" leaves it to time. Bytes come from a reader that
 * is handed in; every loop is bounded and all reading together stays near the size of the file, whatever is in it.
 * Sources  ITU-T T.81 annex B (JPEG), PNG 3rd edition §5, RIFF (Microsoft, 1991), ISO/IEC 14496-12 §4 (boxes).
 */
import { endingOfTiff } from "./endings-tiff.ts";
import { type Ending, isZero, type ReadAt, Stop, unlessZeroTail, type Window, windowOver } from "./endings-window.ts";

export type { Ending, ReadAt } from "./endings-window.ts";

/** Segments of a JPEG, scans included; real ones have tens. */
const SEGMENTS_MAX = 20_000;
/** Chunks of a PNG: 2 GiB in pieces of 8 KiB, as libpng writes them. */
const CHUNKS_MAX = 262_144;
const BOXES_MAX = 10_000;
const HEAD_BYTES = 16;

/** The verdict on a file of that size. Throws only what `read` throws. */
export async function endingOf(read: ReadAt, sizeBytes: number): Promise<Ending> {
  if (sizeBytes === 0) return { kind: "incomplete", reason: "the file is empty" };
  const window = windowOver(read, sizeBytes);
  try {
    return await dispatch(window);
  } catch (thrown) {
    if (thrown instanceof Stop) return thrown.ending;
    throw thrown;
  }
}

async function dispatch(window: Window): Promise<Ending> {
  const head = await window.need(0, Math.min(HEAD_BYTES, window.sizeBytes));
  if (isZero(head)) return { kind: "incomplete", reason: "the start of the file is not written yet" };
  if (startsWith(head, [0xff, 0xd8, 0xff])) return endingOfJpeg(window);
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return endingOfPng(window);
  if (head.length < 12) return { kind: "unknown", reason: "the file is too short to be a picture" };
  if (ascii(head, 0, 4) === "RIFF") return endingOfRiff(window);
  if (ascii(head, 4, 8) === "ftyp" || ascii(head, 4, 8) === "JXL ") return endingOfBoxes(window);
  if (/^(II[*+]\0|MM\0[*+])$/.test(ascii(head, 0, 4))) return endingOfTiff(window);
  return { kind: "unknown", reason: "the format is unknown" };
}

/** Walks the markers up to the EOI of the first image. Thumbnails lie inside segments and are stepped over. */
async function endingOfJpeg(window: Window): Promise<Ending> {
  const noEnd = "the JPEG stops before its end";
  let at = 2;
  for (let segment = 0; segment < SEGMENTS_MAX; segment++) {
    const found = await nextMarker(window, at);
    if (found === undefined) return { kind: "incomplete", reason: noEnd };
    if (found.marker === 0xd9) return endingWithTrailer(window, found.at + 2);
    if (found.marker === 0xd8) {
      at = found.at + 2;
      continue;
    }
    const [high, low] = await window.need(found.at + 2, 2, noEnd);
    const length = high! * 256 + low!;
    if (length === 0) return { kind: "incomplete", reason: "a part of the JPEG is not written yet" };
    if (length === 1) return { kind: "unknown", reason: "the JPEG has a segment of impossible length" };
    at = found.at + 2 + length;
  }
  return { kind: "unknown", reason: "the JPEG has too many segments" };
}

/**
 * The first marker at or after `at` that begins a segment or ends the image. In entropy-coded data FF 00 is a stuffed
 * byte and D0 … D7 are restarts; FF FF is fill. Between segments the marker stands at `at` itself.
 */
async function nextMarker(window: Window, at: number): Promise<{ at: number; marker: number } | undefined> {
  let from = at;
  while (from + 1 < window.sizeBytes) {
    const bytes = await window.run(from, 2);
    for (let i = bytes.indexOf(0xff); i >= 0 && i + 1 < bytes.length; i = bytes.indexOf(0xff, i + 1)) {
      const marker = bytes[i + 1]!;
      if (marker > 0x01 && marker !== 0xff && (marker < 0xd0 || marker > 0xd7)) return { at: from + i, marker };
    }
    from += bytes.length - 1; // the last byte has no successor here: it is seen again with the next run
  }
  return undefined;
}

/** After the end marker: nothing or a trailer is complete; zeros alone may still be filled. */
async function endingWithTrailer(window: Window, end: number): Promise<Ending> {
  for (let at = end; at < window.sizeBytes; ) {
    const bytes = await window.run(at, 1);
    if (!isZero(bytes)) return { kind: "complete", reason: "the picture ends, a trailer follows" };
    at += bytes.length;
  }
  if (end === window.sizeBytes) return { kind: "complete", reason: "the picture ends with the file" };
  return { kind: "unknown", reason: "only zeros follow the end of the picture" };
}

async function endingOfPng(window: Window): Promise<Ending> {
  const noEnd = "the PNG stops before its end";
  let at = 8;
  for (let chunk = 0; chunk < CHUNKS_MAX; chunk++) {
    const head = await window.need(at, 8, noEnd);
    if (isZero(head)) return { kind: "incomplete", reason: "a part of the PNG is not written yet" };
    const type = ascii(head, 4, 8);
    if (!/^[A-Za-z]{4}$/.test(type)) return { kind: "unknown", reason: "the PNG has a broken chunk" };
    at += 12 + u32(head, 0);
    if (at > window.sizeBytes) return { kind: "incomplete", reason: noEnd };
    if (type === "IEND") return endingWithTrailer(window, at);
  }
  return { kind: "unknown", reason: "the PNG has too many chunks" };
}

async function endingOfRiff(window: Window): Promise<Ending> {
  const head = await window.need(0, 8);
  const length = head[4]! + head[5]! * 0x100 + head[6]! * 0x10000 + head[7]! * 0x1000000;
  if (length === 0) return { kind: "incomplete", reason: "the length of the WebP is not written yet" };
  if (window.sizeBytes < length + 8) return { kind: "incomplete", reason: "the WebP is shorter than it says" };
  return unlessZeroTail(window, "the WebP is as long as it says");
}

/** HEIC, AVIF, CR3, JPEG XL: boxes that end exactly at the end of the file. */
async function endingOfBoxes(window: Window): Promise<Ending> {
  const cut = "a box reaches past the end of the file";
  let at = 0;
  for (let box = 0; box < BOXES_MAX; box++) {
    if (at === window.sizeBytes) return unlessZeroTail(window, "the boxes end with the file");
    const head = await window.need(at, 8, cut);
    if (isZero(head)) return { kind: "incomplete", reason: "a box is not written yet" };
    let length = u32(head, 0);
    if (length === 1) {
      const long = await window.need(at + 8, 8, cut);
      length = u32(long, 0) * 2 ** 32 + u32(long, 4);
      if (length < 16) return { kind: "unknown", reason: "a box has an impossible length" };
    }
    if (length === 0) return { kind: "unknown", reason: "the last box has no length" };
    if (length < 8) return { kind: "unknown", reason: "a box has an impossible length" };
    at += length;
    if (at > window.sizeBytes) return { kind: "incomplete", reason: cut };
  }
  return { kind: "unknown", reason: "the file has too many boxes" };
}

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((value, index) => bytes[index] === value);

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

const u32 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! * 0x1000000 + bytes[at + 1]! * 0x10000 + bytes[at + 2]! * 0x100 + bytes[at + 3]!;
