/** Looks on record: each by the SHA-256 of its .cube, some under a name. */
import type { PathText } from "../../core/inbox/path-text.ts";
import type { KeptLook } from "../../core/job/job.ts";
import type { Ledger } from "../../ports.ts";
import type { NamedLook } from "../../ports-ledger.ts";
import type { Db } from "./open.ts";

export function looksOver(db: Db): Ledger["looks"] {
  const add = db.prepare(`
    INSERT INTO looks (sha256, file, score, job, created_at) VALUES (@sha256, @file, @score, @job, @now)
    ON CONFLICT (sha256) DO UPDATE SET file = excluded.file WHERE file <> excluded.file`);
  const named = db.prepare<[string], KeptLook>("SELECT sha256, file FROM looks WHERE name = ?");
  const list = db.prepare<[], NamedLook>(
    "SELECT sha256, file, name, score, job, created_at AS createdAt FROM looks WHERE name IS NOT NULL ORDER BY name",
  );
  const name = db.prepare(`
    UPDATE looks SET name = @name WHERE sha256 = @sha256 AND (name IS NULL OR name = @name)
      AND NOT EXISTS (SELECT 1 FROM looks WHERE name = @name AND sha256 <> @sha256)`);
  const forget = db.prepare("UPDATE looks SET name = NULL WHERE name = ?");
  return {
    add: async (look, now) => void add.run({ ...look, now }),
    named: async (called) => named.get(called),
    list: async () => list.all().map((row) => ({ ...row, file: row.file as PathText })),
    name: async (sha256, called) => name.run({ sha256, name: called }).changes === 1,
    forget: async (called) => forget.run(called).changes === 1,
  };
}
