/** The small pictures: plates sent to a backend, what the builtin backend paints, what comes home, and the fit between. */
import { createHash } from "node:crypto";
import sharp from "sharp";
import { type Grade, gradeLattice } from "../../core/colour/parametric.ts";
import { AppError } from "../../core/errors.ts";
import { showPath } from "../../core/inbox/path-text.ts";
import { formatGrid } from "../../core/local/file.ts";
import { viewOf, viewWithin, WHOLE } from "../../core/local/grid.ts";
import { heatMap } from "../../core/local/heat.ts";
import { fitLocal } from "../../core/local/local.ts";
import { coverageNote } from "../../core/lut/coverage.ts";
import { formatCube } from "../../core/lut/cube.ts";
import { frameOf } from "../../core/lut/fit/frame.ts";
import type { FitReport } from "../../core/lut/fit/report.ts";
import { type Kernel, prepareKernel } from "../../core/lut/kernel/kernel.ts";
import type { Frame } from "../../core/workflow/framing.ts";
import type { FitRequest, PaintRequest, PlateRequest, ProveRequest } from "../../ports.ts";
import { readWhole, told, writeAtomic } from "../files.ts";
import { infoOf } from "./anatomy.ts";
import { decodeSrgb, FILE_BYTES_MAX, type Opened, openPicture } from "./decode.ts";
import { withChunks } from "./png.ts";

/** Pictures beyond this are scaled down for the fit: more pixels say nothing new of a look. */
const FIT_PIXELS_MAX = 2_000_000;
export const PREVIEW_PIXELS_MAX = 64_000_000;

/** RGB pixels as a PNG of header, pixels and end alone: the same pixels give the same bytes. */
async function pngOf(rgb: Uint8Array, width: number, height: number): Promise<Buffer> {
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

/** Every pixel of a PNG that came over a network. */
export async function prove({ file, size }: ProveRequest): Promise<undefined> {
  const incomplete = (what: string, cause?: unknown) =>
    new AppError("picture-incomplete", `${showPath(file)} ${what}.`, { path: file }, cause);
  const bytes = await told("read", file, () => readWhole(file, FILE_BYTES_MAX));
  if (bytes.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n") throw incomplete("is not a PNG");
  if (bytes.toString("latin1", bytes.length - 8, bytes.length - 4) !== "IEND")
    throw incomplete("does not end as a PNG does");
  try {
    const limits = { limitInputPixels: PREVIEW_PIXELS_MAX, failOn: "warning" } as const;
    const { info } = await sharp(bytes, limits).raw().toBuffer({ resolveWithObject: true });
    if (info.width === size.width && info.height === size.height) return;
    throw incomplete(`has ${info.width} × ${info.height} pixels, not ${size.width} × ${size.height}`);
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : incomplete("cannot be decoded", thrown);
  }
}

export async function fitPair(request: FitRequest, pixelsMax: number): Promise<FitReport> {
  const before = await openPicture(request.before, pixelsMax);
  const after = await openPicture(request.after, pixelsMax);
  const [from, to] = [infoOf(before.anatomy), infoOf(after.anatomy)];
  const answer = request.part ?? { left: 0, top: 0, width: to.width, height: to.height };
  const question = request.part ?? frameOf(from.width, from.height, to.width, to.height);
  const shrink = Math.min(1, Math.sqrt(FIT_PIXELS_MAX / (answer.width * answer.height)));
  const width = Math.max(1, Math.round(answer.width * shrink));
  const height = Math.max(1, Math.round(answer.height * shrink));
  const shown = await decodeSrgb(before, { crop: question, width, height });
  const answered = await decodeSrgb(after, { crop: answer, width, height });
  const input = {
    before: shown.rgb,
    after: answered.rgb,
    ...(request.baseline !== null && {
      baseline: (await decodeSrgb(await openPicture(request.baseline, pixelsMax), { crop: answer, width, height })).rgb,
    }),
    ...(shown.alpha && { alpha: shown.alpha }),
    width,
    height,
    rounding: request.rounding,
    size: request.size,
  };
  const { local, heatmap } = request;
  const seen = request.part ? WHOLE : viewOf(question, from);
  const view = local ? viewWithin(local.view, seen) : WHOLE;
  const { lattice, report, grid, heat } = fitLocal(input, local?.when ?? "never", view);
  const comments = [...request.comments, coverageNote(report.coverage)];
  const cube = formatCube(lattice, { title: request.title, comments });
  await told("write", request.to, () => writeAtomic(request.to, cube));
  if (grid && local) await told("write", local.to, () => writeAtomic(local.to, formatGrid(grid, sha256Of(cube))));
  if (heat && heatmap) {
    const map = await pngOf(heatMap(shown.rgb, width, height, heat), width, height);
    await told("write", heatmap, () => writeAtomic(heatmap, map));
  }
  return report;
}

const sha256Of = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
