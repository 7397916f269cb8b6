import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, expectedWaitMs, leastWait } from "../../../src/core/job/placing.ts";

const candidate = (name: string, changes: Partial<Candidate> = {}): Candidate => ({
  name,
  load: 0,
  usualMs: null,
  weight: 1,
  hasPlate: false,
  ...changes,
});
const chosen = (...candidates: Candidate[]) => leastWait(candidates)?.name;

test("nothing is chosen from nothing, and the first where all are equal", () => {
  expect(chosen()).toBeUndefined();
  expect(chosen(candidate("a"), candidate("b"))).toBe("a");
});

test("the one with less to do is chosen", () => {
  expect(chosen(candidate("a", { load: 2 }), candidate("b", { load: 1 }))).toBe("b");
});

test("a fast one with a queue is better than a slow one without, until its queue is too long", () => {
  const slow = candidate("slow", { usualMs: 20_000 });
  expect(chosen(slow, candidate("fast", { usualMs: 4_000, load: 3 }))).toBe("fast");
  expect(chosen(slow, candidate("fast", { usualMs: 4_000, load: 5 }))).toBe("slow");
});

test("weight is how much more a backend may have to do", () => {
  expect(chosen(candidate("a", { load: 1 }), candidate("b", { load: 3, weight: 2.5 }))).toBe("b");
  expect(chosen(candidate("a", { load: 1 }), candidate("b", { load: 3, weight: 1.5 }))).toBe("a");
});

test("one that never ran this workflow is taken for as fast as the others on average", () => {
  const known = [candidate("a", { usualMs: 2_000, load: 1 }), candidate("b", { usualMs: 4_000, load: 1 })];
  expect(chosen(...known, candidate("new"))).toBe("new");
  expect(chosen(...known, candidate("new", { load: 1 }))).toBe("a");
});

test("where the plate lies already it is sent again only when that is worth it", () => {
  const here = candidate("here", { hasPlate: true, usualMs: 5_000 });
  expect(chosen(candidate("other", { usualMs: 4_500 }), here)).toBe("here");
  expect(chosen(candidate("other", { usualMs: 3_500 }), here)).toBe("other");
});

test("no other candidate has less to wait for", () => {
  const any = fc.record({
    name: fc.string(),
    load: fc.nat(20),
    usualMs: fc.integer({ min: 1, max: 100_000 }),
    weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
    hasPlate: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(any, { minLength: 1 }), (candidates) => {
      const best = expectedWaitMs(leastWait(candidates)!);
      expect(candidates.every((one) => expectedWaitMs(one) >= best)).toBe(true);
    }),
  );
});
