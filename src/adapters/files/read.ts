/** Reading a stretch of an open file, whole. */
import type { FileHandle } from "node:fs/promises";

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
