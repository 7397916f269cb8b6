/**
 * PNG: its chunks, read without the pixels and written with other pixels between them.
 *
 * Source  PNG specification, third edition (W3C, 2025); XMP specification part 3 (the iTXt keyword).
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { AppError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

export type Chunk = { readonly type: string; readonly bytes: Buffer };

export type PngHeader = {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colourType: number;
  /** Chunks but for the pixels', in order. */
  readonly chunks: readonly Chunk[];
};

const CHUNKS_MAX = 100_000;
/** Metadata beyond this is no photo's; it bounds what a header may cost. */
const CHUNK_BYTES_MAX = 32 << 20;
const XMP_KEYWORD = "XML:com.adobe.xmp";

const damaged = (what: string) => new AppError("picture-damaged", `The PNG is damaged: ${what}.`);

export async function readPng(source: Source): Promise<PngHeader> {
  const chunks: Chunk[] = [];
  let at = 8;
  let kept = 0;
  for (let count = 0; ; count++) {
    const head = await source.read(at, 8);
    if (head.length < 8) throw damaged("it is cut short");
    if (count === CHUNKS_MAX) throw damaged("too many chunks");
    const length = head.readUInt32BE(0);
    const type = head.toString("latin1", 4, 8);
    if (type === "IEND") break;
    if (type !== "IDAT" && type !== "fdAT") {
      kept += length;
      if (kept > CHUNK_BYTES_MAX) throw damaged("its metadata is larger than any photo's");
      chunks.push({ type, bytes: Buffer.from(await source.read(at + 8, length)) });
    }
    at += 12 + length;
  }
  const header = chunks[0];
  if (header?.type !== "IHDR" || header.bytes.length < 13) throw damaged("it has no header");
  return {
    width: header.bytes.readUInt32BE(0),
    height: header.bytes.readUInt32BE(4),
    bitDepth: header.bytes[8]!,
    colourType: header.bytes[9]!,
    chunks,
  };
}

export function iccOfPng(chunks: readonly Chunk[]): Buffer | null {
  const bytes = chunks.find(({ type }) => type === "iCCP")?.bytes;
  const name = bytes?.indexOf(0) ?? -1;
  if (!bytes || name < 0) return null;
  return inflated(bytes.subarray(name + 2));
}

export function xmpOfPng(chunks: readonly Chunk[]): Buffer | null {
  for (const { type, bytes } of chunks) {
    if (type !== "iTXt" || bytes.toString("latin1", 0, XMP_KEYWORD.length) !== XMP_KEYWORD) continue;
    let at = XMP_KEYWORD.length + 3;
    const compressed = bytes[at - 2] === 1;
    for (let words = 0; words < 2; words++) at = bytes.indexOf(0, at) + 1;
    return compressed ? inflated(bytes.subarray(at)) : bytes.subarray(at);
  }
  return null;
}

/** "Raw profile type exif" and its like: hexadecimal in a text chunk, ImageMagick's way from before eXIf. */
export function rawProfileOfPng(chunks: readonly Chunk[], name: string): Buffer | null {
  const keyword = `Raw profile type ${name}\0`;
  const chunk = chunks.find(
    ({ type, bytes }) => /^[tz]/.test(type) && bytes.toString("latin1", 0, keyword.length) === keyword,
  );
  if (!chunk) return null;
  const body = chunk.bytes.subarray(keyword.length + (chunk.type === "zTXt" ? 1 : 0));
  const text = (chunk.type === "zTXt" ? inflated(body) : body)?.toString("latin1");
  return Buffer.from(text?.replace(/^\n[a-z0-9 ]+\n\s*\d+\n/i, "").replace(/\s/g, "") ?? "", "hex");
}

export const isRawProfile = ({ type, bytes }: Chunk): boolean =>
  /^[tz]/.test(type) && bytes.toString("latin1", 0, 17) === "Raw profile type ";

export const isXmp = ({ type, bytes }: Chunk): boolean =>
  type === "iTXt" && bytes.toString("latin1", 0, XMP_KEYWORD.length) === XMP_KEYWORD;

function inflated(bytes: Buffer): Buffer | null {
  try {
    return inflateSync(bytes, { maxOutputLength: CHUNK_BYTES_MAX });
  } catch {
    return null; // a broken text is lost; the picture is not
  }
}

export const iccChunk = (icc: Buffer): Chunk => ({
  type: "iCCP",
  bytes: Buffer.concat([Buffer.from("ICC profile\0\0", "latin1"), deflateSync(icc)]),
});

export const xmpChunk = (xmp: Buffer): Chunk => ({
  type: "iTXt",
  bytes: Buffer.concat([Buffer.from(`${XMP_KEYWORD}\0\0\0\0\0`, "latin1"), xmp]),
});

/** exiftool and ImageMagick read IPTC from here; PNG itself has no place for it. */
export function iptcChunk(irb: Buffer): Chunk {
  const hex = irb.toString("hex").replace(/.{72}/g, "$&\n");
  const text = `\niptc\n${String(irb.length).padStart(8)}\n${hex}\n`;
  const keyword = Buffer.from("Raw profile type iptc\0\0", "latin1");
  return { type: "zTXt", bytes: Buffer.concat([keyword, deflateSync(Buffer.from(text, "latin1"))]) };
}

/** The encoded PNG with these chunks after its header, and none of the encoder's own beside the pixels. */
export function withChunks(encoded: Buffer, chunks: readonly Chunk[]): Buffer[] {
  const before = ["cHRM", "gAMA", "iCCP", "sRGB", "cICP", "mDCV", "cLLI"];
  const sorted = [...chunks].sort(
    (one, other) => Number(before.includes(other.type)) - Number(before.includes(one.type)),
  );
  const parts: Buffer[] = [encoded.subarray(0, 8)];
  for (let at = 8; at < encoded.length; ) {
    const end = at + 12 + encoded.readUInt32BE(at);
    const type = encoded.toString("latin1", at + 4, at + 8);
    if (["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].includes(type)) parts.push(encoded.subarray(at, end));
    if (type === "IHDR") parts.push(...sorted.map(chunkBytes));
    at = end;
  }
  return parts;
}

function chunkBytes({ type, bytes }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), bytes]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(bytes.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
