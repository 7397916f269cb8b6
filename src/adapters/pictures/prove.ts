/** What comes home from a backend: every pixel decoded, and held against the plate it is an answer to. */
import sharp from "sharp";
import { deviationOf, distanceOf, type Luma, spreadOf, structureOf } from "../../core/answer/compare.ts";
import { type Comparison, FACTOR_MAX, factorOf } from "../../core/answer/judge.ts";
import { AppError } from "../../core/errors.ts";
import { type PathText, showPath } from "../../core/inbox/path-text.ts";
import type { ProveReport, ProveRequest } from "../../ports.ts";
import { readWhole, told } from "../files.ts";
import { PREVIEW_PIXELS_MAX } from "./anatomy.ts";
import { FILE_BYTES_MAX } from "./decode.ts";

/** The long side of the small pictures whose edges are compared: what a model moves by a pixel stands still in them. */
const STRUCTURE_SIDE = 128;

/** Errors: `picture-incomplete`, `picture-size`. */
export async function prove({ file, size, plate }: ProveRequest): Promise<ProveReport> {
  const answer = await decoded(file);
  const factor = factorOf(answer, size);
  if (factor === null) {
    const message = `The picture that came back has ${answer.width} × ${answer.height} pixels; the plate has ${size.width} × ${size.height}, and only 1 … ${FACTOR_MAX} times that can be used.`;
    throw new AppError("picture-size", message, { path: file });
  }
  return { factor, comparison: plate === undefined ? null : await compared(answer, await decoded(plate), factor) };
}

type Decoded = { readonly width: number; readonly height: number; readonly rgb: Buffer };

async function decoded(file: PathText): Promise<Decoded> {
  const incomplete = (what: string, cause?: unknown) =>
    new AppError("picture-incomplete", `${showPath(file)} ${what}.`, { path: file }, cause);
  const bytes = await told("read", file, () => readWhole(file, FILE_BYTES_MAX));
  if (bytes.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n") throw incomplete("is not a PNG");
  if (bytes.toString("latin1", bytes.length - 8, bytes.length - 4) !== "IEND")
    throw incomplete("does not end as a PNG does");
  try {
    const limits = { limitInputPixels: PREVIEW_PIXELS_MAX, failOn: "warning" } as const;
    const image = sharp(bytes, limits).removeAlpha().toColourspace("srgb");
    const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: data };
  } catch (thrown) {
    throw incomplete("cannot be decoded", thrown);
  }
}

async function compared(answer: Decoded, plate: Decoded, factor: number): Promise<Comparison> {
  return {
    spread: spreadOf(answer.rgb),
    plateDeviation: deviationOf(plate.rgb),
    distance: factor === 1 && answer.rgb.length === plate.rgb.length ? distanceOf(answer.rgb, plate.rgb) : null,
    structure: structureOf(await lumaOf(answer, plate), await lumaOf(plate, plate)),
  };
}

/** Small, and shaped as the plate. */
async function lumaOf({ rgb, width, height }: Decoded, shape: Decoded): Promise<Luma> {
  const shrink = Math.min(1, STRUCTURE_SIDE / Math.max(shape.width, shape.height));
  const [across, down] = [
    Math.max(1, Math.round(shape.width * shrink)),
    Math.max(1, Math.round(shape.height * shrink)),
  ];
  const small = sharp(rgb, { raw: { width, height, channels: 3 } }).resize(across, down, { fit: "fill" });
  return { width: across, height: down, codes: await small.greyscale().raw().toBuffer() };
}
