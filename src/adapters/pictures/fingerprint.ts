/**
 * Hashes of a file: of all its bytes, and of the picture alone, in one pass.
 * A star rating changes a JPEG's APPn segments, a HEIC's items or a PNG's and WebP's chunks, and not its picture; only a
 * changed picture is a new version.
 */
import { createHash, type Hash } from "node:crypto";
import { AppError } from "../../core/errors.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Fingerprint } from "../../ports.ts";
import { pictureBytes } from "./heif-tables.ts";
import { MARKER } from "./jpeg.ts";
import { type Source, withFile } from "./source.ts";

const PIECE = 1 << 20;

export const fingerprintOf = (file: PathText): Promise<Fingerprint> => withFile(file, fingerprintFrom);

export async function fingerprintFrom(source: Source): Promise<Fingerprint> {
  const content = createHash("sha256");
  const reader = readerOver(source, content);
  const start = await reader.take(12);
  const isJpeg = start.toString("latin1", 0, 3) === "\xff\xd8\xff";
  const isHeif = start.toString("latin1", 4, 8) === "ftyp";
  const picture = isJpeg ? createHash("sha256") : null;
  if (picture) {
    reader.back(start.length - 2);
    picture.update(start.subarray(0, 2));
    await hashPicture(reader, picture);
  }
  while ((await reader.take(PIECE)).length > 0);
  const contentSha256 = content.digest("hex");
  const container = CONTAINERS.find(({ isIt }) => isIt(start));
  const pictureSha256 = isHeif
    ? await heifSha256(source)
    : container
      ? await chunksSha256(source, container)
      : picture?.digest("hex");
  return { contentSha256, pictureSha256: pictureSha256 ?? contentSha256 };
}

/** Files made of chunks, each with its type and its length before it. */
type Container = {
  readonly isIt: (start: Buffer) => boolean;
  readonly firstAt: number;
  head(bytes: Buffer): { readonly type: string; readonly length: number };
  /** Bytes behind a chunk of this length: its checksum, or padding. */
  readonly behind: (length: number) => number;
  /** Everything that decides what the pixels look like. */
  readonly isPicture: (type: string) => boolean;
  /** The last chunk; null where the file's end is the end. */
  readonly last: string | null;
};

const PNG_METADATA = ["tEXt", "zTXt", "iTXt", "eXIf", "tIME", "pHYs"];
/** Not VP8X: what it says of the picture the other chunks say too, and it comes and goes with metadata. */
const WEBP_PICTURE = ["VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"];

const CONTAINERS: readonly Container[] = [
  {
    isIt: (start) => start.toString("latin1", 0, 8) === "\x89PNG\r\n\x1a\n",
    firstAt: 8,
    head: (bytes) => ({ type: bytes.toString("latin1", 4, 8), length: bytes.readUInt32BE(0) }),
    behind: () => 4,
    isPicture: (type) => !PNG_METADATA.includes(type),
    last: "IEND",
  },
  {
    isIt: (start) => start.toString("latin1", 0, 4) === "RIFF" && start.toString("latin1", 8, 12) === "WEBP",
    firstAt: 12,
    head: (bytes) => ({ type: bytes.toString("latin1", 0, 4), length: bytes.readUInt32LE(4) }),
    behind: (length) => length & 1,
    isPicture: (type) => WEBP_PICTURE.includes(type),
    last: null,
  },
];

/** Undefined for a file whose chunks do not fit in it: then all of it counts. */
async function chunksSha256(source: Source, container: Container): Promise<string | undefined> {
  const picture = createHash("sha256");
  for (let at = container.firstAt; at < source.size; ) {
    const head = await source.read(at, 8);
    if (head.length < 8) return undefined;
    const { type, length } = container.head(head);
    const end = at + 8 + length;
    if (end > source.size) return undefined;
    if (container.isPicture(type)) {
      picture.update(`${type}${length}\n`);
      for (let from = at + 8; from < end; from += PIECE)
        picture.update(await source.read(from, Math.min(PIECE, end - from)));
    }
    if (type === container.last) return picture.digest("hex");
    at = end + container.behind(length);
  }
  return container.last === null ? picture.digest("hex") : undefined;
}

/** Undefined for a file whose tables cannot be read: then all of it counts. */
async function heifSha256(source: Source): Promise<string | undefined> {
  const picture = createHash("sha256");
  try {
    for await (const bytes of pictureBytes(source)) picture.update(bytes);
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
