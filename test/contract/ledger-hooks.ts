/** What every ledger must do about news for hooks and about shoots that are complete. */
import { describe, expect } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { done } from "../../src/core/job/job.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger } from "../../src/ports.ts";
import { aNewJob } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const INBOX = "/photos/inbox" as PathText;
const wanted = [
  { inbox: INBOX, event: "held" as const },
  { inbox: INBOX, event: "done" as const },
  { inbox: INBOX, event: "shoot" as const },
];

/** One attempt at job `id`, begun at `stage`. */
async function attempt(ledger: Ledger, stage: "write" | "retire", held: boolean, now: number) {
  const request = { backends: [], known: [], unable: [], limit: 1, now, until: now + 99, owner: "me" };
  const [claimed] = await ledger.jobs.claim({ ...request, stages: [stage], leases: [`lease-${now}`] });
  const hold = { kind: "hold", code: "review", reason: "look", facts: {}, retryFrom: "write" } as const;
  const rules = { now, random: 0, attemptsMax: 3, rewindsMax: 3 };
  const { next, kind } = afterAttempt(claimed!.job, held ? hold : done(), rules);
  const row = { stage, number: 1, kind, startedAt: now, endedAt: now, times: 1, code: null, message: null };
  await ledger.jobs.finish(claimed!.job.id, claimed!.lease, next, row);
}

async function add(ledger: Ledger, id: string, path: string, now: number) {
  const facts = { cube: "/looks/a.cube" as PathText };
  await ledger.jobs.add(aNewJob({ id, path: path as PathText, stage: "write", facts }), now);
}

/** Held, approved, done. */
async function heldThenDone(ledger: Ledger) {
  await add(ledger, "job-1", "day/a.jpg", 1);
  await attempt(ledger, "write", true, 10);
  await ledger.jobs.approve(["job-1"], 11);
  await attempt(ledger, "write", false, 12);
  await attempt(ledger, "retire", false, 13);
}

export function hookSuite(withLedger: WithLedger): void {
  describe("news", () => {
    withLedger("are kept only where somebody wants them", async (ledger) => {
      await ledger.deliveries.want([{ inbox: "/elsewhere", event: "done" }], 0);
      await heldThenDone(ledger);
      expect(await ledger.deliveries.due(wanted, 99, 9, [])).toEqual([]);
    });

    withLedger("of one photo come in order, each under its own id, which stays", async (ledger) => {
      await ledger.deliveries.want(wanted, 0);
      await heldThenDone(ledger);
      const [held, ...none] = await ledger.deliveries.due(wanted, 99, 9, []);
      expect([held!.event, held!.job, held!.at, none]).toEqual(["held", "job-1", 10, []]);
      expect(held!.data).toMatchObject({ path: "day/a.jpg", code: "review" });
      await ledger.deliveries.failed(held!.id, "no answer", 200, 100);
      expect(await ledger.deliveries.due(wanted, 199, 9, [])).toEqual([]);
      expect(await ledger.deliveries.troubles()).toMatchObject([
        { inbox: INBOX, event: "held", waiting: 1, givenUp: 0, reason: "no answer" },
      ]);
      expect(await ledger.deliveries.due(wanted, 200, 9, [])).toMatchObject([{ id: held!.id, attempts: 1 }]);
      expect(await ledger.deliveries.due(wanted, 200, 9, [held!.id])).toEqual([]);
      await ledger.deliveries.delivered(held!.id, 201);
      expect(await ledger.deliveries.troubles()).toEqual([]);
      expect(await ledger.deliveries.due(wanted, 202, 9, [])).toMatchObject([{ event: "done", attempts: 0 }]);
    });

    withLedger("are asked for by who is told, and given up when nobody is any more", async (ledger) => {
      await ledger.deliveries.want(wanted, 0);
      await heldThenDone(ledger);
      const [held, finished] = wanted;
      expect(await ledger.deliveries.due([finished!], 99, 9, [])).toEqual([]);
      expect(await ledger.deliveries.due([held!], 99, 9, [])).toMatchObject([{ event: "held" }]);
      await ledger.deliveries.want([finished!], 100);
      expect(await ledger.deliveries.due(wanted, 101, 9, [])).toMatchObject([{ event: "done" }]);
      expect(await ledger.deliveries.troubles()).toMatchObject([
        { event: "held", givenUp: 1, reason: expect.stringContaining("no such hook") },
      ]);
    });

    withLedger("that are given up make way, are shown, and are forgotten in the end", async (ledger) => {
      await ledger.deliveries.want(wanted, 0);
      await heldThenDone(ledger);
      const [held] = await ledger.deliveries.due(wanted, 99, 9, []);
      await ledger.deliveries.failed(held!.id, "404", null, 100);
      expect(await ledger.deliveries.due(wanted, 100, 9, [])).toMatchObject([{ event: "done" }]);
      expect(await ledger.deliveries.troubles()).toMatchObject([{ event: "held", waiting: 0, givenUp: 1 }]);
      await ledger.deliveries.forget(101);
      expect(await ledger.deliveries.troubles()).toEqual([]);
      // What still waits is kept, however old.
      await ledger.deliveries.forget(9_999);
      expect(await ledger.deliveries.due(wanted, 9_999, 9, [])).toHaveLength(1);
    });
  });

  describe("batches", () => {
    withLedger("take each photo once, and are told of once", async (ledger) => {
      await ledger.deliveries.want([{ inbox: INBOX, event: "shoot" }], 0);
      await heldThenDone(ledger);
      const [found] = await ledger.batches.complete(INBOX, 100, 101);
      expect(found).toMatchObject({ folder: "day", ids: ["job-1"], data: { photos: 1, done: 1, ms: 12 } });
      const batch = { id: "batch-1", inbox: INBOX, folder: "day" as PathText, data: { photos: 1 }, closedAt: 101 };
      await ledger.batches.close(batch, found!.ids);
      expect(await ledger.batches.complete(INBOX, 100, 999)).toEqual([]);
      expect(await ledger.batches.untold()).toEqual([batch]);
      for (let n = 0; n < 2; n++) await ledger.batches.tell("batch-1", { photos: 1, contactSheets: [] }, 102);
      expect(await ledger.batches.untold()).toEqual([]);
      const told = await ledger.deliveries.due(wanted, 999, 9, []);
      expect(told).toMatchObject([{ event: "shoot", job: null, data: { photos: 1, contactSheets: [] } }]);
      expect((await ledger.events.after(0, 99)).filter(({ kind }) => kind === "shoot-complete")).toHaveLength(1);
      expect(await ledger.batches.jobs("batch-1")).toMatchObject([{ id: "job-1" }]);
    });

    withLedger(
      "wait for a file that is still arriving; their sheets are ours before they have a name",
      async (ledger) => {
        await heldThenDone(ledger);
        const arriving = { path: "day/b.jpg" as PathText, sizeBytes: 1, mtimeNs: "1", inode: "" };
        await ledger.sightings.put(INBOX, [{ ...arriving, state: "settling", code: null, message: null }], 50);
        expect(await ledger.batches.complete(INBOX, 100, 999)).toEqual([]);
        // One that cannot be taken is no arrival: nobody knows when it can be.
        const stuck = { ...arriving, state: "settling", code: "folder-unreadable", message: "EACCES" } as const;
        await ledger.sightings.put(INBOX, [stuck], 51);
        expect(await ledger.batches.complete(INBOX, 100, 999)).toHaveLength(1);
        await ledger.sightings.remove(INBOX, [arriving.path]);
        expect(await ledger.batches.complete(INBOX, 100, 999)).toHaveLength(1);
        await ledger.batches.close({ id: "b", inbox: INBOX, folder: "day" as PathText, data: {}, closedAt: 1 }, [
          "job-1",
        ]);
        await ledger.batches.stage("b", [{ n: 1, temp: "/t" as PathText, path: null, sha256: "5e" }]);
        const ours = (contentSha256: string) => ledger.outputs.isOurs({ contentSha256, pictureSha256: "-" });
        expect([await ours("5e"), await ours("5f")]).toEqual([true, false]);
        await ledger.batches.name("b", 1, "/s.jpg" as PathText);
        expect(await ledger.batches.sheets("b")).toEqual([{ n: 1, temp: "/t", path: "/s.jpg", sha256: "5e" }]);
      },
    );
  });
}
