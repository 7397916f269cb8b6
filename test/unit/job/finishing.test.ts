import { describe, expect, test } from "vitest";
import { finishFor, framingFor, holdReason, lookNotes, solverFor } from "../../../src/core/job/finishing.ts";
import type { FinishName, OnSpatial } from "../../../src/core/job/job.ts";
import type { FitReport } from "../../../src/core/lut/fit/report.ts";

const asked = (finish: FinishName, onSpatial: OnSpatial) => ({ finish, onSpatial });
const report: FitReport = {
  ...{ verdict: "spatial", score: 4.12, coverage: 1, shift: 0, zoom: 1 },
  ...{ registered: true, noise: 1 },
} as unknown as FitReport;

describe("framing", () => {
  test("a look alone crops; whatever may need the borders pads from the start", () => {
    expect(framingFor(asked("lut", "hold"))).toBe("crop");
    expect(framingFor(asked("lut", "write"))).toBe("crop");
    expect(framingFor(asked("lut", "local"))).toBe("pad");
    expect(framingFor(asked("lut", "direct"))).toBe("pad");
    expect(framingFor(asked("local", "hold"))).toBe("pad");
    expect(framingFor(asked("direct", "write"))).toBe("pad");
  });
});

describe("the solver", () => {
  test.each([
    ["lut", "hold", undefined, "lut", "always"],
    ["lut", "write", undefined, "lut", "always"],
    ["lut", "local", undefined, "local", "spatial"],
    ["lut", "direct", undefined, "direct", "spatial"],
    ["local", "direct", undefined, "local", "always"],
    ["direct", "hold", undefined, "direct", "always"],
    ["lut", "local", "lut", "lut", "always"],
    ["lut", "hold", "local", "local", "always"],
  ] as const)("finish %s, onSpatial %s, approved as %s: %s, %s", (finish, onSpatial, approved, solver, when) => {
    expect(solverFor(asked(finish, onSpatial), approved)).toEqual({ finish: solver, when });
  });
});

describe("the finish", () => {
  test.each([
    // What the look explains is never held.
    ["lut", "hold", { verdict: "global" }, "lut"],
    ["lut", "hold", { verdict: "warn" }, "lut"],
    ["local", "hold", { verdict: "warn" }, "local"],
    ["lut", "local", { verdict: "warn" }, "lut"],
    ["lut", "hold", { verdict: "spatial" }, null],
    ["lut", "local", { verdict: "spatial", localScore: 9 }, "local"],
    ["lut", "direct", { verdict: "spatial" }, "direct"],
    ["lut", "write", { verdict: "spatial" }, "lut"],
    // Light by place explains it, or does not.
    ["local", "hold", { verdict: "spatial", localScore: 1 }, "local"],
    ["local", "hold", { verdict: "spatial", localScore: 3 }, null],
    ["local", "direct", { verdict: "spatial", localScore: 3 }, "direct"],
    ["local", "write", { verdict: "spatial", localScore: 3 }, "local"],
    ["direct", "hold", { verdict: "spatial" }, "direct"],
  ] as const)("finish %s, onSpatial %s, %j: %s", (finish, onSpatial, fit, wanted) => {
    expect(finishFor(asked(finish, onSpatial), undefined, fit)).toBe(wanted);
  });

  test("what a person chose holds, whatever the verdict", () => {
    expect(finishFor(asked("lut", "hold"), "local", { verdict: "spatial", localScore: 9 })).toBe("local");
    expect(finishFor(asked("lut", "hold"), "lut", { verdict: "spatial" })).toBe("lut");
  });
});

describe("words", () => {
  test("the reason for a hold names every command that lets the photo go on", () => {
    const reason = holdReason({ shoot: null, id: "4f1c22aa-0000" }, report);
    expect(reason).toContain("score 4.1; a colour grade stays below 2.2");
    for (const command of ["`hotgrade approve 4f1c22aa`", "4f1c22aa --finish local`", "4f1c22aa --finish direct`"])
      expect(reason).toContain(command);
    expect(holdReason({ shoot: null, id: "4f1c22aa-0000" }, { ...report, localScore: 3 })).not.toContain(
      "--finish local",
    );
  });

  test("a bare look that is less than the edit is never delivered without a word", () => {
    expect(lookNotes({ verdict: "global" })).toEqual([]);
    expect(lookNotes({})).toEqual([]);
    expect(lookNotes({ verdict: "warn" })).toEqual([expect.stringContaining("Verdict warn")]);
    expect(lookNotes({ verdict: "spatial" })).toEqual([expect.stringContaining("nearest look alone")]);
  });
});
