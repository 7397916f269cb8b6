/** Rows of the ledger as SQLite keeps them, and the plain data they stand for. */
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Facts, Failure, Job, Origin, Recipe, ShootRole, Stage, Status } from "../../core/job/job.ts";

/** Jobs that will give nobody their look any more; a failed one may still be on its way to where its original goes. */
export const FELL_OUT =
  "(status IN ('failed', 'cancelled', 'superseded') OR (stage = 'retire' AND failure IS NOT NULL))";

export type JobRow = {
  seq: number;
  id: string;
  origin: string;
  inbox: string | null;
  path: string;
  original: string;
  picture_sha256: string;
  content_sha256: string;
  generation: number;
  recipe: string;
  recipe_hash: string;
  stage: string;
  status: string;
  facts: string;
  attempt: number;
  rewinds: number;
  due_at: number;
  waits_on: string | null;
  hold_reason: string | null;
  failure: string | null;
  priority: number;
  shoot: string | null;
  role: string | null;
  created_at: number;
  ended_at: number | null;
};

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    seq: row.seq,
    origin: row.origin as Origin,
    inbox: row.inbox as PathText | null,
    path: row.path as PathText,
    original: row.original as PathText,
    pictureSha256: row.picture_sha256,
    contentSha256: row.content_sha256,
    generation: row.generation,
    recipe: JSON.parse(row.recipe) as Recipe,
    recipeHash: row.recipe_hash,
    stage: row.stage as Stage,
    status: row.status as Status,
    facts: JSON.parse(row.facts) as Facts,
    attempt: row.attempt,
    rewinds: row.rewinds,
    dueAt: row.due_at,
    waitsOn: row.waits_on,
    holdReason: row.hold_reason,
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
    priority: row.priority,
    shoot: row.shoot === null ? null : { id: row.shoot, role: row.role as ShootRole },
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
