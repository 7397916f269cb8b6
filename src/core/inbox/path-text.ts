/**
 * A path from disk as text: its bytes where they are valid UTF-8, else the bytes escaped reversibly.
 *
 * File names on Linux are bytes. Each byte that is not part of valid UTF-8 becomes the private character
 * U+F700 + byte (so U+F780 … U+F7FF); a real character of that range is escaped byte by byte as well,
 * so that decode(encode(bytes)) gives the same bytes for every name.
 * Source: Python's PEP 383, moved from lone surrogates to private characters because SQLite keeps only valid text.
 */
export type PathText = string & { readonly __brand: "PathText" };

const ESCAPE = 0xf700;
const isEscape = (code: number): boolean => code >= 0xf780 && code <= 0xf7ff;

/** Bytes of a name or path → PathText. `[0x61, 0xff]` gives "a\uf7ff". */
export function encodePath(bytes: Uint8Array): PathText {
  const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  if (!text.includes("\ufffd") && !hasEscape(text)) return text as PathText;
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const part = length > 0 ? decodeExactly(bytes.subarray(at, at + length)) : undefined;
    if (part === undefined || hasEscape(part)) {
      // Of what is no sequence only the first byte: the next may begin one.
      const end = at + (part === undefined ? 1 : length);
      for (; at < end; at++) out += bytes[at]! < 0x80 ? String.fromCharCode(bytes[at]!) : escaped(bytes[at]!);
    } else {
      out += part;
      at += length;
    }
  }
  return out as PathText;
}

/** PathText → the bytes the system knows the file by. */
export function decodePath(path: PathText): Uint8Array<ArrayBuffer> {
  if (!hasEscape(path)) return new TextEncoder().encode(path);
  const bytes: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0)!;
    if (isEscape(code)) bytes.push(code - ESCAPE);
    else bytes.push(...new TextEncoder().encode(character));
  }
  return Uint8Array.from(bytes);
}

const escaped = (byte: number): string => String.fromCharCode(ESCAPE + byte);

function hasEscape(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (isEscape(text.charCodeAt(at))) return true;
  return false;
}

/** Length that the lead byte at `at` announces, or 0 when it announces none or the bytes end before. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  return at + length <= bytes.length ? length : 0;
}

function decodeExactly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not valid UTF-8: the caller escapes the bytes
  }
}

/** `name` below `folder`; both as stored, with "/" between. */
export function joinPath(folder: PathText, name: PathText | string): PathText {
  if (folder === "") return name as PathText;
  if (name === "") return folder;
  return (folder.endsWith("/") ? folder + name : `${folder}/${name}`) as PathText;
}

/** The last part of a path: `baseName("a/b.jpg")` is "b.jpg". */
export function baseName(path: PathText): PathText {
  return path.slice(path.lastIndexOf("/") + 1) as PathText;
}

/** The folder of a path, "" for a bare name: `folderOf("a/b.jpg")` is "a". */
export function folderOf(path: PathText): PathText {
  const at = path.lastIndexOf("/");
  return (at < 0 ? "" : at === 0 ? "/" : path.slice(0, at)) as PathText;
}

/** The extension in lower case without its dot, "" when there is none: `extensionOf("A.JPG")` is "jpg". */
export function extensionOf(path: PathText | string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const at = name.lastIndexOf(".");
  return at <= 0 ? "" : name.slice(at + 1).toLowerCase();
}

/** A path for people: escapes shown as \xNN, control characters as \uNNNN, a line break as \n. */
export function showPath(path: PathText | string): string {
  return path.replace(/[\p{Cc}\u2028\u2029\uf780-\uf7ff]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (isEscape(code)) return `\\x${(code - ESCAPE).toString(16)}`;
    return character === "\n" ? "\\n" : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
