/** Which HEIC and AVIF files are photos that hotgrade grades, and what their headers say of them. */
import { AppError } from "../../core/errors.ts";
import type { Anatomy } from "./anatomy.ts";
import { type Cicp, type HeifHeader, readHeif } from "./heif.ts";
import { type ProfileName, profileNamed } from "./profiles.ts";
import type { Source } from "./source.ts";

const FORMATS = { hvc1: "heic", av01: "avif" } as const;

/** Code points of ITU-T H.273 whose colours are not sRGB's; 1 and 2 (not told) are. */
const PRIMARIES: Readonly<Record<number, ProfileName>> = { 9: "rec2020", 12: "p3" };
const GAMMAS: Readonly<Record<number, number>> = { 4: 2.2, 5: 2.8, 8: 1 };
const HDR: Readonly<Record<number, string>> = { 16: "PQ", 18: "HLG" };

export async function heifAnatomy(source: Source): Promise<Omit<Anatomy, "profile" | "orientation" | "tags">> {
  const heif = await readHeif(source);
  const format = FORMATS[heif.codec as keyof typeof FORMATS];
  if (!format) throw unsupported(`a HEIF whose picture is coded as ${heif.codec.trim()}`);
  const name = format.toUpperCase();
  const hdr = heif.cicp && HDR[heif.cicp.transfer];
  if (hdr) throw unsupported(`an HDR ${name} (${hdr})`);
  return {
    format,
    width: heif.width,
    height: heif.height,
    bitDepth: heif.bits > 8 ? 16 : 8,
    hasAlpha: heif.hasAlpha,
    model: heif.isGrey ? "grey" : "rgb",
    blocks: { exif: heif.exif, xmp: heif.xmp, icc: heif.icc ?? iccOf(heif.cicp), resources: null },
    heif,
    notes: notesOf(heif),
  };
}

const notesOf = ({ hasOthers }: HeifHeader): readonly string[] =>
  hasOthers ? ["Further pictures in the file (HDR gain map, depth or burst) were left out."] : [];

/** The profile that the numbers stand for; null for sRGB. */
function iccOf(cicp: Cicp | null): Buffer | null {
  if (!cicp) return null;
  const name = PRIMARIES[cicp.primaries];
  const gamma = GAMMAS[cicp.transfer];
  return name === undefined && gamma === undefined ? null : profileNamed(name ?? "srgb", gamma);
}

const unsupported = (seems: string) => new AppError("file-unsupported", `This is ${seems}.`, { seems });
