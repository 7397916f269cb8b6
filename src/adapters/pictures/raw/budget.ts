/** What developing a RAW needs, told before it begins. */
import type { RawWay } from "../../../ports.ts";
import type { Source } from "../source.ts";
import { numberAt, readTiff, TAG } from "../tiff.ts";
import { directoriesOf } from "./kind.ts";

/** What LibRaw begins with, whatever the file. */
const LIBRAW_BYTES = 256 << 20;
/** The mosaic, four channels of 16 bits twice while colours are made of it, and the picture twice on its way out. */
const LIBRAW_BYTES_PIXEL = 30;
/** Where no header says how many pixels there are: packed mosaics have a byte and more for each. */
const PIXELS_PER_BYTE = 1;

/** Bytes beside a worker's own. A program's memory is its own affair, and counted as a developer's. */
export async function bytesToDevelop(source: Source, way: RawWay): Promise<number> {
  if (way.kind === "preview") return 2 * source.size;
  const pixels = (await pixelsOf(source)) || source.size * PIXELS_PER_BYTE;
  return 3 * source.size + LIBRAW_BYTES + LIBRAW_BYTES_PIXEL * pixels;
}

async function pixelsOf(source: Source): Promise<number> {
  const root = await readTiff(source).catch(() => null);
  if (!root) return 0;
  const sizes = (await directoriesOf(source, root)).map(
    (one) => (numberAt(one, TAG.width) ?? 0) * (numberAt(one, TAG.height) ?? 0),
  );
  return Math.max(0, ...sizes);
}
