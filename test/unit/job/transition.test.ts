import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import { done, type Facts, rewind, wait } from "../../../src/core/job/job.ts";
import { afterAttempt, backoffMs, factsBefore, stageToRetry } from "../../../src/core/job/transition.ts";
import { aJob, aRecipe } from "../../support/jobs.ts";

const rules = { now: 1_000, random: 0.5, attemptsMax: 3, rewindsMax: 3 };

describe("what becomes of a job after an attempt", () => {
  test("a stage that is done hands its facts to the next one and clears the count", () => {
    const { next } = afterAttempt(aJob({ attempt: 2 }), done({ backend: "gpu-1" }), rules);
    expect(next).toMatchObject({
      stage: "queue",
      status: "ready",
      attempt: 0,
      dueAt: 1_000,
      facts: { backend: "gpu-1" },
    });
  });

  test("the last stage ends the job", () => {
    const { next } = afterAttempt(aJob({ stage: "retire" }), done(), rules);
    expect(next).toMatchObject({ stage: "retire", status: "done", endedAt: 1_000 });
  });

  test("waiting is not an attempt", () => {
    const { next } = afterAttempt(aJob({ stage: "fetch", attempt: 1 }), wait({ afterMs: 500 }, "running"), rules);
    expect(next).toMatchObject({ stage: "fetch", status: "ready", attempt: 1, dueAt: 1_500, waitsOn: null });
  });

  test("a wait for a name has no time and is taken out of claims", () => {
    const { next } = afterAttempt(aJob({ stage: "queue" }), wait({ on: "place:gpu-1" }, "full"), rules);
    expect(next).toMatchObject({ status: "ready", waitsOn: "place:gpu-1" });
  });

  test("a rewind forgets what the stages from there on had learnt", () => {
    const facts = { backend: "gpu-1", plate: "p", ticket: "t", preview: "/x.png" as PathText };
    const { next } = afterAttempt(aJob({ stage: "fetch", facts }), rewind("queue", "backend-lost", "gone"), rules);
    expect(next).toMatchObject({ stage: "queue", status: "ready", rewinds: 1 });
    expect(next.facts).toEqual({ backend: "gpu-1", plate: "p" });
  });

  test("the finish a person chose stays for as long as the preview it was chosen for", () => {
    const facts = {
      preview: "/x.png",
      cube: "/c.cube",
      grid: "/g.grid",
      approvedAs: "local",
      finish: "local",
    } as Facts;
    expect(factsBefore(facts, "lut")).toEqual({ preview: "/x.png", approvedAs: "local" });
    expect(factsBefore(facts, "queue")).toEqual({});
  });

  test("a grid that cannot be used is fitted again when a person says retry", () => {
    const { next } = afterAttempt(aJob({ stage: "write" }), new AppError("grid-invalid", "no"), rules);
    expect(next.status).toBe("failed");
    expect(stageToRetry(next)).toBe("lut");
  });

  test("a job that rewinds too often fails with the code of the last rewind", () => {
    const { next } = afterAttempt(aJob({ stage: "fetch", rewinds: 3 }), rewind("queue", "backend-lost", "gone"), rules);
    expect(next).toMatchObject({ status: "failed", failure: { code: "backend-lost", stage: "fetch" }, endedAt: 1_000 });
  });

  test("an error that may pass is tried again after a backoff, and counted", () => {
    const { next, kind } = afterAttempt(aJob(), new AppError("backend-failed", "boom"), rules);
    expect(kind).toBe("retried");
    expect(next).toMatchObject({ status: "ready", attempt: 1, dueAt: 2_000 });
  });

  test("the last attempt's error fails the job at its stage", () => {
    const { next } = afterAttempt(aJob({ attempt: 2 }), new AppError("backend-failed", "boom"), rules);
    expect(next).toMatchObject({
      status: "failed",
      stage: "upload",
      failure: { code: "backend-failed", message: "boom" },
    });
  });

  test("an error that never passes fails the job at once", () => {
    const { next } = afterAttempt(aJob(), new AppError("picture-damaged", "cut"), rules);
    expect(next).toMatchObject({ status: "failed", failure: { code: "picture-damaged" } });
  });

  test.each(["backend-unreachable", "disk-full", "outbox-unwritable", "backend-not-comfyui"] as const)(
    "%s waits for the surroundings and costs no attempt",
    (code) => {
      const { next, kind } = afterAttempt(aJob({ attempt: 2 }), new AppError(code, "later"), rules);
      expect(kind).toBe("wait");
      expect(next).toMatchObject({ status: "ready", attempt: 2 });
      expect(next.dueAt).toBeGreaterThan(rules.now);
    },
  );

  test("a stop of the program gives the job back uncounted and due at once", () => {
    const { next, kind } = afterAttempt(aJob({ attempt: 2 }), new AppError("interrupted", "stop"), rules);
    expect(kind).toBe("released");
    expect(next).toMatchObject({ status: "ready", attempt: 2, dueAt: 1_000 });
  });

  test("a held job keeps what it knows and where a retry begins", () => {
    const facts = { cube: "/look.cube" as PathText };
    const { next } = afterAttempt(
      aJob({ stage: "lut" }),
      { kind: "hold", code: "look-spatial", reason: "painted", facts, retryFrom: "queue" },
      rules,
    );
    expect(next).toMatchObject({
      stage: "lut",
      status: "held",
      holdReason: "painted",
      facts,
      failure: { stage: "queue" },
    });
  });

  test("a failed job whose original has somewhere to go passes through retire and then fails", () => {
    const recipe = aRecipe({
      original: { ...aRecipe().original, failed: { kind: "move", folder: "bad" as PathText } },
    });
    const failed = afterAttempt(aJob({ recipe }), new AppError("picture-damaged", "cut"), rules).next;
    expect(failed).toMatchObject({ stage: "retire", status: "ready", endedAt: null });
    const ended = afterAttempt(aJob({ recipe, ...failed }), done(), rules).next;
    expect(ended).toMatchObject({
      status: "failed",
      failure: { code: "picture-damaged", stage: "upload" },
      endedAt: 1_000,
    });
  });

  test("backoff doubles up to five minutes and is jittered from nothing", () => {
    expect([0, 1, 2, 20].map((failed) => backoffMs(failed, 1))).toEqual([2_000, 4_000, 8_000, 300_000]);
    expect(backoffMs(5, 0)).toBe(0);
  });

  test("a job knows at each stage only what earlier stages gave", () => {
    const facts = { backend: "b", plate: "p", ticket: "t", cube: "/c" as PathText };
    expect(factsBefore(facts, "upload")).toEqual({});
    expect(factsBefore(facts, "write")).toEqual(facts);
  });
});
