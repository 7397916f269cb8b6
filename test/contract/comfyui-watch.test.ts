/** A ComfyUI whose worker hangs is found out, and told from one that is only busy. */
import { expect, test } from "vitest";
import type { Submission } from "../../src/ports.ts";
import { openRig, type Rig, type RigOptions } from "../support/backend-rig.ts";

const MINUTE_MS = 60_000;
const POLL = { timeout: 20_000, interval: 10 };
const QUICK = { medianMs: 2_000, slowestMs: 4_000, count: 20 };

/** A rig whose socket is open, so that silence means something. */
async function listening(options?: RigOptions): Promise<Rig> {
  const rig = await openRig(options);
  rig.backend.onNudge(() => {});
  await rig.server.until((server) => server.socketCount() === 1);
  return rig;
}

const becomes = (rig: Rig, submission: Submission, kind: string) =>
  expect.poll(async () => (await rig.backend.progress(submission)).kind, POLL).toBe(kind);

/** A prompt that a dead worker has in its hands. */
async function hung(rig: Rig, changes: Partial<Submission> = {}): Promise<Submission> {
  rig.server.misbehave("kill-worker", 1);
  const submission = await rig.submission(changes);
  await rig.backend.submit(submission);
  await becomes(rig, submission, "running");
  return submission;
}

async function finished(rig: Rig): Promise<void> {
  const submission = await rig.submission();
  await rig.backend.submit(submission);
  await becomes(rig, submission, "finished");
}

test("rule 20: a worker that died is told as stuck once nothing moved for long enough, until ComfyUI is started again", async () => {
  await using rig = await listening();
  const submission = await hung(rig);
  rig.clock.jump(9 * MINUTE_MS);
  expect(await rig.backend.progress(submission)).toMatchObject({ kind: "running" });
  await rig.backend.probe();
  rig.clock.jump(2 * MINUTE_MS);
  const stuck = { code: "backend-stuck", data: { ticket: submission.ticket } };
  await expect(rig.backend.progress(submission)).rejects.toMatchObject(stuck);
  await expect(rig.backend.probe()).rejects.toMatchObject({ code: "backend-stuck" });
  await rig.server.restart();
  await rig.backend.probe();
  expect(await rig.backend.progress(submission)).toEqual({ kind: "unknown", ran: true });
});

test("earlier runs of the workflow make the wait shorter, once one has ended on this server", async () => {
  await using rig = await listening();
  await finished(rig);
  const submission = await hung(rig, { usual: QUICK });
  rig.clock.jump(MINUTE_MS - 5_000);
  expect(await rig.backend.progress(submission)).toMatchObject({ kind: "running" });
  rig.clock.jump(10_000);
  await expect(rig.backend.progress(submission)).rejects.toMatchObject({
    code: "backend-stuck",
    message: expect.stringContaining("where 2 s are usual"),
  });
});

test("the first run of a server loads its models, so what is usual does not count yet", async () => {
  await using rig = await listening();
  const submission = await hung(rig, { usual: QUICK });
  rig.clock.jump(9 * MINUTE_MS);
  expect(await rig.backend.progress(submission)).toMatchObject({ kind: "running" });
});

test("a prompt that waits behind a hung one finds it out too, though later: whose it is, it does not know", async () => {
  await using rig = await listening();
  await hung(rig);
  const waiting = await rig.submission();
  await rig.backend.submit(waiting);
  rig.clock.jump(9 * MINUTE_MS);
  expect(await rig.backend.progress(waiting)).toMatchObject({ kind: "pending", ahead: 1 });
  rig.clock.jump(21 * MINUTE_MS);
  await expect(rig.backend.progress(waiting)).rejects.toMatchObject({ code: "backend-stuck" });
});

test("a server whose queue moves is not stuck, however long a prompt waits in it", async () => {
  await using rig = await listening();
  rig.server.hold();
  const [first, second, last] = [await rig.submission(), await rig.submission(), await rig.submission()];
  for (const each of [first, second, last]) await rig.backend.submit(each);
  await becomes(rig, first, "running");
  expect(await rig.backend.progress(last)).toMatchObject({ kind: "pending", ahead: 2 });
  rig.clock.jump(9 * MINUTE_MS);
  rig.server.release();
  await becomes(rig, second, "finished");
  await becomes(rig, last, "finished");
});

test("a prompt that only waits can be withdrawn; one that runs, has ended or never was is kept", async () => {
  await using rig = await listening();
  rig.server.hold();
  const [runs, waits] = [await rig.submission(), await rig.submission()];
  await rig.backend.submit(runs);
  await becomes(rig, runs, "running");
  await rig.backend.submit(waits);
  expect(await rig.backend.withdraw(runs.ticket)).toBe("kept");
  expect(await rig.backend.withdraw(waits.ticket)).toBe("withdrawn");
  expect(await rig.backend.progress(waits)).toEqual({ kind: "unknown", ran: false });
  rig.server.release();
  await becomes(rig, runs, "finished");
  expect(await rig.backend.withdraw(runs.ticket)).toBe("kept");
  expect(await rig.backend.withdraw((await rig.submission()).ticket)).toBe("kept");
  expect(rig.server.renders).toHaveLength(1);
});
