/** Ended tickets leave the server's history, and nothing is lost by it: the backend, and stage fetch over a real ledger. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFiles } from "../../src/adapters/files.ts";
import { openPicturesHere } from "../../src/adapters/pictures/pictures.ts";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Job } from "../../src/core/job/job.ts";
import type { Backend, Ports, Submission } from "../../src/ports.ts";
import { fetchStage } from "../../src/stages/fetch.ts";
import { ids, openRig, type Rig } from "../support/backend-rig.ts";
import { aJob, aNewJob, aRecipe } from "../support/jobs.ts";
import { silent } from "../support/photos.ts";

const POLL = { timeout: 15_000, interval: 10 };
const historyOf = async ({ server }: Rig): Promise<readonly string[]> =>
  Object.keys((await (await fetch(`${server.url}/history`)).json()) as object);

async function rendered(rig: Rig, backend: Backend = rig.backend): Promise<Submission> {
  const submission = await rig.submission();
  await backend.submit(submission);
  await expect.poll(() => backend.progress(submission), POLL).toMatchObject({ kind: "finished" });
  return submission;
}

/** Somebody else's prompt: the same graph under another name. */
async function strangers(rig: Rig): Promise<string> {
  const prompt_id = randomUUID();
  const graph = {
    "1": { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 0 } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "theirs" } },
  };
  const sent = await fetch(`${rig.server.url}/prompt`, {
    method: "POST",
    body: JSON.stringify({ prompt: graph, prompt_id }),
  });
  const { prompt_id: id } = (await sent.json()) as { prompt_id: string };
  await expect.poll(() => historyOf(rig), POLL).toContain(id);
  return id;
}

describe("tidying a history", () => {
  test("our entries go, those of others stay", async () => {
    await using rig = await openRig();
    const theirs = await strangers(rig);
    const ours = [await rendered(rig), await rendered(rig)];
    await rig.backend.tidy(ours.map(({ ticket }) => ticket));
    expect(await historyOf(rig)).toEqual([theirs]);
    await rig.backend.tidy(ours.map(({ ticket }) => ticket));
    expect(await historyOf(rig)).toEqual([theirs]);
  });

  test("with tidy: false nothing is taken out", async () => {
    await using rig = await openRig({ config: { tidy: false } });
    const { ticket } = await rendered(rig);
    await rig.backend.tidy([ticket]);
    expect(await historyOf(rig)).toEqual([ticket]);
  });

  test("a server that chose the id itself is searched for it, after a restart of ours too", async () => {
    await using rig = await openRig({ server: { promptIds: "server", version: "0.3.40" } });
    const theirs = await strangers(rig);
    const { ticket } = await rendered(rig);
    await rig.reopen().tidy([ticket]);
    expect(await historyOf(rig)).toEqual([theirs]);
  });

  test("the look at a server's rounding leaves nothing behind", async () => {
    await using rig = await openRig();
    await rig.backend.rounding();
    expect(await historyOf(rig)).toEqual([]);
  });
});

/** Stage fetch of one job whose ticket is on its way. */
async function openFetch(rig: Rig) {
  const ledger = openLedger(":memory:", 0);
  const files = openFiles({ home: rig.folder });
  const submission = await rig.submission();
  const recipe = aRecipe({ workflow: "small" });
  await ledger.jobs.add(aNewJob({ recipe }), 0);
  const { file, sha256, sizeBytes, width, height } = rig.plate;
  const frame = JSON.stringify({ crop: { left: 0, top: 0, width, height }, width, height });
  await ledger.plates.add({ id: "plate", job: "job-1", file, sha256, sizeBytes, width, height, frame });
  await ledger.plates.place("plate", "gpu-1", submission.placement, 0);
  const { ticket, prefix, seed } = submission;
  const wanted = { id: ticket, job: "job-1", plate: "plate", backend: "gpu-1", seed, prefix, createdAt: 0 };
  await ledger.tickets.reserve(wanted, 1);
  await ledger.tickets.mark(ticket, "posted", 1);
  await rig.backend.submit(submission);
  const job: Job = aJob({ recipe, stage: "fetch", facts: { backend: "gpu-1", plate: "plate", ticket, notes: [] } });
  const ports = {
    clock: rig.clock,
    ids,
    log: silent,
    files,
    ledger,
    pictures: openPicturesHere(1e8),
    backends: { get: () => rig.backend, choose: async () => rig.backend },
  } as unknown as Ports;
  const attempting = {
    lease: "lease",
    folder: rig.folder as PathText,
    note: async () => {},
    signal: new AbortController().signal,
  };
  const run = () => fetchStage.run(job, ports, attempting);
  const tidied = async () => {
    const ended = await ledger.tickets.untidied("gpu-1", 10);
    await rig.backend.tidy(ended);
    await ledger.tickets.tidied(ended, 9);
    return ended;
  };
  return { ledger, run, tidied, ticket, preview: join(rig.folder, "preview.png") };
}

describe("a kill between tidying and going on", () => {
  test("what was brought home is taken from the record, and the server is not asked", async () => {
    await using rig = await openRig();
    const { run, tidied, ticket } = await openFetch(rig);
    expect(await tidied()).toEqual([]);
    await expect.poll(run, POLL).toMatchObject({ kind: "done" });
    expect(await tidied()).toEqual([ticket]);
    expect([await historyOf(rig), await tidied()]).toEqual([[], []]);
    await rig.server.kill();
    expect(await run()).toMatchObject({ kind: "done", facts: { rounding: "truncated" } });
  });

  test("what was lost at home as well is found on the server by its name, without another render", async () => {
    await using rig = await openRig();
    const { run, tidied, preview } = await openFetch(rig);
    await expect.poll(run, POLL).toMatchObject({ kind: "done" });
    await tidied();
    rmSync(preview);
    expect(await run()).toMatchObject({ kind: "done" });
    expect(rig.server.renders.filter(({ prefix }) => !prefix.includes("probe"))).toHaveLength(1);
  });
});
