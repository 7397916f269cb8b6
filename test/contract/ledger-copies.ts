/** What every ledger must do for photos that are one picture: whose look a copy takes, and what renames and ratings change. */
import { describe, expect } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { copyWait, done, end, type Facts, type Job, type Outcome, type Stage, wait } from "../../src/core/job/job.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger } from "../../src/ports.ts";
import type { NewJob } from "../../src/ports-ledger.ts";
import { aNewJob, aRecipe } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const INBOX = aNewJob().inbox!;
const rules = { now: 20, random: 0, attemptsMax: 3, rewindsMax: 3 };
const LOOK: Facts = { cube: "/looks/aa.cube" as PathText };

async function add(ledger: Ledger, id: string, changes: Partial<NewJob> = {}): Promise<Job> {
  const job = aNewJob({ id, path: `${id}.jpg` as PathText, duplicates: "reuse", ...changes });
  return (await ledger.jobs.add(job, 0)).job;
}

/** Claims the job at this stage and ends the attempt so. */
const hold = (retryFrom: Stage): Outcome => ({
  kind: "hold",
  code: "review",
  reason: "Look at it.",
  facts: LOOK,
  retryFrom,
});

async function attempt(ledger: Ledger, id: string, outcome: Outcome): Promise<void> {
  const request = { backends: ["gpu-1"], known: ["gpu-1"], unable: [], limit: 1, now: 99, until: 160, owner: "me" };
  const stages = ["lut", "upload", "write", "retire"] as const;
  const [claimed] = await ledger.jobs.claim({ ...request, stages, leases: ["lease"], only: [id] });
  const { next, kind, code, message } = afterAttempt(claimed!.job, outcome, rules);
  const { stage } = claimed!.job;
  const row = { stage, number: 1, kind, startedAt: 10, endedAt: 20, times: 1, code, message };
  await ledger.jobs.finish(id, "lease", next, row);
}

export function copiesSuite(withLedger: WithLedger): void {
  describe("photos that are one picture", () => {
    withLedger("a second one waits at lut and takes the look of the first", async (ledger) => {
      await add(ledger, "a");
      expect(await add(ledger, "b")).toMatchObject({ stage: "lut", facts: { copy: "reuse" } });
      expect(await ledger.copies.first("b")).toMatchObject({ id: "a" });
      expect(await ledger.copies.first("a")).toBeUndefined();
    });

    withLedger("other inboxes, other words and regrade have nothing to do with it", async (ledger) => {
      await add(ledger, "a");
      const stages = [
        await add(ledger, "b", { inbox: "/other" as PathText }),
        await add(ledger, "c", { recipe: aRecipe({ prompt: "cool" }) }),
        await add(ledger, "d", { duplicates: "regrade" }),
        await add(ledger, "e", { recipe: aRecipe({ strength: 0.5 }) }),
      ].map(({ stage }) => stage);
      expect(stages).toEqual(["upload", "upload", "upload", "lut"]);
    });

    withLedger("the wait ends when the first has a look, and at once when it came meanwhile", async (ledger) => {
      await add(ledger, "a");
      await add(ledger, "b");
      await attempt(ledger, "b", wait({ on: copyWait("a") }, "no look yet"));
      expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: "copy:a" });
      await ledger.jobs.cancel(["a"], "by hand", 30);
      expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: null });
      await attempt(ledger, "b", wait({ on: copyWait("a") }, "no look yet"));
      expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: null });
      expect(await ledger.copies.first("b")).toBeUndefined();
    });

    withLedger(
      "one that is to be left out waits for the end of the first, however long that is held",
      async (ledger) => {
        await add(ledger, "a", { stage: "lut" });
        await add(ledger, "b", { duplicates: "skip" });
        await attempt(ledger, "a", done(LOOK));
        await attempt(ledger, "b", wait({ on: copyWait("a") }, "under way"));
        expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: "copy:a" });
        await attempt(ledger, "a", hold("write"));
        expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: "copy:a" });
        await ledger.jobs.cancel(["a"], "by hand", 30);
        expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: null });
      },
    );

    withLedger("a first that is held goes on being the first while its original is put away", async (ledger) => {
      const leave = { kind: "leave" } as const;
      const held = { kind: "move", folder: "look at" as PathText } as const;
      const recipe = aRecipe({ original: { done: leave, failed: leave, duplicate: leave, unsupported: leave, held } });
      await add(ledger, "a", { stage: "lut", recipe });
      await add(ledger, "b", { recipe });
      await attempt(ledger, "b", wait({ on: copyWait("a") }, "no look yet"));
      await attempt(ledger, "a", hold("queue"));
      expect(await ledger.jobs.get("a")).toMatchObject({ stage: "retire", status: "ready" });
      expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: "copy:a" });
      expect(await ledger.copies.first("b")).toMatchObject({ id: "a" });
      await attempt(ledger, "a", done({}));
      expect(await ledger.jobs.get("a")).toMatchObject({ stage: "lut", status: "held" });
      expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: "copy:a" });
      // Cancelled on that way and tried again, it is not held once more by itself.
      await ledger.jobs.retry(["a"], 31);
      expect((await ledger.jobs.get("a"))!.facts.heldAt).toBeUndefined();
    });

    withLedger("one that is cancelled while its original is put away for a hold begins anew", async (ledger) => {
      const leave = { kind: "leave" } as const;
      const held = { kind: "move", folder: "look at" as PathText } as const;
      const recipe = aRecipe({ original: { done: leave, failed: leave, duplicate: leave, unsupported: leave, held } });
      await add(ledger, "a", { stage: "lut", recipe });
      await attempt(ledger, "a", hold("queue"));
      await ledger.jobs.cancel(["a"], "by hand", 30);
      await ledger.jobs.retry(["a"], 31);
      expect((await ledger.jobs.get("a"))!.facts.heldAt).toBeUndefined();
    });

    withLedger("other words for each photo ask for other looks", async (ledger) => {
      const recipe = aRecipe({ prompt: "as in {folder}" });
      const paths = ["monday/a.jpg", "tuesday/a.jpg", "monday/b.jpg"] as PathText[];
      const added = [];
      for (const [nth, path] of paths.entries()) added.push(await add(ledger, `j${nth}`, { path, recipe }));
      expect(added.map(({ stage }) => stage)).toEqual(["upload", "upload", "lut"]);
    });

    withLedger("with a look that is kept, a copy may be left out and takes nothing", async (ledger) => {
      const look = { kind: "kept", sha256: "aa", file: "/looks/aa.cube" as PathText } as const;
      const begun = { recipe: aRecipe({ look }), stage: "write", facts: LOOK } as const;
      await add(ledger, "a", begun);
      expect(await add(ledger, "b", begun)).toMatchObject({ stage: "write" });
      expect(await add(ledger, "c", { ...begun, duplicates: "skip" })).toMatchObject({
        stage: "lut",
        facts: { copy: "skip" },
      });
    });

    withLedger("a look is found behind any number of older ones", async (ledger) => {
      const other = aRecipe({ prompt: "of last year" });
      for (let nth = 0; nth < 25; nth++)
        await add(ledger, `old-${nth}`, { stage: "write", facts: LOOK, recipe: other, duplicates: "regrade" });
      await add(ledger, "a", { duplicates: "regrade" });
      expect(await add(ledger, "b")).toMatchObject({ stage: "lut", facts: { copy: "reuse" } });
    });

    withLedger(
      "a shoot of copies waits a day for a held photo of another folder, and on while it is at work",
      async (ledger) => {
        const DAY = 24 * 3_600_000;
        await add(ledger, "a");
        await add(ledger, "b", { path: "day/b.jpg" as PathText });
        await attempt(ledger, "b", wait({ on: copyWait("a") }, "no look yet"));
        const folders = async (now: number) =>
          (await ledger.batches.complete(INBOX, 100, now)).map(({ folder, ids }) => [folder, ...ids]);
        expect(await folders(2 * DAY)).toEqual([]);
        const held = { kind: "hold", code: "review", reason: "look", facts: {}, retryFrom: "upload" } as const;
        await attempt(ledger, "a", held);
        expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: "copy:a" });
        expect(await folders(DAY - 1)).toEqual([]);
        expect(await folders(DAY)).toEqual([
          ["", "a"],
          ["day", "b"],
        ]);
      },
    );

    withLedger("of several copies the oldest comes first, so that none waits for another in a ring", async (ledger) => {
      await add(ledger, "a");
      for (const id of ["b", "c"]) await add(ledger, id);
      await ledger.jobs.cancel(["a"], "by hand", 30);
      expect(await ledger.copies.first("b")).toBeUndefined();
      expect(await ledger.copies.first("c")).toMatchObject({ id: "b" });
    });

    withLedger("a copy that is left out passes through retire where duplicates go somewhere", async (ledger) => {
      const leave = { kind: "leave" } as const;
      const original = { done: leave, failed: leave, duplicate: { kind: "trash" } as const, unsupported: leave };
      await add(ledger, "a");
      await add(ledger, "b", { duplicates: "skip", recipe: aRecipe({ original }) });
      await attempt(ledger, "b", end("cancelled", "duplicate", "The same picture as a.jpg."));
      expect(await ledger.jobs.get("b")).toMatchObject({ stage: "retire", status: "ready" });
      await ledger.jobs.cancel(["b"], "by hand", 30);
      await ledger.jobs.retry(["b"], 31);
      expect(await ledger.jobs.get("b")).toMatchObject({ stage: "upload", facts: {} });
    });

    withLedger("a rename takes the job along, but none that is in work", async (ledger) => {
      await add(ledger, "a");
      const file = {
        from: "a.jpg" as PathText,
        to: "b.jpg" as PathText,
        original: "/photos/inbox/b.jpg" as PathText,
        begin: { stage: "upload", facts: {} },
      } as const;
      const claim = { backends: ["gpu-1"], known: ["gpu-1"], unable: [], limit: 1, now: 10, until: 60, owner: "me" };
      await ledger.jobs.claim({ ...claim, stages: ["upload"], leases: ["lease"] });
      expect(await ledger.copies.rename("a", file, 20)).toBeUndefined();
      await ledger.jobs.cancel(["a"], "by hand", 30);
      expect(await ledger.copies.rename("a", file, 31)).toMatchObject({ path: "b.jpg", status: "cancelled" });
      expect(await ledger.copies.of(INBOX, aNewJob())).toMatchObject([{ id: "a", path: "b.jpg" }]);
    });

    withLedger("other metadata are learnt, or have what is done written again", async (ledger) => {
      await add(ledger, "a", { stage: "write", facts: LOOK });
      const file = { contentSha256: "new", facts: {} };
      expect(await ledger.copies.metadata("a", file, "refresh", 9)).toBe(false); // it is being written
      await attempt(ledger, "a", done({}));
      expect(await ledger.copies.metadata("a", file, "ignore", 10)).toBe(true);
      expect(await ledger.jobs.get("a")).toMatchObject({ contentSha256: "new", stage: "retire" });
    });

    withLedger("a picture that was known by its whole file is known by its picture", async (ledger) => {
      await add(ledger, "a", { pictureSha256: "file", contentSha256: "file" });
      const again = aNewJob({ id: "b", path: "a.jpg" as PathText, pictureSha256: "picture", contentSha256: "file" });
      expect(await ledger.jobs.add(again, 5)).toMatchObject({
        isNew: false,
        job: { id: "a", pictureSha256: "picture" },
      });
    });

    withLedger(
      "so are its other names: renamed it is found, copied it takes the look that is there",
      async (ledger) => {
        const before = { pictureSha256: "file", contentSha256: "file" };
        const now = { pictureSha256: "picture", contentSha256: "file" };
        await add(ledger, "a", { ...before, facts: LOOK });
        expect(await ledger.copies.of(INBOX, now)).toMatchObject([{ id: "a" }]);
        expect(await ledger.copies.of(INBOX, { ...now, contentSha256: "rated" })).toEqual([]);
        expect(await add(ledger, "b", now)).toMatchObject({ stage: "lut", facts: { copy: "reuse" } });
        expect(await ledger.copies.first("b")).toMatchObject({ id: "a", pictureSha256: "picture" });
        expect(await add(ledger, "c", { ...now, contentSha256: "rated" })).toMatchObject({ stage: "lut" });
      },
    );

    withLedger("a picture that was graded under both hashes keeps both jobs", async (ledger) => {
      await add(ledger, "a", { pictureSha256: "file", contentSha256: "file" });
      const rated = { path: "a.jpg" as PathText, pictureSha256: "picture", contentSha256: "rated" };
      await add(ledger, "b", rated);
      expect(await add(ledger, "c", { ...rated, contentSha256: "file" })).toMatchObject({ id: "b" });
    });
  });
}
