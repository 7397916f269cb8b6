/** Plates, their placements, and tickets: one place on a backend each, while reserved, posted or seen. */
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Ledger } from "../../ports.ts";
import type { Plate, Ticket, TicketState } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";

type TicketRow = Omit<Ticket, "state" | "createdAt"> & { state: string; created_at: number };
const COLUMNS = "id, job, plate, backend, seed, prefix, state, created_at";
const OF_TICKETS = COLUMNS.replaceAll(/\w+/g, (name) => `tickets.${name}`);
const HOLDING = "('reserved', 'posted', 'seen')";

const ticketOf = ({ created_at, state, ...rest }: TicketRow): Ticket => ({
  ...rest,
  state: state as TicketState,
  createdAt: created_at,
});

export function platesOver(db: Db): Ledger["plates"] {
  const add = db.prepare(`
    INSERT INTO plates (id, job, file, sha256, size_bytes, width, height, frame)
    VALUES (@id, @job, @file, @sha256, @sizeBytes, @width, @height, @frame)
    ON CONFLICT (id) DO NOTHING`);
  const get = db.prepare<[string], Plate>(
    "SELECT id, job, file, sha256, size_bytes AS sizeBytes, width, height, frame FROM plates WHERE id = ?",
  );
  const place = db.prepare(`
    INSERT INTO placements (plate, backend, name, placed_at) VALUES (@plate, @backend, @name, @now)
    ON CONFLICT (plate, backend) DO UPDATE SET name = excluded.name, placed_at = excluded.placed_at`);
  const placement = db.prepare("SELECT name FROM placements WHERE plate = ? AND backend = ?").pluck();
  return {
    add: async (plate) => void add.run(plate),
    get: async (id) => get.get(id),
    place: async (plate, backend, name, now) => void place.run({ plate, backend, name, now }),
    placement: async (plate, backend) => placement.get(plate, backend) as string | undefined,
  };
}

export function ticketsOver(db: Db): Ledger["tickets"] {
  const reserve = db.prepare(`
    INSERT INTO tickets (id, job, plate, seed, backend, prefix, state, created_at, changed_at)
    SELECT @id, @job, @plate, @seed, @backend, @prefix, 'reserved', @createdAt, @createdAt
    WHERE (SELECT count(*) FROM tickets WHERE backend = @backend AND state IN ${HOLDING}) < @depth
    RETURNING ${COLUMNS}`);
  const mark = db
    .prepare(`UPDATE tickets SET state = @state, changed_at = @now
    WHERE id = @id AND (state IN ('reserved', 'posted', 'seen') OR @state NOT IN ('posted', 'seen')) RETURNING backend`)
    .pluck();
  const wakeOne = db.prepare("UPDATE jobs SET waits_on = NULL, due_at = @now WHERE waits_on = 'place:' || @backend");
  const get = db.prepare<[string], TicketRow>(`SELECT ${COLUMNS} FROM tickets WHERE id = ?`);
  const ofJob = db.prepare<[string], TicketRow>(
    `SELECT ${COLUMNS} FROM tickets WHERE job = ? ORDER BY created_at, rowid`,
  );
  // From the few that hold a place: the planner would rather go through every job.
  const stray = db.prepare<[], TicketRow>(`
    SELECT ${OF_TICKETS} FROM tickets INDEXED BY tickets_holding CROSS JOIN jobs ON jobs.id = tickets.job
    WHERE tickets.state IN ${HOLDING}
      AND (jobs.status IN ('done', 'failed', 'cancelled', 'superseded', 'held')
           OR (jobs.stage NOT IN ('queue', 'fetch') AND jobs.status <> 'leased')
           OR (jobs.stage = 'fetch' AND jobs.facts ->> '$.ticket' <> tickets.id))`);
  const live = db.prepare<[string], TicketRow & { priority: number; inbox: PathText | null }>(`
    SELECT ${OF_TICKETS}, jobs.priority, jobs.inbox FROM tickets JOIN jobs ON jobs.id = tickets.job
    WHERE tickets.backend = ? AND tickets.state IN ${HOLDING}
      AND jobs.stage = 'fetch' AND jobs.status IN ('ready', 'leased') AND jobs.facts ->> '$.ticket' = tickets.id
    ORDER BY jobs.priority, jobs.seq DESC`);
  const held = db.prepare(`SELECT count(*) FROM tickets WHERE backend = ? AND state IN ${HOLDING}`).pluck();
  const result = db.prepare(`
    INSERT INTO results (ticket, slot, file, sha256, fetched_at) VALUES (@ticket, @slot, @file, @sha256, @now)
    ON CONFLICT (ticket, slot, n) DO UPDATE SET file = excluded.file, sha256 = excluded.sha256`);

  const backToQueue = db.prepare(`
    UPDATE jobs SET stage = 'queue', status = 'ready', facts = json_remove(facts, '$.ticket', '$.notes'), attempt = 0,
                    lease = NULL, lease_owner = NULL, lease_until = NULL, waits_on = NULL, due_at = @now
    WHERE stage = 'fetch' AND status IN ('ready', 'leased') AND facts ->> '$.ticket' = @id
      AND id = (SELECT job FROM tickets WHERE id = @id)`);
  const results = db.prepare<[string], { slot: string; file: PathText; sha256: string }>(
    "SELECT slot, file, sha256 FROM results WHERE ticket = ? ORDER BY slot, n",
  );
  const untidied = db
    .prepare(`
    SELECT id FROM tickets WHERE backend = ? AND tidied_at IS NULL AND state IN ('finished', 'lost', 'cancelled')
      AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = tickets.job AND stage = 'fetch' AND status IN ('ready', 'leased')
                        AND facts ->> '$.ticket' = tickets.id) LIMIT ?`)
    .pluck();
  const tidied = db.prepare(
    "UPDATE tickets SET tidied_at = @now WHERE id IN (SELECT value FROM json_each(@ids)) AND tidied_at IS NULL",
  );

  const setState = db.transaction((id: string, state: TicketState, now: number) => {
    const backend = mark.get({ id, state, now });
    if (backend === undefined) return false;
    if (state === "finished" || state === "lost" || state === "cancelled") wakeOne.run({ backend, now });
    return true;
  });
  const recall = db.transaction((id: string, now: number) => {
    if (setState(id, "cancelled", now)) backToQueue.run({ id, now });
  });
  const take = db.transaction((ticket: Omit<Ticket, "state">, depth: number, recalled: string | undefined) => {
    if (recalled !== undefined) recall(recalled, ticket.createdAt);
    const row = reserve.get({ ...ticket, depth }) as TicketRow | undefined;
    return row && ticketOf(row);
  });
  return {
    recall: async (id, now) => recall.immediate(id, now),
    reserve: async (ticket, depth, recalled) => take.immediate(ticket, depth, recalled),
    mark: async (id, state, now) => setState.immediate(id, state, now),
    get: async (id) => {
      const row = get.get(id);
      return row && ticketOf(row);
    },
    ofJob: async (job) => ofJob.all(job).map(ticketOf),
    stray: async () => stray.all().map(ticketOf),
    live: async (backend) =>
      live.all(backend).map(({ priority, inbox, ...row }) => ({ ...ticketOf(row), priority, inbox })),
    held: async (backend) => held.get(backend) as number,
    results: async (ticket) => results.all(ticket),
    untidied: async (backend, limit) => untidied.all(backend, limit) as string[],
    tidied: async (ids, now) => void tidied.run({ ids: JSON.stringify(ids), now }),
    result: async (ticket, slot, file: PathText, sha256, now) => void result.run({ ticket, slot, file, sha256, now }),
  };
}
