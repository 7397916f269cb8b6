/** Progress and previews of a comfyui backend: heard by its socket, or told by the time alone. */
import { expect, test } from "vitest";
import { rememberTickets } from "../../src/adapters/backends/comfyui/tickets.ts";
import type { Glimpse } from "../../src/ports.ts";
import { jumpingClock, openRig } from "../support/backend-rig.ts";

const POLL = { timeout: 15_000, interval: 10 };
const glimpseOf = (byte: number): Glimpse => ({ mime: "image/jpeg", bytes: Uint8Array.of(byte) });

test("a render under way has percent and a preview; one that has ended has neither", async () => {
  await using rig = await openRig({ server: { renderMs: 300 } });
  const previews: Glimpse[] = [];
  const submission = await rig.submission();
  rig.backend.onNudge((ticket) => {
    const glimpse = ticket === null ? undefined : rig.backend.glimpse(ticket);
    if (glimpse) previews.push(glimpse);
  });
  await rig.server.until((server) => server.socketCount() === 1);
  rig.server.hold();
  await rig.backend.submit(submission);
  await expect.poll(() => rig.backend.progress(submission), POLL).toMatchObject({ kind: "running", leftMs: null });
  rig.server.release();
  await expect
    .poll(async () => {
      const seen = await rig.backend.progress(submission);
      return seen.kind === "running" ? seen.fraction : 1;
    }, POLL)
    .toBeGreaterThan(0.3);
  await expect.poll(() => rig.backend.progress(submission), POLL).toMatchObject({ kind: "finished" });
  expect(previews[0]).toMatchObject({ mime: "image/jpeg" });
  expect([...previews[0]!.bytes.subarray(0, 2)]).toEqual([0xff, 0xd8]);
  expect(rig.backend.glimpse(submission.ticket)).toBeUndefined();
  expect(rig.backend.glimpse("nobody's")).toBeUndefined();
});

test("with a deaf socket the time says how far it is, from earlier runs, and never more than 95 %", async () => {
  await using rig = await openRig();
  rig.server.misbehave("deaf");
  rig.server.hold();
  const submission = await rig.submission({ usual: { medianMs: 40_000, slowestMs: 50_000, count: 3 } });
  await rig.backend.submit(submission);
  await expect.poll(() => rig.backend.progress(submission), POLL).toMatchObject({ kind: "running" });
  rig.clock.jump(20_000);
  const half = await rig.backend.progress(submission);
  if (half.kind !== "running") throw new Error(`it is ${half.kind}`);
  expect(half.fraction).toBeGreaterThanOrEqual(0.5);
  expect(half.fraction).toBeLessThan(0.7);
  expect(half.leftMs).toBeLessThanOrEqual(20_000);
  expect(half.leftMs).toBeGreaterThan(10_000);
  rig.clock.jump(60_000);
  expect(await rig.backend.progress(submission)).toMatchObject({ kind: "running", fraction: 0.95, leftMs: null });
});

test("with a deaf socket and no earlier run nothing is made up", async () => {
  await using rig = await openRig();
  rig.server.misbehave("deaf");
  rig.server.hold();
  const submission = await rig.submission();
  await rig.backend.submit(submission);
  await expect
    .poll(() => rig.backend.progress(submission), POLL)
    .toMatchObject({ kind: "running", fraction: null, leftMs: null });
});

test("a preview without an id is of the prompt heard of last, and nobody's when that is not ours", () => {
  const tickets = rememberTickets(jumpingClock());
  tickets.of("ours");
  tickets.glimpsed(null, glimpseOf(1));
  expect(tickets.glimpse("ours")).toBeUndefined();
  tickets.heard("ours", { kind: "other" });
  tickets.glimpsed(null, glimpseOf(2));
  expect(tickets.glimpse("ours")).toEqual(glimpseOf(2));
  tickets.heard("theirs", { kind: "other" });
  tickets.glimpsed(null, glimpseOf(3));
  tickets.glimpsed("theirs", glimpseOf(4));
  expect(tickets.glimpse("ours")).toEqual(glimpseOf(2));
  tickets.heard("ours", { kind: "over" });
  tickets.glimpsed("ours", glimpseOf(5));
  expect(tickets.glimpse("ours")).toBeUndefined();
});
