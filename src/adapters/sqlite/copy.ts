/** A ledger to try things on: a copy that is thrown away. The real one is read and not changed, whoever works on it. */
import { copyFile, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Ledger } from "../../ports.ts";
import { ledgerOver } from "./ledger.ts";
import { ledgerError, openDatabase } from "./open.ts";

/** Empty where there is no ledger yet. Errors: those of `openLedger`. */
export async function openLedgerCopy(file: string, now: number): Promise<Ledger> {
  if (!(await exists(file))) return ledgerOver(openDatabase(":memory:", now));
  const folder = await mkdtemp(join(tmpdir(), "hotgrade-dry-"));
  const copy = join(folder, "ledger.db");
  try {
    // With a write-ahead log beside it the file alone is not the ledger: SQLite itself puts the two together.
    if (await exists(`${file}-wal`)) await backup(file, copy);
    else await copyFile(file, copy);
    const db = openDatabase(copy, now);
    db.pragma("synchronous = OFF");
    const ledger = ledgerOver(db);
    return {
      ...ledger,
      async close() {
        await ledger.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw ledgerError(cause, file);
  }
}

async function backup(from: string, to: string): Promise<void> {
  const db = new Database(from, { readonly: true, fileMustExist: true });
  try {
    await db.backup(to);
  } finally {
    db.close();
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return false;
      throw cause;
    },
  );
