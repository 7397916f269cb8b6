/**
 * HEIF: the pictures of a HEIC or AVIF file, read from its boxes and without a decoder.
 *
 * A file holds items. One of them is the picture; others are its tiles, its transparency, a thumbnail, a gain map, EXIF
 * and XMP. Properties hang on items: size, depth, colour, turns.
 *
 * Source  ISO/IEC 23008-12 (HEIF), 14496-12 §8.11 (meta, iloc, iinf, iref), MIAF 23000-22; AV1 and HEVC bindings for
 *         av1C and hvcC. EXIF's orientation says nothing in these files: irot and imir do.
 */
import { AppError } from "../../core/errors.ts";
import type { BitDepth } from "../../core/job/picture.ts";
import { type Box, boxesIn, placesOf, readingOf } from "./boxes.ts";
import type { Source } from "./source.ts";

/** ITU-T H.273 code points. */
export type Cicp = { readonly primaries: number; readonly transfer: number };

export type HeifHeader = {
  /** What the picture's pixels are coded with, as its item says: hvc1, av01 … */
  readonly codec: string;
  /** As stored: cropped, but not turned. */
  readonly width: number;
  readonly height: number;
  /** What the turns and mirrors come to, counted as EXIF does. */
  readonly orientation: number;
  readonly bits: BitDepth;
  readonly isGrey: boolean;
  /** Chroma has half the picture's size both ways. */
  readonly halfChroma: boolean;
  readonly hasAlpha: boolean;
  readonly icc: Buffer | null;
  readonly cicp: Cicp | null;
  readonly exif: Buffer | null;
  readonly xmp: Buffer | null;
  /** Pictures beside the picture, such as a gain map or depth. */
  readonly hasOthers: boolean;
};

type Item = { readonly id: number; readonly type: string; readonly content: string; readonly encoding: string };
type Reference = { readonly type: string; readonly from: number; readonly to: readonly number[] };
type Extent = { readonly at: number; readonly length: number };
type Location = { readonly id: number; readonly inMeta: boolean; readonly extents: readonly Extent[] };

/** Everything the meta box says. */
type Meta = {
  readonly primary: number;
  readonly items: readonly Item[];
  readonly locations: readonly Location[];
  readonly references: readonly Reference[];
  /** Properties of each item, in order. */
  readonly properties: ReadonlyMap<number, readonly Box[]>;
  /** Bytes of items that lie within the box. */
  readonly inside: Buffer;
};

/** Tables of a 500 MP picture in tiles take a tenth of this. */
const META_MAX = 16 << 20;
const METADATA_MAX = 32 << 20;
const ALPHA = /:alpha$|:aux(id)?:1$/;

const damaged = (what: string, cause?: unknown) =>
  new AppError("picture-damaged", `The HEIF is damaged: ${what}.`, {}, cause);

export async function readHeif(source: Source): Promise<HeifHeader> {
  try {
    return await headerOf(source);
  } catch (thrown) {
    throw thrown instanceof RangeError ? damaged(thrown.message, thrown) : thrown;
  }
}

async function headerOf(source: Source): Promise<HeifHeader> {
  const places = await placesOf(source);
  if (places.some(({ end }) => end > source.size)) throw damaged("it is cut short");
  const place = places.find(({ type }) => type === "meta");
  if (!place) throw damaged("it holds no picture");
  if (place.end - place.from > META_MAX) throw damaged("its tables are larger than any photo's");
  const meta = metaOf(await source.read(place.from, place.end - place.from));
  const primary = meta.items.find(({ id }) => id === meta.primary);
  if (!primary) throw damaged("it does not say which picture is the photo");
  const own = meta.properties.get(primary.id) ?? [];
  const coded = codedItems(meta, primary);
  const coding = [...own, ...coded.flatMap(({ id }) => meta.properties.get(id) ?? [])];
  const auxiliary = meta.references.filter(({ type, to }) => type === "auxl" && to.includes(primary.id));
  const isAlpha = ({ from }: Reference) => ALPHA.test(auxiliaryType(meta, from));
  requireData(meta, coded, source.size);
  return {
    codec: coded[0]?.type ?? primary.type,
    ...sizeOf(own),
    orientation: orientationOf(own),
    ...colourOf(coding),
    ...depthOf(coding),
    hasAlpha: auxiliary.some(isAlpha),
    exif: await exifOf(meta, source),
    xmp: await xmpOf(meta, source),
    hasOthers: auxiliary.some((reference) => !isAlpha(reference)) || meta.items.some(({ type }) => type === "tmap"),
  };
}

function metaOf(body: Buffer): Meta {
  const boxes = boxesIn(body.subarray(4)); // after version and flags
  const find = (type: string) => boxes.find((box) => box.type === type)?.body;
  const pitm = find("pitm");
  const primary = pitm ? pitm.readUIntBE(4, pitm[0] === 0 ? 2 : 4) : -1;
  return {
    primary,
    items: itemsOf(find("iinf")),
    locations: locationsOf(find("iloc")),
    references: referencesOf(find("iref")),
    properties: propertiesOf(find("iprp")),
    inside: find("idat") ?? Buffer.alloc(0),
  };
}

function itemsOf(body: Buffer | undefined): readonly Item[] {
  if (!body) return [];
  return boxesIn(body.subarray(body[0] === 0 ? 6 : 8)).flatMap(({ type, body: entry }) => {
    if (type !== "infe" || entry[0]! < 2) return [];
    const reading = readingOf(entry.subarray(4));
    const id = reading.number(entry[0] === 2 ? 2 : 4);
    reading.number(2); // protection
    const kind = reading.text(4);
    reading.word(); // its name
    const content = kind === "mime" ? reading.word() : "";
    return { id, type: kind, content, encoding: kind === "mime" ? reading.word() : "" };
  });
}

/** Items whose data lie in the file, or (`inMeta`) in the meta box's own idat. */
export function locationsOf(body: Buffer | undefined): readonly Location[] {
  if (!body) return [];
  const version = body[0]!;
  const reading = readingOf(body.subarray(4));
  const sizes = reading.number(2);
  const [offset, length, base] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const index = version === 0 ? 0 : sizes & 15;
  const wide = version < 2 ? 2 : 4;
  const count = reading.number(wide);
  const locations: Location[] = [];
  for (let i = 0; i < count; i++) {
    const id = reading.number(wide);
    const method = version === 0 ? 0 : reading.number(2) & 15;
    reading.number(2); // which file: 0 is this one
    const from = reading.number(base);
    const extents = Array.from({ length: reading.number(2) }, (): Extent => {
      reading.number(index);
      const at = from + reading.number(offset);
      return { at, length: reading.number(length) };
    });
    locations.push({ id, inMeta: method === 1, extents });
  }
  return locations;
}

function referencesOf(body: Buffer | undefined): readonly Reference[] {
  if (!body) return [];
  const wide = body[0] === 0 ? 2 : 4;
  return boxesIn(body.subarray(4)).map(({ type, body: entry }) => {
    const reading = readingOf(entry);
    const from = reading.number(wide);
    return { type, from, to: Array.from({ length: reading.number(2) }, () => reading.number(wide)) };
  });
}

function propertiesOf(body: Buffer | undefined): Meta["properties"] {
  const boxes = body ? boxesIn(body) : [];
  const all = boxesIn(boxes.find(({ type }) => type === "ipco")?.body ?? Buffer.alloc(0));
  const properties = new Map<number, readonly Box[]>();
  for (const { type, body: table } of boxes) {
    if (type !== "ipma") continue;
    const reading = readingOf(table.subarray(4));
    const wide = (table[3]! & 1) === 1 ? 2 : 1;
    for (let count = reading.number(4); count > 0; count--) {
      const id = reading.number(table[0] === 0 ? 2 : 4);
      const indices = Array.from(
        { length: reading.number(1) },
        () => reading.number(wide) & (wide === 2 ? 0x7fff : 127),
      );
      properties.set(
        id,
        indices.flatMap((index) => all[index - 1] ?? []),
      );
    }
  }
  return properties;
}

/** The items that hold pixels: the picture itself, or the tiles that it (or what it is derived from) is made of. */
function codedItems({ items, references }: Meta, picture: Item): readonly Item[] {
  if (picture.type !== "grid" && picture.type !== "iden" && picture.type !== "iovl") return [picture];
  const parts = references.find(({ type, from }) => type === "dimg" && from === picture.id)?.to ?? [];
  return items.filter(({ id, type }) => parts.includes(id) && !["grid", "iden", "iovl"].includes(type));
}

/** A file may end properly and still lack the pixels, where a program changed its tables and lost them. */
function requireData({ locations, inside }: Meta, items: readonly Item[], sizeBytes: number): void {
  for (const { id } of items) {
    const location = locations.find((one) => one.id === id);
    const room = location?.inMeta ? inside.length : sizeBytes;
    if (!location || location.extents.some(({ at, length }) => at + length > room)) throw damaged("it is cut short");
  }
}

const auxiliaryType = ({ properties }: Meta, id: number): string =>
  properties
    .get(id)
    ?.find(({ type }) => type === "auxC")
    ?.body.toString("latin1", 4)
    .split("\0", 1)[0] ?? "";

function sizeOf(properties: readonly Box[]): { readonly width: number; readonly height: number } {
  const size = properties.find(({ type }) => type === "ispe")?.body;
  const crop = properties.find(({ type }) => type === "clap")?.body;
  if (!size) throw damaged("the picture's size is missing");
  const share = (at: number) => Math.round(crop!.readUInt32BE(at) / crop!.readUInt32BE(at + 4));
  return crop ? { width: share(0), height: share(8) } : { width: size.readUInt32BE(4), height: size.readUInt32BE(8) };
}

/** By mirror (across) and then quarter turns clockwise. */
const EXIF_ORIENTATIONS = [
  [1, 6, 3, 8],
  [2, 7, 4, 5],
] as const;

function orientationOf(properties: readonly Box[]): number {
  let [mirrored, turns] = [0, 0];
  for (const { type, body } of properties) {
    if (type === "irot") turns += 4 - (body[0]! & 3);
    // Axis 0 exchanges top and bottom, which is a mirror across and half a turn; axis 1 left and right.
    if (type === "imir") [mirrored, turns] = [1 - mirrored, 8 - (turns % 4) + ((body[0]! & 1) === 0 ? 2 : 0)];
  }
  return EXIF_ORIENTATIONS[mirrored as 0 | 1][(turns % 4) as 0 | 1 | 2 | 3];
}

function colourOf(properties: readonly Box[]): Pick<HeifHeader, "icc" | "cicp"> {
  const colours = properties.filter(({ type }) => type === "colr").map(({ body }) => body);
  const kind = (body: Buffer) => body.toString("latin1", 0, 4);
  const icc = colours.find((body) => kind(body) === "prof" || kind(body) === "rICC");
  const nclx = colours.find((body) => kind(body) === "nclx");
  return {
    icc: icc ? Buffer.from(icc.subarray(4)) : null,
    cicp: nclx ? { primaries: nclx.readUInt16BE(4), transfer: nclx.readUInt16BE(6) } : null,
  };
}

/** From the decoder's own configuration; pixi may be missing. */
function depthOf(properties: readonly Box[]): Pick<HeifHeader, "bits" | "isGrey" | "halfChroma"> {
  const find = (wanted: string) => properties.find(({ type }) => type === wanted)?.body;
  const [pixi, av1, hevc] = [find("pixi"), find("av1C"), find("hvcC")];
  if (av1) {
    const flags = av1.readUInt8(2);
    const bits = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
    return { bits, isGrey: (flags & 0x10) !== 0, halfChroma: (flags & 0x1c) === 0x0c };
  }
  if (hevc) {
    const chroma = hevc.readUInt8(16) & 3;
    return { bits: enough(8 + (hevc.readUInt8(17) & 7)), isGrey: chroma === 0, halfChroma: chroma === 1 };
  }
  return { bits: enough(pixi?.[5] ?? 8), isGrey: pixi?.[4] === 1, halfChroma: false };
}

const enough = (bits: number): BitDepth => ([8, 10, 12] as const).find((depth) => bits <= depth) ?? 16;

/** EXIF that describes the photo; before it stands how many bytes to its TIFF header. */
async function exifOf(meta: Meta, source: Source): Promise<Buffer | null> {
  const bytes = await dataOf(meta, source, ({ type }) => type === "Exif");
  if (!bytes || bytes.length < 8) return null;
  const start = 4 + bytes.readUInt32BE();
  const block = bytes.subarray(start < bytes.length ? start : 4);
  return block.toString("latin1", 0, 4) === "Exif" ? block.subarray(6) : block;
}

const xmpOf = (meta: Meta, source: Source): Promise<Buffer | null> =>
  dataOf(meta, source, ({ content, encoding }) => content === "application/rdf+xml" && encoding === "");

async function dataOf(meta: Meta, source: Source, wanted: (item: Item) => boolean): Promise<Buffer | null> {
  const found = meta.items.filter(wanted);
  const describes = ({ id }: Item) =>
    meta.references.some(({ type, from, to }) => type === "cdsc" && from === id && to.includes(meta.primary));
  const item = found.find(describes) ?? found[0];
  const location = meta.locations.find(({ id }) => id === item?.id);
  if (!location || location.extents.reduce((sum, { length }) => sum + length, 0) > METADATA_MAX) return null;
  const parts: Buffer[] = [];
  for (const { at, length } of location.extents)
    parts.push(location.inMeta ? meta.inside.subarray(at, at + length) : await source.read(at, length));
  return Buffer.concat(parts);
}
