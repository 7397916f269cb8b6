/**
 * HEIF: the pictures of a HEIC or AVIF file, read from its boxes and without a decoder.
 *
 * A file holds items. One of them is the picture; others are its tiles, its transparency, a thumbnail, a gain map, EXIF
 * and XMP. Properties hang on items: size, depth, colour, turns.
 *
 * Source  ISO/IEC 23008-12 (HEIF), 14496-12 §8.11 (meta, iloc, iinf, iref), MIAF 23000-22; AV1 and HEVC bindings for
 *         av1C and hvcC. EXIF's orientation says nothing in these files: irot and imir do.
 */
import type { BitDepth } from "../../core/job/picture.ts";
import type { Box } from "./boxes.ts";
import {
  codedItems,
  damaged,
  type Item,
  isTransparency,
  itemBytes,
  type Reference,
  readTables,
  requireData,
  type Tables,
} from "./heif-tables.ts";
import type { Source } from "./source.ts";

const METADATA_MAX = 32 << 20;

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

/** Errors: `picture-damaged`. */
export async function readHeif(source: Source): Promise<HeifHeader> {
  try {
    return await headerOf(source);
  } catch (thrown) {
    throw thrown instanceof RangeError ? damaged(thrown.message, thrown) : thrown;
  }
}

async function headerOf(source: Source): Promise<HeifHeader> {
  const { meta, primary } = await readTables(source);
  const own = meta.properties.get(primary.id) ?? [];
  const coded = codedItems(meta, primary);
  const coding = [...own, ...coded.flatMap(({ id }) => meta.properties.get(id) ?? [])];
  const auxiliary = meta.references.filter(({ type, to }) => type === "auxl" && to.includes(primary.id));
  const isAlpha = ({ from }: Reference) => isTransparency(meta, from);
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
async function exifOf(meta: Tables, source: Source): Promise<Buffer | null> {
  const bytes = await dataOf(meta, source, ({ type }) => type === "Exif");
  if (!bytes || bytes.length < 8) return null;
  const start = 4 + bytes.readUInt32BE();
  const block = bytes.subarray(start < bytes.length ? start : 4);
  return block.toString("latin1", 0, 4) === "Exif" ? block.subarray(6) : block;
}

const xmpOf = (meta: Tables, source: Source): Promise<Buffer | null> =>
  dataOf(meta, source, ({ content, encoding }) => content === "application/rdf+xml" && encoding === "");

/** The bytes of the item that is wanted, and that describes the photo if one does. */
async function dataOf(meta: Tables, source: Source, wanted: (item: Item) => boolean): Promise<Buffer | null> {
  const found = meta.items.filter(wanted);
  const describes = ({ id }: Item) =>
    meta.references.some(({ type, from, to }) => type === "cdsc" && from === id && to.includes(meta.primary));
  const item = found.find(describes) ?? found[0];
  return item ? itemBytes(meta, source, item.id, METADATA_MAX) : null;
}
