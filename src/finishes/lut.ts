/** lut: one look for the whole photo, fitted between plate and preview, applied to the original. */
import { joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { lookNotes } from "../core/job/finishing.ts";
import type { FitRequest, Ports, RenderReport, RenderRequest } from "../ports.ts";
import { workFile } from "../stages/define.ts";
import type { Finish, Rendering, Solved, Solving } from "./finish.ts";

/** 129³ rows of about 27 bytes. */
const CUBE_BYTES_MAX = 64 * 2 ** 20;

export const lut: Finish = {
  name: "lut",
  solve: (solving) => solveLook(solving, {}),
  async render(rendering) {
    return noted(await renderLook(rendering, {}), lookNotes(rendering.job.facts));
  },
};

/** Fits the look, and what `besides` asks for; what comes of it is kept under its own hash. */
export async function solveLook(
  { job, pair, ports, attempting }: Solving,
  besides: Pick<FitRequest, "local">,
): Promise<Solved> {
  const { clock, ledger, pictures } = ports;
  const file = workFile(attempting, "look.cube");
  const heatmap = workFile(attempting, "heatmap.png");
  const fit = await pictures.fit(
    {
      ...pair,
      size: job.recipe.lutSize,
      title: `hotgrade ${showPath(job.path)}`,
      comments: ["Input and output: sRGB-encoded R'G'B'.", `Job ${job.id}.`],
      to: file,
      heatmap,
      ...besides,
    },
    attempting.signal,
  );
  const { sha256, kept: cube } = await keep(ports, file, "cube");
  await ledger.looks.add({ sha256, file: cube, score: fit.score, job: job.id }, clock.now());
  return {
    cube,
    verdict: fit.verdict,
    score: fit.score,
    fit,
    ...(fit.verdict !== "global" && { heatmap }),
    ...(fit.localScore !== undefined && besides.local && { grid: (await keep(ports, besides.local.to, "grid")).kept }),
  };
}

/** A copy in the looks' folder, named by its hash: the same file again is the same name. */
async function keep(
  { files, looksFolder }: Ports,
  file: PathText,
  ending: "cube" | "grid",
): Promise<{ readonly sha256: string; readonly kept: PathText }> {
  const sha256 = await files.sha256(file);
  const kept = joinPath(looksFolder, `${sha256}.${ending}`);
  await files.makeFolder(looksFolder);
  await files.writeAtomic(kept, await files.read(file, CUBE_BYTES_MAX));
  return { sha256, kept };
}

export function renderLook(
  { job, cube, to, ports, attempting }: Rendering,
  besides: Pick<RenderRequest, "grid" | "answer">,
): Promise<RenderReport> {
  const { original, pictureSha256 } = job;
  const { strength, output } = job.recipe;
  const request = { original, pictureSha256, cube, strength, quality: output.quality, ...to, ...besides };
  return ports.pictures.render(request, attempting.signal);
}

export const noted = (report: RenderReport, notes: readonly string[]): RenderReport => ({
  ...report,
  notes: [...notes, ...report.notes],
});
