/** What every ledger must do for the pool of backends: who may have a photo, what a pause stops, and how photos move on. */
import { describe, expect } from "vitest";
import { abilityKey } from "../../src/core/config/recipe.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Job } from "../../src/core/job/job.ts";
import type { Ledger } from "../../src/ports.ts";
import type { ClaimRequest, NewJob } from "../../src/ports-ledger.ts";
import { aNewJob, aRecipe } from "../support/jobs.ts";
import type { WithLedger } from "./ledger-suite.ts";

const BOTH = aRecipe({ backends: ["gpu-1", "gpu-2"] });
const INBOX = aNewJob().inbox!;

async function add(ledger: Ledger, id: string, changes: Partial<NewJob> = {}): Promise<Job> {
  const own = { id, path: `${id}.jpg` as PathText, pictureSha256: id, recipe: BOTH, ...changes };
  return (await ledger.jobs.add(aNewJob(own), 0)).job;
}

/** A job at fetch whose ticket is on this backend. */
async function submitted(ledger: Ledger, id: string, backend = "gpu-1", priority = 0): Promise<void> {
  const [plate, ticket] = [`plate-${id}`, `ticket-${id}`];
  await add(ledger, id, { stage: "fetch", priority, facts: { backend, plate, ticket } });
  const file = "/w/plate.png" as PathText;
  await ledger.plates.add({ id: plate, job: id, file, sha256: "aa", sizeBytes: 1, width: 2, height: 3, frame: "{}" });
  const wanted = { id: ticket, job: id, plate, backend, seed: 7, prefix: `hotgrade/${id}`, createdAt: 1 };
  await ledger.tickets.reserve(wanted, 99);
  await ledger.tickets.mark(ticket, "posted", 2);
}

/** Ids of what can be claimed. */
async function claimable(ledger: Ledger, changes: Partial<ClaimRequest> = {}): Promise<string[]> {
  const claimed = await ledger.jobs.claim({
    stages: ["fetch", "queue", "upload"],
    backends: ["gpu-1", "gpu-2"],
    known: ["gpu-1", "gpu-2"],
    unable: [],
    limit: 9,
    now: 10,
    until: 60,
    owner: "me",
    leases: Array.from({ length: 9 }, (_, at) => `lease-${at}`),
    ...changes,
  });
  await ledger.jobs.freeLeases("nobody", 10);
  return claimed.map(({ job }) => job.id);
}
const stop = (ledger: Ledger, name: string) => ledger.switches.set(name, "by hand", 1);

export function poolSuite(withLedger: WithLedger): void {
  describe("runs", () => {
    withLedger(
      "what is usual is the median and the slowest of the newest runs of that workflow there",
      async ({ runs }) => {
        expect(await runs.usual("gpu-1", "w")).toBeNull();
        for (const ms of [90_000, ...Array.from({ length: 20 }, (_, at) => 1_000 + at)])
          await runs.add({ backend: "gpu-1", workflow: "w", ms }, 1);
        await runs.add({ backend: "gpu-2", workflow: "w", ms: 7 }, 1);
        expect(await runs.usual("gpu-1", "w")).toEqual({ medianMs: 1_010, slowestMs: 1_019, count: 20 });
        expect(await runs.usual("gpu-2", "w")).toEqual({ medianMs: 7, slowestMs: 7, count: 1 });
        expect(await runs.usual("gpu-1", "v")).toBeNull();
      },
    );
  });

  describe("claims", () => {
    withLedger(
      "a photo is not claimed for backends that cannot run its workflow with its slots and params",
      async (ledger) => {
        const recipe = aRecipe({ slots: { image: '1."image"' }, params: { steps: 20, cfg: 1.5 } });
        await add(ledger, "a", { recipe });
        const unable = [{ backend: "gpu-1", key: abilityKey(recipe) }];
        expect(await claimable(ledger, { unable })).toEqual([]);
        expect(await claimable(ledger, { unable: [{ backend: "gpu-2", key: abilityKey(recipe) }] })).toEqual(["a"]);
        expect(await claimable(ledger, { unable: [{ backend: "gpu-1", key: abilityKey(aRecipe()) }] })).toEqual(["a"]);
        await add(ledger, "b");
        expect(await claimable(ledger, { unable })).toEqual(["b"]);
      },
    );

    withLedger("a pause keeps photos from being sent, and lets come home what was sent", async (ledger) => {
      await add(ledger, "a");
      await add(ledger, "b", { stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
      await submitted(ledger, "c");
      await stop(ledger, "pause");
      expect(await claimable(ledger)).toEqual(["c"]);
      await ledger.switches.set("pause", null, 2);
      expect(await claimable(ledger)).toEqual(["c", "b", "a"]);
    });

    withLedger("a pause of one inbox concerns its photos alone", async (ledger) => {
      await add(ledger, "a");
      await add(ledger, "b", { inbox: "/photos/other" as PathText });
      await add(ledger, "c", { inbox: null });
      await stop(ledger, `pause:inbox:${INBOX}`);
      expect(await claimable(ledger)).toEqual(["b", "c"]);
    });

    withLedger("outside the hours of an inbox its photos go to no model; what needs none goes on", async (ledger) => {
      const lut = { stage: "lut", facts: { preview: "p" as PathText } } as const;
      await add(ledger, "a");
      await add(ledger, "b", { stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
      await add(ledger, "c", lut);
      await add(ledger, "d", { inbox: "/photos/other" as PathText });
      await submitted(ledger, "e");
      const at = (now: number) =>
        claimable(ledger, { stages: ["lut", "fetch", "queue", "upload"], now, until: now + 9 });
      await ledger.switches.set(`hours:inbox:${INBOX}`, "[100, 200]", 1);
      expect(await at(99)).toEqual(["c", "e", "d"]);
      expect(await at(100)).toEqual(["c", "e", "b", "a", "d"]);
      expect(await at(199)).toEqual(["c", "e", "b", "a", "d"]);
      expect(await at(200)).toEqual(["c", "e", "d"]);
    });

    withLedger("photos that wait for their hours or the end of a pause keep nobody's place", async (ledger) => {
      await add(ledger, "a", { stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
      await submitted(ledger, "b");
      const load = (now: number) => ledger.jobs.load(["queue", "fetch"], "gpu-1", now);
      await ledger.switches.set(`hours:inbox:${INBOX}`, "[100, 200]", 1);
      expect([await load(99), await load(100), await load(200)]).toEqual([1, 2, 1]);
      await stop(ledger, `pause:inbox:${INBOX}`);
      expect(await load(100)).toBe(1);
    });

    withLedger(
      "photos that this run leaves alone keep nobody's place, unless they are on the server",
      async (ledger) => {
        for (const id of ["a", "b"]) await add(ledger, id, { stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
        await submitted(ledger, "c");
        for (const id of ["d", "e"]) await add(ledger, id, { stage: "lut", facts: { preview: "/p.png" as PathText } });
        const only = ["a", "d"];
        const places = (of: { only?: string[] }) => ledger.jobs.load(["queue", "fetch"], "gpu-1", 0, of);
        expect([await places({}), await places({ only })]).toEqual([3, 2]);
        const finishing = (of?: string[]) => ledger.jobs.loadDue(["lut", "write"], 99, of);
        expect([await finishing(), await finishing(only)]).toEqual([2, 1]);
      },
    );

    withLedger("a paused backend gets no plates and no prompts, a drained one no plates", async (ledger) => {
      await add(ledger, "a");
      await add(ledger, "b", { recipe: aRecipe({ backends: ["gpu-2"] }) });
      await add(ledger, "c", { stage: "queue", facts: { backend: "gpu-2", plate: "p" } });
      await stop(ledger, "drain:backend:gpu-2");
      expect(await claimable(ledger)).toEqual(["c", "a"]);
      await stop(ledger, "pause:backend:gpu-2");
      expect(await claimable(ledger)).toEqual(["a"]);
      await stop(ledger, "pause:backend:gpu-1");
      expect(await claimable(ledger)).toEqual([]);
    });

    withLedger("above a priority only more urgent photos are claimed for upload", async (ledger) => {
      await add(ledger, "a", { priority: 0 });
      await add(ledger, "b", { priority: 5 });
      expect(await claimable(ledger, { above: 0 })).toEqual(["b"]);
      expect(await claimable(ledger, { above: 5 })).toEqual([]);
    });

    withLedger("load counts what a backend has, of all or of the more urgent", async (ledger) => {
      expect(await ledger.jobs.lowestPriority(["gpu-1"])).toBeNull();
      await submitted(ledger, "a", "gpu-1", 2);
      await submitted(ledger, "b", "gpu-1", 7);
      await submitted(ledger, "c", "gpu-2", -1);
      expect(await ledger.jobs.lowestPriority(["gpu-1"])).toBe(2);
      expect(await ledger.jobs.load(["queue", "fetch"], "gpu-1", 0)).toBe(2);
      expect(await ledger.jobs.load(["queue", "fetch"], "gpu-1", 0, { above: 2 })).toBe(1);
    });
  });

  describe("moving", () => {
    withLedger(
      "photos leave a backend that stays away, and their tickets are ended there when it is back",
      async (ledger) => {
        await submitted(ledger, "a");
        await add(ledger, "b", {
          recipe: aRecipe({ backends: ["gpu-1"] }),
          stage: "queue",
          facts: { backend: "gpu-1", plate: "p" },
        });
        expect(await ledger.jobs.moveOn("gpu-1", { names: [], unable: [] }, 5)).toBe(0);
        const unable = [{ backend: "gpu-2", key: abilityKey(BOTH) }];
        expect(await ledger.jobs.moveOn("gpu-1", { names: ["gpu-2"], unable }, 5)).toBe(0);
        expect(await ledger.jobs.moveOn("gpu-1", { names: ["gpu-2"], unable: [] }, 5)).toBe(1);
        expect(await ledger.jobs.get("a")).toMatchObject({ stage: "upload", facts: {}, attempt: 0, rewinds: 0 });
        expect(await ledger.jobs.get("b")).toMatchObject({ stage: "queue" });
        expect((await ledger.tickets.stray()).map(({ id }) => id)).toEqual(["ticket-a"]);
      },
    );

    withLedger("live tickets are those that photos wait for, the last of the least urgent first", async (ledger) => {
      await submitted(ledger, "a", "gpu-1", 1);
      await submitted(ledger, "b", "gpu-1", 0);
      await submitted(ledger, "c", "gpu-1", 0);
      await submitted(ledger, "d", "gpu-2", 0);
      await submitted(ledger, "e", "gpu-1", 0);
      await ledger.tickets.mark("ticket-e", "finished", 3);
      const live = await ledger.tickets.live("gpu-1");
      expect(live.map(({ id, priority, inbox }) => [id, priority, inbox])).toEqual([
        ["ticket-c", 0, INBOX],
        ["ticket-b", 0, INBOX],
        ["ticket-a", 1, INBOX],
      ]);
    });

    withLedger("a ticket that was taken back frees its place, and its photo asks for another", async (ledger) => {
      await submitted(ledger, "a");
      await add(ledger, "b", { stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
      const [claimed] = await ledger.jobs.claim({
        stages: ["fetch"],
        backends: ["gpu-1"],
        known: ["gpu-1"],
        unable: [],
        limit: 1,
        now: 10,
        until: 60,
        owner: "me",
        leases: ["lease"],
      });
      await ledger.tickets.recall("ticket-a", 12);
      expect(await ledger.jobs.get("a")).toMatchObject({
        stage: "queue",
        status: "ready",
        facts: { backend: "gpu-1", plate: "plate-a" },
      });
      expect(await ledger.tickets.held("gpu-1")).toBe(0);
      // Whoever was at work on it cannot write any more.
      expect(await ledger.jobs.renew("a", claimed!.lease, 99)).toBe(false);
      expect(await ledger.tickets.mark("ticket-a", "seen", 13)).toBe(false);
    });

    withLedger("a ticket has the place of one that was taken back for it, and nobody else", async (ledger) => {
      await submitted(ledger, "a");
      await add(ledger, "b", { stage: "queue", facts: { backend: "gpu-1", plate: "p" } });
      const ticket = { id: "t", job: "b", plate: "plate-a", backend: "gpu-1", seed: 1, prefix: "p", createdAt: 12 };
      expect(await ledger.tickets.reserve(ticket, 1)).toBeUndefined();
      expect(await ledger.tickets.reserve(ticket, 1, "ticket-a")).toMatchObject({ id: "t", state: "reserved" });
      expect(await ledger.jobs.get("a")).toMatchObject({ stage: "queue", status: "ready" });
      expect(await ledger.tickets.held("gpu-1")).toBe(1);
      // One that has ended meanwhile gives no place that it did not have.
      expect(await ledger.tickets.reserve({ ...ticket, id: "u" }, 1, "ticket-a")).toBeUndefined();
    });
  });

  describe("switches", () => {
    withLedger("are listed by how their names begin", async ({ switches }) => {
      await switches.set("down:gpu_1", "a", 1);
      await switches.set("down:gpu-1", "b", 1);
      await switches.set("downs", "c", 1);
      expect(await switches.all("down:")).toEqual([
        { name: "down:gpu-1", value: "b" },
        { name: "down:gpu_1", value: "a" },
      ]);
    });
  });
}
