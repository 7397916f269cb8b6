/** Bytes to be read in pieces: an open file, or a Buffer, so that headers are parsed once for both. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../core/errors.ts";
import { type PathText, showPath } from "../../core/inbox/path-text.ts";
import { readFully } from "../files/read.ts";
import { bytesOf, diskError } from "../files.ts";

export type Source = {
  readonly size: number;
  /** Up to `length` bytes from `at`; fewer at the end of the file. */
  read(at: number, length: number): Promise<Buffer>;
};

/** A header that asks for more at once is no header: bounds what a broken length field can cost. */
const PIECE_MAX = 64 << 20;
/** What is read at a time of bytes that are only passed on. */
const STRETCH = 1 << 20;

export function bufferSource(buffer: Buffer): Source {
  return { size: buffer.length, read: async (at, length) => buffer.subarray(at, at + Math.max(0, length)) };
}

/** The bytes from `at` on, in pieces: a length out of a file's tables may be any number. Errors: `RangeError`. */
export async function* stretch(source: Source, at: number, length: number): AsyncGenerator<Buffer> {
  if (at + length > source.size) throw new RangeError("the tables speak of bytes that the file does not have");
  for (let from = 0; from < length; from += STRETCH) {
    const wanted = Math.min(STRETCH, length - from);
    const piece = await source.read(at + from, wanted);
    if (piece.length < wanted) throw new RangeError("the file became shorter while it was read");
    yield piece;
  }
}

/** Opens the file, reads through `use`, closes. */
export async function withFile<T>(path: PathText, use: (source: Source) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(bytesOf(path), constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) throw new AppError("file-unsupported", `${showPath(path)} is no file.`, { path });
    const { size } = found;
    return await use(fileSource(handle, size));
  } catch (thrown) {
    throw thrown instanceof AppError || (thrown as NodeJS.ErrnoException).code === undefined
      ? thrown
      : diskError(thrown, "read", path);
  } finally {
    await handle?.close();
  }
}

function fileSource(handle: FileHandle, size: number): Source {
  return {
    size,
    read(at, length) {
      const wanted = Math.max(0, Math.min(length, size - at, PIECE_MAX));
      return readFully(handle, Buffer.allocUnsafe(wanted), at);
    },
  };
}
