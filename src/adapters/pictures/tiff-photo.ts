/** Which TIFFs are photos that hotgrade grades, and which are a camera's RAW, a document of floats or something else. */
import { AppError } from "../../core/errors.ts";
import type { Anatomy } from "./anatomy.ts";
import { rawKindOfTiff } from "./raw/kind.ts";
import type { Source } from "./source.ts";
import { numberAt, numbersAt, readTiff, TAG, type Tree, type Value, writeTree } from "./tiff.ts";

/** Tags that say how the pixels lie; every other one is the photo's metadata. */
const STRUCTURE: ReadonlySet<number> = new Set([
  254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 290, 291, 292,
  293, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 333, 334, 336, 338, 339, 340, 341, 342, 347, 400,
  401, 402, 403, 404, 433, 434, 435, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559, 37724,
]);

/** The tags of a TIFF that go with the photo into another file; those that carry blocks of their own are left out. */
export function metadataOf(tree: Tree): Tree {
  const own: readonly number[] = [TAG.xmp, TAG.iptc, TAG.photoshop, TAG.icc];
  const entries = [...tree.entries].filter(([tag]) => !STRUCTURE.has(tag) && !own.includes(tag));
  return { little: tree.little, entries: new Map(entries), next: 0 };
}

export async function tiffAnatomy(source: Source): Promise<Omit<Anatomy, "profile" | "orientation">> {
  const tree = await readTiff(source);
  await refuseRaw(source, tree);
  const photometric = numberAt(tree, TAG.photometric) ?? 2;
  const model = { 0: "grey", 1: "grey", 2: "rgb", 3: "rgb", 5: "cmyk", 6: "rgb" } as const;
  const known = model[photometric as keyof typeof model];
  if (!known) throw unsupported(photometric === 8 ? "a TIFF in CIELAB" : `a TIFF of photometric type ${photometric}`);
  const bits = Math.max(1, ...numbersAt(tree, TAG.bitsPerSample));
  const sampleFormat = numberAt(tree, TAG.sampleFormat) ?? 1;
  if (sampleFormat !== 1 && sampleFormat !== 4) throw unsupported("a TIFF of floating-point or signed numbers");
  if (bits > 8 && bits !== 16) throw unsupported(`a TIFF of ${bits} bits a channel`);
  const colours = known === "grey" || photometric === 3 ? 1 : known === "cmyk" ? 4 : 3;
  const samples = numberAt(tree, TAG.samplesPerPixel) ?? colours;
  if (samples > colours + 1) throw unsupported("a TIFF with spot colours or several masks");
  return {
    format: "tiff",
    width: numberAt(tree, TAG.width) ?? 0,
    height: numberAt(tree, TAG.height) ?? 0,
    bitDepth: bits === 16 ? 16 : 8,
    hasAlpha: samples > colours,
    model: known,
    tags: tree,
    blocks: blocksOf(tree),
    tiffCompression: compressionOf(numberAt(tree, TAG.compression)),
    notes: [...(photometric === 3 ? ["Indexed colours became RGB."] : []), ...notesOn(tree)],
  };
}

const unsupported = (seems: string) => new AppError("file-unsupported", `This is ${seems}.`, { seems });

async function refuseRaw(source: Source, tree: Tree): Promise<void> {
  const kind = await rawKindOfTiff(source, tree);
  if (kind !== null) throw unsupported(kind === "RAW" ? "a camera RAW" : `a camera RAW (${kind})`);
}

export function blocksOf(tree: Tree): Anatomy["blocks"] {
  const bytes = (tag: number) => tree.entries.get(tag)?.bytes ?? null;
  const metadata = metadataOf(tree);
  const [resources, iptc] = [bytes(TAG.photoshop), iptcOf(tree)];
  const missing = iptc && !(resources && iptcIn(resources)) ? [asResources(iptc)] : [];
  const all = [...(resources ? [resources] : []), ...missing];
  return {
    exif: metadata.entries.size > 0 ? exifBlock(metadata) : null,
    xmp: bytes(TAG.xmp),
    icc: bytes(TAG.icc),
    resources: all.length > 0 ? Buffer.concat(all) : null,
  };
}

/** Beyond this a maker note cannot stay where it is: a JPEG has 64 KB for the whole block. */
const NOTE_END_MAX = 40_000;

/** The maker note, where it may keep its place: offsets inside many of them count from the start of the file. */
function noteIn(metadata: Tree): Value | undefined {
  const note = metadata.entries.get(TAG.exif)?.tree?.entries.get(TAG.makerNote);
  return note && note.bytes.length > 4 ? note : undefined;
}

const canStay = ({ at, bytes }: Value): boolean => at >= 8 && at + bytes.length <= NOTE_END_MAX;

/** The tags as an EXIF block, with the maker note at its old distance from the start. */
function exifBlock(metadata: Tree): Buffer {
  const { little } = metadata;
  const note = noteIn(metadata);
  const stays = note !== undefined && canStay(note);
  const start = stays ? note.at + note.bytes.length + ((note.at + note.bytes.length) & 1) : 8;
  const head = Buffer.alloc(start);
  head.write(little ? "II*" : "MM\0*", "latin1");
  little ? head.writeUInt32LE(start, 4) : head.writeUInt32BE(start, 4);
  if (stays) note.bytes.copy(head, note.at);
  return Buffer.concat([head, writeTree(stays ? withNote(metadata, { ...note, isPlaced: true }) : metadata, start)]);
}

function withNote(metadata: Tree, note: Value): Tree {
  const pointer = metadata.entries.get(TAG.exif)!;
  const details = { ...pointer.tree!, entries: new Map([...pointer.tree!.entries, [TAG.makerNote, note]]) };
  return { ...metadata, entries: new Map([...metadata.entries, [TAG.exif, { ...pointer, tree: details }]]) };
}

export const NOTE_MOVED = "The camera's maker note was moved: programs may not find all of what is in it.";

function notesOn(tree: Tree): string[] {
  const notes = tree.next > 0 ? ["Only the first page of the TIFF was graded."] : [];
  const note = noteIn(tree);
  if (note && !canStay(note)) notes.push(NOTE_MOVED);
  return notes;
}

/** IPTC of tag 33723, which many writers type as LONGs in the file's byte order. */
function iptcOf(tree: Tree): Buffer | null {
  const value = tree.entries.get(TAG.iptc);
  if (!value) return null;
  return value.type === 4 && tree.little === false && value.bytes[0] !== 0x1c
    ? Buffer.from(value.bytes).swap32()
    : value.bytes;
}

/** IPTC as the one Photoshop image resource 0x0404. */
const asResources = (iptc: Buffer): Buffer => resourceOf(0x0404, iptc);

/** A Photoshop image resource without a name. */
export function resourceOf(id: number, body: Buffer): Buffer {
  const head = Buffer.from("8BIM\0\0\0\0\0\0\0\0", "latin1");
  head.writeUInt16BE(id, 4);
  head.writeUInt32BE(body.length, 8);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

/** The IPTC inside Photoshop's image resources. */
export function iptcIn(resources: Buffer): Buffer | null {
  for (const { id, body } of resourcesIn(resources)) if (id === 0x0404) return body;
  return null;
}

export function* resourcesIn(resources: Buffer): Generator<{ id: number; body: Buffer; whole: Buffer }> {
  for (let at = 0; at + 12 <= resources.length && resources.toString("latin1", at, at + 4) === "8BIM"; ) {
    const name = resources[at + 6]! + 1;
    const sizeAt = at + 6 + name + (name & 1);
    if (sizeAt + 4 > resources.length) return;
    const size = resources.readUInt32BE(sizeAt);
    const end = sizeAt + 4 + size + (size & 1);
    const body = resources.subarray(sizeAt + 4, sizeAt + 4 + size);
    yield { id: resources.readUInt16BE(at + 4), body, whole: resources.subarray(at, end) };
    at = end;
  }
}

function compressionOf(tag: number | undefined): NonNullable<Anatomy["tiffCompression"]> {
  if (tag === 1 || tag === undefined) return "none";
  return tag === 8 || tag === 32946 ? "deflate" : "lzw";
}
