import { describe, expect, test } from "vitest";
import { againMs, LATEST_MS, pendingAgainMs, SOONEST_MS } from "../../../src/adapters/backends/comfyui/pace.ts";

/** The questions that are put to a run from `firstMs` on, until one comes after its end. */
function questions(usualMs: number | null, tookMs: number, firstMs = 0): readonly number[] {
  const asked = [firstMs];
  while (asked.at(-1)! < tookMs) asked.push(asked.at(-1)! + againMs(usualMs, asked.at(-1)! - firstMs));
  return asked;
}

describe("againMs", () => {
  test.each([[400], [1_000], [4_000], [20_000]])(
    "a run of the usual %i ms is found ended soon, by few questions",
    (ms) => {
      const asked = questions(ms, ms);
      expect(asked.at(-1)! - ms).toBeLessThanOrEqual(SOONEST_MS);
      expect(asked.length).toBeLessThanOrEqual(8 + ms / LATEST_MS);
    },
  );

  test("a run first seen half-way is found ended within a quarter of its time", () => {
    expect(questions(1_000, 1_000, 500).at(-1)).toBeLessThanOrEqual(1_250);
  });

  test("of a workflow nobody knows the end is found within half of its time, and no later than ever", () => {
    expect(questions(null, 600).at(-1)).toBeLessThanOrEqual(900);
    expect(questions(null, 30_000).at(-1)).toBeLessThanOrEqual(30_000 + LATEST_MS);
  });

  test("a prompt that waits for a run of unknown length is not asked after all the time", () => {
    expect(pendingAgainMs(null)).toBe(LATEST_MS);
    expect(pendingAgainMs(1_000)).toBe(500);
  });

  test("is whole milliseconds, as the ledger's times are", () => {
    for (const passed of [333.3, 666.7, 1_801.1]) expect(Number.isInteger(againMs(1_001.7, passed))).toBe(true);
  });

  test("a run that is long overdue is asked after at the slow pace", () => {
    expect(againMs(1_000, 60_000)).toBe(LATEST_MS);
  });
});
