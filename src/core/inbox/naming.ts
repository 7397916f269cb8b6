/**
 * Names. A name from outside (a file's, a camera's, a template's) passes here before it becomes a path of ours: the parts
 * that come out hold no separator, no control character, no leading dot, nothing that Windows reserves, and fit a disk.
 */
import { baseName, decodePath, folderOf, type PathText } from "./path-text.ts";

/** Bytes of a name on every usual disk. */
const NAME_BYTES_MAX = 255;
/** Kept free behind a stem for extensions, sidecars and temp names. */
const RESERVE_BYTES = 40;
/** Candidates for one name before it is given up. */
export const NUMBERS_MAX = 9_999;

/** The name without folder and extension: `stemOf("a/IMG_1.JPG")` is "IMG_1". */
export function stemOf(path: PathText): PathText {
  const name = baseName(path);
  const dot = name.lastIndexOf(".");
  return (dot <= 0 ? name : name.slice(0, dot)) as PathText;
}

/** Two stems with the same key are one name on some disk: `stemKey("Straße")` equals `stemKey("STRASSE")`. */
export function stemKey(stem: string): string {
  return stem.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/** `stem`, `stem-2`, `stem-3` …, each cut so that 40 of a name's 255 bytes stay free. */
export function stemCandidates(stem: PathText, count: number = NUMBERS_MAX): readonly PathText[] {
  return numbered(stem, "", NAME_BYTES_MAX - RESERVE_BYTES, count);
}

/** `IMG_1.jpg`, `IMG_1-2.jpg` …: free names for a file that keeps its extension, whose stem is `stem`. */
export function numberedNames(
  name: PathText,
  count: number = NUMBERS_MAX,
  stem: PathText = stemOf(name),
): readonly PathText[] {
  const rest = baseName(name).slice(stem.length);
  // An "extension" that fills the whole name is none.
  if (bytesOf(rest) > NAME_BYTES_MAX / 2) return numbered(baseName(name), "", NAME_BYTES_MAX, count);
  return numbered(stem, rest, NAME_BYTES_MAX, count);
}

function numbered(stem: PathText, rest: string, bytesMax: number, count: number): readonly PathText[] {
  const cuts = new Map<number, PathText>(); // the cut depends on how many digits follow, no more
  return Array.from({ length: Math.min(count, NUMBERS_MAX) }, (_, index) => {
    const tail = index === 0 ? rest : `-${index + 1}${rest}`;
    const room = bytesMax - bytesOf(tail);
    const start = cuts.get(room) ?? cutBytes(stem, room);
    cuts.set(room, start);
    return (start + tail) as PathText;
  });
}

/** What a name template may speak of. */
export type NameParts = Readonly<
  Record<"name" | "suffix" | "ext" | "inbox" | "folder" | "date" | "time" | "camera" | "look" | "seed" | "n", string>
>;

/**
 * The stem that a template such as `{name}{suffix}.{ext}` makes; its `.{ext}` at the end is left to the writer.
 * Numbers go behind the whole stem: `IMG_1_graded-2`.
 */
export function outputStem(template: string, parts: NameParts): PathText {
  const body = template.endsWith(".{ext}") ? template.slice(0, -".{ext}".length) : template;
  const filled = body.replace(/\{(\w+)\}/g, (whole, key: string) =>
    Object.hasOwn(parts, key) ? parts[key as keyof NameParts] : whole,
  );
  return cutBytes(safePart(filled), NAME_BYTES_MAX - RESERVE_BYTES);
}

/** The folder below the outbox, "" for the outbox itself: `outboxFolder("keep", "a/b/IMG_1.jpg")` is "a/b". */
export function outboxFolder(structure: "keep" | "flat", path: PathText): PathText {
  if (structure === "flat") return "" as PathText;
  const parts = folderOf(path)
    .split("/")
    .filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.map(safePart).join("/") as PathText;
}

const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** One part of a path that is safe on every system; never empty, never "." or "..". */
export function safePart(text: string): PathText {
  const plain = text
    .replace(/[/\\\p{Cc}\u2028\u2029]/gu, "_")
    .replace(/\p{Cs}/gu, "_") // half a surrogate pair has no bytes
    .replace(/^\.+/, (dots) => "_".repeat(dots.length));
  const part = trimEnd(cutBytes(plain, NAME_BYTES_MAX - 1));
  if (part === "") return "_" as PathText;
  return (RESERVED.test(part.split(".")[0]!.trimEnd()) ? `_${part}` : part) as PathText;
}

const trimEnd = (text: string): string => text.replace(/[. ]+$/, "");

/** The longest start of `text` within so many bytes that splits no visible character and ends in no dot or space. */
function cutBytes(text: string, bytesMax: number): PathText {
  if (bytesOf(text) <= bytesMax) return text as PathText;
  let length = 0;
  let bytes = 0;
  for (const { segment, index } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) {
    bytes += bytesOf(segment);
    if (bytes > bytesMax) break;
    length = index + segment.length;
  }
  // One character with hundreds of accents is split after all: a name must not become empty.
  if (length === 0) length = splitAnywhere(text, bytesMax);
  return (trimEnd(text.slice(0, length)) || "_") as PathText;
}

function splitAnywhere(text: string, bytesMax: number): number {
  let length = 0;
  let bytes = 0;
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > bytesMax) break;
    length += character.length;
  }
  return length;
}

/** Bytes on disk; an escape of PathText is one. */
const bytesOf = (text: string): number => decodePath(text as PathText).length;
