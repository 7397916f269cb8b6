import fc from "fast-check";
import { expect, test } from "vitest";
import { distance, suggest } from "../../../src/core/config/suggest.ts";

test("a missing, an extra, a wrong and a swapped letter each count one", () => {
  expect(distance("promt", "prompt", 3)).toBe(1);
  expect(distance("promppt", "prompt", 3)).toBe(1);
  expect(distance("pronpt", "prompt", 3)).toBe(1);
  expect(distance("pormpt", "prompt", 3)).toBe(1);
});

test("what is farther than the bound is one above it", () => {
  expect(distance("outbox", "retry", 2)).toBe(3);
  expect(distance("a", "abcdefgh", 2)).toBe(3);
});

test("the distance is the same both ways and no longer than the longer word", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      const there = distance(left, right, 20);
      return (
        there === distance(right, left, 20) &&
        there <= Math.max(left.length, right.length) &&
        (there === 0) === (left === right)
      );
    }),
  );
});

test("the nearest word is suggested, whatever its case and dashes", () => {
  const known = ["prompt", "promptSuffix", "outbox", "onSpatial"];
  expect(suggest("promt", known)).toBe("prompt");
  expect(suggest("prompt-suffix", known)).toBe("promptSuffix");
  expect(suggest("on_spatial", known)).toBe("onSpatial");
  expect(suggest("out", known)).toBe("outbox");
});

test("nothing is suggested for a word that is like none", () => {
  expect(suggest("zebra", ["prompt", "outbox"])).toBeNull();
  expect(suggest("x".repeat(1_000), ["prompt"])).toBeNull();
});
