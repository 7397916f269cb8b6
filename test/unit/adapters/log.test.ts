import { expect, test } from "vitest";
import { type LogOptions, openLog } from "../../../src/adapters/log.ts";
import { AppError } from "../../../src/core/errors.ts";

function rig(given: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const stderr = { write: (line: string) => lines.push(line) };
  return { lines, log: openLog({ level: "info", file: null, stderr, plain: false, secrets: [], ...given }) };
}

test("a line is a constant phrase and its fields", () => {
  const { log, lines } = rig();
  log.info({ job: "j", ms: 3 }, "done");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    job: "j",
    ms: 3,
    message: "done",
  });
});

test("what is below the level is not written", () => {
  const { log, lines } = rig({ level: "warn" });
  log.info({}, "accepted");
  log.warn({}, "will retry");
  expect(lines).toHaveLength(1);
});

test("tokens are censored by their name at every depth, and known secrets wherever they stand", () => {
  const { log, lines } = rig({ secrets: ["s3cr/et+value", "ab"] });
  log.error(
    {
      token: "x1",
      a: { token: "x2", b: { authorization: "x3" } },
      url: "http://h?t=s3cr%2Fet%2Bvalue",
      note: "s3cr/et+value ab",
    },
    "failed",
  );
  expect(lines[0]).not.toMatch(/x1|x2|x3|s3cr/);
  expect(JSON.parse(lines[0]!)).toMatchObject({ note: "[redacted] ab" });
});

test("an error keeps its code, its stack and its cause", () => {
  const { log, lines } = rig();
  log.error({ error: new AppError("disk-full", "full", {}, new Error("ENOSPC")) }, "stopped");
  expect(JSON.parse(lines[0]!).error).toMatchObject({ code: "disk-full", stack: expect.stringContaining("ENOSPC") });
});

test("a terminal gets lines for people", () => {
  const { log, lines } = rig({ plain: true });
  log.warn({ job: "a1", path: "IMG 1.jpg" }, "will retry");
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}will retry job=a1 path="IMG 1.jpg"\n$/);
});
