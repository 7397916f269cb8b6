/** HEIC and AVIF files to test with: an AVIF of the real encoder with further properties and items put in. */
import { boxOf, numberBytes } from "../../src/adapters/pictures/boxes.ts";
import { type NewItem, withHeifItems } from "../../src/adapters/pictures/heif-carry.ts";

/** Quarter turns against the clock. */
export const turnBox = (turns: number): Buffer => boxOf("irot", Buffer.from([turns]));

/** 0 exchanges top and bottom, 1 left and right. */
export const mirrorBox = (axis: 0 | 1): Buffer => boxOf("imir", Buffer.from([axis]));

/** Colours by number (ITU-T H.273), full range. */
export const coloursBox = (primaries: number, transfer: number, matrix = 6): Buffer =>
  boxOf(
    "colr",
    Buffer.from("nclx", "latin1"),
    ...[primaries, transfer, matrix].map((value) => numberBytes(value, 2)),
    Buffer.from([0x80]),
  );

export const asHeif = async (encoded: Buffer, boxes: readonly Buffer[], items: readonly NewItem[] = []) =>
  Buffer.concat(await withHeifItems(encoded, boxes, items));

/** An EXIF block that says this orientation and nothing else. */
export function exifOfOrientation(orientation: number): Buffer {
  const block = Buffer.from("49492a0008000000010012010300010000000000000000000000", "hex");
  block.writeUInt16LE(orientation, 18);
  return block;
}
