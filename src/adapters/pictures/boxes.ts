/**
 * Boxes, the parts an ISO base media file is made of: a length, four letters, a body that may hold further boxes.
 *
 * Source  ISO/IEC 14496-12 §4.2. Every read is within a piece of bounded size; a broken length throws `RangeError`.
 */
import type { Source } from "./source.ts";

export type Box = { readonly type: string; readonly body: Buffer };

/** Where a box of the file lies; `from` is where its body begins. */
export type Place = { readonly type: string; readonly start: number; readonly from: number; readonly end: number };

const BOXES_MAX = 1_000;

/** The boxes of a file, one after the other. The last may say that it goes on to the end; one may say it goes beyond. */
export async function placesOf(source: Source): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (let at = 0; at + 8 <= source.size && places.length < BOXES_MAX; ) {
    const head = await source.read(at, 16);
    const { length, headLength } = headOf(head, source.size - at);
    if (length < headLength) throw new RangeError("a box of impossible length");
    places.push({ type: head.toString("latin1", 4, 8), start: at, from: at + headLength, end: at + length });
    at += length;
  }
  return places;
}

/** The boxes within one, copied nowhere; a broken one throws, or ends the list where the whole ones are wanted alone. */
export function boxesIn(bytes: Buffer, wanted: "all" | "whole ones" = "all"): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length && boxes.length < BOXES_MAX; ) {
    const { length, headLength } = headOf(bytes.subarray(at, at + 16), bytes.length - at);
    const isWhole = length >= headLength && at + length <= bytes.length;
    if (!isWhole && wanted === "whole ones") break;
    if (!isWhole) throw new RangeError("a box of impossible length, or longer than the one around it");
    boxes.push({ type: bytes.toString("latin1", at + 4, at + 8), body: bytes.subarray(at + headLength, at + length) });
    at += length;
  }
  return boxes;
}

/** Lengths of 0 mean "up to the end", of 1 that the length follows in 8 bytes. */
function headOf(head: Buffer, room: number): { readonly length: number; readonly headLength: number } {
  const short = head.readUInt32BE(0);
  const headLength = short === 1 ? 16 : 8;
  const length = short === 0 ? room : short === 1 && head.length >= 16 ? Number(head.readBigUInt64BE(8)) : short;
  return { length, headLength };
}

export function boxOf(type: string, ...body: readonly Uint8Array[]): Buffer {
  const head = Buffer.from(`\0\0\0\0${type}`, "latin1");
  head.writeUInt32BE(body.reduce((sum, part) => sum + part.length, 8));
  return Buffer.concat([head, ...body]);
}

/** Numbers from the front of a body, one after the other. */
export type Reading = {
  /** A whole number of 0 … 8 bytes. */
  number(bytes: number): number;
  text(length: number): string;
  /** Up to the next NUL, which is left behind. */
  word(): string;
  /** What has not been read. */
  rest(): Buffer;
};

export function readingOf(bytes: Buffer): Reading {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError("a box ends within its numbers");
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    number(length) {
      const part = take(length);
      if (length === 0) return 0;
      return length === 8 ? Number(part.readBigUInt64BE()) : part.readUIntBE(0, length);
    },
    text: (length) => take(length).toString("latin1"),
    word() {
      const end = bytes.indexOf(0, at);
      const word = take((end < 0 ? bytes.length : end) - at).toString("latin1");
      if (end >= 0) at++;
      return word;
    },
    rest: () => bytes.subarray(at),
  };
}

/** A whole number in so many bytes. */
export function numberBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}
