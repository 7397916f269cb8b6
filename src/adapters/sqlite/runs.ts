/** How long runs took: the newest of each backend and workflow. */
import type { Ledger } from "../../ports.ts";
import type { Db } from "./open.ts";

/** What is kept of each backend and workflow, and what "usual" is made of. */
const RUNS_KEPT = 100;
const RUNS_USUAL = 20;

export function runsOver(db: Db): Ledger["runs"] {
  const insert = db.prepare(
    "INSERT INTO runs (backend, workflow, ms, ended_at) VALUES (@backend, @workflow, @ms, @now)",
  );
  const forget = db.prepare(`
    DELETE FROM runs WHERE backend = @backend AND workflow = @workflow AND id <=
      (SELECT id FROM runs WHERE backend = @backend AND workflow = @workflow ORDER BY id DESC LIMIT 1 OFFSET ${RUNS_KEPT})`);
  const newest = db
    .prepare(`SELECT ms FROM runs WHERE backend = ? AND workflow = ? ORDER BY id DESC LIMIT ${RUNS_USUAL}`)
    .pluck();
  const add = db.transaction((run: { backend: string; workflow: string; ms: number }, now: number) => {
    insert.run({ ...run, ms: Math.round(run.ms), now });
    forget.run({ backend: run.backend, workflow: run.workflow });
  });
  return {
    add: async (run, now) => add.immediate(run, now),
    usual: async (backend, workflow) => {
      const sorted = (newest.all(backend, workflow) as number[]).sort((left, right) => left - right);
      if (sorted.length === 0) return null;
      return { medianMs: sorted[sorted.length >> 1]!, slowestMs: sorted.at(-1)!, count: sorted.length };
    },
  };
}
