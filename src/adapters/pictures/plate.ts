/** The small pictures: plates sent to a backend, and what the builtin backend paints. */
import { createHash } from "node:crypto";
import sharp from "sharp";
import { type Grade, gradeLattice } from "../../core/colour/parametric.ts";
import { AppError } from "../../core/errors.ts";
import { type Kernel, prepareKernel } from "../../core/lut/kernel/kernel.ts";
import type { Frame } from "../../core/workflow/framing.ts";
import type { PaintRequest, PlateRequest } from "../../ports.ts";
import { told, writeAtomic } from "../files.ts";
import { infoOf } from "./anatomy.ts";
import { decodeSrgb, type Opened, openPicture } from "./decode.ts";
import { withChunks } from "./png.ts";

/** RGB pixels as a PNG of header, pixels and end alone: the same pixels give the same bytes. */
export async function pngOf(rgb: Uint8Array, width: number, height: number): Promise<Buffer> {
  const encoded = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
  return Buffer.concat(withChunks(encoded, []));
}

export async function plate(
  { original, pictureSha256, frame, to }: PlateRequest,
  pixelsMax: number,
): Promise<{ sha256: string; sizeBytes: number }> {
  const opened = await openPicture(original, pixelsMax, pictureSha256);
  const { width, height } = infoOf(opened.anatomy);
  const { crop } = frame;
  if (crop.left < 0 || crop.top < 0 || crop.left + crop.width > width || crop.top + crop.height > height)
    throw new AppError("original-changed", `The photo is ${width} × ${height} now: the frame no longer lies in it.`, {
      path: original,
    });
  const bytes = await pngOf(await framed(opened, frame), frame.width, frame.height);
  await told("write", to, () => writeAtomic(to, bytes));
  return { sha256: sha256Of(bytes), sizeBytes: bytes.length };
}

async function framed(opened: Opened, { crop, width, height, inner }: Frame): Promise<Uint8Array> {
  if (!inner) return (await decodeSrgb(opened, { crop, width, height })).rgb;
  const shown = await decodeSrgb(opened, { crop, width: inner.width, height: inner.height });
  const { left, top } = inner;
  const [right, bottom] = [width - left - inner.width, height - top - inner.height];
  return sharp(shown.rgb, { raw: { width: inner.width, height: inner.height, channels: 3 } })
    .extend({ left, top, right, bottom, extendWith: "mirror" })
    .raw()
    .toBuffer();
}

export async function paint(request: PaintRequest, pixelsMax: number): Promise<undefined> {
  const { rgb, width, height } = await decodeSrgb(await openPicture(request.plate, pixelsMax));
  kernelOf(request.grade).apply(rgb, 3);
  const bytes = await pngOf(rgb, width, height);
  await told("write", request.to, () => writeAtomic(request.to, bytes));
}

let lastKernel: { readonly grade: string; readonly kernel: Kernel } | undefined;

/** The photos of an inbox share a prompt, so the last grade's kernel is kept. */
function kernelOf(grade: Grade): Kernel {
  const text = JSON.stringify(grade);
  if (lastKernel?.grade !== text) lastKernel = { grade: text, kernel: prepareKernel(gradeLattice(grade), 8) };
  return lastKernel.kernel;
}

export const sha256Of = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
