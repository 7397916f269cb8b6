/**
 * Metadata and a profile put into an encoded AVIF: new items and properties, and tables that know of them.
 * The encoder's own boxes stay as they are; the pixels only move, by as much as the tables grow.
 */
import { type Box, boxesIn, boxOf, numberBytes, placesOf } from "./boxes.ts";
import { locationsOf } from "./heif-tables.ts";
import { bufferSource } from "./source.ts";

export type NewItem = { readonly type: "Exif" | "mime"; readonly content?: string; readonly bytes: Buffer };

/** A box for ipco that tells a profile. */
export const profileProperty = (icc: Buffer): Buffer => boxOf("colr", Buffer.from("prof", "latin1"), icc);

/** An EXIF block (a TIFF structure) as an item: first how many bytes to its header. */
export const exifItem = (exif: Buffer): NewItem => ({ type: "Exif", bytes: Buffer.concat([Buffer.alloc(4), exif]) });

export const xmpItem = (xmp: Buffer): NewItem => ({ type: "mime", content: "application/rdf+xml", bytes: xmp });

/** `properties` are whole boxes that hang on the picture. The file as parts, to be written one after the other. */
export async function withHeifItems(
  encoded: Buffer,
  properties: readonly Buffer[],
  items: readonly NewItem[],
): Promise<Buffer[]> {
  const meta = (await placesOf(bufferSource(encoded))).find(({ type }) => type === "meta");
  if (!meta) throw new RangeError("a HEIF without tables");
  const body = encoded.subarray(meta.from, meta.end);
  const make = (shift: number) => grown(body, { properties, items, shift, from: meta.end, end: encoded.length + 8 });
  // The length of the tables does not depend on the numbers in them.
  const shift = make(0).length - (meta.end - meta.start);
  return [
    encoded.subarray(0, meta.start),
    make(shift),
    encoded.subarray(meta.end),
    boxOf("mdat", ...items.map(({ bytes }) => bytes)),
  ];
}

type Growth = {
  readonly properties: readonly Buffer[];
  readonly items: readonly NewItem[];
  /** By how much everything moves that lies at `from` or behind. */
  readonly shift: number;
  readonly from: number;
  /** Where the new items' bytes begin, before the move. */
  readonly end: number;
};

function grown(body: Buffer, growth: Growth): Buffer {
  const boxes = boxesIn(body.subarray(4));
  const find = (type: string) => boxes.find((box) => box.type === type)?.body;
  const pitm = find("pitm")!;
  const primary = pitm.readUIntBE(4, pitm[0] === 0 ? 2 : 4);
  const known = locationsOf(find("iloc")).map(({ id }) => id);
  const first = Math.max(primary, ...known) + 1;
  const made = boxes
    .filter(({ type }) => type !== "iref")
    .map((box) => {
      if (box.type === "iinf") return moreItems(box.body, growth, first);
      if (box.type === "iloc") return moreLocations(box.body, growth, first);
      if (box.type === "iprp") return moreProperties(box.body, growth, primary);
      return boxOf(box.type, box.body);
    });
  const references = growth.items.map((_, index) => boxOf("cdsc", word(first + index), word(1), word(primary)));
  // Ids have two bytes in what the encoder writes; a table that says otherwise is left alone.
  const old = find("iref") ?? Buffer.alloc(4);
  const iref = old[0] === 0 ? boxOf("iref", old, ...references) : boxOf("iref", old);
  return boxOf("meta", body.subarray(0, 4), ...made, ...(iref.length > 12 ? [iref] : []));
}

const word = (value: number): Buffer => numberBytes(value, 2);

function moreItems(body: Buffer, { items }: Growth, first: number): Buffer {
  const size = body[0] === 0 ? 2 : 4;
  const head = Buffer.from(body.subarray(0, 4 + size));
  head.writeUIntBE(head.readUIntBE(4, size) + items.length, 4, size);
  const entries = items.map(({ type, content }, index) => {
    const words = content === undefined ? "\0" : `\0${content}\0`;
    return boxOf(
      "infe",
      Buffer.from([2, 0, 0, 0]),
      word(first + index),
      word(0),
      Buffer.from(`${type}${words}`, "latin1"),
    );
  });
  return boxOf("iinf", head, body.subarray(4 + size), ...entries);
}

/** Version 1 with offsets and lengths of four bytes, whatever it was. */
function moreLocations(body: Buffer, { items, shift, from, end }: Growth, first: number): Buffer {
  const entry = (id: number, method: number, extents: readonly (readonly [at: number, length: number])[]) =>
    Buffer.concat([
      ...[word(id), word(method), word(0), word(extents.length)],
      ...extents.flat().map((value) => numberBytes(value, 4)),
    ]);
  const old = locationsOf(body).map(({ id, inMeta, extents }) =>
    entry(
      id,
      inMeta ? 1 : 0,
      extents.map(({ at, length }) => [!inMeta && at >= from ? at + shift : at, length] as const),
    ),
  );
  let at = end + shift;
  const fresh = items.map(({ bytes }, index) => {
    at += bytes.length;
    return entry(first + index, 0, [[at - bytes.length, bytes.length]]);
  });
  const count = word(old.length + fresh.length);
  return boxOf("iloc", Buffer.from([1, 0, 0, 0, 0x44, 0]), count, ...old, ...fresh);
}

/** The new properties behind the others, marked as essential for none but turns. */
function moreProperties(body: Buffer, { properties }: Growth, primary: number): Buffer {
  const boxes = boxesIn(body);
  const container = boxes.find(({ type }) => type === "ipco")!.body;
  const count = boxesIn(container).length;
  const indices = properties.map((_, index) => count + 1 + index);
  const others = boxes.filter(({ type }) => type !== "ipco").map((box) => associated(box, primary, indices));
  return boxOf("iprp", boxOf("ipco", container, ...properties), ...others);
}

function associated({ type, body }: Box, primary: number, indices: readonly number[]): Buffer {
  const [idSize, size] = [body[0] === 0 ? 2 : 4, (body[3]! & 1) === 1 ? 2 : 1];
  const parts: Buffer[] = [body.subarray(0, 8)];
  for (let at = 8; at < body.length; ) {
    const listed = body[at + idSize]!;
    const end = at + idSize + 1 + listed * size;
    const isPicture = body.readUIntBE(at, idSize) === primary;
    const entry = Buffer.from(body.subarray(at, end));
    if (isPicture) entry[idSize] = listed + indices.length;
    parts.push(entry, ...(isPicture ? indices.map((index) => numberBytes(index, size)) : []));
    at = end;
  }
  return boxOf(type, ...parts);
}
