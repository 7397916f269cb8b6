import { expect, test } from "vitest";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import { backlogSentence, durationWords, followBacklog, runsMsOf } from "../../../src/app/backlog.ts";
import type { BackendConfig } from "../../../src/core/config/parse.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import { aClock, quietLog } from "../../support/clock.ts";
import { aNewJob } from "../../support/jobs.ts";

const INBOX = aNewJob().inbox!;
const inbox = { path: INBOX, backends: ["gpu-1", "gpu-2"], workflow: "w", look: { kind: "each" } } as const;
const config = { backends: [] as readonly BackendConfig[] };

test("8,000 photos at ten seconds each are 22 hours", () => {
  const one = { ...inbox, backends: ["gpu-1"], path: "/photos/inbox" as PathText };
  expect(backlogSentence(one, config, 8_000, 10_000)).toBe(
    "8,000 photos found in inbox, about 22 h on gpu-1; `hotgrade pause` stops it.",
  );
  expect(backlogSentence({ ...one, look: { kind: "named", name: "warm" } }, config, 8_000, null)).toBe(
    "8,000 photos found in inbox; no model is asked for them.",
  );
});

test.each([
  [20_000, "a minute"],
  [5 * 60_000, "5 min"],
  [3 * 3_600_000, "3 h"],
  [80 * 3_600_000, "3 d"],
])("%i ms are %s", (ms, words) => expect(durationWords(ms)).toBe(words));

test("two backends together are as fast as both", async () => {
  const ledger = openLedger(":memory:", 0);
  expect(await runsMsOf(inbox, config, ledger)).toBeNull();
  await ledger.runs.add({ backend: "gpu-1", workflow: "w", ms: 30_000 }, 1);
  expect(await runsMsOf(inbox, config, ledger)).toBeCloseTo(30_000);
  await ledger.runs.add({ backend: "gpu-2", workflow: "w", ms: 15_000 }, 1);
  expect(await runsMsOf(inbox, config, ledger)).toBeCloseTo(10_000);
});

test("where nothing was known at first, the time is said once the first runs are", async () => {
  const ledger = openLedger(":memory:", 0);
  const clock = aClock(1_000_000);
  const said: string[] = [];
  for (let at = 0; at < 150; at++)
    await ledger.jobs.add(aNewJob({ id: `${at}`, path: `${at}.jpg` as PathText, pictureSha256: `${at}` }), 0);
  const following = followBacklog(
    inbox,
    config,
    { clock, ledger, log: quietLog },
    (text) => said.push(text),
    AbortSignal.timeout(60_000),
  );
  await clock.runTo(clock.now() + 20_000);
  expect(said).toEqual([]);
  for (let run = 0; run < 3; run++) await ledger.runs.add({ backend: "gpu-1", workflow: "w", ms: 60_000 }, 1);
  await clock.runTo(clock.now() + 5_000);
  await following;
  expect(said).toEqual([expect.stringMatching(/^150 photos of \S+ to go, about 3 h; `hotgrade pause` stops it\.$/)]);
});
