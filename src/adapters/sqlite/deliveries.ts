/** What hooks are to be told, kept until they were. */
import type { Wanted } from "../../core/config/hooks.ts";
import { eventOf, type HookEvent, photoBody } from "../../core/job/hook-body.ts";
import type { NextState } from "../../core/job/transition.ts";
import type { Deliveries, HookTrouble } from "../../ports-hooks.ts";
import type { Db } from "./open.ts";
import { type JobRow, jobOf } from "./rows.ts";

type Row = {
  id: string;
  event: string;
  at: number;
  inbox: string;
  job: string | null;
  data: string;
  attempts: number;
};

/** Within the transaction that the news come from: kept for telling, where somebody wants to be told. */
export function delivererOver(db: Db) {
  const byId = db.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const isWanted = db.prepare("SELECT 1 FROM hooks WHERE inbox = @inbox AND event = @event");
  const insert = db.prepare(`
    INSERT INTO deliveries (id, event, inbox, job, data, due_at, created_at, changed_at)
    VALUES (lower(hex(randomblob(16))), @event, @inbox, @job, @data, @now, @now, @now)`);
  const deliver = (event: HookEvent, inbox: string, job: string | null, body: () => object, now: number): void => {
    if (isWanted.get({ inbox, event })) insert.run({ event, inbox, job, data: JSON.stringify(body()), now });
  };
  return {
    deliver,
    /** The outcome of a job, if it is one. */
    outcome(id: string, next: NextState, now: number): void {
      const event = eventOf(next.status);
      if (!event) return;
      const job = jobOf(byId.get(id)!);
      deliver(event, job.inbox ?? "", id, () => photoBody(job, next), now);
    },
  };
}

export function deliveriesOver(db: Db): Deliveries {
  const clear = db.prepare("DELETE FROM hooks");
  const add = db.prepare("INSERT INTO hooks (inbox, event) VALUES (@inbox, @event)");
  const giveUp = db.prepare<{ now: number }>(`
    UPDATE deliveries SET state = 'given-up', reason = 'The configuration has no such hook any more.', changed_at = @now
    WHERE state = 'waiting' AND NOT EXISTS (SELECT 1 FROM hooks WHERE inbox = deliveries.inbox AND event = deliveries.event)`);
  const want = db.transaction((wanted: readonly Wanted[], now: number) => {
    clear.run();
    for (const one of wanted) add.run(one);
    giveUp.run({ now });
  });
  const due = db.prepare<[{ of: string; now: number; limit: number; except: string }], Row>(`
    SELECT id, event, created_at AS at, inbox, job, data, attempts FROM deliveries
    WHERE state = 'waiting' AND due_at <= @now AND id NOT IN (SELECT value FROM json_each(@except))
      AND EXISTS (SELECT 1 FROM json_each(@of) AS one
                  WHERE one.value ->> 'inbox' = deliveries.inbox AND one.value ->> 'event' = deliveries.event)
      AND NOT EXISTS (SELECT 1 FROM deliveries AS before
                      WHERE before.job = deliveries.job AND before.state = 'waiting' AND before.seq < deliveries.seq)
    ORDER BY due_at, seq LIMIT @limit`);
  const delivered = db.prepare(
    "UPDATE deliveries SET state = 'delivered', reason = NULL, changed_at = @now WHERE id = @id AND state = 'waiting'",
  );
  const failed = db.prepare(`
    UPDATE deliveries SET state = CASE WHEN @dueAt IS NULL THEN 'given-up' ELSE 'waiting' END, attempts = attempts + 1,
                          due_at = coalesce(@dueAt, due_at), reason = @reason, changed_at = @now
    WHERE id = @id AND state = 'waiting'`);
  const troubles = db.prepare<[], HookTrouble>(`
    SELECT inbox, event, sum(state = 'waiting') AS waiting, sum(state = 'given-up') AS givenUp,
           (SELECT reason FROM deliveries AS last
            WHERE last.inbox = one.inbox AND last.event = one.event AND last.reason IS NOT NULL
            ORDER BY changed_at DESC, seq DESC LIMIT 1) AS reason
    FROM deliveries AS one
    WHERE reason IS NOT NULL
      AND changed_at >= coalesce((SELECT max(changed_at) FROM deliveries AS good
                                  WHERE good.inbox = one.inbox AND good.event = one.event AND good.state = 'delivered'), 0)
    GROUP BY inbox, event ORDER BY inbox, event`);
  const forget = db.prepare("DELETE FROM deliveries WHERE state <> 'waiting' AND changed_at < ?");
  return {
    want: async (wanted, now) => want.immediate(wanted, now),
    due: async (of, now, limit, except) =>
      due.all({ of: JSON.stringify(of), now, limit, except: JSON.stringify(except) }).map((row) => ({
        ...row,
        event: row.event as HookEvent,
        data: JSON.parse(row.data) as Record<string, unknown>,
      })),
    delivered: async (id, now) => void delivered.run({ id, now }),
    failed: async (id, reason, dueAt, now) => void failed.run({ id, reason, dueAt, now }),
    troubles: async () => troubles.all(),
    forget: async (before) => void forget.run(before),
  };
}
