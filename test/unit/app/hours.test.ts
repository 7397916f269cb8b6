import { expect, test } from "vitest";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import { type HoursOf, keepHours, setHours, waitsUntil } from "../../../src/app/hours.ts";
import { readPauses } from "../../../src/app/pauses.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import { aClock, quietLog } from "../../support/clock.ts";

const INBOX = "/photos/inbox" as PathText;
const NIGHTS: HoursOf = { path: INBOX, hours: ["22:00-06:00"], timezone: "Europe/Berlin" };
const at = (text: string): number => Date.parse(text);

async function isClosed(ledger: ReturnType<typeof openLedger>, now: number): Promise<boolean> {
  return (await readPauses(ledger, now)).isPaused({ backend: "gpu-1", inbox: INBOX });
}

test("hours begin and end to the millisecond, without anybody looking", async () => {
  const clock = aClock(at("2026-11-23T12:00:00Z"));
  const ledger = openLedger(":memory:", 0);
  await setHours([NIGHTS], { clock, ledger, log: quietLog });
  expect(await isClosed(ledger, at("2026-11-23T20:59:59.999Z"))).toBe(true);
  expect(await isClosed(ledger, at("2026-11-23T21:00:00Z"))).toBe(false);
  expect(await isClosed(ledger, at("2026-11-24T04:59:59.999Z"))).toBe(false);
  expect(await isClosed(ledger, at("2026-11-24T05:00:00Z"))).toBe(true);
  expect((await readPauses(ledger, clock.now())).isPaused({ backend: "gpu-1", inbox: null })).toBe(false);
});

test("the line is woken exactly when hours begin, and the next window is written when they end", async () => {
  const clock = aClock(at("2026-11-23T20:00:00Z"));
  const ledger = openLedger(":memory:", 0);
  const woken: string[] = [];
  const stop = new AbortController();
  const ports = { clock, ledger, log: quietLog };
  const keeping = keepHours([NIGHTS], ports, () => woken.push(new Date(clock.now()).toISOString()), stop.signal);
  await clock.runTo(at("2026-11-24T12:00:00Z"));
  expect(woken).toEqual(["2026-11-23T20:00:00.000Z", "2026-11-23T21:00:00.000Z", "2026-11-24T05:00:00.000Z"]);
  expect(await isClosed(ledger, at("2026-11-24T21:00:00Z"))).toBe(false);
  stop.abort();
  await clock.runTo(clock.now() + 20_000);
  await keeping;
});

test("a machine that slept into the hours notices within ten seconds, and one whose clock is set back too", async () => {
  const clock = aClock(at("2026-11-23T20:00:00Z"));
  const ledger = openLedger(":memory:", 0);
  const stop = new AbortController();
  const ports = { clock, ledger, log: quietLog };
  const keeping = keepHours([NIGHTS], ports, () => {}, stop.signal);
  await clock.runTo(clock.now() + 30_000);
  clock.jump(26 * 3_600_000); // tomorrow, 23:00 in Berlin: the window of the ledger is over
  expect(await isClosed(ledger, clock.now())).toBe(true);
  await clock.runTo(clock.now() + 10_000);
  expect(await isClosed(ledger, clock.now())).toBe(false);
  clock.jump(-10 * 3_600_000);
  expect(await isClosed(ledger, clock.now())).toBe(true);
  clock.jump(-13 * 3_600_000); // the night before
  await clock.runTo(clock.now() + 10_000);
  expect(await isClosed(ledger, clock.now())).toBe(false);
  stop.abort();
  await clock.runTo(clock.now() + 20_000);
  await keeping;
});

test("hours that are taken out of the configuration are forgotten", async () => {
  const clock = aClock(at("2026-11-23T12:00:00Z"));
  const ledger = openLedger(":memory:", 0);
  const ports = { clock, ledger, log: quietLog };
  await setHours([NIGHTS], ports);
  await setHours([{ ...NIGHTS, hours: null }], ports);
  expect(await isClosed(ledger, clock.now())).toBe(false);
});

test("until when photos wait is said in the inbox's time zone", () => {
  expect(waitsUntil(NIGHTS, at("2026-11-23T12:00:00Z"))).toBe("22:00");
  expect(waitsUntil(NIGHTS, at("2026-11-23T22:00:00Z"))).toBeUndefined();
});
