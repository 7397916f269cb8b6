/**
 * JPEG: its segments, and what its tables say of how it was made.
 *
 * Source  ITU-T T.81 (markers, frame and table segments; Annex K's tables); libjpeg's jcparam.c for "quality".
 */
import { AppError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

/** A segment before the first scan; `bytes` has marker and length too. */
export type Segment = { readonly marker: number; readonly bytes: Buffer /** In the file. */; readonly at: number };

export type JpegHeader = {
  readonly segments: readonly Segment[];
  readonly width: number;
  readonly height: number;
  readonly precision: number;
  readonly components: number;
  readonly progressive: boolean;
  /** Chroma is stored at the size of luma. */
  readonly fullChroma: boolean;
  /** libjpeg's scale, 1 … 100: the least whose tables are no coarser. */
  readonly quality: number;
};

export const MARKER = {
  sof0: 0xc0,
  sof2: 0xc2,
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  dqt: 0xdb,
  app0: 0xe0,
  app2: 0xe2,
  app11: 0xeb,
  app14: 0xee,
  com: 0xfe,
} as const;

const SEGMENTS_MAX = 10_000;
const WINDOW = 1 << 18;

/** Annex K.1 and K.2: the sums of the luma and chroma tables. Row by row, as their order does not matter for a sum. */
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99];

const damaged = (what: string) => new AppError("picture-damaged", `The JPEG is damaged: ${what}.`);

/** All segments up to the first scan. */
export async function readJpeg(source: Source): Promise<JpegHeader> {
  const segments: Segment[] = [];
  let [start, window] = [0, await source.read(0, WINDOW)];
  let at = 2;
  const bytes = async (from: number, length: number): Promise<Buffer> => {
    if (from < start || from + length > start + window.length) {
      start = from;
      window = await source.read(from, Math.max(length, WINDOW));
    }
    if (window.length < from - start + length) throw damaged("it ends within its header");
    return window.subarray(from - start, from - start + length);
  };
  for (let count = 0; count < SEGMENTS_MAX; count++) {
    const head = await bytes(at, 4);
    if (head[0] !== 0xff) throw damaged(`no marker at byte ${at}`);
    const marker = head[1]!;
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= MARKER.soi)) at += 2;
    else if (marker === MARKER.sos) return headerOf(segments);
    else if (marker === MARKER.eoi) throw damaged("it ends before its picture");
    else {
      const length = 2 + head.readUInt16BE(2);
      if (length < 4) throw damaged(`a segment of no length at byte ${at}`);
      segments.push({ marker, bytes: Buffer.from(await bytes(at, length)), at });
      at += length;
    }
  }
  throw damaged("too many segments");
}

function headerOf(segments: readonly Segment[]): JpegHeader {
  const frame = segments.find(({ marker }) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));
  if (!frame || frame.bytes.length < 10) throw damaged("it has no frame header");
  if (![0xc0, 0xc1, 0xc2].includes(frame.marker))
    throw new AppError(
      "file-unsupported",
      "This is a lossless, arithmetic or hierarchical JPEG, which hotgrade cannot read.",
    );
  const components = frame.bytes[9]!;
  if (frame.bytes.length < 10 + 3 * components) throw damaged("its frame header is cut short");
  const sampling = Array.from({ length: components }, (_, index) => frame.bytes[11 + 3 * index]!);
  return {
    segments,
    precision: frame.bytes[4]!,
    height: frame.bytes.readUInt16BE(5),
    width: frame.bytes.readUInt16BE(7),
    components,
    progressive: frame.marker === MARKER.sof2,
    fullChroma: sampling.every((factor) => factor === sampling[0]),
    quality: qualityOf(segments.filter(({ marker }) => marker === MARKER.dqt)),
  };
}

/** The least quality whose standard tables are, in sum, no coarser than these: a libjpeg file of quality 92 gives 92. */
function qualityOf(segments: readonly Segment[]): number {
  const sums = new Map<number, number>();
  for (const { bytes } of segments) {
    for (let at = 4; at < bytes.length; ) {
      const [wide, id] = [bytes[at]! >> 4 ? 2 : 1, bytes[at]! & 15];
      let sum = 0;
      for (let i = 0; i < 64; i++) {
        const from = at + 1 + i * wide;
        if (from + wide <= bytes.length) sum += wide === 2 ? bytes.readUInt16BE(from) : bytes[from]!;
      }
      sums.set(id, sum);
      at += 1 + 64 * wide;
    }
  }
  const [luma, chroma] = [sums.get(0), sums.get(1)];
  const isAsFine = (quality: number): boolean => {
    const fine = luma === undefined || scaledSum(LUMA, 0, quality) <= luma;
    return fine && (chroma === undefined || scaledSum(CHROMA, 48, quality) <= chroma);
  };
  // The sums fall as quality rises.
  let [low, high] = [1, 100];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAsFine(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The sum of a table at a quality; Annex K's chroma table is 99 in the 48 places that are not listed. */
function scaledSum(table: readonly number[], rest: number, quality: number): number {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  const scaled = (value: number) => Math.min(255, Math.max(1, Math.floor((value * Math.floor(scale) + 50) / 100)));
  return table.reduce((sum, value) => sum + scaled(value), 0) + rest * scaled(99);
}

/** One segment of this marker around a payload of at most 65,533 bytes. */
export function segmentOf(marker: number, ...payload: readonly Uint8Array[]): Buffer {
  const length = payload.reduce((sum, part) => sum + part.length, 2);
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), ...payload]);
}
