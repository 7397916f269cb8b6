/**
 * The boxes of a Canon CR3 that speak of the photo: CMT1 (camera), CMT2 (exposure), CMT3 (maker's notes), CMT4 (GPS), each a
 * TIFF of its own, and the XMP.
 *
 * Source  ISO/IEC 14496-12 §4; the CR3 layout as ExifTool and LibRaw read it (github.com/lclevy/canon_cr3 describes it).
 */
import { type Box, boxesIn } from "../boxes.ts";
import { bufferSource } from "../source.ts";
import { readTiff, TAG, type Tree, type Value, writeTree } from "../tiff.ts";

const CANON = Buffer.from("85c0b687820f11e08111f4ce462b6a48", "hex");
const XMP = Buffer.from("be7acfcb97a942e89c71999491e3afac", "hex");
const MAKER_NOTE = 37500;

/** What is whole; a CR3 that was cut off still says who took it. */
const boxesOf = (bytes: Buffer): readonly Box[] => boxesIn(bytes, "whole ones");

const ofKind = (boxes: readonly Box[], id: Buffer): Buffer | undefined =>
  boxes.find(({ type, body }) => type === "uuid" && body.subarray(0, 16).equals(id))?.body.subarray(16);

export type Cr3 = { readonly tags: Tree | null; readonly xmp: Buffer | null };

/** CMT1 … CMT4 as the one tree that they are in every other format. */
export async function readCr3(file: Buffer): Promise<Cr3> {
  const top = boxesOf(file);
  const movie = top.find(({ type }) => type === "moov");
  const canon = movie && ofKind(boxesOf(movie.body), CANON);
  const parts = new Map(canon ? boxesOf(canon).map(({ type, body }) => [type, body]) : []);
  const treeOf = async (type: string): Promise<Tree | null> => {
    const body = parts.get(type);
    return body ? readTiff(bufferSource(body)).catch(() => null) : null;
  };
  const [camera, exposure, notes, gps] = await Promise.all(["CMT1", "CMT2", "CMT3", "CMT4"].map(treeOf));
  const xmp = ofKind(top, XMP) ?? null;
  if (!camera) return { tags: null, xmp };
  const entries = new Map(camera.entries);
  const below = (tree: Tree): Value => ({ type: 4, count: 1, bytes: Buffer.alloc(4), at: 0, tree });
  if (exposure) {
    const own = new Map(exposure.entries);
    if (notes?.little === camera.little) own.set(MAKER_NOTE, noteOf(notes));
    entries.set(TAG.exif, below({ ...exposure, entries: own, next: 0 }));
  }
  if (gps) entries.set(TAG.gps, below({ ...gps, next: 0 }));
  return { tags: { ...camera, entries, next: 0 }, xmp };
}

/** Room for the tags of the photo before the notes. */
const NOTE_AT = 8192;

/** Canon's notes are a bare directory that counts from the block's start, and end with the place they were written for. */
function noteOf(notes: Tree): Value {
  const directory = writeTree({ ...notes, next: 0 }, NOTE_AT);
  const footer = Buffer.from(notes.little ? "II*\0\0\0\0\0" : "MM\0*\0\0\0\0", "latin1");
  notes.little ? footer.writeUInt32LE(NOTE_AT, 4) : footer.writeUInt32BE(NOTE_AT, 4);
  const bytes = Buffer.concat([directory, footer]);
  return { type: 7, count: bytes.length, bytes, at: NOTE_AT };
}
