/**
 * Uncompressed TIFFs: their pixels are a stretch of the file. They are graded where the file was read to, and written from
 * there, so that a picture of hundreds of megabytes is in memory once.
 */
import { endianness } from "node:os";
import type { Opened } from "./decode.ts";
import { numberAt, numbersAt, TAG, type Tree, tagValue, type Value } from "./tiff.ts";

export type PlainPixels = {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number; readonly channels: 3 | 4 };
};

/** A TIFF before its metadata: pixels that begin right behind a head of 8 bytes, and the tags that say how they lie. */
export type PlainTiff = { readonly tree: Tree; readonly pixels: Buffer };

const UNCOMPRESSED = 1;
const CHUNKY = 1;
const RGB = 2;
/** Extra samples of this kind are an alpha that colours were not multiplied by. */
const UNASSOCIATED = 2;
const UNSIGNED = 1;
const HEAD = 8;
const ROWS_PER_STRIP = 256;
/** Offsets have 32 bits; metadata needs some of what they reach. */
const BYTES_MAX = 2 ** 32 - 2 ** 26;

/** The pixels of an uncompressed RGB TIFF, upright and in strips one behind the other; undefined of any other. */
export function plainPixels({ bytes, anatomy }: Opened): PlainPixels | undefined {
  const { tags, width, height, bitDepth, orientation, model, format } = anatomy;
  if (format !== "tiff" || !tags || model !== "rgb" || orientation !== 1) return undefined;
  const number = (tag: number, fallback: number) => numberAt(tags, tag) ?? fallback;
  const channels = number(TAG.samplesPerPixel, 1);
  const isUsual =
    number(TAG.compression, UNCOMPRESSED) === UNCOMPRESSED &&
    number(TAG.planarConfiguration, CHUNKY) === CHUNKY &&
    number(TAG.photometric, RGB) === RGB &&
    (channels === 3 || (channels === 4 && number(TAG.extraSamples, 0) === UNASSOCIATED)) &&
    numbersAt(tags, TAG.bitsPerSample).every((bits) => bits === bitDepth) &&
    numbersAt(tags, TAG.sampleFormat).every((kind) => kind === UNSIGNED);
  if (!isUsual) return undefined;
  const starts = numbersAt(tags, TAG.stripOffsets);
  const lengths = numbersAt(tags, TAG.stripByteCounts);
  const [start, length] = [starts[0], (width * height * channels * bitDepth) / 8];
  const follows = starts.every((at, strip) => strip === 0 || at === starts[strip - 1]! + lengths[strip - 1]!);
  const held = lengths.reduce((sum, bytesOfStrip) => sum + bytesOfStrip, 0);
  if (start === undefined || starts.length !== lengths.length || !follows || held !== length) return undefined;
  if (start + length > bytes.length) return undefined;
  const data = bytes.subarray(start, start + length);
  if (bitDepth === 16 && tags.little !== (endianness() === "LE")) data.swap16();
  return { data, info: { width, height, channels: channels as 3 | 4 } };
}

/** An uncompressed TIFF of these pixels, which stay where they are; undefined where it would be too large for a TIFF. */
export function plainTiff(
  samples: Uint8Array | Uint16Array,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: 3 | 4 },
): PlainTiff | undefined {
  if (samples.byteLength > BYTES_MAX) return undefined;
  const little = endianness() === "LE";
  const stripBytes = (ROWS_PER_STRIP * samples.byteLength) / height;
  const starts = Array.from({ length: Math.ceil(height / ROWS_PER_STRIP) }, (_, strip) => strip * stripBytes);
  const bits = 8 * samples.BYTES_PER_ELEMENT;
  const entries = new Map<number, Value>([
    [TAG.width, longs(little, [width])],
    [TAG.height, longs(little, [height])],
    [TAG.bitsPerSample, shorts(little, new Array<number>(channels).fill(bits))],
    [TAG.compression, tagValue(little, UNCOMPRESSED)],
    [TAG.photometric, tagValue(little, RGB)],
    [
      TAG.stripOffsets,
      longs(
        little,
        starts.map((start) => HEAD + start),
      ),
    ],
    [TAG.samplesPerPixel, tagValue(little, channels)],
    [TAG.rowsPerStrip, longs(little, [ROWS_PER_STRIP])],
    [
      TAG.stripByteCounts,
      longs(
        little,
        starts.map((start) => Math.min(stripBytes, samples.byteLength - start)),
      ),
    ],
    [TAG.planarConfiguration, tagValue(little, CHUNKY)],
    [TAG.sampleFormat, shorts(little, new Array<number>(channels).fill(UNSIGNED))],
  ]);
  if (channels === 4) entries.set(TAG.extraSamples, tagValue(little, UNASSOCIATED));
  const pixels = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return { tree: { little, entries, next: 0 }, pixels };
}

function longs(little: boolean, values: readonly number[]): Value {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries())
    little ? bytes.writeUInt32LE(value, 4 * at) : bytes.writeUInt32BE(value, 4 * at);
  return { type: 4, count: values.length, bytes, at: 0 };
}

function shorts(little: boolean, values: readonly number[]): Value {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries())
    little ? bytes.writeUInt16LE(value, 2 * at) : bytes.writeUInt16BE(value, 2 * at);
  return { type: 3, count: values.length, bytes, at: 0 };
}
