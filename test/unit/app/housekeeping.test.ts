import { expect, test } from "vitest";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import { openHousekeeping } from "../../../src/app/housekeeping.ts";
import { AppError } from "../../../src/core/errors.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import type { Files, Ledger, Ports } from "../../../src/ports.ts";
import { aClock, quietLog } from "../../support/clock.ts";
import { aNewJob } from "../../support/jobs.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RETENTION = { workMs: DAY, eventsMs: 30 * DAY, jobsMs: 90 * DAY };

/** A job that was cancelled or whose file changed is no business of `thin`; this one is superseded at `at`. */
async function superseded(ledger: Ledger, id: string, at: number): Promise<void> {
  const path = `${id}.jpg` as PathText;
  await ledger.jobs.add(aNewJob({ id, path, pictureSha256: id }), at);
  const [claimed] = await ledger.jobs.claim({
    ...{ stages: ["upload"], backends: aNewJob().recipe.backends, known: aNewJob().recipe.backends, unable: [] },
    ...{ limit: 1, now: at, until: at + 60_000, owner: "me", leases: [`lease-${id}`], only: [id] },
  });
  const { job } = claimed!;
  const next = {
    ...job,
    status: "ready",
    dueAt: at,
    waitsOn: null,
    holdReason: null,
    failure: null,
    endedAt: null,
  } as const;
  const attempt = {
    stage: "upload",
    number: 1,
    kind: "done",
    startedAt: at,
    endedAt: at,
    times: 1,
    code: null,
    message: null,
  } as const;
  await ledger.jobs.finish(id, `lease-${id}`, next, attempt);
  await ledger.jobs.add(aNewJob({ id: `${id}-new`, path, pictureSha256: `${id}-new` }), at);
}

function aHouse(ledger: Ledger, startsAt: number) {
  const clock = aClock(startsAt);
  const folders = new Set<string>();
  const files = {
    stat: async () => ({}),
    list: async (folder: string) => (folder === "/work" ? [...folders].map((name) => ({ name, kind: "folder" })) : []),
    discardFolder: async (path: string) => void folders.delete(path.slice("/work/".length)),
  } as unknown as Files;
  const ports = { clock, ledger, files, log: quietLog, workFolder: "/work" } as unknown as Ports;
  return { clock, folders, ports };
}

test("old jobs lose their history and keep who they are", async () => {
  const ledger = openLedger(":memory:", 0);
  await superseded(ledger, "old", 0);
  await superseded(ledger, "young", 50 * DAY);
  const { ports } = aHouse(ledger, 91 * DAY);
  await openHousekeeping(ports, { retention: RETENTION, housekeeping: null })();
  expect(await ledger.attempts.of("old")).toEqual([]);
  expect(await ledger.attempts.of("young")).toHaveLength(1);
  expect((await ledger.jobs.get("old"))?.status).toBe("superseded");
  const again = await ledger.jobs.add(aNewJob({ id: "x", path: "old.jpg" as PathText, pictureSha256: "old-new" }), 0);
  expect(again).toMatchObject({ isNew: false, job: { id: "old-new" } });
});

test("without a schedule, house is kept every ten minutes", async () => {
  const ledger = openLedger(":memory:", 0);
  const { clock, folders, ports } = aHouse(ledger, 91 * DAY);
  const keep = openHousekeeping(ports, { retention: RETENTION, housekeeping: null });
  await keep();
  folders.add("unknown");
  await clock.runTo(clock.now() + 599_000);
  await keep();
  expect(folders.size).toBe(1);
  await clock.runTo(clock.now() + 1_000);
  await keep();
  expect(folders.size).toBe(0);
});

test("by a schedule it is kept then, and a time that was missed while nothing ran is made up for", async () => {
  const ledger = openLedger(":memory:", 0);
  const house = { retention: RETENTION, housekeeping: "0 * * * *" };
  const start = Date.parse("2026-11-23T10:30:00Z");
  const { clock, folders, ports } = aHouse(ledger, start);
  const keep = openHousekeeping(ports, house);
  folders.add("unknown");
  await keep();
  await clock.runTo(start + HOUR / 2 - 1);
  await keep();
  expect(folders.size).toBe(1);
  await clock.runTo(start + HOUR / 2);
  await keep();
  expect(folders.size).toBe(0);

  folders.add("unknown");
  const later = aHouse(ledger, start + 5 * HOUR);
  later.folders.add("unknown");
  await openHousekeeping(later.ports, house)();
  expect(later.folders.size).toBe(0);
});

test("an outbox that cannot be read keeps nothing else from being done; sheets that have no name yet stay", async () => {
  const ledger = openLedger(":memory:", 0);
  const { folders, ports } = aHouse(ledger, DAY);
  folders.add("unknown");
  const sheet = { n: 1, temp: "/out/.hotgrade-aaaaaaaaaaaa.tmp" as PathText, path: null, sha256: "5e" };
  const batch = { id: "b", inbox: "/in" as PathText, folder: "" as PathText, data: {}, closedAt: 1 };
  await ledger.batches.close(batch, []);
  await ledger.batches.stage("b", [sheet]);
  const left = new Set([sheet.temp, "/out/.hotgrade-bbbbbbbbbbbb.tmp"] as PathText[]);
  const files = {
    ...ports.files,
    stat: async () => ({ changedMs: 0 }),
    list: async (folder: string) => {
      if (folder === "/closed") throw new AppError("folder-unreadable", "Cannot list /closed: EACCES.");
      if (folder !== "/out") return ports.files.list(folder as PathText);
      return [...left].map((path) => ({ name: path.slice("/out/".length), kind: "file" }));
    },
    discard: async (path: PathText) => void left.delete(path),
  } as unknown as Files;
  const outputs = { ...ledger.outputs, folders: async () => ["/closed", "/out"] as PathText[] };
  await openHousekeeping(
    { ...ports, files, ledger: { ...ledger, outputs } },
    { retention: RETENTION, housekeeping: null },
  )();
  expect([[...left], folders.size]).toEqual([[sheet.temp], 0]);
});

test("pages that were freed go back to the disk", async () => {
  const ledger = openLedger(":memory:", 0);
  const text = "x".repeat(1_000);
  for (let at = 0; at < 12_000; at++) await ledger.events.add("note", null, { text }, at);
  await ledger.events.forget(12_000);
  await ledger.housekeeping.compact();
  await ledger.events.add("note", null, { text }, 1);
  expect(await ledger.events.after(0, 10)).toHaveLength(1);
});
