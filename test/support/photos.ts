/**
 * Photo files to test with, made from numbers by the real encoder; their metadata is written by the real exiftool.
 * Names are plain ASCII: strange ones are the business of the tests that are about names.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExifTool, WriteTags } from "exiftool-vendored";
import sharp, { type Sharp } from "sharp";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { formatCube } from "../../src/core/lut/cube.ts";
import { type Lattice, latticeOf } from "../../src/core/lut/lattice.ts";
import type { Log } from "../../src/ports.ts";
import { drawn, scene } from "./pictures.ts";

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

export const pathOf = (path: string): PathText => path as PathText;

/** A scene as an image of the library, 8 bits RGB. */
export function sceneImage(width: number, height: number, seed = 1): Sharp {
  const { pixels } = drawn(width, height, scene(seed));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** The same with noise below 8 bits, 16 bits RGB. */
export function deepImage(width: number, height: number): Sharp {
  const { pixels } = drawn(width, height, scene(2));
  const samples = Uint16Array.from(pixels, (value, index) => value * 256 + ((index * 97) % 256));
  return sharp(samples, { raw: { width, height, channels: 3 } }).toColourspace("rgb16");
}

/** Alpha from 0 to 255 across; colours go on under it. */
export function sheerImage(width: number, height: number): Sharp {
  const { pixels } = drawn(width, height, scene(3));
  const samples = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    samples.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
    samples[4 * i + 3] = Math.round((255 * (i % width)) / Math.max(1, width - 1));
  }
  return sharp(samples, { raw: { width, height, channels: 4 } });
}

/** Writes what `image` gives and returns its path. */
export async function saved(folder: string, name: string, image: Sharp | Buffer): Promise<PathText> {
  const path = join(folder, name);
  writeFileSync(path, Buffer.isBuffer(image) ? image : await image.toBuffer());
  return pathOf(path);
}

/** A warm, contrasty look with enough colour to be seen. */
export const strongLook: Lattice = latticeOf(33, (r, g, b) => {
  const grey = 0.3 * r + 0.6 * g + 0.1 * b;
  const tone = (value: number) => 0.04 + 0.92 * Math.min(1, Math.max(0, 0.5 + 1.2 * (value - 0.5)));
  return [tone(grey + 1.2 * (r - grey) + 0.05), tone(grey + 1.1 * (g - grey)), tone(grey + 0.8 * (b - grey) - 0.05)];
});

export function savedCube(folder: string, lattice = strongLook, name = "look.cube"): PathText {
  writeFileSync(join(folder, name), formatCube(lattice, { title: name }));
  return pathOf(join(folder, name));
}

/** Columns are the primaries' XYZ under D50. */
const ADOBE_RGB = [0.60974, 0.31111, 0.01947, 0.20528, 0.62567, 0.06087, 0.14919, 0.06322, 0.74457];

/** A matrix profile of Adobe RGB's primaries and one gamma, or a grey one. */
export function profileOf(name: string, gamma: number, space: "RGB " | "GRAY" = "RGB "): Buffer {
  const curve = Buffer.from("curv\0\0\0\0\0\0\0\x01\0\0\0\0", "latin1");
  curve.writeUInt16BE(Math.round(gamma * 256), 12);
  const xyz = (values: readonly number[]) => {
    const tag = Buffer.from("XYZ \0\0\0\0".padEnd(20, "\0"), "latin1");
    for (const [index, value] of values.entries()) tag.writeInt32BE(Math.round(value * 65_536), 8 + 4 * index);
    return tag;
  };
  const text = Buffer.from(`${name}\0`, "latin1");
  const description = Buffer.concat([
    Buffer.from("desc\0\0\0\0\0\0\0\0", "latin1"),
    text,
    Buffer.alloc(83 - (text.length % 4)),
  ]);
  description.writeUInt32BE(text.length, 8);
  const tags: [string, Buffer][] = [
    ["desc", description],
    ["cprt", Buffer.from("text\0\0\0\0none", "latin1")],
    ["wtpt", xyz([0.9642, 1, 0.8249])],
  ];
  if (space === "GRAY") tags.push(["kTRC", curve]);
  else
    for (const [index, letter] of ["r", "g", "b"].entries())
      tags.push([`${letter}XYZ`, xyz(ADOBE_RGB.slice(3 * index, 3 * index + 3))], [`${letter}TRC`, curve]);
  const table = Buffer.alloc(132 + 12 * tags.length);
  table.write(`    \x02\x20\0\0mntr${space}XYZ `, 4, "latin1");
  table.write("acsp", 36, "latin1");
  xyz([0.9642, 1, 0.8249]).copy(table, 68, 8);
  table.writeUInt32BE(tags.length, 128);
  const parts: Buffer[] = [table];
  let end = table.length;
  for (const [index, [tag, content]] of tags.entries()) {
    table.write(tag, 132 + 12 * index, "latin1");
    table.writeUInt32BE(end, 136 + 12 * index);
    table.writeUInt32BE(content.length, 140 + 12 * index);
    parts.push(content, Buffer.alloc(-content.length & 3));
    end += content.length + (-content.length & 3);
  }
  table.writeUInt32BE(end);
  return Buffer.concat(parts);
}

/** What a photographer's tools write, one of each kind. */
export const TAGS = {
  Artist: "Ana Lee",
  Copyright: "(c) Ana Lee",
  Make: "Acme",
  Model: "Acme One",
  Software: "Firmware 1.2",
  DateTimeOriginal: "2026:03:04 05:06:07",
  ExposureTime: "1/200",
  "GPS:GPSLatitude": 46.5,
  "GPS:GPSLatitudeRef": "N",
  "GPS:GPSLongitude": 7.25,
  "GPS:GPSLongitudeRef": "E",
  "XMP-xmp:Rating": 4,
  "XMP-dc:Subject": ["dawn", "lake"],
  "IPTC:Caption-Abstract": "Dawn at the lake",
  "IPTC:City": "Thun",
} as const;

/** Adds metadata with exiftool. Orientation is its number. `fromFiles` takes a tag's bytes from a file. */
export async function tagged(
  tool: ExifTool,
  file: PathText,
  tags: Record<string, unknown>,
  fromFiles: Record<string, string> = {},
): Promise<PathText> {
  const blocks = Object.entries(fromFiles).map(([tag, source]) => `-${tag}<=${source}`);
  await tool.write(file, tags as WriteTags, { writeArgs: ["-overwrite_original", "-n", ...blocks] });
  return file;
}

/** All tags by "Group:Name", numbers as numbers. */
export function tagsOf(tool: ExifTool, file: PathText): Promise<Record<string, unknown>> {
  return tool.readRaw(file, { readArgs: ["-G1", "-n"] }) as unknown as Promise<Record<string, unknown>>;
}
