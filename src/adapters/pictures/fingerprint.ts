/**
 * Hashes of a file: of all its bytes, and of the picture alone.
 * A star rating changes a JPEG's APPn segments, a HEIC's items, a PNG's and WebP's chunks or a TIFF's tags, and not its
 * picture; only a changed picture is a new version. A JPEG is read once for both; of the others the pieces that make the
 * picture are read again, in the order in which their format gives them. Ledgers hold these hashes: they never change.
 */
import { createHash, type Hash } from "node:crypto";
import { AppError } from "../../core/errors.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Fingerprint } from "../../ports.ts";
import { CHUNKED, chunkBytes } from "./chunk-bytes.ts";
import { heifBytes } from "./heif-tables.ts";
import { MARKER } from "./jpeg.ts";
import { cr3Bytes, isCr3 } from "./raw/cr3-bytes.ts";
import { type Source, withFile } from "./source.ts";
import { isTiff, tiffBytes } from "./tiff-bytes.ts";

const PIECE = 1 << 20;

/** What makes the picture, piece by piece. Errors: `RangeError` and `picture-damaged` where the file is odd. */
type PictureBytes = (source: Source) => AsyncIterable<Buffer | string>;

const FORMATS: readonly { readonly isIt: (start: Buffer) => boolean; readonly bytes: PictureBytes }[] = [
  { isIt: isCr3, bytes: cr3Bytes },
  { isIt: (start) => start.toString("latin1", 4, 8) === "ftyp", bytes: heifBytes },
  { isIt: isTiff, bytes: tiffBytes },
  ...CHUNKED.map((kind) => ({ isIt: kind.isIt, bytes: (source: Source) => chunkBytes(source, kind) })),
];

export const fingerprintOf = (file: PathText): Promise<Fingerprint> => withFile(file, fingerprintFrom);

export async function fingerprintFrom(source: Source): Promise<Fingerprint> {
  const content = createHash("sha256");
  const reader = readerOver(source, content);
  const start = await reader.take(12);
  const isJpeg = start.toString("latin1", 0, 3) === "\xff\xd8\xff";
  const picture = isJpeg ? createHash("sha256") : null;
  if (picture) {
    reader.back(start.length - 2);
    picture.update(start.subarray(0, 2));
    await hashPicture(reader, picture);
  }
  while ((await reader.take(PIECE)).length > 0);
  const contentSha256 = content.digest("hex");
  const format = picture ? undefined : FORMATS.find(({ isIt }) => isIt(start));
  const pictureSha256 = format ? await sha256Of(format.bytes(source)) : picture?.digest("hex");
  return { contentSha256, pictureSha256: pictureSha256 ?? contentSha256 };
}

/** Undefined for a file that is odd: then all of it counts. */
async function sha256Of(pieces: AsyncIterable<Buffer | string>): Promise<string | undefined> {
  const picture = createHash("sha256");
  try {
    for await (const piece of pieces) picture.update(piece);
    return picture.digest("hex");
  } catch (thrown) {
    if (thrown instanceof RangeError || (thrown instanceof AppError && thrown.code === "picture-damaged"))
      return undefined;
    throw thrown;
  }
}

type Reader = {
  take(count: number): Promise<Buffer>;
  takeUntilMarker(each: (part: Buffer) => void): Promise<void>;
  back(count: number): void;
};

/** Reads on through the file; every byte read goes into `content` once. */
function readerOver(source: Source, content: Hash): Reader {
  let buffer: Buffer = Buffer.alloc(0);
  let next = 0;
  let at = 0;
  const more = async (): Promise<boolean> => {
    const piece = await source.read(next, PIECE);
    next += piece.length;
    content.update(piece);
    buffer = Buffer.concat([buffer.subarray(at), piece]);
    at = 0;
    return piece.length > 0;
  };
  return {
    /** Up to `count` bytes, fewer at the end. */
    async take(count) {
      while (buffer.length - at < count && (await more()));
      const part = buffer.subarray(at, at + count);
      at += part.length;
      return part;
    },
    back(count) {
      at -= count;
    },
    /** Entropy-coded bytes up to the next marker that is neither a stuffed zero nor a restart. */
    async takeUntilMarker(each) {
      for (;;) {
        let found = buffer.indexOf(0xff, at);
        while (found >= 0 && found + 1 < buffer.length && isWithinScan(buffer[found + 1]!))
          found = buffer.indexOf(0xff, found + 2);
        const end = found < 0 ? buffer.length : found;
        each(buffer.subarray(at, end));
        at = end;
        if (found >= 0 && found + 1 < buffer.length) return;
        if (!(await more())) return;
      }
    },
  };
}

const isWithinScan = (byte: number): boolean => byte === 0 || (byte >= 0xd0 && byte <= 0xd7);

/** Every segment but APPn and COM, with its marker, and the scans, up to EOI; what does not parse counts as it lies. */
async function hashPicture(reader: Reader, picture: Hash): Promise<void> {
  for (;;) {
    const marker = await reader.take(2);
    if (marker.length < 2) return void picture.update(marker);
    if (marker[0] !== 0xff) {
      picture.update(marker);
      for (let rest = await reader.take(PIECE); rest.length > 0; rest = await reader.take(PIECE)) picture.update(rest);
      return;
    }
    const kind = marker[1]!;
    if (kind === 0xff) {
      reader.back(1); // a fill byte before a marker
      continue;
    }
    const isMetadata = (kind >= MARKER.app0 && kind <= 0xef) || kind === MARKER.com;
    if (!isMetadata) picture.update(marker);
    if (kind === MARKER.eoi) return;
    if (kind === 0x01 || isWithinScan(kind)) continue;
    const length = await reader.take(2);
    const body = await reader.take(length.length === 2 ? Math.max(0, length.readUInt16BE() - 2) : 0);
    if (!isMetadata) picture.update(length).update(body);
    if (kind === MARKER.sos) await reader.takeUntilMarker((part) => void picture.update(part));
  }
}
