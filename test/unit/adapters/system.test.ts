import { expect, test } from "vitest";
import { hostFacts, memoryBudget, systemClock, systemIds } from "../../../src/adapters/system.ts";

test("a sleep ends at once when it is aborted, and does not begin after that", async () => {
  const stop = new AbortController();
  const sleep = systemClock.sleep(3_600_000, stop.signal);
  stop.abort();
  await expect(sleep).resolves.toBeUndefined();
  await expect(systemClock.sleep(3_600_000, stop.signal)).resolves.toBeUndefined();
});

test("ids are lower-case UUIDs, seeds whole numbers, chance below one", () => {
  expect(systemIds.uuid()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(Number.isSafeInteger(systemIds.seed())).toBe(true);
  expect(systemIds.random()).toBeLessThan(1);
});

test("memory for pictures is as configured, or half of what there is", () => {
  expect(memoryBudget("auto", { memoryBytes: 8e9 })).toBe(4e9);
  expect(memoryBudget(1e9, { memoryBytes: 8e9 })).toBe(1e9);
  expect(hostFacts().memoryBytes).toBeGreaterThan(0);
});
