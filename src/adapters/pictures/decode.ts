/**
 * From a file's bytes to pixels. The library gets the bytes, never a name, and only what was recognised as one of ours.
 */
import sharp, { type OutputInfo, type Sharp } from "sharp";
import { AppError } from "../../core/errors.ts";
import { type PathText, showPath } from "../../core/inbox/path-text.ts";
import { holdsPicture } from "../../core/job/identity.ts";
import { readWhole, told } from "../files.ts";
import { type Anatomy, anatomyOf } from "./anatomy.ts";
import { type Samples, toBytes, toSrgbInPlace, withoutAlpha } from "./convert.ts";
import { fingerprintFrom } from "./fingerprint.ts";
import { decodeHeic } from "./heic.ts";
import type { ProfileWay } from "./icc.ts";
import { plainPixels } from "./plain-tiff.ts";
import { iccChunk, withChunks } from "./png.ts";
import { type Shaper, shaperFor } from "./shaper.ts";
import { bufferSource } from "./source.ts";

export const FILE_BYTES_MAX = 2 ** 31;
const DECODE_SECONDS_MAX = 300;
/** What libjpeg says of files that are whole and merely odd; everything else it says means lost pixels. */
const HARMLESS = /extraneous bytes|invalid SOS parameters|unknown Adobe color|unknown JFIF|inconsistent progression/i;

export type Opened = { readonly bytes: Buffer; readonly anatomy: Anatomy };

/** Pixels in the numbers of `way`'s profile (null: sRGB), upright. */
export type Pixels = {
  readonly samples: Samples;
  readonly channels: 3 | 4;
  readonly width: number;
  readonly height: number;
  readonly way: ProfileWay | null;
  /** The numbers are sRGB though the file's were something else. */
  readonly becameSrgb: boolean;
  /** The numbers are those of a linear profile under a curve, to be taken off before they are written. */
  readonly shaper?: Shaper;
  readonly notes: readonly string[];
};

type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
type Scale = { readonly crop: Box; readonly width: number; readonly height: number };

/** Reads a file whole. With `pictureSha256` it must still hold that picture, else `original-changed`. */
export async function openPicture(file: PathText, pixelsMax: number, pictureSha256?: string): Promise<Opened> {
  const bytes = await told("read", file, () => readWhole(file, FILE_BYTES_MAX));
  if (pictureSha256 !== undefined && !holdsPicture(await fingerprintFrom(bufferSource(bytes)), pictureSha256))
    throw new AppError("original-changed", `${showPath(file)} holds another picture now.`, { path: file });
  return { bytes, anatomy: await anatomyOf(bufferSource(bytes), pixelsMax) };
}

/** Everything, in the file's own depth and numbers; grey, CMYK and table profiles come as sRGB with a note. */
export async function decodePicture(opened: Opened, scale?: Scale): Promise<Pixels> {
  const { anatomy } = opened;
  const notes: string[] = [...anatomy.notes];
  const byLibrary = needsLibrary(anatomy);
  const profile = anatomy.model === "cmyk" || !fits(anatomy) ? null : anatomy.profile;
  if (anatomy.profile && !byLibrary && profile === null)
    notes.push(`The profile "${anatomy.profile.description}" does not belong to such a picture; it was taken as sRGB.`);
  const { data, info } = await pixelsOf(opened, byLibrary, scale);
  const channels = info.channels === 4 ? 4 : 3;
  const deep = anatomy.bitDepth === 16 && !byLibrary;
  const samples = deep ? stretched(wordsOf(data), anatomy) : data;
  const found = { samples, channels, width: info.width, height: info.height } as const;
  if (byLibrary || anatomy.model === "grey") {
    if (anatomy.model === "grey" && profile?.way) toSrgbInPlace(samples, channels, profile.way);
    notes.push(noteOf(anatomy));
    return { ...found, way: null, becameSrgb: true, notes };
  }
  const way = profile?.way ?? null;
  if (way?.isLinear) {
    const shaper = shaperFor(way, deep ? 16 : 8);
    const shaped = { ...found, samples: shaper.shape(samples, channels), shaper };
    return { ...shaped, way: shaper.way.isSrgb ? null : shaper.way, becameSrgb: false, notes };
  }
  return { ...found, way: way?.isSrgb ? null : way, becameSrgb: anatomy.profile !== null && profile === null, notes };
}

/** 8-bit sRGB without alpha, as a model sees it. */
export async function decodeSrgb(
  opened: Opened,
  scale?: Scale,
): Promise<{ rgb: Uint8Array; alpha: Uint8Array | null; width: number; height: number }> {
  const { samples, channels, width, height, way } = await decodePicture(opened, scale);
  if (way) toSrgbInPlace(samples, channels, way);
  const bytes = toBytes(samples);
  return channels === 4 ? { ...withoutAlpha(bytes), width, height } : { rgb: bytes, alpha: null, width, height };
}

/** The same bytes as 16-bit words; copied only where they do not lie on an even address. */
function wordsOf(bytes: Buffer): Uint16Array {
  const even = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint16Array(even.buffer, even.byteOffset, even.length / 2);
}

/** The library puts the 10 or 12 bits of an AVIF into the upper ones of 16, where white is less than white. */
function stretched(words: Uint16Array, { format, heif }: Anatomy): Uint16Array {
  if (format !== "avif" || !heif || heif.bits === 16) return words;
  const shift = 16 - heif.bits;
  const scale = 65_535 / (2 ** heif.bits - 1);
  for (let i = 0; i < words.length; i++) words[i] = Math.round((words[i]! >> shift) * scale);
  return words;
}

/** Profiles of tables, and CMYK: what we cannot compute ourselves. */
const needsLibrary = (anatomy: Anatomy): boolean =>
  anatomy.model === "cmyk" || (fits(anatomy) && anatomy.model === "rgb" && anatomy.profile?.way === null);

/** The profile speaks of the kind of numbers the picture has. */
const fits = ({ profile, model }: Anatomy): boolean =>
  profile !== null && profile.space === { rgb: "RGB ", grey: "GRAY", cmyk: "CMYK" }[model];

function noteOf({ model, profile, bitDepth }: Anatomy): string {
  if (model === "grey") return "Grey became RGB.";
  const depth = bitDepth === 16 ? " of 8 bits" : "";
  return model === "cmyk" ? `CMYK became sRGB${depth}.` : `The profile "${profile?.description}" became sRGB${depth}.`;
}

type Raw = { readonly data: Buffer; readonly info: Pick<OutputInfo, "width" | "height" | "channels"> };

async function pixelsOf(opened: Opened, byLibrary: boolean, scale: Scale | undefined): Promise<Raw> {
  const { bytes, anatomy } = opened;
  if (anatomy.format === "heic" && !byLibrary && !scale) {
    const { samples, ...info } = await decodeHeic(bytes, anatomy.heif!);
    return { data: Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength), info };
  }
  const plain = byLibrary || scale ? undefined : plainPixels(opened);
  if (plain) return plain;
  try {
    return await run(opened, byLibrary, scale, "warning");
  } catch (thrown) {
    if (!HARMLESS.test(String(thrown))) throw readable(thrown);
  }
  return run(opened, byLibrary, scale, "truncated").catch((thrown: unknown) => {
    throw readable(thrown);
  });
}

async function run(
  { bytes, anatomy }: Opened,
  byLibrary: boolean,
  scale: Scale | undefined,
  failOn: "warning" | "truncated",
): Promise<Raw> {
  const limits = { limitInputPixels: anatomy.width * anatomy.height, failOn, autoOrient: true } as const;
  const opened = anatomy.format === "heic" ? await openHeic(bytes, anatomy, byLibrary) : sharp(bytes, limits);
  let image = opened.timeout({ seconds: DECODE_SECONDS_MAX });
  const deep = anatomy.bitDepth === 16 && !byLibrary;
  // Left alone, the library would convert to sRGB what has 8 bits, and to Display P3 what has 16.
  if (!byLibrary) image = image.keepIccProfile();
  else if (anatomy.bitDepth === 16 && anatomy.model === "rgb") image = image.pipelineColourspace("srgb");
  const upright = anatomy.orientation < 5;
  const [width, height] = upright ? [anatomy.width, anatomy.height] : [anatomy.height, anatomy.width];
  if (scale && (scale.crop.width !== width || scale.crop.height !== height)) image = image.extract(scale.crop);
  if (scale && (scale.crop.width !== scale.width || scale.crop.height !== scale.height))
    image = image.resize(scale.width, scale.height, { fit: "fill", kernel: "lanczos3", fastShrinkOnLoad: false });
  image = image.toColourspace(deep ? "rgb16" : "srgb");
  return image.raw({ depth: deep ? "ushort" : "uchar" }).toBuffer({ resolveWithObject: true });
}

/** Decoded and upright. With `byLibrary` as a PNG that carries the profile, which raw pixels cannot. */
async function openHeic(bytes: Buffer, { heif, blocks }: Anatomy, byLibrary: boolean): Promise<Sharp> {
  const { samples, channels, width, height } = await decodeHeic(bytes, heif!);
  const image = sharp(samples, { raw: { width, height, channels }, limitInputPixels: false });
  const deep = samples instanceof Uint16Array ? image.toColourspace("rgb16") : image;
  if (!byLibrary || !blocks.icc) return image;
  const png = await deep.png({ compressionLevel: 0 }).toBuffer();
  return sharp(Buffer.concat(withChunks(png, [iccChunk(blocks.icc)])), { limitInputPixels: false });
}

/** The library's words as one of ours. */
export function readable(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  if (/pixel limit/i.test(said))
    return new AppError("picture-damaged", "The header and the picture disagree in size.", {}, thrown);
  const cut = /premature end|truncat|unexpected end|read error|end of file/i.test(said);
  const what = cut ? "is damaged or cut short" : "cannot be decoded";
  return new AppError("picture-damaged", `The picture ${what}: ${said.split("\n")[0]}.`, {}, thrown);
}
