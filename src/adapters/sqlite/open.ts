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
    if (cause instanceof AppError) throw cause;
    const code = (cause as { code?: string }).code ?? "";
    if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT"))
      throw new AppError("ledger-damaged", `${file} is damaged, or is not a ledger.`, { file }, cause);
    throw new AppError(
      "file-failed",
      `The ledger ${file} cannot be opened: ${asAppError(cause).message}`,
      { file },
      cause,
    );
  }
}
