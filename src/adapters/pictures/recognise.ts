/**
 * What a file is, by its content. The name and "the decoder could read it" decide nothing: decoders open a camera's RAW
 * as its thumbnail.
 */
import type { PictureFormat } from "../../ports.ts";

/** One of ours, or the words for what it seems to be; `raw` is the kind of a camera's RAW, such as "CR3". */
export type Kind = { readonly format: PictureFormat } | { readonly seems: string; readonly raw?: string };

/** Bytes `recognise` wants to see. */
export const HEAD_BYTES = 64;

const STARTS: readonly (readonly [start: string, seems: string])[] = [
  ["GIF8", "a GIF, a format of animations"],
  ["%PDF", "a PDF"],
  ["8BPS", "a Photoshop document (PSD)"],
  ["BM", "a BMP"],
  ["\x00\x00\x00\x0cJXL ", "a JPEG XL"],
  ["\xff\x0a", "a JPEG XL"],
  ["\x00\x00\x00\x0cjP  ", "a JPEG 2000"],
  ["FUJIFILMCCD-RAW", "a camera RAW (RAF)"],
  ["IIU\x00", "a camera RAW (RW2)"],
  ["IIRO", "a camera RAW (ORF)"],
  ["IIRS", "a camera RAW (ORF)"],
  ["MMOR", "a camera RAW (ORF)"],
  ["II\x1a\x00\x00\x00HEAPCCDR", "a camera RAW (CRW)"],
  ["FOVb", "a camera RAW (X3F)"],
  ["\x00MRM", "a camera RAW (MRW)"],
  ["\x76\x2f\x31\x01", "an OpenEXR picture"],
  ["#?RADIANCE", "a Radiance HDR picture"],
  ["PK\x03\x04", "a ZIP archive"],
  ["<?xml", "an XML or SVG file"],
  ["<svg", "an SVG drawing"],
];

/** Major brands of ISO base media files (the four letters after "ftyp"): still pictures, and what else they may be. */
const STILLS = ["heic", "heix", "heim", "heis", "mif1", "mif2", "mif3", "avif", "MiHB", "MiHE"];
const BRANDS: Readonly<Record<string, string>> = {
  hevc: "an animated HEIC",
  hevx: "an animated HEIC",
  msf1: "an animated HEIF",
  avis: "an animated AVIF",
  "crx ": "a camera RAW (CR3)",
};

/** `recognise` of a file that begins FF D8 FF is `{ format: "jpeg" }`. TIFF-based RAW is told apart by its tags, later. */
export function recognise(head: Buffer): Kind {
  const text = head.toString("latin1");
  if (text.startsWith("\xff\xd8\xff")) return { format: "jpeg" };
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return { format: "png" };
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return { format: "webp" };
  if (text.slice(8, 11) === "CR\x02") return seeming("a camera RAW (CR2)");
  if (/^(II\*\0....IIII|MM\0\*....MMMM)/s.test(text)) return seeming("a camera RAW (IIQ)");
  if (["II*\0", "II+\0", "MM\0*", "MM\0+"].includes(text.slice(0, 4))) return { format: "tiff" };
  for (const [start, seems] of STARTS) if (text.startsWith(start)) return seeming(seems);
  if (text.slice(4, 8) === "ftyp") return kindOfBoxes(text.slice(8, 12), text.slice(16, head.readUInt32BE(0)));
  if (head.length === 0) return { seems: "an empty file" };
  return { seems: isText(head) ? "a text file" : "no picture" };
}

function seeming(seems: string): Kind {
  const raw = /^a camera RAW \((\w+)\)$/.exec(seems)?.[1];
  return raw === undefined ? { seems } : { seems, raw };
}

/** Which of the two a picture in HEIF is, its codec says in the end; the brands tell what to expect. */
function kindOfBoxes(major: string, compatible: string): Kind {
  const seems = BRANDS[major];
  if (seems !== undefined) return seeming(seems);
  const brands = [major, ...(compatible.match(/.{4}/gs) ?? [])];
  if (!STILLS.includes(major) && !brands.includes("mif1")) return { seems: "a video" };
  return { format: brands.includes("avif") ? "avif" : "heic" };
}

const isText = (head: Buffer): boolean =>
  head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
