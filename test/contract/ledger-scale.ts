/** What every ledger must do for very many photos: counts without reading each, and whose turn it is. */
import { expect } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Ledger } from "../../src/ports.ts";
import type { NewJob } from "../../src/ports-ledger.ts";
import { aNewJob } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const INBOX = aNewJob().inbox!;

async function add(ledger: Ledger, path: string, changes: Partial<NewJob> = {}): Promise<void> {
  const own = { id: path + (changes.pictureSha256 ?? ""), path: path as PathText, pictureSha256: path, ...changes };
  await ledger.jobs.add(aNewJob(own), 0);
}

const claim = (ledger: Ledger, limit: number) =>
  ledger.jobs.claim({
    stages: ["upload"],
    backends: ["gpu-1"],
    known: ["gpu-1"],
    unable: [],
    limit,
    leases: Array.from({ length: limit }, (_, at) => `lease-${at}`),
    now: 1,
    until: 99,
    owner: "me",
  });

async function finishAll(ledger: Ledger): Promise<void> {
  for (const { job, lease } of await claim(ledger, 20)) {
    const next = { stage: "retire", status: "done", attempt: 0, rewinds: 0, facts: job.facts, dueAt: 2 } as const;
    const ended = { waitsOn: null, holdReason: null, failure: null, endedAt: 3 };
    const attempt = { stage: "retire", number: 1, kind: "done", startedAt: 2, endedAt: 3, times: 1 } as const;
    await ledger.jobs.finish(job.id, lease, { ...next, ...ended }, { ...attempt, code: null, message: null });
  }
}

export function scaleSuite(withLedger: WithLedger): void {
  withLedger("the smaller turn goes first, whatever came first; a higher priority before all", async (ledger) => {
    await add(ledger, "old");
    await add(ledger, "older-turn", { turn: -5 });
    await add(ledger, "newest", { turn: -9 });
    await add(ledger, "urgent", { priority: 1 });
    const order = (await claim(ledger, 4)).map(({ job }) => job.path);
    expect(order).toEqual(["urgent", "newest", "older-turn", "old"]);
  });

  withLedger("finished photos are told by folder and recipe, by their newest job alone", async (ledger) => {
    for (const path of ["a/1", "a/2", "a/b/3", "4"]) await add(ledger, path);
    await add(ledger, "a/5", { recipeHash: "other" });
    await add(ledger, "a/6", { pictureSha256: "first" });
    await finishAll(ledger);
    await add(ledger, "a/6", { pictureSha256: "second" }); // under way: its old result counts no more
    const told = (await ledger.jobs.gradedAlike(INBOX)).map(({ example, count }) => [
      example.path.slice(0, example.path.lastIndexOf("/") + 1),
      example.recipeHash === "other",
      count,
    ]);
    const wanted = [
      ["", false, 1],
      ["a/", false, 2],
      ["a/", true, 1],
      ["a/b/", false, 1],
    ];
    expect(told.map(String).sort()).toEqual(wanted.map(String).sort());
    expect(await ledger.jobs.gradedAlike("/elsewhere" as PathText)).toEqual([]);
  });
}
