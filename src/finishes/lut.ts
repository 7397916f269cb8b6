/** lut: one look for the whole photo, fitted between plate and preview, applied to the original. */
import { joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { lookNotes } from "../core/job/finishing.ts";
import type { FitRequest, Ports, RenderReport, RenderRequest } from "../ports.ts";
import { workFile } from "../stages/define.ts";
import { keepLook } from "../stages/keep-look.ts";
import type { Finish, Rendering, Solved, Solving } from "./finish.ts";

const GRID_BYTES_MAX = 64 * 2 ** 20;

export const lut: Finish = {
  name: "lut",
  solve: (solving) => solveLook(solving, {}),
  async render(rendering) {
    return noted(await renderLook(rendering, {}), lookNotes(rendering.job.facts));
  },
};

/** Fits the look, and what `besides` asks for; what comes of it is kept under its own hash. */
export async function solveLook(
  { job, pairs, ports, attempting }: Solving,
  besides: Pick<FitRequest, "local">,
): Promise<Solved> {
  const file = workFile(attempting, "look.cube");
  const heatmap = workFile(attempting, "heatmap.png");
  const report = await ports.pictures.fit(
    {
      pairs,
      size: job.recipe.lutSize,
      title: `hotgrade ${showPath(job.path)}`,
      comments: ["Input and output: sRGB-encoded R'G'B'.", `Job ${job.id}.`],
      to: file,
      heatmap,
      ...besides,
    },
    attempting.signal,
  );
  const { sha256: look, file: cube } = await keepLook(file, { score: report.score, job: job.id }, ports);
  const { verdict, score, localScore } = report;
  return {
    ...{ look, cube, verdict, score, fit: report },
    ...(verdict !== "global" && { heatmap }),
    ...(localScore !== undefined && besides.local && { grid: await keepGrid(besides.local.to, ports) }),
  };
}

/** A copy beside the looks, named by its hash. */
async function keepGrid(file: PathText, { files, looksFolder }: Ports): Promise<PathText> {
  const kept = joinPath(looksFolder, `${await files.sha256(file)}.grid`);
  await files.writeAtomic(kept, await files.read(file, GRID_BYTES_MAX));
  return kept;
}

export function renderLook(
  { job, picture, cube, to, ports, attempting }: Rendering,
  besides: Pick<RenderRequest, "grid" | "answer">,
): Promise<RenderReport> {
  const { original, pictureSha256 } = picture;
  const { strength, output } = job.recipe;
  const { quality, bitDepth, resize, profile, times = "now" } = output;
  const asked = { ...(bitDepth && { bitDepth }), ...(resize && { resize }), ...(profile && { profile }) };
  const request = { original, pictureSha256, cube, strength, quality, times, ...asked, ...to, ...besides };
  return ports.pictures.render(request, attempting.signal);
}

export const noted = (report: RenderReport, notes: readonly string[]): RenderReport => ({
  ...report,
  notes: [...notes, ...report.notes],
});
