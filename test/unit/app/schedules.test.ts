import { expect, test } from "vitest";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import { lastRunOf, runSchedule, sweepUntilSettled } from "../../../src/app/schedules.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import type { Inbox, Log } from "../../../src/ports.ts";
import { aClock, quietLog } from "../../support/clock.ts";

const INBOX = "/photos/inbox" as PathText;
const NIGHTLY = { path: INBOX, schedule: "30 2 * * *", timezone: "Europe/Berlin", catchUp: "once" } as const;
const at = (text: string): number => Date.parse(text);

function rig(from: string, sweepMs = 1_000) {
  const ledger = openLedger(":memory:", 0);
  const clock = aClock(at(from));
  const said: string[] = [];
  const note = (_fields: object, phrase: string) => void said.push(phrase);
  const log: Log = { ...quietLog, info: note, warn: note };
  const sweeps: string[] = [];
  let open = 0;
  const stop = new AbortController();
  const start = (inbox: Parameters<typeof runSchedule>[0] = NIGHTLY) =>
    runSchedule(
      inbox,
      async () => {
        expect(++open).toBe(1);
        sweeps.push(new Date(clock.now()).toISOString().slice(0, 19));
        await clock.sleep(sweepMs);
        open--;
      },
      { clock, ledger, log },
      stop.signal,
    );
  const end = async (running: Promise<void>) => {
    stop.abort();
    await clock.runTo(clock.now() + 20_000);
    await running;
  };
  return { ledger, clock, said, sweeps, start, end };
}

test("once on the day without 02:30, and once on the day with two", async () => {
  for (const [from, runs] of [
    ["2026-03-28T23:00:00Z", ["2026-03-29T01:00:00", "2026-03-30T00:30:00"]],
    ["2026-10-24T22:00:00Z", ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]],
  ] as const) {
    const { clock, sweeps, start, end } = rig(from);
    const running = start();
    await clock.runTo(at(from) + 30 * 3_600_000);
    expect(sweeps).toEqual(runs);
    await end(running);
  }
}, 60_000);

test("a run that lasts past the next one says so, and that one is left out", async () => {
  const { clock, said, sweeps, start, end } = rig("2026-11-23T12:00:30Z", 90_000);
  const running = start({ ...NIGHTLY, schedule: "* * * * *" });
  await clock.runTo(at("2026-11-23T12:05:00Z"));
  expect(sweeps).toEqual(["2026-11-23T12:01:00", "2026-11-23T12:03:00", "2026-11-23T12:05:00"]);
  expect(said).toContain("sweep lasted past its next time, which is left out");
  await clock.runTo(clock.now() + 100_000);
  await end(running);
});

test("a machine that slept past its run sweeps within ten seconds of waking; with skip it waits for the next", async () => {
  for (const [catchUp, count] of [
    ["once", 1],
    ["skip", 0],
  ] as const) {
    const { clock, sweeps, start, end } = rig("2026-11-23T22:00:00Z");
    const running = start({ ...NIGHTLY, catchUp });
    await clock.runTo(clock.now() + 30_000);
    clock.jump(6 * 3_600_000);
    await clock.runTo(clock.now() + 10_000);
    expect(sweeps).toHaveLength(count);
    await end(running);
  }
});

test("what was missed while nothing ran is one run, however often it was missed", async () => {
  const { clock, ledger, sweeps, start, end } = rig("2026-11-23T12:00:00Z");
  await ledger.switches.set(lastRunOf(INBOX), String(at("2026-11-01T12:00:00Z")), 0);
  const running = start();
  await clock.runTo(at("2026-11-24T00:00:00Z"));
  expect(sweeps).toEqual(["2026-11-23T12:00:00"]);
  await end(running);
}, 60_000);

test("a clock that was set back runs at the next time it shows", async () => {
  const { clock, ledger, sweeps, start, end } = rig("2026-11-20T12:00:00Z");
  await ledger.switches.set(lastRunOf(INBOX), String(at("2026-12-24T12:00:00Z")), 0);
  const running = start();
  await clock.runTo(at("2026-11-21T02:00:00Z"));
  expect(sweeps).toEqual(["2026-11-21T01:30:00"]);
  await end(running);
}, 60_000);

test("a sweep waits for what settles, and says which folders could not be read", async () => {
  const looks = [2, 1, 0];
  const scanner = (isAway: boolean) =>
    ({ scan: async () => ({ settling: isAway ? 0 : (looks.shift() ?? 0), isAway }) }) as unknown as Inbox;
  const scanners = [scanner(false), scanner(true)];
  const clock = { now: () => 0, sleep: async () => {} };
  expect(await sweepUntilSettled(scanners, 10, { clock }, new AbortController().signal)).toEqual([scanners[1]]);
  expect(looks).toEqual([]);
  expect(await sweepUntilSettled(scanners, 10, { clock }, AbortSignal.abort())).toEqual([]);
});
