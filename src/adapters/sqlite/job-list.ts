/** Jobs looked at from outside, and steered by the line: find, count, wake, rebind, free. */
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Stage, Status } from "../../core/job/job.ts";
import type { Ledger } from "../../ports.ts";
import type { Servers } from "../../ports-ledger.ts";
import { gradedAlikeOver } from "./graded-alike.ts";
import type { Db } from "./open.ts";
import { type JobRow, jobOf } from "./rows.ts";
import { INBOX_STOPPED, mayServe } from "./serving.ts";

type Steering = Pick<
  Ledger["jobs"],
  | "get"
  | "ordinal"
  | "find"
  | "gradedAlike"
  | "wake"
  | "clearWaits"
  | "rebind"
  | "unbind"
  | "moveOn"
  | "lowestPriority"
  | "counts"
  | "load"
  | "loadDue"
  | "freeLeases"
  | "anyDue"
  | "nextDue"
>;

const ROWS_MAX = 100_000;

export function steeredJobsOver(db: Db): Steering {
  const byId = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const byIds = db.prepare("SELECT * FROM jobs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq DESC");
  const find = db.prepare(`
    SELECT * FROM jobs
    WHERE (@inbox IS NULL OR inbox = @inbox)
      AND (@statuses IS NULL OR status IN (SELECT value FROM json_each(@statuses)))
      AND (@idPrefix IS NULL OR substr(id, 1, length(@idPrefix)) = @idPrefix)
    ORDER BY seq DESC LIMIT @limit`);
  const ordinal = db
    .prepare(
      "SELECT count(DISTINCT path) FROM jobs JOIN (SELECT inbox AS i, seq AS s FROM jobs WHERE id = ?) ON inbox IS i AND seq <= s",
    )
    .pluck();
  const byStatus = db.prepare(`
    SELECT * FROM jobs WHERE status IN (SELECT value FROM json_each(@statuses)) ORDER BY seq DESC LIMIT @limit`);
  const wake = db.prepare("UPDATE jobs SET due_at = min(due_at, @now) WHERE id = @id AND status = 'ready'");
  const clearWaits = db.prepare("UPDATE jobs SET waits_on = NULL, due_at = @now WHERE waits_on = @on");
  const rebind = db.prepare(`
    UPDATE jobs SET stage = 'upload', facts = json_remove(facts, '$.backend', '$.plate'), waits_on = NULL, attempt = 0, due_at = @now
    WHERE stage = 'queue' AND status = 'ready' AND backend = @from
      AND NOT EXISTS (SELECT 1 FROM tickets WHERE job = jobs.id AND state IN ('reserved', 'posted', 'seen'))
      AND ${mayServe("@to")}`);
  const moveOn = db.prepare(`
    UPDATE jobs SET stage = 'upload', facts = json_remove(facts, '$.backend', '$.plate', '$.ticket', '$.notes'), waits_on = NULL, attempt = 0, due_at = @now
    WHERE stage IN ('queue', 'fetch') AND status = 'ready' AND backend = @from
      AND ${mayServe("@to")}`);
  const lowestPriority = db
    .prepare(`
    SELECT min(priority) FROM jobs
    WHERE stage IN ('queue', 'fetch') AND status IN ('ready', 'leased') AND backend IN (SELECT value FROM json_each(?))`)
    .pluck();
  const unbind = db.prepare(`
    UPDATE jobs SET stage = 'upload', facts = json_remove(facts, '$.backend', '$.plate', '$.ticket'), waits_on = NULL, attempt = 0, due_at = @now
    WHERE stage IN ('queue', 'fetch') AND status = 'ready' AND backend NOT IN (SELECT value FROM json_each(@known))`);
  const counts = db.prepare<
    [],
    { inbox: string | null; stage: string; status: string; verdict: string | null; count: number }
  >(`
    SELECT inbox, stage, status, facts ->> '$.verdict' AS verdict, count(*) AS count
    FROM jobs GROUP BY inbox, stage, status, verdict`);
  const load = db
    .prepare(`
    SELECT count(*) FROM jobs
    WHERE stage IN (SELECT value FROM json_each(@stages)) AND status IN ('ready', 'leased')
      AND backend = @backend AND (@above IS NULL OR priority > @above)
      AND NOT (stage = 'queue' AND status = 'ready'
               AND (${INBOX_STOPPED} OR (@only IS NOT NULL AND id NOT IN (SELECT value FROM json_each(@only)))))`)
    .pluck();
  const loadDue = db
    .prepare(`
    SELECT count(*) FROM jobs WHERE stage IN (SELECT value FROM json_each(@stages)) AND facts ->> '$.preview' IS NOT NULL
      AND (@only IS NULL OR id IN (SELECT value FROM json_each(@only)))
      AND (status = 'leased' OR (status = 'ready' AND due_at <= @now AND waits_on IS NULL))`)
    .pluck();
  const free = db.prepare(`
    UPDATE jobs SET status = 'ready', lease = NULL, lease_owner = NULL, lease_until = NULL, due_at = @now
    WHERE status = 'leased' AND (lease_owner <> @alive OR lease_until <= @now)`);
  const anyDue = db.prepare(
    "SELECT 1 FROM jobs WHERE status = 'ready' AND waits_on IS NULL AND due_at <= @now LIMIT 1",
  );
  const nextDue = db
    .prepare(`
    SELECT min(at) FROM (SELECT min(due_at) AS at FROM jobs WHERE status = 'ready' AND waits_on IS NULL AND due_at > @now
                         UNION ALL SELECT min(lease_until) FROM jobs WHERE status = 'leased')`)
    .pluck();

  const listOr = (only: readonly string[] | undefined) => (only ? JSON.stringify(only) : null);
  const listed = ({ names, unable }: Servers) => ({ to: JSON.stringify(names), unable: JSON.stringify(unable) });
  const jobOrNone = (row: JobRow | undefined) => (row ? jobOf(row) : undefined);

  return {
    ordinal: async (id) => ordinal.get(id) as number,
    get: async (id) => jobOrNone(byId.get(id)),
    find: async ({ ids, inbox, statuses, idPrefix, limit }) => {
      if (ids) return (byIds.all(JSON.stringify(ids)) as JobRow[]).map(jobOf);
      // Few of many: their index finds them without a look at every job.
      const few = statuses && !inbox && !idPrefix ? byStatus : find;
      const rows = few.all({
        inbox: inbox ?? null,
        statuses: statuses ? JSON.stringify(statuses) : null,
        idPrefix: idPrefix ?? null,
        limit: limit ?? ROWS_MAX,
      }) as JobRow[];
      return rows.map(jobOf);
    },
    gradedAlike: gradedAlikeOver(db),
    wake: async (id, now) => void wake.run({ id, now }),
    clearWaits: async (on, now) => clearWaits.run({ on, now }).changes,
    rebind: async (from, to, now) => rebind.run({ from, ...listed(to), now }).changes,
    unbind: async (known, now) => unbind.run({ known: JSON.stringify(known), now }).changes,
    counts: async () =>
      counts.all().map((row) => ({
        ...row,
        inbox: row.inbox as PathText | null,
        stage: row.stage as Stage,
        status: row.status as Status,
      })),
    moveOn: async (from, to, now) => moveOn.run({ from, ...listed(to), now }).changes,
    lowestPriority: async (backends) => lowestPriority.get(JSON.stringify(backends)) as number | null,
    load: async (stages, backend, now, { above, only } = {}) =>
      load.get({
        stages: JSON.stringify(stages),
        backend,
        now,
        above: above ?? null,
        only: listOr(only),
      }) as number,
    loadDue: async (stages, now, only) =>
      loadDue.get({ stages: JSON.stringify(stages), now, only: listOr(only) }) as number,
    freeLeases: async (alive, now) => free.run({ alive, now }).changes,
    anyDue: async (now) => anyDue.get({ now }) !== undefined,
    nextDue: async (now) => nextDue.get({ now }) as number | null,
  };
}
