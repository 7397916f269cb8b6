/** File times: what folders are sorted by, and what no format of a picture holds. */
import { stat, utimes } from "node:fs/promises";
import type { PathText } from "../../core/inbox/path-text.ts";
import { bytesOf } from "../files.ts";

/** Gives a file the times of another: when it was written and last read. */
export async function keepTimes(from: PathText, to: PathText): Promise<void> {
  const { atimeMs, mtimeMs } = await stat(bytesOf(from));
  await utimes(bytesOf(to), atimeMs / 1000, mtimeMs / 1000);
}
