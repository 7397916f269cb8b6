/** Percent by time, time left, and the words for them. */
import { expect, test } from "vitest";
import { leftInQueue, leftOfRun, percentByTime, progressWords, timeWords } from "../../../src/core/job/progress.ts";

test("by time alone a run comes to 95 % and no further", () => {
  expect(percentByTime(5_000, 20_000)).toBe(25);
  expect(percentByTime(60_000, 20_000)).toBe(95);
  expect(percentByTime(-1, 20_000)).toBe(0);
  expect(percentByTime(5_000, null)).toBeNull();
  expect(percentByTime(5_000, 0)).toBeNull();
});

test("earlier runs say how long is left, the run's own pace more and more", () => {
  expect(leftOfRun(0, 5_000, 20_000)).toBe(15_000);
  expect(leftOfRun(50, 10_000, 30_000)).toBe(15_000);
  expect(leftOfRun(50, 10_000, null)).toBe(10_000);
  expect(leftOfRun(50, 40_000, 30_000)).toBe(40_000);
  expect(leftOfRun(5, 10_000, null)).toBeNull();
  expect(leftOfRun(5, 40_000, 30_000)).toBeNull();
  expect(leftInQueue(1, 20_000)).toBe(40_000);
  expect(leftInQueue(1, null)).toBeNull();
});

test("people read it in a few words", () => {
  const running = { phase: "running", percent: 45, ahead: null, leftMs: 20_400 } as const;
  expect(progressWords(running)).toBe("fetch 45 %, about 20 s left");
  expect(progressWords({ ...running, leftMs: null })).toBe("fetch 45 %");
  expect(progressWords({ phase: "queued", percent: 0, ahead: 1, leftMs: null })).toBe("queued, 1 ahead");
  expect(progressWords({ phase: "queued", percent: 0, ahead: 0, leftMs: null })).toBe("queued, next");
  expect([400, 99_000, 240_000, 7_200_000].map(timeWords)).toEqual(["1 s", "99 s", "4 min", "2 h"]);
});
