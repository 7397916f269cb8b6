/** Temp names: what a file is called until it is whole. All of them are ours to remove, and none is taken for a photo. */
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { decodePath, joinPath, type PathText } from "../../core/inbox/path-text.ts";

const PAIR_DIGITS = 16;

const named = (folder: PathText, start: string): PathText =>
  joinPath(folder, `${start}${randomBytes(9).toString("hex")}.tmp`);

export const tempIn = (folder: PathText): PathText => named(folder, ".hotgrade-");

/**
 * For a copy from one place to another. What an earlier run of the same copy left there is removed first: its name starts as
 * ours does. Never the same name twice, so that a copy which still runs somewhere fails instead of getting our bytes.
 */
export async function tempOfCopy(from: PathText, to: PathText, folder: PathText): Promise<PathText> {
  const start = `.hotgrade-${createHash("sha256").update(`${from}\n${to}`).digest("hex").slice(0, PAIR_DIGITS)}`;
  for (const name of await fs.readdir(Buffer.from(decodePath(folder))))
    if (name.startsWith(start)) await fs.rm(Buffer.from(decodePath(joinPath(folder, name))), { force: true });
  return named(folder, start);
}
