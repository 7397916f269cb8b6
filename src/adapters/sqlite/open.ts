/** Opens the ledger's file: pragmas, migrations, and what to say when the file is not a ledger. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { AppError, asAppError } from "../../core/errors.ts";
import { migrate } from "./migrate.ts";

export type Db = Database.Database;

const BUSY_TIMEOUT_MS = 10_000;

/** The file's connection, migrated. ":memory:" gives a ledger that lives as long as the connection. */
export function openDatabase(file: string, now: number): Db {
  try {
    if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    migrate(db, file, now);
    return db;
  } catch (cause) {
    throw ledgerError(cause, file);
  }
}

/** SQLite counts the commits of other connections: a look at that number costs no read of the file. */
export function changesOf(db: Db): () => Promise<boolean> {
  const version = db.prepare("PRAGMA data_version").pluck();
  let known = version.get();
  return async () => {
    const before = known;
    known = version.get();
    return known !== before;
  };
}

/** What SQLite throws, as the error a person can do something about. */
export function ledgerError(cause: unknown, file = "the ledger"): AppError {
  if (cause instanceof AppError) return cause;
  const code = (cause as { code?: string }).code ?? "";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT"))
    return new AppError("ledger-damaged", `${file} is damaged, or is not a ledger.`, { file }, cause);
  if (code === "SQLITE_FULL") return new AppError("disk-full", `There is no room for ${file}.`, { file }, cause);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new AppError("ledger-busy", `${file} is held by another program.`, { file }, cause);
  if (!code.startsWith("SQLITE_")) return asAppError(cause);
  return new AppError("file-failed", `${file} cannot be used: ${asAppError(cause).message} (${code})`, { file }, cause);
}
