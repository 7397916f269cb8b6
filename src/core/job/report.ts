/** `NAME.grade.json`: how this photo came to look as it does. Fields are only ever added. */

import { promptText } from "../config/recipe.ts";
import { showPath } from "../inbox/path-text.ts";
import type { Job } from "./job.ts";
import type { Attempt, Ticket } from "./journal.ts";
import { photoWords } from "./output-names.ts";
import type { PictureInfo } from "./picture.ts";

export type ReportInput = {
  readonly job: Job;
  readonly info: PictureInfo;
  readonly rendered: {
    readonly width: number;
    readonly height: number;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly notes: readonly string[];
  };
  readonly tickets: readonly Ticket[];
  readonly attempts: readonly Attempt[];
  readonly now: number;
};

export function reportOf({ job, info, rendered, tickets, attempts, now }: ReportInput): object {
  const { recipe, facts } = job;
  const ticket = tickets.find(({ id }) => id === facts.ticket);
  const { width, height, sizeBytes, sha256, notes } = rendered;
  return {
    format: "hotgrade-report",
    version: 1,
    job: job.id,
    original: { name: showPath(job.path), sha256: job.contentSha256, pictureSha256: job.pictureSha256, ...info },
    output: { width, height, sizeBytes, sha256 },
    recipe: {
      prompt: promptText(recipe, photoWords(job)),
      workflow: recipe.workflow,
      params: recipe.params,
      finish: recipe.finish,
      strength: recipe.strength,
      lutSize: recipe.lutSize,
      hash: job.recipeHash,
    },
    backend: ticket ? { name: ticket.backend, ticket: ticket.id, seed: ticket.seed } : null,
    /** What was done; the recipe says what was asked for. */
    finish: facts.finish ?? "lut",
    look: facts.look ?? null,
    shoot: job.shoot && { ...job.shoot, outside: facts.outside ?? null },
    fit: facts.fit ?? null,
    notes: [...(facts.notes ?? []), ...notes],
    timings: attempts.map(({ stage, kind, startedAt, endedAt, times }) => ({
      stage,
      kind,
      ms: endedAt - startedAt,
      times,
    })),
    acceptedAt: new Date(job.createdAt).toISOString(),
    writtenAt: new Date(now).toISOString(),
  };
}
