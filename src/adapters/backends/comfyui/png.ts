/**
 * Just enough PNG for the adapter: is a download whole, and the tiny pictures of the rounding probe.
 * Pictures of people go through the pictures adapter, never through here.
 * Source: W3C, Portable Network Graphics (PNG) Specification, third edition: 5.3 chunks, 9.2 filters.
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { AppError } from "../../../core/errors.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PIXELS_MAX = 65_536;

export type Pixels = { readonly width: number; readonly height: number; readonly rgb: Uint8Array };
type Chunk = { readonly type: string; readonly body: Buffer };

export function isPng(bytes: Buffer): boolean {
  return bytes.length >= SIGNATURE.length && bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE);
}

/** Signature, every chunk with its checksum, and the end marker. */
export function isWholePng(bytes: Buffer): boolean {
  return chunksOf(bytes)?.at(-1)?.type === "IEND";
}

/** The chunks up to IEND; undefined where one is cut, damaged or missing. */
function chunksOf(bytes: Buffer): readonly Chunk[] | undefined {
  if (!isPng(bytes)) return undefined;
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) return undefined;
    const typed = bytes.subarray(at + 4, end);
    if (crc32(typed) !== bytes.readUInt32BE(end)) return undefined;
    const type = typed.toString("latin1", 0, 4);
    chunks.push({ type, body: typed.subarray(4) });
    if (type === "IEND") return chunks;
    at = end + 4;
  }
  return undefined;
}

/** 8-bit RGB, unfiltered. */
export function writePng({ width, height, rgb }: Pixels): Buffer {
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

function chunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const frame = Buffer.alloc(typed.length + 8);
  frame.writeUInt32BE(body.length, 0);
  frame.set(typed, 4);
  frame.writeUInt32BE(crc32(typed), typed.length + 4);
  return frame;
}

/** Reads a small 8-bit RGB or RGBA PNG without interlacing, as SaveImage writes them. */
export function readPng(bytes: Buffer): Pixels {
  const chunks = chunksOf(bytes);
  const header = chunks?.find(({ type }) => type === "IHDR")?.body;
  if (!chunks || header?.length !== 13) throw new AppError("picture-incomplete", "The probe's picture is cut short.");
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 2 ? 3 : header[9] === 6 ? 4 : 0;
  if (header[8] !== 8 || channels === 0 || header[12] !== 0 || width * height > PIXELS_MAX)
    throw new AppError("backend-failed", "The probe's picture is not a small 8-bit RGB PNG.");
  const coded = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ body }) => body));
  const stride = width * channels;
  const data = unfiltered(inflateSync(coded, { maxOutputLength: height * (stride + 1) }), height, stride, channels);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    rgb.set(data.subarray(pixel * channels, pixel * channels + 3), pixel * 3);
  return { width, height, rgb };
}

function unfiltered(rows: Buffer, height: number, stride: number, step: number): Uint8Array {
  const out = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const left = x >= step ? out[y * stride + x - step]! : 0;
      const up = y > 0 ? out[(y - 1) * stride + x]! : 0;
      const corner = x >= step && y > 0 ? out[(y - 1) * stride + x - step]! : 0;
      const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
      out[y * stride + x] = rows[y * (stride + 1) + 1 + x]! + (guesses[filter] ?? 0);
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
