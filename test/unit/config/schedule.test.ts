import { expect, test } from "vitest";
import { parse } from "../../../src/core/config/parse.ts";

const inboxOf = (more: object) => {
  const parsed = parse({ inboxes: [{ path: "inbox", ...more }] });
  if (!parsed.ok) throw new Error(parsed.issues.map(({ message }) => message).join("\n"));
  return parsed.config.inboxes[0]!;
};

test("without a word an inbox is watched at all hours, and takes what lies there", () => {
  expect(inboxOf({})).toMatchObject({
    schedule: null,
    hours: null,
    timezone: null,
    catchUp: "once",
    existing: "process",
  });
});

test("one rule of hours is a list of one", () => {
  expect(inboxOf({ hours: "22:00-06:00" }).hours).toEqual(["22:00-06:00"]);
  expect(inboxOf({ hours: ["mon-fri 22:00-06:00", "sat 00:00-24:00"] }).hours).toHaveLength(2);
});

test.each([
  [{ schedule: "0 25 * * *" }, ["inboxes", 0, "schedule"], "hour 25: expected * or 0 to 23"],
  [{ hours: "22-6" }, ["inboxes", 0, "hours"], "expected hours such as"],
  [{ hours: [] }, ["inboxes", 0, "hours"], "expected at least 1 entry"],
  [{ timezone: "Berlin" }, ["inboxes", 0, "timezone"], "expected the name of a time zone, such as Europe/Berlin"],
  [{ existing: "leave" }, ["inboxes", 0, "existing"], "expected process, ignore or ask, got leave"],
])("%j is refused at its place", (more, path, message) => {
  const parsed = parse({ inboxes: [{ path: "inbox", ...more }] });
  expect(parsed).toMatchObject({ ok: false, issues: [{ path, message: expect.stringContaining(message) }] });
});
