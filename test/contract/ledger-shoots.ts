/** What every ledger must do for shoots: who asks the model, who waits, and what happens when a hero falls out. */
import { describe, expect } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { done, end, type Job, type Outcome, wait } from "../../src/core/job/job.ts";
import { afterAttempt } from "../../src/core/job/transition.ts";
import type { Ledger } from "../../src/ports.ts";
import type { NewJob } from "../../src/ports-ledger.ts";
import { aNewJob, aRecipe } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const LOOK = { sha256: "aa".repeat(32), file: "/looks/aa.cube" as PathText };
const OTHER = { sha256: "bb", file: "/looks/bb.cube" as PathText };
const rules = { now: 20, random: 0, attemptsMax: 3, rewindsMax: 3 };

type Wanted = Partial<NonNullable<NewJob["shoot"]>> & {
  readonly now?: number;
  readonly original?: NewJob["recipe"]["original"];
};

async function add(ledger: Ledger, id: string, { now = 0, original, ...shoot }: Wanted = {}): Promise<Job> {
  const wanted = { key: "wedding", gapMs: null, heroes: 1, ...shoot };
  const own = {
    id,
    path: `${id}.jpg` as PathText,
    pictureSha256: id,
    shoot: wanted,
    recipe: aRecipe(original && { original }),
  };
  return (await ledger.jobs.add(aNewJob(own), now)).job;
}

/** Ends an attempt of the next due job at one of these stages. */
async function step(ledger: Ledger, stage: Job["stage"], outcome: Outcome): Promise<string> {
  const [claimed] = await ledger.jobs.claim({
    stages: [stage],
    backends: ["gpu-1"],
    known: ["gpu-1"],
    unable: [],
    limit: 1,
    now: 1_000,
    until: 9_000,
    owner: "me",
    leases: ["lease"],
  });
  if (!claimed) throw new Error(`nothing to claim at ${stage}`);
  const { next, kind, code, message } = afterAttempt(claimed.job, outcome, rules);
  const attempt = { stage, number: 1, kind, startedAt: 1, endedAt: 2, times: 1, code, message };
  await ledger.jobs.finish(claimed.job.id, claimed.lease, next, attempt);
  return claimed.job.id;
}

/** Takes a hero from upload to the door of lut. */
async function toLut(ledger: Ledger): Promise<string> {
  await step(ledger, "upload", done({ backend: "gpu-1", plate: "p" }));
  await step(ledger, "queue", done({ ticket: "t" }));
  return step(ledger, "fetch", done({ preview: "/w/preview.png" as PathText }));
}
/** The hero, taken at upload, gives its shoot a look. */
async function ready(ledger: Ledger, hero: string, look = LOOK) {
  await ledger.looks.add({ ...look, score: 0.1, job: null }, 1);
  const lease = `lease-${hero}`;
  const only = [hero];
  const due = {
    stages: ["upload", "lut"],
    backends: ["gpu-1"],
    known: ["gpu-1"],
    unable: [],
    limit: 1,
    now: 1_000,
  } as const;
  await ledger.jobs.claim({ ...due, until: 9_000, owner: "me", leases: [lease], only });
  return ledger.shoots.ready(hero, lease, look.sha256, 30);
}
const held = (failsOn: string): Outcome => ({
  kind: "hold",
  code: "look-spatial",
  reason: "repainted",
  facts: { look: LOOK.sha256, cube: LOOK.file, failsOn },
  retryFrom: "queue",
});
const standing = async (ledger: Ledger, id: string) => {
  const { stage, status, waitsOn, shoot } = (await ledger.jobs.get(id))!;
  return [shoot!.role, stage, status, waitsOn === null ? "goes on" : "waits"].join(" ");
};

export function shootSuite(withLedger: WithLedger): void {
  describe("shoots", () => {
    withLedger("the first photos of a key are heroes, the others wait for their look", async (ledger) => {
      const first = await add(ledger, "a", { heroes: 2 });
      await add(ledger, "b", { heroes: 2 });
      const third = await add(ledger, "c", { heroes: 2 });
      expect(await standing(ledger, "a")).toBe("hero upload ready goes on");
      expect(await standing(ledger, "b")).toBe("hero upload ready goes on");
      expect(await standing(ledger, "c")).toBe("frame lut ready waits");
      expect(third.shoot!.id).toBe(first.shoot!.id);
      expect((await add(ledger, "d", { key: "other" })).shoot!.id).not.toBe(first.shoot!.id);
    });

    withLedger("a pause longer than the gap begins another shoot", async (ledger) => {
      const at = async (id: string, now: number) => (await add(ledger, id, { gapMs: 100, now })).shoot!.id;
      const first = await at("a", 0);
      expect(await at("b", 100)).toBe(first);
      expect(await at("c", 200)).toBe(first);
      expect(await at("d", 301)).not.toBe(first);
    });

    withLedger("a look that is ready stays, and lets everyone go on", async (ledger) => {
      const { shoot } = await add(ledger, "a", { heroes: 2 });
      await add(ledger, "late", { heroes: 2 });
      await add(ledger, "b", { heroes: 2 });
      await ready(ledger, "a");
      expect(await standing(ledger, "b")).toBe("frame lut ready goes on");
      // A hero that had not been sent yet need not go.
      expect(await standing(ledger, "late")).toBe("frame lut ready goes on");
      expect((await ready(ledger, "b", OTHER)).look).toMatchObject(LOOK);
      expect((await add(ledger, "c")).shoot).toEqual({ id: shoot!.id, role: "frame" });
      expect(await standing(ledger, "c")).toBe("frame lut ready goes on");
    });

    withLedger("a hero that was cancelled while its look was fitted gives none", async (ledger) => {
      const { shoot } = await add(ledger, "a");
      await add(ledger, "b");
      await ledger.jobs.cancel(["a"], "by hand", 5);
      await expect(ready(ledger, "a")).rejects.toMatchObject({ code: "lease-lost" });
      expect((await ledger.shoots.get(shoot!.id))!.state).toBe("open");
    });

    withLedger("a hero that is cancelled or fails passes its role on", async (ledger) => {
      for (const id of ["a", "b", "c"]) await add(ledger, id);
      await ledger.jobs.cancel(["a"], "by hand", 5);
      await ledger.shoots.tend(6);
      expect(await standing(ledger, "a")).toBe("frame upload cancelled goes on");
      expect(await standing(ledger, "b")).toBe("hero upload ready goes on");
      expect(await standing(ledger, "c")).toBe("frame lut ready waits");
      await step(ledger, "upload", end("cancelled", "original-gone", "gone"));
      await ledger.shoots.tend(7);
      expect(await standing(ledger, "c")).toBe("hero upload ready goes on");
      expect(await ledger.jobs.retry(["a"], 8)).toEqual(["a"]);
      expect(await standing(ledger, "a")).toBe("frame lut ready waits");
    });

    withLedger("heroes wait for each other, and no longer for one that fell out", async (ledger) => {
      await add(ledger, "a", { heroes: 2 });
      const { shoot } = await add(ledger, "b", { heroes: 2 });
      expect(await toLut(ledger)).toBe("a");
      await step(ledger, "lut", wait({ on: `shoot:${shoot!.id}` }, "b is not back"));
      await ledger.shoots.tend(5);
      expect(await standing(ledger, "a")).toBe("hero lut ready waits");
      await ledger.jobs.cancel(["b"], "by hand", 6);
      await ledger.shoots.tend(7);
      expect(await standing(ledger, "a")).toBe("hero lut ready goes on");
      expect((await ledger.shoots.heroes(shoot!.id)).map(({ id }) => id)).toEqual(["a"]);
    });

    withLedger("a held hero holds its shoot until it is approved", async (ledger) => {
      const { shoot } = await add(ledger, "a");
      await add(ledger, "b");
      await toLut(ledger);
      await ledger.looks.add({ ...LOOK, score: 3, job: "a" }, 1);
      await step(ledger, "lut", held("a"));
      await ledger.shoots.tend(30);
      expect(await ledger.shoots.waiting()).toMatchObject([{ id: shoot!.id, state: "held", hero: "a", photos: 1 }]);
      expect(await standing(ledger, "b")).toBe("frame lut ready waits");
      expect(await ledger.jobs.approve(["a"], 31)).toEqual(["a"]);
      expect(await standing(ledger, "a")).toBe("hero write ready goes on");
      expect(await standing(ledger, "b")).toBe("frame lut ready goes on");
      expect((await ledger.shoots.get(shoot!.id))!.look).toMatchObject(LOOK);
    });

    withLedger("it holds it too while its original is put away for that", async (ledger) => {
      const leave = { kind: "leave" } as const;
      const away = { kind: "move", folder: "look at" as PathText } as const;
      const original = { done: leave, failed: leave, duplicate: leave, unsupported: leave, held: away };
      for (const id of ["a", "b"]) await add(ledger, id, { original });
      await toLut(ledger);
      await ledger.looks.add({ ...LOOK, score: 3, job: "a" }, 1);
      await step(ledger, "lut", held("a"));
      expect(await ledger.jobs.get("a")).toMatchObject({ stage: "retire", shoot: { role: "hero" } });
      await ledger.shoots.tend(1_001);
      expect(await ledger.jobs.get("b")).toMatchObject({ stage: "lut", shoot: { role: "frame" } });
      await step(ledger, "retire", done({}));
      expect(await ledger.jobs.get("a")).toMatchObject({ status: "held", shoot: { role: "hero" } });
      await ledger.jobs.approve(["a"], 1_002);
      expect(await ledger.jobs.get("b")).toMatchObject({ waitsOn: null });
    });

    withLedger(
      "a hero that is given up passes its role on, though its original is still to be put away",
      async (ledger) => {
        await add(ledger, "a", {
          original: { ...aRecipe().original, failed: { kind: "move", folder: "/f" as PathText } },
        });
        await add(ledger, "b");
        await toLut(ledger);
        await ledger.looks.add({ ...LOOK, score: 3, job: "a" }, 1);
        await step(ledger, "lut", held("a"));
        expect(await ledger.jobs.giveUp(["a", "b"], "by hand", 31)).toEqual(["a"]);
        expect(await standing(ledger, "a")).toBe("frame retire ready goes on");
        expect(await standing(ledger, "b")).toBe("hero upload ready goes on");
        expect(await step(ledger, "retire", done({ away: true }))).toBe("a");
        expect(await standing(ledger, "a")).toBe("frame retire cancelled goes on");
        expect((await ledger.jobs.get("a"))!.failure).toEqual({ code: "cancelled", message: "by hand", stage: "lut" });
        await ledger.jobs.broughtBack("a", "/photos/inbox/a.jpg" as PathText, 40);
        expect(await standing(ledger, "a")).toBe("frame lut ready waits");
      },
    );

    withLedger("reject sends the next photo, and the rejected one only when there is no other", async (ledger) => {
      await add(ledger, "a");
      await add(ledger, "b");
      await ledger.looks.add({ ...LOOK, score: 3, job: "a" }, 1);
      for (const [rejected, next] of [
        ["a", "b"],
        ["b", "a"],
      ] as const) {
        expect(await toLut(ledger)).toBe(rejected);
        await step(ledger, "lut", held(rejected));
        expect(await ledger.jobs.reject([rejected], rejected === "a" ? 40 : 50)).toEqual([rejected]);
        expect(await standing(ledger, rejected)).toBe("frame lut ready waits");
        expect(await standing(ledger, next)).toBe("hero upload ready goes on");
      }
      await ledger.jobs.cancel(["b"], "by hand", 60);
      await toLut(ledger);
      await step(ledger, "lut", held("a"));
      await ledger.jobs.reject(["a"], 70);
      expect(await standing(ledger, "a")).toBe("hero upload ready goes on");
    });

    withLedger("reject of a shoot with several heroes replaces the one the look fails on", async (ledger) => {
      for (const id of ["a", "b", "c"]) await add(ledger, id, { heroes: 2 });
      await ledger.looks.add({ ...LOOK, score: 3, job: "a" }, 1);
      await toLut(ledger);
      const { shoot } = (await ledger.jobs.get("a"))!;
      await step(ledger, "lut", wait({ on: `shoot:${shoot!.id}` }, "b is not back"));
      await toLut(ledger);
      await step(ledger, "lut", held("a"));
      expect(await ledger.jobs.reject(["b"], 40)).toEqual(["b"]);
      expect(await standing(ledger, "a")).toBe("frame lut ready waits");
      expect(await standing(ledger, "b")).toBe("hero lut ready waits");
      expect(await standing(ledger, "c")).toBe("hero upload ready goes on");
      expect((await ledger.shoots.get(shoot!.id))!.state).toBe("open");
    });

    withLedger("a frame that the look does not fit opens a branch, the next one joins it", async (ledger) => {
      const { shoot } = await add(ledger, "a");
      for (const id of ["b", "c"]) await add(ledger, id);
      await ready(ledger, "a");
      const claim = (lease: string) =>
        ledger.jobs.claim({
          ...{
            stages: ["lut"],
            backends: [],
            known: ["gpu-1"],
            unable: [],
            limit: 1,
            now: 100,
            until: 900,
            owner: "me",
          },
          only: lease === "l1" ? ["b"] : ["c"],
          leases: [lease],
        });
      await claim("l1");
      const branch = await ledger.shoots.branch("b", "l1", 100);
      expect(branch).toMatchObject({ role: "hero" });
      expect(branch.id).not.toBe(shoot!.id);
      await claim("l2");
      expect(await ledger.shoots.branch("c", "l2", 101)).toEqual({ id: branch.id, role: "frame" });
      await expect(ledger.shoots.branch("c", "other", 101)).rejects.toMatchObject({ code: "lease-lost" });
      // Photos to come join the shoot itself, and may have the look of either.
      expect((await add(ledger, "d")).shoot!.id).toBe(shoot!.id);
      await ledger.looks.add({ ...OTHER, score: 0, job: null }, 1);
      await ledger.shoots.ready("b", "l1", OTHER.sha256, 200);
      expect((await ledger.shoots.looks(shoot!.id)).map(({ sha256 }) => sha256)).toEqual([LOOK.sha256, "bb"]);
      expect((await ledger.shoots.looks(branch.id)).map(({ sha256 }) => sha256)).toEqual(["bb", LOOK.sha256]);
    });
  });

  describe("shoots, late", () => {
    withLedger("photos that are graded again join the shoot of the time they came", async (ledger) => {
      const [first, second] = [
        await add(ledger, "a", { gapMs: 100 }),
        await add(ledger, "b", { gapMs: 100, now: 1_000 }),
      ];
      const again = async ({ id, recipe }: Job) => {
        const start = {
          stage: "upload",
          facts: {},
          shoot: { key: "cool", gapMs: 100, heroes: 1 },
          duplicates: "regrade",
        } as const;
        return (await ledger.jobs.regrade(id, { id: `${id}-2`, recipe, recipeHash: "44", ...start }, 9_000))!.shoot!;
      };
      const [one, other] = [await again(second), await again(first)];
      expect([one.role, other.role]).toEqual(["hero", "hero"]);
      expect(one.id).not.toBe(other.id);
      const late = await add(ledger, "c", { key: "cool", gapMs: 100, now: 9_050 });
      expect([one.id, other.id]).not.toContain(late.shoot!.id);
    });

    withLedger("approve gives a held hero the look that its shoot has come to meanwhile", async (ledger) => {
      await add(ledger, "a", { heroes: 2 });
      await add(ledger, "b", { heroes: 2 });
      await ledger.looks.add({ ...LOOK, score: 3, job: "a" }, 1);
      await toLut(ledger);
      await step(ledger, "lut", held("a"));
      await ready(ledger, "b", OTHER);
      await ledger.jobs.approve(["a"], 40);
      expect((await ledger.jobs.get("a"))!.facts).toMatchObject({ look: OTHER.sha256, cube: OTHER.file });
    });
  });

  describe("looks", () => {
    withLedger("a look has a name of its own until it is given up", async (ledger) => {
      await ledger.looks.add({ ...LOOK, score: 0.5, job: "job-1" }, 1);
      await ledger.looks.add({ sha256: "bb", file: "/looks/bb.cube" as PathText, score: null, job: null }, 2);
      expect(await ledger.looks.name(LOOK.sha256, "Film")).toBe(true);
      expect(await ledger.looks.name("bb", "Film")).toBe(false);
      expect(await ledger.looks.named("Film")).toEqual(LOOK);
      expect(await ledger.looks.list()).toEqual([{ ...LOOK, name: "Film", score: 0.5, job: "job-1", createdAt: 1 }]);
      expect(await ledger.looks.forget("Film")).toBe(true);
      expect(await ledger.looks.forget("Film")).toBe(false);
      expect(await ledger.looks.named("Film")).toBeUndefined();
    });

    withLedger("rewrite lets a done job write its outputs again at another strength", async (ledger) => {
      const { id } = (await ledger.jobs.add(aNewJob({ stage: "write", facts: { cube: LOOK.file } }), 0)).job;
      const [claimed] = await ledger.jobs.claim({
        ...{
          stages: ["write"],
          backends: [],
          known: [],
          unable: [],
          limit: 1,
          now: 10,
          until: 90,
          owner: "me",
          leases: ["l"],
        },
      });
      const files = [{ kind: "photo", suffix: ".jpg" }] as const;
      const outbox = "/out" as PathText;
      await ledger.outputs.reserve({ job: id, lease: "l", outbox, stems: ["a"], files, not: [] });
      await ledger.outputs.stage({ job: id, lease: "l", kind: "photo", temp: "/out/.t" as PathText, sha256: "cc" });
      await ledger.outputs.publish({ job: id, lease: "l", kind: "photo", now: 11 });
      const attempt = { stage: "write", number: 1, kind: "done", startedAt: 1, endedAt: 2, times: 1 } as const;
      const { next } = afterAttempt(claimed!.job, done(), rules);
      await ledger.jobs.finish(id, "l", { ...next, status: "done" }, { ...attempt, code: null, message: null });
      expect(await ledger.jobs.rewrite([id], 1, 20)).toEqual([]);
      expect(await ledger.jobs.rewrite([id], 0.5, 20)).toEqual([id]);
      expect(await ledger.jobs.get(id)).toMatchObject({
        status: "ready",
        stage: "write",
        recipe: { strength: 0.5 },
        facts: { cube: LOOK.file, replaces: { "/out/a.jpg": "cc" } },
      });
      expect(await ledger.outputs.of(id)).toMatchObject([{ state: "reserved", stem: "a" }]);
      expect(await ledger.jobs.rewrite([id], 0.4, 21)).toEqual([]);
    });
  });
}
