/** Looks and pictures: fitting a look to pairs, how far one serves a photo, and writing it weaker. */
import type { PathText } from "../../core/inbox/path-text.ts";
import { formatGrid } from "../../core/local/file.ts";
import { type View, viewOf, viewWithin, WHOLE } from "../../core/local/grid.ts";
import { heatMap } from "../../core/local/heat.ts";
import { fitLocal } from "../../core/local/local.ts";
import { coverageNotes, shareOutside, supportIn } from "../../core/lut/coverage.ts";
import { CUBE_LENGTH_MAX, formatCube, parseCube } from "../../core/lut/cube.ts";
import type { FitInput } from "../../core/lut/fit/fit.ts";
import { frameOf } from "../../core/lut/fit/frame.ts";
import type { FitReport } from "../../core/lut/fit/report.ts";
import { HALD_SIZE, haldOf } from "../../core/lut/hald.ts";
import { weaken } from "../../core/lut/lattice.ts";
import { formatProfile } from "../../core/lut/lightroom.ts";
import { scaled } from "../../core/workflow/framing.ts";
import type { ExportRequest, FitRequest, OutsideRequest, PairRequest } from "../../ports.ts";
import { readWhole, told, writeAtomic, writeNew } from "../files.ts";
import { infoOf } from "./anatomy.ts";
import { decodeSrgb, type Opened, openPicture } from "./decode.ts";
import { pngOf, sha256Of } from "./plate.ts";
import { PROFILE_GROUP, PROFILE_TOOLS } from "./profile-tools.ts";
import { writeRgb } from "./rgb.ts";

/** Pictures beyond this are scaled down for the fit: more pixels say nothing new of a look. */
const FIT_PIXELS_MAX = 2_000_000;
/** As many pixels tell which colours a photo has. */
const OUTSIDE_PIXELS_MAX = 250_000;

/** Fits one look to all pairs and writes its .cube, with what it rests on. */
export async function fitPairs(request: FitRequest, pixelsMax: number): Promise<FitReport> {
  const [first, ...rest] = request.pairs;
  const pairs = [await decodePair(first, request.size, pixelsMax)] as [DecodedPair, ...DecodedPair[]];
  for (const pair of rest) pairs.push(await decodePair(pair, request.size, pixelsMax));
  const { local, heatmap } = request;
  const view = local ? viewWithin(local.view, pairs[0].seen) : WHOLE;
  const inputs = pairs.map(({ input }) => input) as [FitInput, ...FitInput[]];
  const { lattice, report, support, grid, heat } = fitLocal(inputs, local?.when ?? "never", view);
  const comments = [...request.comments, ...coverageNotes(report.coverage, support)];
  const cube = formatCube(lattice, { title: request.title, comments });
  await told("write", request.to, () => writeAtomic(request.to, cube));
  if (grid && local) await told("write", local.to, () => writeAtomic(local.to, formatGrid(grid, sha256Of(cube))));
  if (heat && heatmap) {
    const { before, width, height } = inputs[report.worst ?? 0]!;
    const map = await pngOf(heatMap(before, width, height, heat), width, height);
    await told("write", heatmap, () => writeAtomic(heatmap, map));
  }
  return report;
}

type DecodedPair = {
  readonly input: FitInput;
  /** What AFTER shows of BEFORE, in shares of it. */
  readonly seen: View;
};

async function decodePair(request: PairRequest, size: number, pixelsMax: number): Promise<DecodedPair> {
  const before = await openPicture(request.before, pixelsMax);
  const after = await openPicture(request.after, pixelsMax);
  const [from, to] = [infoOf(before.anatomy), infoOf(after.anatomy)];
  const whole = { left: 0, top: 0, width: to.width, height: to.height };
  const answer = request.part ? scaled(request.part, to.width / from.width) : whole;
  const question = request.part ?? frameOf(from.width, from.height, to.width, to.height);
  // Pixels that an answer has beyond the plate's say nothing of a look.
  const { width, height } = scaledTo(request.part ?? answer, FIT_PIXELS_MAX);
  const shown = await decodeSrgb(before, { crop: question, width, height });
  const answered = await decodeSrgb(after, { crop: answer, width, height });
  const baseline = request.baseline === null ? null : await openPicture(request.baseline, pixelsMax);
  // It may be as large as the plate where the answer is larger.
  const own = baseline && request.part && scaled(request.part, infoOf(baseline.anatomy).width / from.width);
  const known = baseline && (await decodeSrgb(baseline, { crop: own ?? answer, width, height }));
  const input = {
    before: shown.rgb,
    after: answered.rgb,
    ...(known && { baseline: known.rgb }),
    ...(shown.alpha && { alpha: shown.alpha }),
    width,
    height,
    rounding: request.rounding,
    size,
  };
  return { input, seen: request.part ? WHOLE : viewOf(question, from) };
}

/** The share of the photo's pixels that lie outside each look. */
export async function outside(request: OutsideRequest, pixelsMax: number): Promise<readonly number[]> {
  const opened = await openPicture(request.original, pixelsMax, request.pictureSha256);
  const { width, height } = scaledTo(infoOf(opened.anatomy), OUTSIDE_PIXELS_MAX);
  const { rgb } = await decodeWhole(opened, width, height);
  const shares: number[] = [];
  for (const cube of request.cubes) {
    const support = supportIn(parseCube((await readCube(cube)).toString("utf8")).comments);
    shares.push(support ? shareOutside(support, rgb) : 0);
  }
  return shares;
}

/** A look as a sidecar; the whole look as a .cube is the file that is kept, byte by byte. */
export async function exportLook({ cube, strength, format, name, to }: ExportRequest): Promise<undefined> {
  const bytes = await readCube(cube);
  if (format === "cube" && strength === 1) return told("write", to, () => writeNew(to, bytes)).then(() => undefined);
  const { lattice: whole, title = name, comments } = parseCube(bytes.toString("utf8"));
  const lattice = strength === 1 ? whole : weaken(whole, strength);
  if (format === "hald") return writeRgb({ picture: haldOf(lattice, HALD_SIZE, 16), to });
  const text =
    format === "cube"
      ? formatCube(lattice, { title, comments: [...comments, `Strength ${strength}.`] })
      : formatProfile(lattice, { name, group: PROFILE_GROUP }, PROFILE_TOOLS);
  await told("write", to, () => writeNew(to, text));
}

const readCube = (file: PathText): Promise<Buffer> => told("read", file, () => readWhole(file, CUBE_LENGTH_MAX));

function scaledTo(
  { width, height }: { readonly width: number; readonly height: number },
  pixelsMax: number,
): { readonly width: number; readonly height: number } {
  const shrink = Math.min(1, Math.sqrt(pixelsMax / (width * height)));
  return { width: Math.max(1, Math.round(width * shrink)), height: Math.max(1, Math.round(height * shrink)) };
}

function decodeWhole(opened: Opened, width: number, height: number) {
  const full = infoOf(opened.anatomy);
  return decodeSrgb(opened, { crop: { left: 0, top: 0, width: full.width, height: full.height }, width, height });
}
