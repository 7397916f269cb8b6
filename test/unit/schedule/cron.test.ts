import fc from "fast-check";
import { expect, test } from "vitest";
import { nextRun } from "../../../src/adapters/schedule.ts";
import { cronProblem } from "../../../src/core/schedule/cron.ts";

const at = (text: string): number => Date.parse(text);

function runs(schedule: string, zone: string, from: string, to: string): readonly string[] {
  const found: string[] = [];
  for (let next = nextRun(schedule, zone, at(from)); next !== undefined && next < at(to); ) {
    found.push(new Date(next).toISOString().slice(0, 16));
    next = nextRun(schedule, zone, next);
  }
  return found;
}

test.each(["0 2 * * *", "*/5 * * * * *", "30 1-5,22 1 jan,JUL mon-fri", "0 0 29 2 *", "15 */2 * * 7"])(
  "%s is a schedule",
  (text) => expect(cronProblem(text)).toBeUndefined(),
);

test.each([
  ["0 2 * *", "got 4"],
  ["0 0 0 2 * * *", "got 7"],
  ["61 * * * *", "minute 61: expected * or 0 to 59"],
  ["0 24 * * *", "hour 24: expected * or 0 to 23"],
  ["0 2 * * fry", "day of the week fry: expected * or 0 to 7, or sun to sat"],
  ["0 2 5-1 * *", "day of the month 5-1"],
  ["0 2, * * *", "hour (empty)"],
  ["0 0 30 2 *", "there is no day 30 in month 2"],
  ["*/0 * * * *", "minute */0"],
])("%s is none: %s", (text, sentence) => expect(cronProblem(text)).toContain(sentence));

test("what is let pass has a next run", () => {
  const field = (least: number, most: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min: least, max: most }).map(String),
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
      fc.integer({ min: 1, max: most }).map((step) => `*/${step}`),
    );
  const schedules = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
    .map((parts) => parts.join(" "));
  fc.assert(
    fc.property(schedules, (schedule) => {
      expect(cronProblem(schedule)).toBeUndefined();
      expect(nextRun(schedule, "Europe/Berlin", at("2026-11-23T00:00:00Z"))).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});

test("a nightly 02:30 runs once on the day without 02:30 and once on the day with two", () => {
  expect(runs("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z")).toEqual([
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ]);
  expect(runs("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")).toEqual([
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
});

test("Lord Howe's half hour is run over once, and not twice", () => {
  expect(runs("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T02:00:00Z", "2026-10-05T02:00:00Z")).toHaveLength(2);
  expect(runs("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T02:00:00Z", "2026-04-06T02:00:00Z")).toHaveLength(2);
});

test("a zone without summer time runs at the same moment every day", () => {
  expect(runs("30 2 * * *", "Asia/Kolkata", "2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z")).toEqual([
    "2026-03-27T21:00",
    "2026-03-28T21:00",
    "2026-03-29T21:00",
  ]);
});
