/** Shoots: photos that share a look. Who asks the model, who waits, and what happens when a hero falls out. */
import { AppError } from "../../core/errors.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { ShootRole } from "../../core/job/job.ts";
import type { Ledger } from "../../ports.ts";
import type { ScoredLook, Shoot, ShootState, ShootWanted } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";
import { FELL_OUT, type JobRow, jobOf } from "./rows.ts";

type ShootRow = {
  id: string;
  inbox: string;
  key: string;
  state: string;
  heroes: number;
  hero: string | null;
  branch_of: string | null;
  look: string | null;
  look_file: string | null;
  look_score: number | null;
};

const SHOOT = `
  SELECT shoots.id, shoots.inbox, shoots.key, shoots.state, shoots.heroes, shoots.hero, shoots.branch_of, shoots.look,
         looks.file AS look_file, looks.score AS look_score
  FROM shoots LEFT JOIN looks ON looks.sha256 = shoots.look`;
const LIVE_HERO = `role = 'hero' AND NOT ${FELL_OUT}`;
/** Jobs that wait for the look of their shoot, found by the index of waits. */
const WAITING = "waits_on >= 'shoot:' AND waits_on < 'shoot;'";

const shootOf = ({ look, look_file, look_score, inbox, state, ...row }: ShootRow): Shoot => ({
  id: row.id,
  inbox: inbox as PathText,
  key: row.key,
  state: state as ShootState,
  heroes: row.heroes,
  hero: row.hero,
  look: look === null ? null : { sha256: look, file: look_file as PathText, score: look_score },
});

/** Within the transaction that adds a job: the shoot it joins, and as what. */
export function joinerOver(db: Db) {
  const find = db.prepare<[{ inbox: string; key: string; gapMs: number | null; now: number }], ShootRow>(`
    ${SHOOT} WHERE inbox = @inbox AND key = @key AND branch_of IS NULL
      AND (@gapMs IS NULL OR @now BETWEEN opened_at - @gapMs AND last_at + @gapMs) ORDER BY last_at DESC LIMIT 1`);
  const open = openerOver(db);
  const touch = db.prepare(
    "UPDATE shoots SET opened_at = min(opened_at, @now), last_at = max(last_at, @now) WHERE id = @id",
  );
  const live = db.prepare(`SELECT count(*) FROM jobs WHERE shoot = ? AND ${LIVE_HERO}`).pluck();
  return ({ key, gapMs, heroes }: ShootWanted, inbox: string, now: number) => {
    const known = find.get({ inbox, key, gapMs, now });
    if (!known) return { id: open({ inbox, key, heroes, branchOf: null, now }), role: "hero", ready: false } as const;
    touch.run({ id: known.id, now });
    const role: ShootRole = known.state === "open" && (live.get(known.id) as number) < known.heroes ? "hero" : "frame";
    return { id: known.id, role, ready: known.state === "ready" };
  };
}

function openerOver(db: Db) {
  const insert = db
    .prepare(`
    INSERT INTO shoots (id, inbox, key, heroes, branch_of, opened_at, last_at)
    VALUES (lower(hex(randomblob(8))), @inbox, @key, @heroes, @branchOf, @now, @now) RETURNING id`)
    .pluck();
  type Opening = { inbox: string; key: string; heroes: number; branchOf: string | null; now: number };
  return (opening: Opening): string => insert.get(opening) as string;
}

/** Gives a shoot its look, once and for all. False when it has one. */
export function giverOver(db: Db): (id: string, look: string) => boolean {
  const give = db.prepare(
    "UPDATE shoots SET state = 'ready', look = @look, hero = NULL WHERE id = @id AND state <> 'ready'",
  );
  return (id, look) => give.run({ id, look }).changes > 0;
}

/** Within a transaction: what follows from heroes that fell out and from looks that are there. Gives how many jobs changed. */
export function tenderOver(db: Db): (now: number) => number {
  const demote = db.prepare(`
    UPDATE jobs SET role = 'frame' WHERE role = 'hero' AND ${FELL_OUT}
      AND shoot IN (SELECT id FROM shoots WHERE state <> 'ready')`);
  const reopen = db.prepare(`
    UPDATE shoots SET state = 'open', hero = NULL WHERE state = 'held'
      AND NOT EXISTS (SELECT 1 FROM jobs WHERE shoot = shoots.id AND role = 'hero' AND status = 'held')`);
  const vacant = db.prepare<[], { id: string; places: number }>(`
    SELECT id, heroes - (SELECT count(*) FROM jobs WHERE shoot = shoots.id AND ${LIVE_HERO}) AS places
    FROM shoots WHERE state = 'open' AND places > 0`);
  const promote = db.prepare(`
    UPDATE jobs SET role = 'hero', stage = 'upload', waits_on = NULL, due_at = @now
    WHERE seq IN (SELECT seq FROM jobs WHERE shoot = @id AND role = 'frame' AND status = 'ready' AND stage = 'lut'
                  ORDER BY coalesce(facts ->> '$.passedOverAt', 0), priority DESC, seq LIMIT @places)`);
  // The oldest hero fits, once all are back.
  const fitNow = db.prepare(`
    UPDATE jobs SET waits_on = NULL, due_at = @now
    WHERE ${WAITING} AND role = 'hero'
      AND seq = (SELECT min(seq) FROM jobs AS other WHERE other.shoot = jobs.shoot AND ${LIVE_HERO})
      AND (SELECT state FROM shoots WHERE id = jobs.shoot) = 'open'
      AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.shoot = jobs.shoot AND other.role = 'hero'
                        AND other.status IN ('ready', 'leased') AND other.facts ->> '$.preview' IS NULL)`);
  const release = db.prepare(`
    UPDATE jobs SET waits_on = NULL, due_at = @now WHERE ${WAITING} AND (SELECT state FROM shoots WHERE id = jobs.shoot) = 'ready'`);
  return (now) => {
    let changed = demote.run().changes + reopen.run().changes;
    for (const { id, places } of vacant.all()) changed += promote.run({ id, places, now }).changes;
    return changed + fitNow.run({ now }).changes + release.run({ now }).changes;
  };
}

export function shootsOver(db: Db): Ledger["shoots"] {
  const get = db.prepare<[string], ShootRow>(`${SHOOT} WHERE id = ?`);
  const heroes = db.prepare<[string], JobRow>(`SELECT * FROM jobs WHERE shoot = ? AND ${LIVE_HERO} ORDER BY seq`);
  const giveLook = giverOver(db);
  // Heroes that have not been sent yet need not go any more.
  const callBack = db.prepare(`
    UPDATE jobs SET role = 'frame', stage = 'lut', due_at = @now
    WHERE shoot = @id AND role = 'hero' AND status = 'ready' AND stage = 'upload'`);
  const looks = db.prepare<[{ id: string }], ScoredLook>(`
    SELECT looks.sha256, looks.file, looks.score FROM shoots JOIN looks ON looks.sha256 = shoots.look
    WHERE shoots.state = 'ready' AND coalesce(branch_of, id) = (SELECT coalesce(branch_of, id) FROM shoots WHERE id = @id)
    ORDER BY id <> @id, opened_at`);
  const leased = db.prepare<[{ job: string; lease: string }], JobRow>(
    "SELECT * FROM jobs WHERE id = @job AND lease = @lease",
  );
  const waitingBranch = db
    .prepare("SELECT id FROM shoots WHERE branch_of = ? AND state <> 'ready' ORDER BY opened_at LIMIT 1")
    .pluck();
  const assign = db.prepare("UPDATE jobs SET shoot = @shoot, role = @role WHERE id = @job");
  const open = openerOver(db);
  const tend = tenderOver(db);
  const waiting = db.prepare<[], ShootRow & { photos: number }>(`
    SELECT shoot.*, (SELECT count(*) FROM jobs WHERE shoot = shoot.id AND role = 'frame' AND status = 'ready') AS photos
    FROM (${SHOOT} WHERE shoots.state <> 'ready') AS shoot ORDER BY inbox, key`);

  /** The shoot of a job that is leased to the caller. */
  const shootHeld = (job: string, lease: string): ShootRow => {
    const row = leased.get({ job, lease });
    const shoot = row?.shoot ? get.get(row.shoot) : undefined;
    if (!shoot) throw new AppError("lease-lost", `Job ${job} is no longer ours.`, { lease });
    return shoot;
  };
  const ready = db.transaction((job: string, lease: string, look: string, now: number): Shoot => {
    const { id } = shootHeld(job, lease);
    if (giveLook(id, look)) callBack.run({ id, now });
    tend(now);
    return shootOf(get.get(id)!);
  });
  const branch = db.transaction((job: string, lease: string, now: number) => {
    const shoot = shootHeld(job, lease);
    const main = shoot.branch_of ?? shoot.id;
    const known = waitingBranch.get(main) as string | undefined;
    const { inbox, key, heroes: count } = shoot;
    const id = known ?? open({ inbox, key, heroes: count, branchOf: main, now });
    const role: ShootRole = known === undefined ? "hero" : "frame";
    assign.run({ job, shoot: id, role });
    return { id, role };
  });
  const found = (row: ShootRow | undefined) => (row ? shootOf(row) : undefined);
  return {
    get: async (id) => found(get.get(id)),
    heroes: async (id) => heroes.all(id).map(jobOf),
    ready: async (job, lease, look, now) => ready.immediate(job, lease, look, now),
    looks: async (id) => looks.all({ id }),
    branch: async (job, lease, now) => branch.immediate(job, lease, now),
    tend: async (now) => db.transaction(() => tend(now)).immediate(),
    waiting: async () => waiting.all().map((row) => ({ ...shootOf(row), photos: row.photos })),
  };
}
