/** render: the look on the full original, encoded as the original was, its metadata carried, on the disk for good. */
import { createHash } from "node:crypto";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Grid } from "../../core/local/grid.ts";
import { CUBE_LENGTH_MAX, parseCube } from "../../core/lut/cube.ts";
import { prepareKernel } from "../../core/lut/kernel/kernel.ts";
import type { Lattice } from "../../core/lut/lattice.ts";
import type { RenderReport, RenderRequest } from "../../ports.ts";
import { readWhole, told, writeNew } from "../files.ts";
import { carryMetadata } from "./carry.ts";
import { decodePicture, openPicture, type Pixels } from "./decode.ts";
import { bitsOf, depthFor, widened } from "./depth.ts";
import { encodePicture } from "./encode.ts";
import { atStrength, deviceLink } from "./link.ts";
import { applyLocal, lineChange, readGrid } from "./local.ts";
import { within } from "./resize.ts";
import { thumbnailFor } from "./thumbnail.ts";
import { keepTimes } from "./times.ts";

type Kernel = ReturnType<typeof prepareKernel>;

/** Links that a run of photos from one camera shares; each costs a quarter of a second and 4 MB. */
const LINKS_MAX = 4;
const links = new Map<string, Lattice>();

export async function render(request: RenderRequest, pixelsMax: number, signal: AbortSignal): Promise<RenderReport> {
  const opened = await openPicture(request.original, pixelsMax, request.pictureSha256);
  const look = await readLook(request.cube, request.strength);
  const grid = request.grid === undefined ? null : await readGrid(request.grid, look.sha256, request.strength);
  const { anatomy } = opened;
  const decoded = await decodePicture(opened);
  signal.throwIfAborted();
  const depth = depthFor(request.format, request.bitDepth, bitsOf(decoded.samples, anatomy));
  // A look on bytes would be rounded to bytes, and the further bits would hold nothing.
  const pixels = depth.bits > 8 ? { ...decoded, samples: widened(decoded.samples) } : decoded;
  const profile = anatomy.profile?.sha256 ?? "";
  if (request.answer)
    await (await import("./answer.ts")).applyAnswer(pixels, request.answer, request.strength, () =>
      lineChange(pixels, latticeFor(pixels, look, profile), grid),
    );
  else applyLook(pixels, look, profile, grid);
  const output = request.resize === undefined ? pixels : await within(pixels, request.resize);
  const thumbnail = await thumbnailFor(output, anatomy.blocks);
  const gamut = request.profile === undefined ? {} : (await import("./gamut.ts")).intoGamut(output, request.profile);
  const { width, height, channels, becameSrgb } = output;
  // A linear picture gets its own curve back, unless it has another profile now.
  const plain = request.profile === undefined && output.shaper;
  const samples = plain ? plain.unshape(output.samples as Uint16Array, channels) : output.samples;
  signal.throwIfAborted();
  const { format, quality } = request;
  const encoding = { width, height, channels, format, quality, anatomy, bits: depth.bits };
  const encoded = await encodePicture(samples, encoding);
  signal.throwIfAborted();
  const facts = { width, height, becameSrgb, hasAlpha: encoded.hasAlpha, ...gamut, thumbnail };
  const { parts, notes } = await carryMetadata(encoded.file, format, anatomy, facts);
  await told("write", request.to, () => writeNew(request.to, ...parts));
  if (request.times === "keep") await told("write", request.to, () => keepTimes(request.original, request.to));
  return {
    width,
    height,
    sizeBytes: parts.reduce((sum, part) => sum + part.length, 0),
    notes: [...pixels.notes, ...depth.notes, ...encoded.notes, ...notes],
  };
}

export async function readLook(cube: PathText, strength: number): Promise<Look> {
  const bytes = await told("read", cube, () => readWhole(cube, CUBE_LENGTH_MAX));
  const { lattice } = parseCube(bytes.toString("utf8"));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { lattice: atStrength(lattice, strength), sha256, name: `${sha256}/${strength}` };
}

/** `sha256` is the file's, `name` says the strength as well. */
export type Look = { readonly lattice: Lattice; readonly sha256: string; readonly name: string };

/** In place, in the picture's own numbers. */
export function applyLook(pixels: Pixels, look: Look, profileSha256: string, grid: Grid | null = null): void {
  const { samples, channels } = pixels;
  const lattice = latticeFor(pixels, look, profileSha256);
  if (grid) applyLocal(pixels, lattice, grid);
  else kernelFor(lattice, samples).apply(samples, channels);
}

/** The look in the picture's own numbers. */
const latticeFor = ({ way }: Pixels, look: Look, profileSha256: string): Lattice =>
  way ? linkOf(`${profileSha256}/${look.name}`, () => deviceLink(look.lattice, way)) : look.lattice;

const kernelFor = (lattice: Lattice, samples: Pixels["samples"]): Kernel =>
  prepareKernel(lattice, samples instanceof Uint16Array ? 16 : 8);

function linkOf(name: string, compose: () => Lattice): Lattice {
  const link = links.get(name) ?? compose();
  links.delete(name);
  links.set(name, link);
  if (links.size > LINKS_MAX) links.delete(links.keys().next().value!);
  return link;
}
