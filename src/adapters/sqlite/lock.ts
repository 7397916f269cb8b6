/**
 * One daemon per ledger: whoever holds an exclusive transaction on `<ledger>.lock` runs the line.
 * The kernel frees the lock when the process dies, however it dies; nothing has to be cleaned up.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { AppError } from "../../core/errors.ts";

export type LineLock = { release(): void };

/** The lock beside the ledger file, or undefined while another process holds it. */
export function takeLineLock(ledgerFile: string): LineLock | undefined {
  const file = `${ledgerFile.replace(/\.db$/, "")}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    if ((cause as { code?: string }).code?.startsWith("SQLITE_BUSY")) return undefined;
    throw new AppError("file-failed", `The lock ${file} cannot be taken.`, { file }, cause);
  }
  return { release: () => db.close() };
}
