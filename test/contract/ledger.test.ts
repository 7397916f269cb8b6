import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { takeLineLock } from "../../src/adapters/sqlite/lock.ts";
import { openRemoteLedger } from "../../src/adapters/sqlite/remote.ts";
import { aNewJob } from "../support/jobs.ts";
import { describeLedger } from "./ledger-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-ledger-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);

describeLedger("sqlite", async () => openLedger(":memory:", 0));
describeLedger("sqlite in a thread", () => openRemoteLedger(newFile(), 0));

describe("the ledger's file", () => {
  test("a job is there after the file is opened again", async () => {
    const file = newFile();
    const first = openLedger(file, 0);
    await first.jobs.add(aNewJob(), 0);
    await first.close();
    const second = openLedger(file, 1);
    expect((await second.jobs.get("job-1"))?.status).toBe("ready");
    await second.close();
  });

  test("a write by another process is noticed once, and our own are none, in a thread too", async () => {
    for (const open of [openLedger, openRemoteLedger]) {
      const file = newFile();
      const ours = await open(file, 0);
      expect(await ours.changed()).toBe(false);
      await ours.switches.set("a", String(files), 1);
      expect(await ours.changed()).toBe(false);
      const other = openLedger(file, 2);
      await other.switches.get("a");
      expect(await ours.changed()).toBe(false);
      await other.switches.set("b", "1", 2);
      await other.close();
      expect([await ours.changed(), await ours.changed()]).toEqual([true, false]);
      await ours.close();
    }
  });

  test("a file that is no database is refused as damaged, in a thread too", async () => {
    const file = newFile();
    writeFileSync(file, "not a database, but long enough to be read as one by mistake ".repeat(30));
    expect(() => openLedger(file, 0)).toThrow(expect.objectContaining({ code: "ledger-damaged" }));
    await expect(openRemoteLedger(file, 0)).rejects.toMatchObject({ code: "ledger-damaged" });
  });

  test("a ledger newer than the program is refused with its own code", async () => {
    const file = newFile();
    await openLedger(file, 0).close();
    const db = new Database(file);
    db.prepare("INSERT INTO migrations VALUES (9999, 'future.sql', 'x', 0)").run();
    db.close();
    expect(() => openLedger(file, 0)).toThrow(expect.objectContaining({ code: "ledger-newer" }));
  });

  test("a ledger of the first migration alone keeps its outputs through the next", async () => {
    const file = newFile();
    const first = readFileSync(new URL("../../migrations/0001_ledger.sql", import.meta.url), "utf8");
    const db = new Database(file);
    db.exec(first);
    db.exec("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT, sha256 TEXT, applied_at INTEGER)");
    const sha256 = createHash("sha256").update(first).digest("hex");
    db.prepare("INSERT INTO migrations VALUES (1, '0001_ledger.sql', ?, 0)").run(sha256);
    db.exec(`INSERT INTO jobs (id, origin, path, original, picture_sha256, content_sha256, recipe, recipe_hash, stage, status,
                               due_at, created_at) VALUES ('a', 'command', 'p', 'o', '1', '2', '{}', '3', 'write', 'done', 0, 0)`);
    db.exec(`INSERT INTO outputs (job, kind, outbox, stem, stem_key, path, state, sha256)
             VALUES ('a', 'photo', '/out', 's', 's', '/out/s.jpg', 'published', 'ff')`);
    db.close();
    const ledger = openLedger(file, 0);
    expect(await ledger.outputs.of("a")).toMatchObject([{ kind: "photo", path: "/out/s.jpg", state: "published" }]);
    expect(await ledger.outputs.isOurs({ contentSha256: "ff", pictureSha256: "-" })).toBe(true);
    expect(await ledger.jobs.get("a")).toMatchObject({ status: "done", shoot: null });
    await ledger.close();
  });

  test("only one holder has the line's lock, and it is free when that one lets go", () => {
    const file = newFile();
    const first = takeLineLock(file);
    expect(first).toBeDefined();
    expect(takeLineLock(file)).toBeUndefined();
    first?.release();
    const second = takeLineLock(file);
    expect(second).toBeDefined();
    second?.release();
  });
});
