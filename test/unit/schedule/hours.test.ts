import { describe, expect, test } from "vitest";
import { isHoursRule, isOpen, parseHours, windowAt } from "../../../src/core/schedule/hours.ts";
import { timeWords } from "../../../src/core/schedule/wall.ts";

const at = (text: string): number => Date.parse(text);
const HOUR = 3_600_000;

/** Every minute asked one by one: the slow way to the same answer. */
function minutesOpen(rules: readonly string[], zone: string, from: string, to: string): number {
  const hours = parseHours(rules);
  let open = 0;
  for (let time = at(from); time < at(to); time += 60_000) if (isOpen(hours, zone, time)) open++;
  return open;
}

describe("rules", () => {
  test.each([
    "22:00-06:00",
    "9:00-17:30",
    "mon-fri 22:00-06:00",
    "sat,sun 00:00-24:00",
    "Fri-Mon 1:00-2:00",
    "mon, wed-fri 8:00 - 9:00",
  ])("%s is understood", (rule) => expect(isHoursRule(rule)).toBe(true));
  test.each([
    "",
    "22-06",
    "25:00-26:00",
    "10:60-11:00",
    "24:00-06:00",
    "06:00-06:00",
    "monday 10:00-11:00",
    "mon,, 10:00-11:00",
    "22:00",
  ])("%s is not", (rule) => expect(isHoursRule(rule)).toBe(false));
});

describe("windows", () => {
  const night = parseHours(["22:00-06:00"]);

  test("a closed time names the next opening, an open one its end", () => {
    expect(windowAt(night, "UTC", at("2026-11-23T12:00:00Z"))).toEqual({
      opensAt: at("2026-11-23T22:00:00Z"),
      closesAt: at("2026-11-24T06:00:00Z"),
    });
    const now = at("2026-11-24T05:59:59.999Z");
    expect(windowAt(night, "UTC", now)).toEqual({ opensAt: now, closesAt: at("2026-11-24T06:00:00Z") });
    expect(windowAt(night, "UTC", at("2026-11-24T06:00:00Z")).opensAt).toBe(at("2026-11-24T22:00:00Z"));
  });

  test("a night that begins on Friday goes on into Saturday", () => {
    const week = parseHours(["mon-fri 22:00-06:00"]);
    expect(isOpen(week, "UTC", at("2026-11-28T05:00:00Z"))).toBe(true);
    expect(isOpen(week, "UTC", at("2026-11-29T05:00:00Z"))).toBe(false);
    expect(isOpen(parseHours(["sun 22:00-06:00"]), "UTC", at("2026-11-23T05:00:00Z"))).toBe(true);
  });

  test("rules that meet are one window", () => {
    const hours = parseHours(["fri 22:00-24:00", "sat,sun 00:00-24:00"]);
    expect(windowAt(hours, "UTC", at("2026-11-27T12:00:00Z"))).toEqual({
      opensAt: at("2026-11-27T22:00:00Z"),
      closesAt: at("2026-11-30T00:00:00Z"),
    });
  });

  test("hours that never end have no end", () => {
    const now = at("2026-11-27T12:00:00Z");
    expect(windowAt(parseHours(["00:00-24:00"]), "Europe/Berlin", now)).toEqual({
      opensAt: now,
      closesAt: Number.MAX_SAFE_INTEGER,
    });
  });

  test("a night is an hour shorter when clocks go ahead, and longer when they go back", () => {
    const length = (from: string) => {
      const { opensAt, closesAt } = windowAt(night, "Europe/Berlin", at(from));
      return (closesAt - opensAt) / HOUR;
    };
    expect([length("2026-03-28T12:00:00Z"), length("2026-10-24T12:00:00Z"), length("2026-06-01T12:00:00Z")]).toEqual([
      7, 9, 8,
    ]);
  });

  test("01:00-03:00 lasts one hour, or three, on the days when Berlin's clocks change", () => {
    const rules = ["01:00-03:00"];
    expect(minutesOpen(rules, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z")).toBe(60);
    expect(minutesOpen(rules, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z")).toBe(180);
    expect(windowAt(parseHours(rules), "Europe/Berlin", at("2026-03-28T12:00:00Z"))).toEqual({
      opensAt: at("2026-03-29T00:00:00Z"),
      closesAt: at("2026-03-29T01:00:00Z"),
    });
    expect(windowAt(parseHours(rules), "Europe/Berlin", at("2026-10-24T12:00:00Z"))).toEqual({
      opensAt: at("2026-10-24T23:00:00Z"),
      closesAt: at("2026-10-25T02:00:00Z"),
    });
  });

  test("hours that the clock jumps over do not open; those it shows twice open twice", () => {
    const hours = parseHours(["02:10-02:50"]);
    expect(windowAt(hours, "Europe/Berlin", at("2026-03-28T12:00:00Z")).opensAt).toBe(at("2026-03-30T00:10:00Z"));
    const first = windowAt(hours, "Europe/Berlin", at("2026-10-24T12:00:00Z"));
    expect(first).toEqual({ opensAt: at("2026-10-25T00:10:00Z"), closesAt: at("2026-10-25T00:50:00Z") });
    expect(windowAt(hours, "Europe/Berlin", first.closesAt).opensAt).toBe(at("2026-10-25T01:10:00Z"));
  });

  test("Lord Howe changes by half an hour", () => {
    const rules = ["01:00-03:00"];
    expect(minutesOpen(rules, "Australia/Lord_Howe", "2026-10-03T02:00:00Z", "2026-10-04T02:00:00Z")).toBe(90);
    expect(minutesOpen(rules, "Australia/Lord_Howe", "2026-04-04T02:00:00Z", "2026-04-05T02:00:00Z")).toBe(150);
    const { opensAt, closesAt } = windowAt(parseHours(rules), "Australia/Lord_Howe", at("2026-04-04T02:00:00Z"));
    expect(closesAt - opensAt).toBe(2.5 * HOUR);
  });

  test("a zone without summer time has equal nights", () => {
    const { opensAt, closesAt } = windowAt(night, "Asia/Kolkata", at("2026-03-28T12:00:00Z"));
    expect([opensAt, closesAt]).toEqual([at("2026-03-28T16:30:00Z"), at("2026-03-29T00:30:00Z")]);
  });

  test.each(["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata"])(
    "the windows of a year in %s are those found minute by minute",
    (zone) => {
      const rules = ["mon-fri 22:30-06:15", "sat 01:15-02:45", "sun 12:00-24:00"];
      const hours = parseHours(rules);
      const from = at("2026-03-20T00:00:00Z");
      const to = at("2026-04-12T00:00:00Z");
      let asked = 0;
      for (let time = from; time < to; ) {
        const { opensAt, closesAt } = windowAt(hours, zone, time);
        for (; time < opensAt; time += 60_000, asked++) expect(isOpen(hours, zone, time)).toBe(false);
        for (; time < closesAt; time += 60_000, asked++) expect(isOpen(hours, zone, time)).toBe(true);
      }
      expect(asked).toBeGreaterThan(20_000);
    },
  );
});

test("a time is said with its day when that is not near", () => {
  const now = at("2026-11-23T12:00:00Z");
  expect(timeWords("Europe/Berlin", at("2026-11-23T21:00:00Z"), now)).toBe("22:00");
  expect(timeWords("Europe/Berlin", at("2026-11-28T21:05:00Z"), now)).toBe("sat 22:05");
});
