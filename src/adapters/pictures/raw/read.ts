/** A RAW taken apart: what it is, what it says of the photo, and the largest picture that the camera put into it. */
import { AppError } from "../../../core/errors.ts";
import { endingOf } from "../../../core/inbox/endings.ts";
import type { PictureInfo } from "../../../ports.ts";
import type { Blocks } from "../anatomy.ts";
import { bufferSource } from "../source.ts";
import { numberAt, numbersAt, readTiff, TAG, type Tree } from "../tiff.ts";
import { blocksOf } from "../tiff-photo.ts";
import { readCr3 } from "./cr3.ts";
import { exifBlockOf } from "./exif-block.ts";
import { directoriesOf, rawKindOf } from "./kind.ts";
import { jpegsIn, type Preview, type Range } from "./preview.ts";

export type RawFile = {
  readonly kind: string;
  readonly preview: Preview | null;
  /** The tags of the photo, upright or not as the camera says. */
  readonly tags: Tree | null;
  /** EXIF 1 … 8, as the preview has to be turned. */
  readonly orientation: number;
  /** Of the sensor's picture as stored, where the header says. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly xmp: Buffer | null;
  readonly resources: Buffer | null;
};

const MAKER_NOTE = 37500;
/** Photometric types of pictures: grey both ways, RGB, YCbCr. */
const PICTURES = [0, 1, 2, 6];

/** Errors: `file-unsupported` when it is no RAW, `picture-damaged` when it is not whole. */
export async function readRaw(bytes: Buffer): Promise<RawFile> {
  const source = bufferSource(bytes);
  const kind = await rawKindOf(source);
  if (kind === null) throw new AppError("file-unsupported", "This is no camera RAW.");
  // Else a smaller JPEG before the cut would be taken for the largest.
  const ending = await endingOf(async (at, length) => bytes.subarray(at, at + length), bytes.length);
  if (ending.kind === "incomplete")
    throw new AppError("picture-damaged", `The ${nameOf(kind)} is cut short: ${ending.reason}.`);
  const isTiff = ["II", "MM"].includes(bytes.toString("latin1", 0, 2)) && kind !== "CRW";
  const root = isTiff ? await readTiff(source).catch(() => null) : null;
  const directories = root ? await directoriesOf(source, root) : [];
  const previews = await jpegsIn(bytes, sensorRanges(directories));
  const preview = previews[0] ?? null;
  const cr3 = kind === "CR3" ? await readCr3(bytes) : null;
  const shown = await segmentsOf(preview);
  // Some makers keep the photo's EXIF in a smaller JPEG alone.
  const beside = shown.tags ? shown : await firstWithTags(previews);
  const own = root ?? cr3?.tags ?? null;
  const tags = richer(own, beside.tags);
  const told = orientationOf(shown.tags) ?? orientationOf(own ?? beside.tags) ?? 1;
  const size = sizeOf(directories);
  const blocks = root && blocksOf(root);
  return {
    kind,
    preview,
    tags,
    orientation: isTurned(preview, size, told) ? 1 : told,
    size,
    xmp: blocks?.xmp ?? cr3?.xmp ?? shown.xmp ?? beside.xmp,
    resources: blocks?.resources ?? null,
  };
}

/** Where directories keep anything but pictures: lossy DNGs are tiles of plain JPEG. */
function sensorRanges(directories: readonly Tree[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const one of directories) {
    if (PICTURES.includes(numberAt(one, TAG.photometric) ?? 2)) continue;
    for (const [offsets, lengths] of [
      [273, 279],
      [324, 325],
    ] as const) {
      const sizes = numbersAt(one, lengths);
      for (const [index, start] of numbersAt(one, offsets).entries())
        ranges.push({ start, end: start + (sizes[index] ?? 0) });
    }
  }
  return ranges;
}

type Segments = { readonly tags: Tree | null; readonly xmp: Buffer | null };

async function firstWithTags(previews: readonly Preview[]): Promise<Segments> {
  for (const preview of previews) {
    const found = await segmentsOf(preview);
    if (found.tags) return found;
  }
  return { tags: null, xmp: null };
}

async function segmentsOf(preview: Preview | null): Promise<Segments> {
  const body = (start: string) => {
    const found = preview?.header.segments.find(
      ({ marker, bytes }) => marker === 0xe1 && bytes.toString("latin1", 4, 4 + start.length) === start,
    );
    return found?.bytes.subarray(4 + start.length) ?? null;
  };
  const exif = body("Exif\0\0");
  const tags = exif && (await readTiff(bufferSource(exif)).catch(() => null));
  return { tags, xmp: body("http://ns.adobe.com/xap/1.0/\0") };
}

const exifOf = (tree: Tree | null) => tree?.entries.get(TAG.exif)?.tree;

/** The RAW's own tags; the preview's where only those have the exposure, or the maker's notes. */
function richer(own: Tree | null, shown: Tree | null): Tree | null {
  if (!own || !shown) return own ?? shown;
  const [one, other] = [exifOf(own), exifOf(shown)];
  const lacks = !one || (!one.entries.has(MAKER_NOTE) && other?.entries.has(MAKER_NOTE));
  return other && lacks ? shown : own;
}

function orientationOf(tree: Tree | null): number | undefined {
  const told = numberAt(tree ?? undefined, TAG.orientation);
  return told !== undefined && told >= 1 && told <= 8 ? told : undefined;
}

/** Some cameras store the preview upright and say of the RAW alone that it lies on its side. */
function isTurned(preview: Preview | null, size: RawFile["size"], orientation: number): boolean {
  if (!preview || !size || orientation < 5) return false;
  const { width, height } = preview.header;
  return size.width > size.height && height > width;
}

/** The largest of the sizes that directories name. */
function sizeOf(directories: readonly Tree[]): RawFile["size"] {
  const sizes = directories.map((one) => ({
    width: numberAt(one, TAG.width) ?? 0,
    height: numberAt(one, TAG.height) ?? 0,
  }));
  const largest = sizes.sort((one, other) => other.width * other.height - one.width * one.height)[0];
  return largest && largest.width > 0 && largest.height > 0 ? largest : null;
}

/** What the RAW's pictures carry; `orientation` is how they still have to be turned. */
export function blocksOfRaw(
  { tags, xmp, resources }: RawFile,
  orientation: number,
): { readonly blocks: Omit<Blocks, "icc">; readonly notes: readonly string[] } {
  const exif = tags && exifBlockOf(tags, orientation);
  return { blocks: { exif: exif?.block ?? null, xmp, resources }, notes: exif?.notes ?? [] };
}

/** How a sentence names it. */
export const nameOf = (kind: string): string => (kind === "RAW" ? "camera RAW" : `camera RAW (${kind})`);

/** Errors: `file-unsupported`. */
export function previewOf({ kind, preview }: RawFile): Preview {
  if (preview) return preview;
  throw new AppError(
    "file-unsupported",
    `This ${nameOf(kind)} holds no JPEG preview; with \`raw: develop\` or \`raw: command\` it can be graded.`,
    { raw: kind },
  );
}

/** The photo as its preview shows it. */
export type RawInfo = PictureInfo & { readonly raw: string };
