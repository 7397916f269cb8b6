/**
 * Brings a ledger to the newest shape: forward only, one file of `migrations/` after the other, all of them in one transaction,
 * its checksum recorded. A released migration is never edited; a ledger newer than the program is refused.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { AppError } from "../../core/errors.ts";

const FOLDER = new URL("../../../migrations/", import.meta.url);

type Migration = { readonly number: number; readonly name: string; readonly sql: string; readonly sha256: string };

export function migrate(db: Database, file: string, now: number): void {
  if (missingIn(db, file).length === 0) return;
  const before = db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;
  if (before && file !== ":memory:") copyBeside(db, file);
  // Looked at again inside: another process may be opening the same new file.
  db.transaction(() => {
    for (const migration of missingIn(db, file)) apply(db, migration, now);
  }).immediate();
}

function missingIn(db: Database, file: string): readonly Migration[] {
  const migrations = shipped();
  const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get() !== undefined;
  const applied = exists
    ? db.prepare<[], { number: number; sha256: string }>("SELECT number, sha256 FROM migrations ORDER BY number").all()
    : [];
  for (const { number, sha256 } of applied) {
    const known = migrations.find((migration) => migration.number === number);
    if (!known)
      throw new AppError("ledger-newer", `${file} has migration ${number}, which this version does not know.`);
    if (known.sha256 !== sha256)
      throw new AppError("ledger-damaged", `${file} was made with another text of migration ${known.name}.`);
  }
  return migrations.slice(applied.length);
}

function shipped(): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((name) => /^\d{4}_[a-z-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, FOLDER), "utf8").replaceAll("\r\n", "\n");
      return { number: Number(name.slice(0, 4)), name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    });
}

/** A whole copy of the ledger as it was, for the way back. */
function copyBeside(db: Database, file: string): void {
  db.prepare("VACUUM INTO ?").run(`${file}.before-migration-${process.pid}`);
}

function apply(db: Database, migration: Migration, now: number): void {
  db.exec(migration.sql);
  db.exec(`CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`);
  db.prepare("INSERT INTO migrations VALUES (?, ?, ?, ?)").run(migration.number, migration.name, migration.sha256, now);
}
