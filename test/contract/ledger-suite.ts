/** What every ledger must do, whatever it is made of. */
import { describe, expect, test } from "vitest";
import { AppError } from "../../src/core/errors.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Claimed } from "../../src/core/job/job.ts";
import { done, end, rewind, wait } from "../../src/core/job/job.ts";
import type { JobProgress } from "../../src/core/job/progress.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger } from "../../src/ports.ts";
import type { Attempt, ClaimRequest, NewJob } from "../../src/ports-ledger.ts";
import { aNewJob } from "../support/jobs.ts";
import { copiesSuite } from "./ledger-copies.ts";
import { hookSuite } from "./ledger-hooks.ts";
import { pairsSuite } from "./ledger-pairs.ts";
import { poolSuite } from "./ledger-pool.ts";
import { scaleSuite } from "./ledger-scale.ts";
import { shootSuite } from "./ledger-shoots.ts";

const request = (changes: Partial<ClaimRequest> = {}): ClaimRequest => ({
  stages: ["upload"],
  backends: ["gpu-1"],
  known: ["gpu-1", "gpu-2"],
  unable: [],
  limit: 1,
  now: 10,
  until: 60,
  owner: "me",
  leases: ["lease-1", "lease-2", "lease-3", "lease-4"],
  ...changes,
});
const attempt = (changes: Partial<Attempt> = {}): Attempt => ({
  stage: "upload",
  number: 1,
  kind: "done",
  startedAt: 10,
  endedAt: 20,
  times: 1,
  code: null,
  message: null,
  ...changes,
});
const rules = { now: 20, random: 0, attemptsMax: 3, rewindsMax: 3 };
const INBOX = "/photos/inbox" as PathText;

async function add(ledger: Ledger, changes: Partial<NewJob> = {}, now = 0) {
  return (await ledger.jobs.add(aNewJob(changes), now)).job;
}
async function claimOne(ledger: Ledger, changes: Partial<ClaimRequest> = {}): Promise<Claimed> {
  const [claimed] = await ledger.jobs.claim(request(changes));
  if (!claimed) throw new Error("nothing to claim");
  return claimed;
}
const aTicket = (id: string, changes: Record<string, string> = {}) => ({
  id,
  job: "job-1",
  plate: "plate-1",
  backend: "gpu-1",
  seed: 7,
  prefix: `hotgrade/${id}`,
  createdAt: 1,
  ...changes,
});
const aPlate = {
  id: "plate-1",
  job: "job-1",
  file: "/w/plate.png" as PathText,
  sha256: "aa",
  sizeBytes: 1,
  width: 2,
  height: 3,
  frame: "{}",
};
const FILES = [
  { kind: "photo", suffix: ".jpg" },
  { kind: "cube", suffix: ".cube" },
] as const;
const OUTBOX = "/photos/graded" as PathText;

/** Both jobs at work, job-1 under lease-1 and job-2 under lease-2. */
async function twoAtWork(ledger: Ledger) {
  await add(ledger);
  await add(ledger, { id: "job-2", path: "b" as PathText });
  await ledger.jobs.claim(request({ limit: 2 }));
}
const leaseOf = (job: string) => job.replace("job", "lease");
const reserve = (ledger: Ledger, job: string, stems: readonly string[], not: readonly string[] = []) =>
  ledger.outputs.reserve({ job, lease: leaseOf(job), outbox: OUTBOX, stems, files: FILES, not });

/** A test with a fresh ledger of its own. */
export type WithLedger = (title: string, body: (ledger: Ledger) => Promise<void>) => void;

export function describeLedger(name: string, open: () => Promise<Ledger>): void {
  const withLedger: WithLedger = (title, body) =>
    test(title, async () => {
      const ledger = await open();
      try {
        await body(ledger);
      } finally {
        await ledger.close();
      }
    });

  describe(`${name}: backends`, () => poolSuite(withLedger));
  describe(`${name}: copies`, () => copiesSuite(withLedger));
  describe(`${name}: very many`, () => scaleSuite(withLedger));
  describe(`${name}: pairs`, () => pairsSuite(withLedger));
  describe(`${name}: hooks and complete shoots`, () => hookSuite(withLedger));
  describe(`${name}: shoots and looks`, () => shootSuite(withLedger));

  describe(`${name}: jobs`, () => {
    withLedger("the same photo in the same place is one job", async (ledger) => {
      const first = await ledger.jobs.add(aNewJob(), 0);
      const second = await ledger.jobs.add(aNewJob({ id: "job-2" }), 1);
      expect([first.isNew, second.isNew, second.job.id]).toEqual([true, false, "job-1"]);
    });

    withLedger("a changed picture is a new job and supersedes what was under way", async (ledger) => {
      await add(ledger);
      await add(ledger, { id: "job-2", pictureSha256: "99".repeat(32) });
      expect((await ledger.jobs.get("job-1"))?.status).toBe("superseded");
      expect((await ledger.jobs.get("job-2"))?.status).toBe("ready");
    });

    withLedger("a picture that comes back after another took its place is graded again", async (ledger) => {
      await add(ledger);
      await add(ledger, { id: "job-2", pictureSha256: "99".repeat(32) });
      const back = await ledger.jobs.add(aNewJob({ id: "job-3" }), 5);
      expect(back.job).toMatchObject({ id: "job-1", status: "ready", stage: "upload" });
      expect((await ledger.jobs.get("job-2"))?.status).toBe("superseded");
    });

    withLedger("a photo that was away and is back goes on", async (ledger) => {
      await add(ledger);
      const { job, lease } = await claimOne(ledger);
      const gone = afterAttempt(job, end("cancelled", "original-gone", "away"), rules);
      await ledger.jobs.finish(job.id, lease, gone.next, attempt({ kind: "end" }));
      expect((await ledger.jobs.add(aNewJob({ id: "job-2" }), 30)).job).toMatchObject({ id: "job-1", status: "ready" });
    });

    withLedger("a caller's key goes on with the newest generation", async (ledger) => {
      const { recipe } = await add(ledger, { inbox: null, idempotencyKey: "k" });
      const as = {
        id: "job-2",
        recipe,
        recipeHash: "44",
        stage: "upload",
        facts: {},
        shoot: null,
        duplicates: "regrade",
      } as const;
      await ledger.jobs.regrade("job-1", as, 5);
      const again = await ledger.jobs.add(aNewJob({ id: "job-3", inbox: null, idempotencyKey: "k" }), 6);
      expect(again.job.id).toBe("job-2");
    });

    withLedger("a caller's key finds the job it made before", async (ledger) => {
      await add(ledger, { inbox: null, idempotencyKey: "k" });
      const again = await ledger.jobs.add(aNewJob({ id: "job-2", inbox: null, idempotencyKey: "k" }), 1);
      expect([again.isNew, again.job.id]).toEqual([false, "job-1"]);
    });

    withLedger("a job keeps everything it was given, odd names too", async (ledger) => {
      const path = "Ünï\n'\"😀\uf7ff.jpg" as PathText;
      const job = await add(ledger, { path, facts: { signature: { sizeBytes: 1, mtimeNs: "2", inode: "3" } } });
      expect(await ledger.jobs.get("job-1")).toEqual(job);
      expect(job).toMatchObject({
        path,
        recipe: aNewJob().recipe,
        facts: { signature: { mtimeNs: "2" } },
        generation: 1,
      });
    });

    withLedger("a claim leases the first due job by priority, then age", async (ledger) => {
      await add(ledger, { id: "old", path: "1" as PathText });
      await add(ledger, { id: "new", path: "2" as PathText });
      await add(ledger, { id: "urgent", path: "3" as PathText, priority: 5 });
      const claimed = await ledger.jobs.claim(request({ limit: 3 }));
      expect(claimed.map(({ job, lease }) => [job.id, lease])).toEqual([
        ["urgent", "lease-1"],
        ["old", "lease-2"],
        ["new", "lease-3"],
      ]);
      expect(await ledger.jobs.claim(request())).toEqual([]);
    });

    withLedger(
      "a claim leaves jobs of other stages, of silent backends, not yet due, or not asked for",
      async (ledger) => {
        await add(ledger, { id: "stage", path: "1" as PathText, stage: "write" });
        const recipe = { ...aNewJob().recipe, backends: ["gpu-2"] };
        await add(ledger, { id: "silent", path: "2" as PathText, recipe });
        await add(ledger, { id: "later", path: "3" as PathText }, 50);
        await add(ledger, { id: "other", path: "4" as PathText });
        expect(await ledger.jobs.claim(request({ limit: 4, only: ["stage", "silent", "later"] }))).toEqual([]);
      },
    );

    withLedger(
      "finished work needs no backend: lut and write go on while it is silent, queue and fetch do not",
      async (ledger) => {
        const facts = { backend: "gpu-2" };
        for (const stage of ["queue", "fetch", "lut", "write"] as const)
          await add(ledger, { id: stage, path: stage as PathText, stage, facts });
        const claimed = await ledger.jobs.claim(request({ stages: ["queue", "fetch", "lut", "write"], limit: 4 }));
        expect(claimed.map(({ job }) => job.id)).toEqual(["lut", "write"]);
      },
    );

    withLedger(
      "a job whose backends are all gone from the configuration is claimed, to fail with a reason",
      async (ledger) => {
        await add(ledger, { recipe: { ...aNewJob().recipe, backends: ["old-gpu"] } });
        expect((await claimOne(ledger)).job.id).toBe("job-1");
      },
    );

    withLedger("a job on a backend that is gone from the configuration goes back to upload", async (ledger) => {
      await add(ledger, { stage: "fetch", facts: { backend: "old-gpu", plate: "p", ticket: "t" } });
      expect(await ledger.jobs.unbind(["gpu-1"], 5)).toBe(1);
      expect(await ledger.jobs.get("job-1")).toMatchObject({ stage: "upload", facts: {} });
    });

    withLedger("retry of a job cancelled at fetch asks anew, and forgets what it had fetched", async (ledger) => {
      const facts = { backend: "gpu-1", plate: "p", ticket: "t", preview: "/p.png" as PathText };
      await add(ledger, { stage: "fetch", facts });
      await ledger.jobs.cancel(["job-1"], "by hand", 5);
      await ledger.jobs.retry(["job-1"], 6);
      expect(await ledger.jobs.get("job-1")).toMatchObject({ stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
      expect((await ledger.jobs.get("job-1"))?.facts).not.toHaveProperty("ticket");
    });

    withLedger("a failure that travels through retire survives a cancel there", async (ledger) => {
      const recipe = {
        ...aNewJob().recipe,
        original: { ...aNewJob().recipe.original, failed: { kind: "trash" } as const },
      };
      await add(ledger, { recipe });
      const { job, lease } = await claimOne(ledger);
      const failed = afterAttempt(job, new AppError("picture-damaged", "cut"), rules);
      await ledger.jobs.finish(job.id, lease, failed.next, attempt({ kind: "failed" }));
      await ledger.jobs.cancel([job.id], "by hand", 30);
      expect((await ledger.jobs.get(job.id))?.failure).toMatchObject({ code: "picture-damaged", stage: "upload" });
      await ledger.jobs.retry([job.id], 31);
      expect(await ledger.jobs.get(job.id)).toMatchObject({ stage: "upload", status: "ready" });
    });

    withLedger("a finished attempt writes the next state, the attempt and an event", async (ledger) => {
      await add(ledger);
      const { job, lease } = await claimOne(ledger);
      await ledger.jobs.finish(job.id, lease, afterAttempt(job, done({ backend: "gpu-1" }), rules).next, attempt());
      expect(await ledger.jobs.get(job.id)).toMatchObject({
        stage: "queue",
        status: "ready",
        facts: { backend: "gpu-1" },
      });
      expect(await ledger.attempts.of(job.id)).toEqual([attempt()]);
      expect((await ledger.events.after(0, 10)).map(({ kind }) => kind)).toEqual(["accepted", "done"]);
    });

    withLedger("a worker whose lease was freed cannot finish, note or renew", async (ledger) => {
      await add(ledger);
      const { job, lease } = await claimOne(ledger);
      expect(await ledger.jobs.freeLeases("another", 20)).toBe(1);
      const { next } = afterAttempt(job, done(), rules);
      await expect(ledger.jobs.finish(job.id, lease, next, attempt())).rejects.toMatchObject({ code: "lease-lost" });
      await expect(ledger.jobs.note(job.id, lease, {})).rejects.toMatchObject({ code: "lease-lost" });
      expect(await ledger.jobs.renew(job.id, lease, 99)).toBe(false);
      expect(await ledger.attempts.of(job.id)).toEqual([]);
    });

    withLedger(
      "a lease in force of the living instance is not freed; one that has run out is, uncounted",
      async (ledger) => {
        await add(ledger);
        await claimOne(ledger);
        expect(await ledger.jobs.freeLeases("me", 59)).toBe(0);
        expect(await ledger.jobs.freeLeases("me", 60)).toBe(1);
        expect(await ledger.jobs.get("job-1")).toMatchObject({ status: "ready", attempt: 0 });
      },
    );

    withLedger("a note is kept at once and laid over what is known", async (ledger) => {
      await add(ledger, { facts: { backend: "gpu-1" } });
      const { job, lease } = await claimOne(ledger);
      await ledger.jobs.note(job.id, lease, { plate: "p" });
      expect((await ledger.jobs.get(job.id))?.facts).toEqual({ backend: "gpu-1", plate: "p" });
    });

    withLedger("a job that waits on a name is claimed only after the name is cleared", async (ledger) => {
      await add(ledger);
      const { job, lease } = await claimOne(ledger);
      const waiting = afterAttempt(job, wait({ on: "place:gpu-1" }, "full"), rules);
      await ledger.jobs.finish(job.id, lease, waiting.next, attempt({ kind: "wait" }));
      expect(await ledger.jobs.claim(request({ now: 1_000_000 }))).toEqual([]);
      expect(await ledger.jobs.clearWaits("place:gpu-1", 30)).toBe(1);
      expect((await claimOne(ledger, { now: 30 })).job.id).toBe("job-1");
    });

    withLedger("consecutive waits fold into one row that counts them", async (ledger) => {
      await add(ledger);
      for (const at of [20, 30, 40]) {
        const { job, lease } = await claimOne(ledger, { now: at });
        const { next } = afterAttempt(job, wait({ afterMs: 0 }, "running"), { ...rules, now: at });
        await ledger.jobs.finish(job.id, lease, next, attempt({ kind: "wait", endedAt: at, message: "running" }));
      }
      expect(await ledger.attempts.of("job-1")).toEqual([
        attempt({ kind: "wait", times: 3, endedAt: 40, message: "running" }),
      ]);
    });

    withLedger("retry brings a failed job back to the stage it failed at", async (ledger) => {
      await add(ledger);
      const { job, lease } = await claimOne(ledger);
      const { next } = afterAttempt({ ...job, rewinds: 3 }, rewind("queue", "backend-lost", "x"), rules);
      await ledger.jobs.finish(job.id, lease, next, attempt({ kind: "failed" }));
      expect(await ledger.jobs.retry(["job-1", "none"], 30)).toEqual(["job-1"]);
      expect(await ledger.jobs.get("job-1")).toMatchObject({
        status: "ready",
        stage: "upload",
        failure: null,
        rewinds: 0,
      });
    });

    withLedger("cancel ends a job and takes its lease", async (ledger) => {
      await add(ledger);
      const { job, lease } = await claimOne(ledger);
      expect(await ledger.jobs.cancel([job.id], "by hand", 30)).toEqual([job.id]);
      expect(await ledger.jobs.cancel([job.id], "by hand", 31)).toEqual([]);
      expect(await ledger.jobs.renew(job.id, lease, 99)).toBe(false);
      expect(await ledger.jobs.get(job.id)).toMatchObject({ status: "cancelled", endedAt: 30 });
    });

    withLedger("approve sends a held job with a look to write", async (ledger) => {
      await add(ledger, { stage: "lut" });
      const { job, lease } = await claimOne(ledger, { stages: ["lut"] });
      const facts = { cube: "/c.cube" as PathText };
      const held = { kind: "hold", code: "look-spatial", reason: "r", facts, retryFrom: "queue" } as const;
      await ledger.jobs.finish(job.id, lease, afterAttempt(job, held, rules).next, attempt({ kind: "hold" }));
      expect(await ledger.jobs.approve([job.id], 30)).toEqual([job.id]);
      expect(await ledger.jobs.get(job.id)).toMatchObject({ status: "ready", stage: "write", failure: null });
    });

    withLedger(
      "approve with a finish sends a held job with a preview back to lut, to be finished so",
      async (ledger) => {
        await add(ledger, { stage: "lut" });
        const { job, lease } = await claimOne(ledger, { stages: ["lut"] });
        const facts = { plate: "p", preview: "/p.png" as PathText, cube: "/c.cube" as PathText, score: 4 };
        const held = { kind: "hold", code: "look-spatial", reason: "r", facts, retryFrom: "queue" } as const;
        await ledger.jobs.finish(job.id, lease, afterAttempt(job, held, rules).next, attempt({ kind: "hold" }));
        expect(await ledger.jobs.approve([job.id, "nobody"], 30, "direct")).toEqual([job.id]);
        const next = await ledger.jobs.get(job.id);
        expect(next).toMatchObject({ status: "ready", stage: "lut", failure: null, dueAt: 30 });
        expect(next!.facts).toEqual({ plate: "p", preview: "/p.png", approvedAs: "direct" });
        expect(await ledger.jobs.approve([job.id], 31, "local")).toEqual([]);
      },
    );

    withLedger("regrade is the next generation with its own recipe, of the newest one only", async (ledger) => {
      const { recipe } = await add(ledger);
      const start = { stage: "upload", facts: {}, shoot: null, duplicates: "regrade" } as const;
      const as = { id: "job-2", recipe: { ...recipe, prompt: "cool" }, recipeHash: "44", ...start };
      expect(await ledger.jobs.regrade("job-1", as, 5)).toMatchObject({
        id: "job-2",
        generation: 2,
        recipe: { prompt: "cool" },
      });
      expect(await ledger.jobs.regrade("job-1", { ...as, id: "job-3" }, 6)).toBeUndefined();
    });

    withLedger("the next due time is the earliest of waits and leases", async (ledger) => {
      expect(await ledger.jobs.nextDue(0)).toBeNull();
      await add(ledger, {}, 40);
      expect(await ledger.jobs.nextDue(0)).toBe(40);
      expect([await ledger.jobs.anyDue(39), await ledger.jobs.anyDue(40)]).toEqual([false, true]);
      await claimOne(ledger, { now: 40, until: 90 });
      expect(await ledger.jobs.anyDue(40)).toBe(false);
      expect(await ledger.jobs.nextDue(41)).toBe(90);
    });

    withLedger("counts and load say how many stand where", async (ledger) => {
      await add(ledger, { id: "a", path: "1" as PathText, stage: "queue", facts: { backend: "gpu-1" } });
      await add(ledger, { id: "b", path: "2" as PathText, stage: "queue", facts: { backend: "gpu-2" } });
      expect(await ledger.jobs.load(["queue", "fetch"], "gpu-3", 0)).toBe(0);
      expect(await ledger.jobs.load(["queue"], "gpu-1", 0)).toBe(1);
      const preview = "/w/p.png" as PathText;
      await add(ledger, { id: "c", path: "3" as PathText, stage: "write", facts: { preview } }, 50);
      expect([await ledger.jobs.loadDue(["write"], 49), await ledger.jobs.loadDue(["write"], 50)]).toEqual([0, 1]);
      expect(await ledger.jobs.counts()).toEqual([
        { inbox: INBOX, stage: "queue", status: "ready", verdict: null, count: 2 },
        { inbox: INBOX, stage: "write", status: "ready", verdict: null, count: 1 },
      ]);
    });

    withLedger("jobs of a silent backend that were not submitted go to one that may serve them", async (ledger) => {
      const recipe = { ...aNewJob().recipe, backends: ["gpu-1", "gpu-2"] };
      await add(ledger, { stage: "queue", recipe, facts: { backend: "gpu-1", plate: "plate-1" } });
      expect(await ledger.jobs.rebind("gpu-1", { names: ["gpu-3"], unable: [] }, 5)).toBe(0);
      expect(await ledger.jobs.rebind("gpu-1", { names: ["gpu-2"], unable: [] }, 5)).toBe(1);
      expect(await ledger.jobs.get("job-1")).toMatchObject({ stage: "upload", facts: {} });
    });
  });

  describe(`${name}: progress`, () => {
    const seen = (percent: number, changes: Partial<JobProgress> = {}): JobProgress => ({
      ...{ job: "job-1", ticket: "t1", phase: "running", percent, ahead: null, leftMs: null },
      ...changes,
    });
    const percents = async (ledger: Ledger) => (await ledger.progress.all()).map(({ percent }) => percent);
    const atFetch = { stage: "fetch", facts: { ticket: "t1" } } as const;

    withLedger("is written at most once a second, and never falls while its ticket is the same", async (ledger) => {
      await add(ledger, atFetch);
      await ledger.progress.put(seen(0, { phase: "queued", ahead: 1, leftMs: 900 }), 5_000);
      expect(await ledger.progress.all()).toEqual([seen(0, { phase: "queued", ahead: 1, leftMs: 900 })]);
      await ledger.progress.put(seen(30), 5_999);
      expect(await percents(ledger)).toEqual([0]);
      await ledger.progress.put(seen(30), 6_000);
      await ledger.progress.put(seen(20), 7_000);
      expect(await ledger.progress.all()).toEqual([seen(30)]);
    });

    withLedger("belongs to the job's ticket alone", async (ledger) => {
      await add(ledger, atFetch);
      await ledger.progress.put(seen(30, { ticket: "t0" }), 5_000);
      await ledger.progress.put(seen(30, { job: "nobody" }), 5_000);
      expect(await percents(ledger)).toEqual([]);
    });

    withLedger("ends when the job leaves fetch, however it leaves, and does not come back", async (ledger) => {
      const leave: readonly (() => Promise<unknown>)[] = [
        async () => {
          const { job, lease } = await claimOne(ledger, { stages: ["fetch"] });
          await ledger.jobs.finish(job.id, lease, afterAttempt(job, done({}), rules).next, attempt({ kind: "done" }));
        },
        () => ledger.jobs.cancel(["job-2"], "by hand", 9_000),
        () => ledger.jobs.unbind([], 9_000),
      ];
      for (const [at, go] of leave.entries()) {
        const id = `job-${at + 1}`;
        const facts = { ticket: "t1", backend: "gpu-1", plate: "plate-1" };
        await add(ledger, { id, path: `${id}.jpg` as PathText, stage: "fetch", facts });
        await ledger.progress.put(seen(50, { job: id }), 5_000);
        expect(await percents(ledger)).toEqual([50]);
        await go();
        expect(await percents(ledger)).toEqual([]);
        await ledger.progress.put(seen(60, { job: id }), 9_900);
        expect(await percents(ledger)).toEqual([]);
      }
    });

    withLedger("waiting and being claimed again do not end it", async (ledger) => {
      await add(ledger, { ...atFetch, facts: { ...atFetch.facts, backend: "gpu-1" } });
      await ledger.progress.put(seen(50), 5_000);
      const { job, lease } = await claimOne(ledger, { stages: ["fetch"] });
      const { next } = afterAttempt(job, wait({ afterMs: 1 }, "running"), rules);
      await ledger.jobs.finish(job.id, lease, next, attempt({ kind: "wait" }));
      expect(await percents(ledger)).toEqual([50]);
    });
  });

  describe(`${name}: leases that hold`, () => {
    withLedger("those of cancelled jobs do not", async (ledger) => {
      await add(ledger);
      await add(ledger, { id: "job-2", path: "b.jpg" as PathText });
      const [one, two] = [await claimOne(ledger), await claimOne(ledger, { leases: ["lease-2"] })];
      expect([...(await ledger.jobs.leased([one.lease, two.lease, "nobody's"]))].sort()).toEqual(
        [one.lease, two.lease].sort(),
      );
      await ledger.jobs.cancel([one.job.id], "by hand", 5);
      expect(await ledger.jobs.leased([one.lease, two.lease])).toEqual([two.lease]);
    });
  });

  describe(`${name}: tickets`, () => {
    withLedger(
      "a backend has as many places as its depth, and a place is free when its ticket ends",
      async (ledger) => {
        await add(ledger);
        await ledger.plates.add(aPlate);
        expect(await ledger.tickets.reserve(aTicket("t1"), 1)).toMatchObject({ id: "t1", state: "reserved" });
        expect(await ledger.tickets.reserve(aTicket("t2"), 1)).toBeUndefined();
        await ledger.tickets.mark("t1", "posted", 2);
        expect(await ledger.tickets.held("gpu-1")).toBe(1);
        await ledger.tickets.mark("t1", "finished", 3);
        expect(await ledger.tickets.reserve(aTicket("t2"), 1)).toMatchObject({ id: "t2" });
        expect((await ledger.tickets.ofJob("job-1")).map(({ id, state }) => [id, state])).toEqual([
          ["t1", "finished"],
          ["t2", "reserved"],
        ]);
      },
    );

    withLedger("a ticket that has ended is not posted any more", async (ledger) => {
      await add(ledger);
      await ledger.plates.add(aPlate);
      await ledger.tickets.reserve(aTicket("t1"), 1);
      expect(await ledger.tickets.mark("t1", "cancelled", 2)).toBe(true);
      expect(await ledger.tickets.mark("t1", "posted", 3)).toBe(false);
      expect((await ledger.tickets.get("t1"))?.state).toBe("cancelled");
    });

    withLedger("freeing a place lets those go on that wait for one", async (ledger) => {
      await add(ledger);
      await ledger.plates.add(aPlate);
      await ledger.tickets.reserve(aTicket("t1"), 1);
      const { job, lease } = await claimOne(ledger);
      const { next } = afterAttempt(job, wait({ on: "place:gpu-1" }, "full"), rules);
      await ledger.jobs.finish(job.id, lease, next, attempt({ kind: "wait" }));
      await ledger.tickets.mark("t1", "lost", 30);
      expect((await ledger.jobs.get(job.id))?.waitsOn).toBeNull();
    });

    withLedger("a ticket whose job has ended is stray until it is marked", async (ledger) => {
      await add(ledger, { stage: "fetch", facts: { ticket: "t1" } });
      await ledger.plates.add(aPlate);
      await ledger.tickets.reserve(aTicket("t1"), 2);
      expect(await ledger.tickets.stray()).toEqual([]);
      await ledger.jobs.cancel(["job-1"], "by hand", 5);
      expect((await ledger.tickets.stray()).map(({ id }) => id)).toEqual(["t1"]);
      await ledger.tickets.mark("t1", "cancelled", 6);
      expect(await ledger.tickets.stray()).toEqual([]);
    });

    withLedger("an ended ticket is untidied until it is noted; one on its way never is", async (ledger) => {
      await add(ledger);
      await ledger.plates.add(aPlate);
      for (const id of ["t1", "t2", "t3"]) await ledger.tickets.reserve(aTicket(id), 3);
      await ledger.tickets.mark("t1", "finished", 2);
      await ledger.tickets.mark("t2", "cancelled", 3);
      expect(await ledger.tickets.untidied("gpu-2", 9)).toEqual([]);
      expect([...(await ledger.tickets.untidied("gpu-1", 9))].sort()).toEqual(["t1", "t2"]);
      expect(await ledger.tickets.untidied("gpu-1", 1)).toHaveLength(1);
      await ledger.tickets.tidied(["t1", "nobody"], 4);
      expect(await ledger.tickets.untidied("gpu-1", 9)).toEqual(["t2"]);
    });

    withLedger("what came back for a ticket is on record by slot", async (ledger) => {
      await add(ledger);
      await ledger.plates.add(aPlate);
      await ledger.tickets.reserve(aTicket("t1"), 1);
      const preview = "/work/preview.png" as PathText;
      await ledger.tickets.result("t1", "result", preview, "aa", 2);
      await ledger.tickets.result("t1", "result", preview, "bb", 3);
      expect(await ledger.tickets.results("t1")).toEqual([{ slot: "result", file: preview, sha256: "bb" }]);
    });

    withLedger("a placement is found again by plate and backend", async (ledger) => {
      await add(ledger);
      await ledger.plates.add(aPlate);
      await ledger.plates.place("plate-1", "gpu-1", "sub/x.png", 1);
      expect(await ledger.plates.placement("plate-1", "gpu-1")).toBe("sub/x.png");
      expect(await ledger.plates.placement("plate-1", "gpu-2")).toBeUndefined();
      expect(await ledger.plates.get("plate-1")).toEqual(aPlate);
    });
  });

  describe(`${name}: outputs`, () => {
    const photo = { job: "job-1", lease: "lease-1", kind: "photo" } as const;

    withLedger(
      "photo and sidecars share one stem, and no two jobs have the same, whatever the case",
      async (ledger) => {
        await twoAtWork(ledger);
        const first = await reserve(ledger, "job-1", ["IMG_1", "IMG_1-2"]);
        const second = await reserve(ledger, "job-2", ["img_1", "img_1-2"]);
        expect(first.map(({ path }) => path)).toEqual(["/photos/graded/IMG_1.cube", "/photos/graded/IMG_1.jpg"]);
        expect(second.map(({ path }) => path)).toEqual(["/photos/graded/img_1-2.cube", "/photos/graded/img_1-2.jpg"]);
      },
    );

    withLedger("asking again gives the stem held, unless a foreign file has it", async (ledger) => {
      await twoAtWork(ledger);
      await reserve(ledger, "job-1", ["a", "a-2"]);
      const again = await reserve(ledger, "job-1", ["z"]);
      expect(again.map(({ stem }) => stem)).toEqual(["a", "a"]);
      const next = await reserve(ledger, "job-1", ["a", "a-2"], ["a"]);
      expect(next.map(({ stem, state }) => [stem, state])).toEqual([
        ["a-2", "reserved"],
        ["a-2", "reserved"],
      ]);
    });

    withLedger("staged, then published: the photo's hash is known as ours", async (ledger) => {
      await twoAtWork(ledger);
      await reserve(ledger, "job-1", ["a"]);
      await ledger.outputs.stage({ ...photo, temp: "/t" as PathText, sha256: "ff", pictureSha256: "aa" });
      const staged = { kind: "photo", state: "staged", temp: "/t", sha256: "ff" };
      expect((await ledger.outputs.of("job-1")).at(-1)).toMatchObject(staged);
      await ledger.outputs.publish({ ...photo, now: 9 });
      expect((await ledger.outputs.of("job-1")).at(-1)).toMatchObject({ state: "published", temp: null });
      const ours = (contentSha256: string, pictureSha256: string) =>
        ledger.outputs.isOurs({ contentSha256, pictureSha256 });
      expect([await ours("ff", "-"), await ours("ee", "-"), await ours("ee", "aa")]).toEqual([true, false, true]);
      expect(await ledger.outputs.folders()).toEqual([OUTBOX]);
    });

    withLedger("a job that lost its lease reserves, stages and publishes nothing", async (ledger) => {
      await twoAtWork(ledger);
      await reserve(ledger, "job-1", ["a"]);
      await ledger.jobs.cancel(["job-1"], "by hand", 5);
      const lost = { code: "lease-lost" };
      await expect(reserve(ledger, "job-1", ["b"])).rejects.toMatchObject(lost);
      await expect(ledger.outputs.stage({ ...photo, temp: "/t" as PathText, sha256: "f" })).rejects.toMatchObject(lost);
      await expect(ledger.outputs.publish({ ...photo, now: 9 })).rejects.toMatchObject(lost);
    });

    withLedger("a name that an ended job never published under is free again", async (ledger) => {
      await twoAtWork(ledger);
      await reserve(ledger, "job-1", ["a"]);
      await ledger.jobs.cancel(["job-1"], "by hand", 5);
      expect((await reserve(ledger, "job-2", ["a", "a-2"])).map(({ stem }) => stem)).toEqual(["a", "a"]);
    });

    withLedger("temps of jobs that ended without publishing are told until they are forgotten", async (ledger) => {
      await twoAtWork(ledger);
      await ledger.jobs.note("job-1", "lease-1", { temps: ["/o/x.tmp" as PathText] });
      expect(await ledger.outputs.abandoned(9)).toEqual([]);
      await ledger.jobs.cancel(["job-1"], "by hand", 5);
      expect(await ledger.outputs.abandoned(9)).toEqual([{ job: "job-1", temps: ["/o/x.tmp"] }]);
      await ledger.outputs.forget("job-1");
      expect(await ledger.outputs.abandoned(9)).toEqual([]);
    });
  });

  describe(`${name}: the rest`, () => {
    withLedger("sightings are kept by path, replaced and removed", async (ledger) => {
      const sighting = {
        path: "x.jpg" as PathText,
        sizeBytes: 1,
        mtimeNs: "123456789012345678",
        inode: "18446744073709551615",
        state: "refused",
        code: "file-unsupported",
        message: "text",
      } as const;
      await ledger.sightings.put(INBOX, [sighting], 5);
      expect(await ledger.sightings.of(INBOX)).toEqual([sighting]);
      expect(await ledger.sightings.of(INBOX, { after: sighting.path, limit: 5 })).toEqual([]);
      expect(await ledger.sightings.of(INBOX, { after: "", limit: 5 })).toEqual([sighting]);
      await ledger.sightings.put(INBOX, [{ ...sighting, state: "taken", code: null, message: null }], 6);
      expect((await ledger.sightings.of(INBOX))[0]?.state).toBe("taken");
      await ledger.sightings.remove(INBOX, [sighting.path]);
      expect(await ledger.sightings.of(INBOX)).toEqual([]);
    });

    withLedger("switches are set, read and taken away", async (ledger) => {
      await ledger.switches.set("pause", "yes", 1);
      expect(await ledger.switches.get("pause")).toBe("yes");
      await ledger.switches.set("pause", null, 2);
      expect(await ledger.switches.get("pause")).toBeUndefined();
    });

    withLedger("events older than wanted are forgotten", async (ledger) => {
      for (const at of [1, 2, 3]) await ledger.events.add("note", null, { at }, at);
      await ledger.events.forget(3);
      expect((await ledger.events.after(0, 10)).map(({ at }) => at)).toEqual([3]);
    });

    withLedger("the daemon's row says who runs until that instance leaves", async (ledger) => {
      const row = { instance: "i", pid: 1, host: "h", startedAt: 1, seenAt: 2, loopDelayMaxMs: 3.5 };
      await ledger.daemon.announce(row);
      await ledger.daemon.leave("another");
      expect(await ledger.daemon.get()).toEqual(row);
      await ledger.daemon.leave("i");
      expect(await ledger.daemon.get()).toBeUndefined();
    });

    withLedger("a look is kept once and its job refers to it", async (ledger) => {
      await add(ledger);
      const look = { sha256: "ab", file: "/l/ab.cube" as PathText, score: 0.5, job: "job-1" };
      await ledger.looks.add(look, 1);
      await ledger.looks.add(look, 2);
    });
  });
}
