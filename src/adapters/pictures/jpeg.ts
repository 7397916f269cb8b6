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

/** Annex K.1 and K.2 in zigzag order, as a file lists them: coarseness of each frequency, from the lowest. */
const LUMA = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61,
  60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121,
  112, 100, 120, 92, 101, 103, 99,
];
const CHROMA = [17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, ...Array.from({ length: 50 }, () => 99)];
/** The frequencies that make areas and soft edges: a table fine in sum may be coarse in these. */
const LOW = 6;

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
    quality: qualityOf(segments, frame.bytes, components),
  };
}

/**
 * The least quality whose standard tables are no coarser than these, in sum and in the low frequencies: a libjpeg file of
 * quality 92 gives 92, a camera's own tables the next better one.
 */
function qualityOf(segments: readonly Segment[], frame: Buffer, components: number): number {
  const tables = tablesOf(segments.filter(({ marker }) => marker === MARKER.dqt));
  const of = (component: number) => tables.get(frame[12 + 3 * component]!);
  const pairs: readonly (readonly [readonly number[], readonly number[] | undefined])[] = [
    [LUMA, of(0)],
    ...Array.from({ length: Math.min(2, components - 1) }, (_, index) => [CHROMA, of(index + 1)] as const),
  ];
  const isAsFine = (quality: number): boolean =>
    pairs.every(([standard, own]) => own === undefined || isNoCoarser(standard, quality, own));
  // The standard tables only get finer as quality rises.
  let [low, high] = [1, 100];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAsFine(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function tablesOf(segments: readonly Segment[]): ReadonlyMap<number, readonly number[]> {
  const tables = new Map<number, readonly number[]>();
  for (const { bytes } of segments) {
    for (let at = 4; at < bytes.length; ) {
      const [size, id] = [bytes[at]! >> 4 ? 2 : 1, bytes[at]! & 15];
      const end = at + 1 + 64 * size;
      if (end > bytes.length) break;
      const values = Array.from({ length: 64 }, (_, i) =>
        size === 2 ? bytes.readUInt16BE(at + 1 + 2 * i) : bytes[at + 1 + i]!,
      );
      tables.set(id, values);
      at = end;
    }
  }
  return tables;
}

function isNoCoarser(standard: readonly number[], quality: number, own: readonly number[]): boolean {
  const scale = Math.floor(quality < 50 ? 5000 / quality : 200 - 2 * quality);
  const scaled = standard.map((value) => Math.min(255, Math.max(1, Math.floor((value * scale + 50) / 100))));
  const sum = (values: readonly number[], count: number) => values.slice(0, count).reduce((all, one) => all + one, 0);
  return [LOW, 64].every((count) => sum(scaled, count) <= sum(own, count));
}

/** One segment of this marker around a payload of at most 65,533 bytes. */
export function segmentOf(marker: number, ...payload: readonly Uint8Array[]): Buffer {
  const length = payload.reduce((sum, part) => sum + part.length, 2);
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), ...payload]);
}
