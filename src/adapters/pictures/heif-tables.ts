/**
 * The tables of a HEIF file: which items it holds, where their bytes lie, what they refer to and which properties they have.
 *
 * Source  ISO/IEC 14496-12 §8.11 (meta, pitm, iinf, iloc, iref, idat), 23008-12 §6 and §9.3 (grid, iprp).
 */
import { AppError } from "../../core/errors.ts";
import { type Box, boxesIn, placesOf, readingOf } from "./boxes.ts";
import { type Source, stretch } from "./source.ts";

export type Item = { readonly id: number; readonly type: string; readonly content: string; readonly encoding: string };
export type Reference = { readonly type: string; readonly from: number; readonly to: readonly number[] };
type Extent = { readonly at: number; readonly length: number };
type Location = { readonly id: number; readonly inMeta: boolean; readonly extents: readonly Extent[] };

/** Everything the meta box says. */
export type Tables = {
  readonly primary: number;
  readonly items: readonly Item[];
  readonly locations: readonly Location[];
  readonly references: readonly Reference[];
  /** Properties of each item, in order. */
  readonly properties: ReadonlyMap<number, readonly Box[]>;
  /** Bytes of items that lie within the box. */
  readonly inside: Buffer;
};

/** Extents of all items: a 500 MP picture in tiles has some thousands. */
const EXTENTS_MAX = 1_000_000;
/** Tables of a 500 MP picture in tiles take a tenth of this. */
const META_MAX = 16 << 20;
const ALPHA = /:alpha$|:aux(id)?:1$/;

export const damaged = (what: string, cause?: unknown) =>
  new AppError("picture-damaged", `The HEIF is damaged: ${what}.`, {}, cause);

/** The tables, and the item that is the photo. Errors: `picture-damaged`, `RangeError` for broken numbers. */
export async function readTables(source: Source): Promise<{ readonly meta: Tables; readonly primary: Item }> {
  const places = await placesOf(source);
  if (places.some(({ end }) => end > source.size)) throw damaged("it is cut short");
  const place = places.find(({ type }) => type === "meta");
  if (!place) throw damaged("it holds no picture");
  if (place.end - place.from > META_MAX) throw damaged("its tables are larger than any photo's");
  const meta = metaOf(await source.read(place.from, place.end - place.from));
  const primary = meta.items.find(({ id }) => id === meta.primary);
  if (!primary) throw damaged("it does not say which picture is the photo");
  return { meta, primary };
}

function metaOf(body: Buffer): Tables {
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
  let room = EXTENTS_MAX;
  for (let i = 0; i < count; i++) {
    const id = reading.number(wide);
    const method = version === 0 ? 0 : reading.number(2) & 15;
    reading.number(2); // which file: 0 is this one
    const from = reading.number(base);
    const extentCount = reading.number(2);
    room -= extentCount;
    if (room < 0) throw new RangeError("more pieces than any photo has");
    const extents = Array.from({ length: extentCount }, (): Extent => {
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

function propertiesOf(body: Buffer | undefined): Tables["properties"] {
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
export function codedItems({ items, references }: Tables, picture: Item): readonly Item[] {
  if (picture.type !== "grid" && picture.type !== "iden" && picture.type !== "iovl") return [picture];
  const parts = references.find(({ type, from }) => type === "dimg" && from === picture.id)?.to ?? [];
  return items.filter(({ id, type }) => parts.includes(id) && !["grid", "iden", "iovl"].includes(type));
}

/** A file may end properly and still lack the pixels, where a program changed its tables and lost them. */
export function requireData({ locations, inside }: Tables, items: readonly Item[], sizeBytes: number): void {
  for (const { id } of items) {
    const location = locations.find((one) => one.id === id);
    const room = location?.inMeta ? inside.length : sizeBytes;
    if (!location || location.extents.some(({ at, length }) => at + length > room)) throw damaged("it is cut short");
  }
}

/** Transparency is an item of its own. */
export const isTransparency = (meta: Tables, id: number): boolean => ALPHA.test(auxiliaryType(meta, id));

const auxiliaryType = ({ properties }: Tables, id: number): string =>
  properties
    .get(id)
    ?.find(({ type }) => type === "auxC")
    ?.body.toString("latin1", 4)
    .split("\0", 1)[0] ?? "";

/**
 * Everything that makes the picture what it is, in pieces: its items, tiles and transparency with their properties and bytes.
 * EXIF, XMP and thumbnails are left out, and so is where things lie in the file. Errors: as `readTables`.
 */
export async function* heifBytes(source: Source): AsyncGenerator<Buffer> {
  const { meta, primary } = await readTables(source);
  const alpha = meta.references.filter(
    ({ type, from, to }) => type === "auxl" && to.includes(primary.id) && isTransparency(meta, from),
  );
  const pictures = meta.items.filter(({ id }) => id === primary.id || alpha.some(({ from }) => from === id));
  for (const picture of pictures) {
    const tiles = codedItems(meta, picture).filter(({ id }) => id !== picture.id);
    for (const { id, type } of [picture, ...tiles]) {
      yield Buffer.from(type, "latin1");
      for (const property of meta.properties.get(id) ?? [])
        yield Buffer.concat([Buffer.from(property.type, "latin1"), property.body]);
      const location = meta.locations.find((one) => one.id === id);
      for (const { at, length } of location?.extents ?? [])
        if (location!.inMeta) yield meta.inside.subarray(at, at + length);
        else yield* stretch(source, at, length);
    }
  }
}

/** An item's bytes, or null where there are none or more than `most`. */
export async function itemBytes(
  { locations, inside }: Tables,
  source: Source,
  id: number,
  most: number,
): Promise<Buffer | null> {
  const location = locations.find((one) => one.id === id);
  if (!location || location.extents.reduce((sum, { length }) => sum + length, 0) > most) return null;
  const parts: Buffer[] = [];
  for (const { at, length } of location.extents)
    parts.push(location.inMeta ? inside.subarray(at, at + length) : await source.read(at, length));
  return Buffer.concat(parts);
}
