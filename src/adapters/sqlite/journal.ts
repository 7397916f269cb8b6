/** The rest of the ledger: what happened, what was seen, what is switched, who runs. */
import type { ErrorCode } from "../../core/errors.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Stage } from "../../core/job/job.ts";
import type { Ledger, Sighting, SightingState } from "../../ports.ts";
import type { Attempt, AttemptKind, DaemonRow } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";

type AttemptRow = Omit<Attempt, "stage" | "kind" | "code"> & { stage: string; kind: string; code: string | null };
type SightingRow = Omit<Sighting, "path" | "state" | "code"> & { path: string; state: string; code: string | null };

export function attemptLogOver(db: Db): Ledger["attempts"] {
  const of = db.prepare<[string], AttemptRow>(`
    SELECT stage, number, kind, started_at AS startedAt, ended_at AS endedAt, times, code, message
    FROM attempts WHERE job = ? ORDER BY id`);
  return {
    of: async (job) =>
      of.all(job).map((row) => ({
        ...row,
        stage: row.stage as Stage,
        kind: row.kind as AttemptKind,
        code: row.code as ErrorCode | null,
      })),
  };
}

export function eventsOver(db: Db): Ledger["events"] {
  const add = db.prepare("INSERT INTO events (at, job, kind, data) VALUES (@now, @job, @kind, @data)");
  const forget = db.prepare("DELETE FROM events WHERE at < ?");
  const after = db.prepare<
    [number, number],
    { id: number; at: number; job: string | null; kind: string; data: string }
  >("SELECT id, at, job, kind, data FROM events WHERE id > ? ORDER BY id LIMIT ?");
  return {
    add: async (kind, job, data, now) => void add.run({ kind, job, data: JSON.stringify(data), now }),
    forget: async (before) => void forget.run(before),
    after: async (id, limit) => after.all(id, limit).map((row) => ({ ...row, data: JSON.parse(row.data) })),
  };
}

export function sightingsOver(db: Db): Ledger["sightings"] {
  const columns = "path, size_bytes AS sizeBytes, mtime_ns AS mtimeNs, inode, state, code, message";
  const of = db.prepare<[string, string, number], SightingRow>(
    `SELECT ${columns} FROM sightings WHERE inbox = ? AND path > ? ORDER BY path LIMIT ?`,
  );
  const all = db.prepare<[], SightingRow & { inbox: string; at: number }>(
    `SELECT ${columns}, inbox, seen_at AS at FROM sightings WHERE state IN ('settling', 'truncated', 'refused') ORDER BY inbox, path`,
  );
  const put = db.prepare(`
    INSERT INTO sightings (inbox, path, size_bytes, mtime_ns, inode, state, code, message, seen_at)
    VALUES (@inbox, @path, @sizeBytes, @mtimeNs, @inode, @state, @code, @message, @now)
    ON CONFLICT (inbox, path) DO UPDATE SET size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,
      inode = excluded.inode, state = excluded.state, code = excluded.code, message = excluded.message, seen_at = excluded.seen_at`);
  const remove = db.prepare("DELETE FROM sightings WHERE inbox = ? AND path = ?");
  const putAll = db.transaction((inbox: PathText, sightings: readonly Sighting[], now: number) => {
    for (const sighting of sightings) put.run({ ...sighting, inbox, now });
  });
  const has = db.prepare("SELECT 1 FROM sightings WHERE inbox = ? AND path = ?");
  const removeAll = db.transaction((inbox: PathText, paths: readonly PathText[]) => {
    for (const path of paths) remove.run(inbox, path);
  });
  const sightingOf = <Row extends SightingRow>(row: Row) => ({
    ...row,
    path: row.path as PathText,
    state: row.state as SightingState,
    code: row.code as ErrorCode | null,
  });
  return {
    of: async (inbox, { after, limit } = { after: "", limit: -1 }) => of.all(inbox, after, limit).map(sightingOf),
    has: async (inbox, path) => has.get(inbox, path) !== undefined,
    all: async () => all.all().map((row) => ({ ...sightingOf(row), inbox: row.inbox as PathText })),
    put: async (inbox, sightings, now) => putAll.immediate(inbox, sightings, now),
    remove: async (inbox, paths) => removeAll.immediate(inbox, paths),
  };
}

export function switchesOver(db: Db): Ledger["switches"] {
  const get = db.prepare("SELECT value FROM switches WHERE name = ?").pluck();
  const set = db.prepare(`
    INSERT INTO switches (name, value, set_at) VALUES (@name, @value, @now)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at`);
  const remove = db.prepare("DELETE FROM switches WHERE name = ?");
  const all = db.prepare<[{ prefix: string }], { name: string; value: string }>(
    "SELECT name, value FROM switches WHERE substr(name, 1, length(@prefix)) = @prefix ORDER BY name",
  );
  return {
    get: async (name) => get.get(name) as string | undefined,
    all: async (prefix) => all.all({ prefix }),
    set: async (name, value, now) => void (value === null ? remove.run(name) : set.run({ name, value, now })),
  };
}

export function daemonOver(db: Db): Ledger["daemon"] {
  const announce = db.prepare(`
    INSERT INTO daemon (one, instance, pid, host, started_at, seen_at, loop_delay_max_ms)
    VALUES (1, @instance, @pid, @host, @startedAt, @seenAt, @loopDelayMaxMs)
    ON CONFLICT (one) DO UPDATE SET instance = excluded.instance, pid = excluded.pid, host = excluded.host,
      started_at = excluded.started_at, seen_at = excluded.seen_at, loop_delay_max_ms = excluded.loop_delay_max_ms`);
  const get = db.prepare<[], DaemonRow>(`
    SELECT instance, pid, host, started_at AS startedAt, seen_at AS seenAt, loop_delay_max_ms AS loopDelayMaxMs FROM daemon`);
  const leave = db.prepare("DELETE FROM daemon WHERE instance = ?");
  return {
    announce: async (row) => void announce.run(row),
    get: async () => get.get(),
    leave: async (instance) => void leave.run(instance),
  };
}
