/**
 * Lightroom and Camera Raw: a look as a *profile* (.xmp), which shows in their profile browser with an amount slider.
 *
 * Shape   little-endian: u32 1 (an RGB table), u32 1 (version), u32 3 (dimensions), u32 n; then nodes with red outermost
 *         and blue innermost, 3 × u16 each: the colour less the colour that changes nothing, modulo 2¹⁶; then u32 primaries,
 *         u32 gamma, u32 gamut, f64 least amount, f64 greatest amount. Its MD5 in upper-case hex is its name.
 *         In the file: u32 length of that, zlib, and all of it in 85 digits.
 * Units   encoded R′G′B′ (sRGB), 0 … 1 as 0 … 65535; outside is clipped. n at most 32.
 * Source  Adobe DNG SDK 1.7 (`dng_rgb_table`, `dng_big_table`); the attributes are those of profiles Adobe's own tools write.
 * Beta    Proven by decoding it again (test/support/lightroom.ts), not by opening it in Lightroom.
 */
import { AppError } from "../errors.ts";
import { type Lattice, resample } from "./lattice.ts";

/** What the core has not: handed in by the caller. */
export type ProfileTools = {
  /** Lower- or upper-case hex. */
  readonly md5: (bytes: Uint8Array) => string;
  /** zlib's format, with its header. */
  readonly deflate: (bytes: Uint8Array) => Uint8Array;
};

/** Camera Raw reads no larger table. */
export const PROFILE_SIZE_MAX = 32;
/** The slider: 0 … 200 %. */
const AMOUNT = { least: 0, greatest: 2 } as const;
const PRIMARIES_SRGB = 0;
const GAMMA_SRGB = 1;
const GAMUT_EXTEND = 1;

const HEAD_BYTES = 16;
const TAIL_BYTES = 3 * 4 + 2 * 8;

/** Adobe's digits: none of them needs escaping in XML. */
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?`'|()[]{}@%$#";

/**
 * The look as a profile of this name, on as many nodes as it has, or 32 if it has more.
 * The same look under the same name gives the same bytes, so that importing it twice makes no second profile.
 */
export function formatProfile(
  lattice: Lattice,
  { name, group }: { readonly name: string; readonly group: string },
  { md5, deflate }: ProfileTools,
): string {
  const table = tableOf(lattice.n > PROFILE_SIZE_MAX ? resample(lattice, PROFILE_SIZE_MAX) : lattice);
  const fingerprint = md5(table).toUpperCase();
  const uuid = md5(new TextEncoder().encode(`${fingerprint}\n${group}\n${name}`)).toUpperCase();
  return profileText({ name, group, uuid, fingerprint, table: inDigits(packed(table, deflate)) });
}

/** The binary table. */
function tableOf({ n, values }: Lattice): Uint8Array {
  if (n > PROFILE_SIZE_MAX) throw new AppError("internal", `a profile's table has no ${n} nodes a side`);
  const bytes = new Uint8Array(HEAD_BYTES + 6 * n ** 3 + TAIL_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of [1, 1, 3, n].entries()) view.setUint32(4 * index, word, true);
  let at = HEAD_BYTES;
  for (let r = 0; r < n; r++)
    for (let g = 0; g < n; g++)
      for (let b = 0; b < n; b++) {
        const node = 3 * (r + n * (g + n * b));
        for (const [c, index] of [r, g, b].entries()) {
          // setUint16 keeps the lower 16 bits, which is the modulo.
          view.setUint16(at, wordOf(values[node + c]!) - stillWord(index, n), true);
          at += 2;
        }
      }
  for (const word of [PRIMARIES_SRGB, GAMMA_SRGB, GAMUT_EXTEND]) {
    view.setUint32(at, word, true);
    at += 4;
  }
  view.setFloat64(at, AMOUNT.least, true);
  view.setFloat64(at + 8, AMOUNT.greatest, true);
  return bytes;
}

/** 0 … 1 → 0 … 65535; what is no number becomes 0. */
const wordOf = (value: number): number => Math.round(65_535 * (value > 0 ? Math.min(1, value) : 0));

/** What the table that changes nothing holds at an index: `stillWord(1, 32)` is 2114. */
const stillWord = (index: number, n: number): number => Math.floor((index * 65_535 + (n >> 1)) / (n - 1));

function packed(table: Uint8Array, deflate: ProfileTools["deflate"]): Uint8Array {
  const small = deflate(table);
  const bytes = new Uint8Array(4 + small.length);
  new DataView(bytes.buffer).setUint32(0, table.length, true);
  bytes.set(small, 4);
  return bytes;
}

/** Four bytes as a little-endian number in five digits, the least significant first; k bytes at the end give k + 1. */
function inDigits(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const count = Math.min(4, bytes.length - at);
    let rest = 0;
    for (let k = count - 1; k >= 0; k--) rest = 256 * rest + bytes[at + k]!;
    let digits = "";
    for (let k = 0; k <= count; k++) {
      digits += DIGITS[rest % 85]!;
      rest = Math.floor(rest / 85);
    }
    parts.push(digits);
  }
  return parts.join("");
}

type ProfileParts = Readonly<Record<"name" | "group" | "uuid" | "fingerprint" | "table", string>>;

function profileText({ name, group, uuid, fingerprint, table }: ProfileParts): string {
  const attributes: readonly (readonly [string, string])[] = [
    ["PresetType", "Look"],
    ["Cluster", ""],
    ["UUID", uuid],
    ["SupportsAmount", "True"],
    ["SupportsColor", "True"],
    ["SupportsMonochrome", "True"],
    ["SupportsHighDynamicRange", "True"],
    ["SupportsNormalDynamicRange", "True"],
    ["SupportsSceneReferred", "True"],
    ["SupportsOutputReferred", "True"],
    ["RequiresRGBTables", "False"],
    ["CameraModelRestriction", ""],
    ["Copyright", ""],
    ["ContactInfo", ""],
    ["Version", "14.3"],
    ["ProcessVersion", "11.0"],
    ["ConvertToGrayscale", "False"],
    ["RGBTable", fingerprint],
    [`Table_${fingerprint}`, table],
    ["HasSettings", "True"],
  ];
  const words: readonly (readonly [string, string])[] = [
    ["Name", name],
    ["ShortName", ""],
    ["SortName", ""],
    ["Group", group],
    ["Description", ""],
  ];
  return [
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="hotgrade">',
    ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '  <rdf:Description rdf:about=""',
    '    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"',
    `${attributes.map(([key, value]) => `   crs:${key}="${value}"`).join("\n")}>`,
    ...words.map(
      ([key, text]) =>
        `   <crs:${key}>\n    <rdf:Alt>\n     <rdf:li xml:lang="x-default">${escaped(text)}</rdf:li>\n    </rdf:Alt>\n   </crs:${key}>`,
    ),
    "  </rdf:Description>",
    " </rdf:RDF>",
    "</x:xmpmeta>",
    "",
  ].join("\n");
}

/** Text between tags; XML has no place for control characters. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
