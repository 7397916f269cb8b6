/**
 * Is a file a camera's RAW, and which? By content alone: by its first bytes, or, where it is built as a TIFF, by its tags.
 *
 * Source  DNG 1.7 (DNGVersion, photometric types); the makers' types of compression as libtiff and ExifTool list them.
 */
import { HEAD_BYTES, recognise } from "../recognise.ts";
import type { Source } from "../source.ts";
import { numberAt, numbersAt, readDirectory, readTiff, TAG, type Tree, textAt } from "../tiff.ts";

const CFA = 32803;
const LINEAR_RAW = 34892;
const RAW_COMPRESSIONS: ReadonlySet<number> = new Set([32767, 32769, 34316, 34713, 65000, 65535]);
const RAW_BY_MAKE: readonly (readonly [make: string, kind: string])[] = [
  ["NIKON", "NEF"],
  ["SONY", "ARW"],
  ["CANON", "CR2"],
  ["PENTAX", "PEF"],
  ["RICOH", "PEF"],
  ["SAMSUNG", "SRW"],
  ["EPSON", "ERF"],
  ["HASSELBLAD", "3FR"],
  ["PHASE ONE", "IIQ"],
  ["MAMIYA", "MEF"],
  ["LEAF", "MOS"],
  ["KODAK", "DCR"],
  ["EASTMAN KODAK", "DCR"],
  ["LEICA", "RWL"],
];
const BELOW_MAX = 16;

/** "CR2", "NEF" …, or "RAW" where the maker is not known; null for everything else. Reads the header only. */
export async function rawKindOf(source: Source): Promise<string | null> {
  const kind = recognise(await source.read(0, HEAD_BYTES));
  if ("seems" in kind) return kind.raw ?? null;
  if (kind.format !== "tiff") return null;
  const tree = await readTiff(source).catch(() => null);
  return tree && rawKindOfTiff(source, tree);
}

/** A TIFF photo has pictures only; a RAW says DNGVersion, or has a mosaic or a maker's compression somewhere. */
export async function rawKindOfTiff(source: Source, tree: Tree): Promise<string | null> {
  if (tree.entries.has(TAG.dngVersion)) return "DNG";
  if (!(await directoriesOf(source, tree)).some(isSensor)) return null;
  const make = textAt(tree, TAG.make)?.toUpperCase() ?? "";
  return RAW_BY_MAKE.find(([name]) => make.startsWith(name))?.[1] ?? "RAW";
}

/** The first directory, those that follow it and those below it. */
export async function directoriesOf(source: Source, tree: Tree): Promise<readonly Tree[]> {
  const found: Tree[] = [tree];
  const seen = new Set<number>();
  const queue = [...numbersAt(tree, TAG.subDirectories), tree.next];
  for (let at = queue.shift(); at !== undefined && found.length < BELOW_MAX; at = queue.shift()) {
    if (at === 0 || seen.has(at)) continue;
    seen.add(at);
    const one = await readDirectory(source, at, tree.little).catch(() => undefined);
    if (!one) continue;
    found.push(one);
    queue.push(...numbersAt(one, TAG.subDirectories), one.next);
  }
  return found;
}

/** Does a directory hold what the sensor saw, and no picture of it? */
export const isSensor = (one: Tree): boolean =>
  [CFA, LINEAR_RAW].includes(numberAt(one, TAG.photometric) ?? 0) ||
  RAW_COMPRESSIONS.has(numberAt(one, TAG.compression) ?? 0);
