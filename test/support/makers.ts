/**
 * JPEGs as cameras write them: EXIF with a maker note laid out as each maker lays its own out, and a thumbnail behind it.
 * Written for these tests from the layouts that exiftool documents; no camera's file was used.
 */
import sharp from "sharp";
import {
  bytesValue,
  ratioValue,
  type Tree,
  tagValue,
  type Value,
  writeTree,
} from "../../src/adapters/pictures/tiff.ts";

export type Maker = {
  readonly name: string;
  readonly make: string;
  readonly model: string;
  /** Byte order of the EXIF block. */
  readonly little: boolean;
  /** Before the note's own directory. */
  readonly head: Buffer;
  /** Byte order of the note. */
  readonly noteLittle: boolean;
  /** What the note's offsets count from: the EXIF block (a note that is moved is broken), or a place in the note. */
  readonly offsets: "block" | number;
  /** ASCII by tag, each too long to lie in the directory itself. */
  readonly tags: Readonly<Record<number, string>>;
};

const latin = (text: string): Buffer => Buffer.from(text, "latin1");

export const MAKERS: readonly Maker[] = [
  {
    ...{ name: "Canon", make: "Canon", model: "Canon EOS R6", little: true, noteLittle: true, offsets: "block" },
    head: latin(""),
    tags: { 6: "Canon EOS R6", 7: "Firmware Version 1.8.2", 9: "Ana Lee", 149: "RF24-105mm F4 L" },
  },
  {
    ...{ name: "Nikon", make: "NIKON CORPORATION", model: "NIKON Z 6", little: false, noteLittle: false, offsets: 10 },
    head: latin("Nikon\0\x02\x10\0\0MM\0*\0\0\0\x08"),
    tags: { 4: "FINE   ", 5: "AUTO1       ", 7: "AF-C  ", 29: "6012345" },
  },
  {
    ...{ name: "Sony", make: "SONY", model: "ILCE-7M4", little: true, noteLittle: true, offsets: "block" },
    head: latin("SONY DSC \0\0\0"),
    tags: { 45088: "Standard", 45099: "a text of a tag", 8241: "12345678" },
  },
  {
    ...{ name: "FujiFilm", make: "FUJIFILM", model: "X-T4", little: false, noteLittle: true, offsets: 0 },
    head: latin("FUJIFILM\x0c\0\0\0"),
    tags: { 16: "FF02B1234567", 4096: "FINE   " },
  },
  {
    ...{
      name: "Olympus",
      make: "OLYMPUS CORPORATION",
      model: "E-M1MarkIII",
      little: true,
      noteLittle: true,
      offsets: 0,
    },
    head: latin("OLYMPUS\0II\x03\0"),
    tags: { 519: "E-M1 III", 521: "OLYMPUS DIGITAL CAMERA" },
  },
  {
    ...{ name: "Panasonic", make: "Panasonic", model: "DC-S5", little: true, noteLittle: true, offsets: "block" },
    head: latin("Panasonic\0\0\0"),
    tags: { 81: "LUMIX S 20-60/F3.5-5.6", 82: "XYZ1234567" },
  },
  {
    ...{ name: "Apple", make: "Apple", model: "iPhone 15", little: false, noteLittle: false, offsets: 0 },
    head: latin("Apple iOS\0\0\x01MM"),
    tags: { 11: "1A2B3C4D-0000-1111-2222-333344445555", 21: "99AA88BB-0000-1111-2222-333344445555" },
  },
];

/** The maker's note when it lies at `at` in the EXIF block. */
function noteAt({ head, noteLittle, offsets, tags }: Maker, at: number): Buffer {
  const entries = Object.entries(tags).map(([tag, text]) => [Number(tag), latin(`${text}\0`)] as const);
  const table = Buffer.alloc(2 + 12 * entries.length + 4);
  const short = (value: number, to: number) =>
    noteLittle ? table.writeUInt16LE(value, to) : table.writeUInt16BE(value, to);
  const long = (value: number, to: number) =>
    noteLittle ? table.writeUInt32LE(value, to) : table.writeUInt32BE(value, to);
  short(entries.length, 0);
  const base = offsets === "block" ? at : -offsets;
  let end = head.length + table.length;
  for (const [index, [tag, text]] of entries.entries()) {
    short(tag, 2 + 12 * index);
    short(2, 4 + 12 * index);
    long(text.length, 6 + 12 * index);
    long(base + end, 10 + 12 * index);
    end += text.length;
  }
  return Buffer.concat([head, table, ...entries.map(([, text]) => text)]);
}

/** An EXIF block of this maker, with a thumbnail when one is given. */
export function makerExif(maker: Maker, orientation: number, thumbnail: Buffer | null): Buffer {
  const { little, make, model } = maker;
  const of = (content: number | string) => tagValue(little, content);
  const shorts = (...values: number[]) => {
    const bytes = Buffer.from(Uint16Array.from(values).buffer);
    return { ...bytesValue(little ? bytes : bytes.swap16()), type: 3, count: values.length };
  };
  const block = (note: Buffer): Buffer => {
    const details = new Map<number, Value>([
      [33434, ratioValue(little, 0.005)],
      [36867, of("2026:03:04 05:06:07")],
      [37396, shorts(30, 20, 12, 8)],
      [37500, bytesValue(note)],
      [40961, of(1)],
      [40962, of(120)],
      [40963, of(80)],
    ]);
    const first = new Map<number, Value>([
      [271, of(make)],
      [272, of(model)],
      [274, of(orientation)],
      [282, ratioValue(little, 300)],
      [283, ratioValue(little, 150)],
      [296, of(2)],
      [305, of("Firmware 1.2")],
      [531, of(1)],
      [34665, { ...of(0), tree: { little, entries: details, next: 0 } }],
    ]);
    const head = latin(little ? "II*\0\x08\0\0\0" : "MM\0*\0\0\0\x08");
    return Buffer.concat([head, writeTree({ little, entries: first, next: 0 }, 8)]);
  };
  const blank = noteAt(maker, 0);
  const marker = Buffer.alloc(blank.length, 0x7e);
  const at = block(marker).indexOf(marker);
  const exif = block(noteAt(maker, at));
  return thumbnail ? withSecond(exif, little, thumbnail) : exif;
}

/** The directory of the thumbnail at the end, and the thumbnail behind it. */
function withSecond(exif: Buffer, little: boolean, thumbnail: Buffer): Buffer {
  const second = (start: number): Tree => ({
    little,
    next: 0,
    entries: new Map<number, Value>([
      [259, tagValue(little, 6)],
      [282, ratioValue(little, 72)],
      [283, ratioValue(little, 72)],
      [296, tagValue(little, 2)],
      [513, { ...tagValue(little, 70_000 + start), bytes: numberBytes(start, little) }],
      [514, { ...tagValue(little, 70_000), bytes: numberBytes(thumbnail.length, little) }],
    ]),
  });
  const at = exif.length + (exif.length & 1);
  const length = writeTree(second(0), at).length;
  const whole = Buffer.concat([exif, Buffer.alloc(exif.length & 1), writeTree(second(at + length), at), thumbnail]);
  const count = little ? whole.readUInt16LE(8) : whole.readUInt16BE(8);
  numberBytes(at, little).copy(whole, 10 + 12 * count);
  return whole;
}

function numberBytes(value: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(4);
  little ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value);
  return bytes;
}

/** The JPEG with these segments behind its SOI. */
export function withSegments(jpeg: Buffer, ...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

export function segment(marker: number, ...payload: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(payload.map((part) => (typeof part === "string" ? latin(part) : part)));
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** A small picture of one grey: what a thumbnail looks like that was not made again. */
export const staleThumbnail = (width = 160, height = 120): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: "#00ff00" } })
    .jpeg()
    .toBuffer();

export const exifSegment = (exif: Buffer): Buffer => segment(0xe1, "Exif\0\0", exif);

/** The EXIF block of a JPEG, as it lies there. */
export function exifOf(jpeg: Buffer): Buffer {
  const at = jpeg.indexOf("Exif\0\0", 0, "latin1");
  return jpeg.subarray(at + 6, at - 2 + jpeg.readUInt16BE(at - 2));
}
