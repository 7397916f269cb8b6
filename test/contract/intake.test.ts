/** Intake on real files: what becomes of a file that cannot be put away. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFiles } from "../../src/adapters/files.ts";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { systemIds } from "../../src/adapters/system.ts";
import { intakeFor } from "../../src/app/intake.ts";
import { sha256Of } from "../../src/app/wire.ts";
import { resolvePaths } from "../../src/cli/config-paths.ts";
import { parse } from "../../src/core/config/parse.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { done, end, type Outcome, type Stage } from "../../src/core/job/job.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger, Ports, Settled } from "../../src/ports.ts";
import { aClock } from "../support/clock.ts";
import { saved, sceneImage, silent } from "../support/photos.ts";

const root = mkdtempSync(join(tmpdir(), "hotgrade-intake-"));
const pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
afterAll(async () => {
  await pictures.close();
  rmSync(root, { recursive: true });
});

const settled = (absolute: PathText, path: string): Settled => {
  const { size, mtimeNs, ino } = statSync(absolute, { bigint: true });
  const signature = { sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: String(ino) };
  return { path: path as PathText, absolute, signature };
};

/** One attempt at the only job. */
async function attempt(ledger: Ledger, stage: Stage, outcome: Outcome): Promise<void> {
  const request = { unable: [], limit: 1, now: 2, until: 99, owner: "me" };
  const names = (await ledger.jobs.find({}))[0]!.recipe.backends;
  const [claimed] = await ledger.jobs.claim({
    ...request,
    backends: names,
    known: names,
    stages: [stage],
    leases: ["l"],
  });
  const rules = { now: 2, random: 0, attemptsMax: 3, rewindsMax: 3 };
  const { next, kind, code, message } = afterAttempt(claimed!.job, outcome, rules);
  const row = { stage, number: 1, kind, startedAt: 2, endedAt: 2, times: 1, code, message };
  await ledger.jobs.finish(claimed!.job.id, "l", next, row);
}

test("a duplicate that goes while it is put away is not told as a file that cannot be graded", async () => {
  const parsed = parse({
    inboxes: [{ path: "in", outbox: "out", original: { duplicate: "move:twice" } }],
  });
  if (!parsed.ok) throw new Error("the config is wrong");
  const config = resolvePaths(parsed.config, root, root);
  const inbox = config.inboxes[0]!;
  const ledger = openLedger(":memory:", 0);
  const files = openFiles({ home: root });
  const ports = { clock: aClock(1), ids: systemIds, log: silent, files, pictures, ledger } as unknown as Ports;
  mkdirSync(join(inbox.path, "twice"), { recursive: true });
  const photo = await saved(inbox.path, "a.jpg", sceneImage(64, 48).jpeg());
  const goes = { now: false };
  const take = intakeFor(inbox, {
    ...{ ports, config, sha256: sha256Of },
    accepted: () => void (goes.now && rmSync(photo)),
  });
  expect(await take(settled(photo, "a.jpg"), Promise.resolve())).toMatchObject({ state: "taken" });
  const away = join(inbox.path, "twice/a.jpg") as PathText;
  await files.move(photo, away);
  await attempt(ledger, "upload", end("cancelled", "duplicate", "The same picture as b.jpg."));
  await attempt(ledger, "retire", done({ retiring: { kind: "move", from: photo, to: away } }));
  // It was put away as a duplicate; a copy of it comes under the same name, and goes again.
  await saved(inbox.path, "a.jpg", sceneImage(64, 48).jpeg());
  goes.now = true;
  await expect(take(settled(photo, "a.jpg"), Promise.resolve())).rejects.toMatchObject({ code: "original-gone" });
  expect([existsSync(photo), existsSync(away)]).toEqual([false, true]);
  await ledger.close();
});
