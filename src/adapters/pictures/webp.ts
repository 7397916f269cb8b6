/**
 * WebP: its RIFF chunks.
 *
 * Source  WebP Container Specification (Google): VP8X flags and the order ICCP, pixels, EXIF, XMP.
 */
import { AppError } from "../../core/errors.ts";
import type { Chunk } from "./png.ts";
import type { Source } from "./source.ts";

export type WebpHeader = {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  readonly animated: boolean;
  readonly lossless: boolean;
  /** ICCP, EXIF and XMP. */
  readonly chunks: readonly Chunk[];
};

const CHUNKS_MAX = 10_000;
const METADATA = ["ICCP", "EXIF", "XMP "];
const FLAG = { icc: 0x20, alpha: 0x10, exif: 0x08, xmp: 0x04, animation: 0x02 } as const;

const damaged = (what: string) => new AppError("picture-damaged", `The WebP is damaged: ${what}.`);

export async function readWebp(source: Source): Promise<WebpHeader> {
  const riff = await source.read(0, 12);
  const end = Math.min(source.size, 8 + riff.readUInt32LE(4));
  if (source.size < 8 + riff.readUInt32LE(4)) throw damaged("it is cut short");
  let size: Pick<WebpHeader, "width" | "height"> | undefined;
  let [hasAlpha, animated, lossless] = [false, false, false];
  const chunks: Chunk[] = [];
  for (let at = 12, count = 0; at + 8 <= end && count < CHUNKS_MAX; count++) {
    const head = await source.read(at, 18);
    const [type, length] = [head.toString("latin1", 0, 4), head.readUInt32LE(4)];
    if (type === "VP8X" && head.length === 18) {
      const extended = await source.read(at + 8, 10);
      hasAlpha ||= (extended[0]! & FLAG.alpha) !== 0;
      animated ||= (extended[0]! & FLAG.animation) !== 0;
      size = { width: 1 + extended.readUIntLE(4, 3), height: 1 + extended.readUIntLE(7, 3) };
    } else if (type === "VP8 " && head.length === 18) {
      size ??= {
        width: (await source.read(at + 14, 2)).readUInt16LE() & 0x3fff,
        height: (await source.read(at + 16, 2)).readUInt16LE() & 0x3fff,
      };
    } else if (type === "VP8L" && head.length === 18) {
      lossless = true;
      const bits = head.readUInt32LE(9);
      hasAlpha ||= ((bits >>> 28) & 1) === 1;
      size ??= { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    } else if (METADATA.includes(type)) chunks.push({ type, bytes: Buffer.from(await source.read(at + 8, length)) });
    else if (type === "ANIM") animated = true;
    at += 8 + length + (length & 1);
  }
  if (!size) throw damaged("it holds no picture");
  return { ...size, hasAlpha, animated, lossless, chunks };
}

/** The encoded WebP in an extended container with these chunks; the encoder's own metadata goes. */
export function withWebpChunks(
  encoded: Buffer,
  metadata: readonly Chunk[],
  header: Pick<WebpHeader, "width" | "height" | "hasAlpha">,
): Buffer[] {
  const pixels: Buffer[] = [];
  for (let at = 12; at + 8 <= encoded.length; ) {
    const end = at + 8 + encoded.readUInt32LE(at + 4) + (encoded.readUInt32LE(at + 4) & 1);
    if (["VP8 ", "VP8L", "ALPH"].includes(encoded.toString("latin1", at, at + 4)))
      pixels.push(encoded.subarray(at, end));
    at = end;
  }
  if (metadata.length === 0) return [encoded];
  const has = (type: string) => metadata.some((chunk) => chunk.type === type);
  const extended = Buffer.alloc(10);
  extended[0] = (has("ICCP") ? FLAG.icc : 0) | (has("EXIF") ? FLAG.exif : 0) | (has("XMP ") ? FLAG.xmp : 0);
  extended[0] |= header.hasAlpha ? FLAG.alpha : 0;
  extended.writeUIntLE(header.width - 1, 4, 3);
  extended.writeUIntLE(header.height - 1, 7, 3);
  const of = (type: string) => metadata.filter((chunk) => chunk.type === type).map(riffChunk);
  const body = [riffChunk({ type: "VP8X", bytes: extended }), ...of("ICCP"), ...pixels, ...of("EXIF"), ...of("XMP ")];
  const riff = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  riff.writeUInt32LE(
    body.reduce((sum, part) => sum + part.length, 4),
    4,
  );
  return [riff, ...body];
}

function riffChunk({ type, bytes }: Chunk): Buffer {
  const head = Buffer.from(`${type}\0\0\0\0`, "latin1");
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes, Buffer.alloc(bytes.length & 1)]);
}
