/** What makes the picture of a PNG or a WebP: the chunks that decide what its pixels look like. */
import { type Source, stretch } from "./source.ts";

/** Files made of chunks, each with its type and its length before it. */
export type Chunked = {
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

export const CHUNKED: readonly Chunked[] = [
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

/** Errors: `RangeError` for a file whose chunks do not fit in it. */
export async function* chunkBytes(source: Source, chunked: Chunked): AsyncGenerator<Buffer | string> {
  for (let at = chunked.firstAt; at < source.size; ) {
    const head = await source.read(at, 8);
    if (head.length < 8) throw new RangeError("the file ends within a chunk's head");
    const { type, length } = chunked.head(head);
    const end = at + 8 + length;
    if (end > source.size) throw new RangeError("a chunk is longer than the file");
    if (chunked.isPicture(type)) {
      yield `${type}${length}\n`;
      yield* stretch(source, at + 8, length);
    }
    if (type === chunked.last) return;
    at = end + chunked.behind(length);
  }
  if (chunked.last !== null) throw new RangeError("the last chunk is missing");
}
