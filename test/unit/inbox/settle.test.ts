import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Decision,
  decide,
  type EndingKind,
  LOOKS_MIN,
  lookAgain,
  REREAD_MS,
  type Settling,
  UNPROVEN_FACTOR,
  withEnding,
} from "../../../src/core/inbox/settle.ts";

const limits = { settleMs: 2_000, truncatedMs: 60_000 };

/** Looks at these times (same signature unless told), and decides after the last. */
function looked(times: readonly number[], signature: (at: number) => string = () => "s", sizeBytes = 10): Settling {
  let state: Settling | undefined;
  for (const at of times) state = lookAgain(state, { signature: signature(at), sizeBytes, at });
  return state!;
}

const proven = (state: Settling, ending: EndingKind, at: number): Decision =>
  decide(withEnding(state, ending, at), at, limits);

describe("settle", () => {
  test("three looks that span the settle time are needed, both", () => {
    expect(decide(looked([0, 2_000]), 2_000, limits)).toBe("wait");
    expect(decide(looked([0, 500, 1_000]), 1_000, limits)).toBe("wait");
    expect(decide(looked([0, 1_000, 2_000]), 2_000, limits)).toBe("read-ending");
    expect(proven(looked([0, 1_000, 2_000]), "complete", 2_000)).toBe("accept");
  });

  test("another signature starts anew, and so does a clock that ran backwards", () => {
    const changed = looked([0, 1_000, 2_000, 3_000], (at) => (at < 2_500 ? "s" : "t"));
    expect(changed).toMatchObject({ looks: 1, since: 3_000, ending: null });
    expect(looked([5_000, 6_000, 1_000])).toMatchObject({ looks: 1, since: 1_000 });
  });

  test("a format that does not tell its end takes three quiet times", () => {
    const state = withEnding(looked([0, 1_000, 2_000]), "unknown", 2_000);
    expect(decide(state, 5_999, limits)).toBe("wait");
    expect(decide(state, 6_000, limits)).toBe("accept");
  });

  test("an incomplete file waits, and is truncated after a minute of quiet", () => {
    const state = withEnding(looked([0, 1_000, 2_000]), "incomplete", 2_000);
    expect(decide(state, 59_999, limits)).toBe("wait");
    expect(decide(state, 60_000, limits)).toBe("truncated");
  });

  test("an incomplete file is read again, ever more rarely", () => {
    let state = withEnding(looked([0, 1_000, 2_000]), "incomplete", 2_000);
    const readings: number[] = [];
    for (let at = 2_000; at < 3_600_000; at += 1_000) {
      if (decide(state, at, limits) !== "read-ending") continue;
      readings.push(at / 1_000);
      state = withEnding(state, "incomplete", at);
    }
    expect(readings).toEqual([62, 124, 248, 496, 992, 1984]);
    expect(REREAD_MS).toBe(60_000);
  });

  test("an empty file is incomplete without being read", () => {
    const empty = looked([0, 1_000, 2_000], () => "s", 0);
    expect(decide(empty, 2_000, limits)).toBe("wait");
    expect(decide(empty, 10_000_000, limits)).toBe("truncated");
  });

  test("no file is ever accepted early, incomplete or empty, whatever the looks", () => {
    const look = fc.record({
      signature: fc.constantFrom("a", "b"),
      step: fc.integer({ min: -5_000, max: 10_000 }),
      ending: fc.constantFrom<EndingKind>("complete", "incomplete", "unknown"),
      sizeBytes: fc.constantFrom(0, 10),
    });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
        let state: Settling | undefined;
        let at = 100_000;
        const history: { signature: string; at: number }[] = [];
        for (const { signature, step, ending, sizeBytes } of looks) {
          at += step;
          history.push({ signature: `${signature}${sizeBytes}`, at });
          state = lookAgain(state, { signature: `${signature}${sizeBytes}`, sizeBytes, at });
          if (decide(state, at, limits) === "read-ending") state = withEnding(state, ending, at);
          if (decide(state, at, limits) !== "accept") continue;
          const changed = history.findLastIndex((each) => each.signature !== history.at(-1)!.signature);
          const same = history.slice(changed + 1);
          expect(same.length).toBeGreaterThanOrEqual(LOOKS_MIN);
          const factor = state.ending === "complete" ? 1 : UNPROVEN_FACTOR;
          expect(Math.max(...same.map((each) => at - each.at))).toBeGreaterThanOrEqual(limits.settleMs * factor);
          expect(state.ending).not.toBe("incomplete");
          expect(sizeBytes).not.toBe(0);
        }
      }),
    );
  });
});
