/** Reading a stretch of an open file, or a file, whole. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../core/errors.ts";
import { decodePath, type PathText, showPath } from "../../core/inbox/path-text.ts";

/** Each read costs a turn of a thread, and none may take two gigabytes. */
const READ_MAX = 16 << 20;

/** Reads from `at` until the buffer is full or the file ends; gives what was read. */
export async function readFully(handle: FileHandle, buffer: Buffer, at: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const length = Math.min(READ_MAX, buffer.length - filled);
    const { bytesRead } = await handle.read(buffer, filled, length, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

export async function readWhole(path: PathText, maxBytes: number): Promise<Buffer> {
  const handle = await open(Buffer.from(decodePath(path)), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new AppError("file-unsupported", `${showPath(path)} is no file.`, { path });
    const { size } = found;
    if (size > maxBytes) {
      const message = `${showPath(path)} has ${size} bytes; at most ${maxBytes} are read.`;
      throw new AppError("file-too-large", message, { path, sizeBytes: size, maxBytes });
    }
    return size === 0 ? await handle.readFile() : await readFully(handle, Buffer.allocUnsafeSlow(size), 0);
  } finally {
    await handle.close();
  }
}
