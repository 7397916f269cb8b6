/** Jobs and recipes for tests, whole and valid; say only what the test is about. */
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Job, Recipe } from "../../src/core/job/job.ts";
import type { NewJob } from "../../src/ports-ledger.ts";

export function aRecipe(changes: Partial<Recipe> = {}): Recipe {
  const leave = { kind: "leave" } as const;
  return {
    prompt: "warm",
    promptSuffix: "",
    workflow: "kontext-color-grade",
    slots: {},
    params: {},
    seed: "random",
    backends: ["gpu-1"],
    finish: "lut",
    look: { kind: "each" },
    lutSize: 33,
    strength: 1,
    onSpatial: "hold",
    output: {
      outbox: "/photos/graded" as PathText,
      structure: "keep",
      name: "{name}{suffix}.{ext}",
      suffix: "",
      format: "same",
      quality: null,
      sidecars: ["cube", "report"],
    },
    original: { done: leave, failed: leave, duplicate: leave, unsupported: leave },
    ...changes,
  };
}

export function aNewJob(changes: Partial<NewJob> = {}): NewJob {
  return {
    id: "job-1",
    origin: "inbox",
    inbox: "/photos/inbox" as PathText,
    path: "a.jpg" as PathText,
    original: "/photos/inbox/a.jpg" as PathText,
    pictureSha256: "11".repeat(32),
    contentSha256: "22".repeat(32),
    recipe: aRecipe(),
    recipeHash: "33".repeat(32),
    stage: "upload",
    facts: {},
    priority: 0,
    duplicates: "regrade",
    idempotencyKey: null,
    shoot: null,
    ...changes,
  };
}

export function aJob(changes: Partial<Job> = {}): Job {
  const { duplicates: _duplicates, idempotencyKey: _key, ...job } = aNewJob();
  return {
    ...job,
    shoot: null,
    seq: 1,
    generation: 1,
    status: "leased",
    attempt: 0,
    rewinds: 0,
    dueAt: 0,
    waitsOn: null,
    holdReason: null,
    failure: null,
    createdAt: 0,
    endedAt: null,
    ...changes,
  };
}
