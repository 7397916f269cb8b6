/** A share behind a process of its own, with a process that can be told to say nothing more. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openShare, SHARE_LIMITS } from "../../src/adapters/inbox-share.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";

/** Answers with what it was asked, `fail` with an error of the system; nothing while the file DEAD is there. */
const PROGRAM = `
import { existsSync } from "node:fs";
const dead = process.argv[2];
process.on("disconnect", () => process.exit());
process.on("message", ({ id, what, args }) => {
  if (existsSync(dead)) return;
  if (args[0] === "fail") process.send({ id, failure: { isOurs: false, code: "EACCES", message: "no", data: {} } });
  else if (args[0] === "die") process.exit(1);
  else if (args[0] !== "slow") process.send({ id, gives: what });
  else setTimeout(() => process.send({ id, gives: "at last" }), 1000);
});
process.send({ id: 0, gives: "ready" });
`;
const LIMITS = { ...SHARE_LIMITS, silentMs: 100, answerMs: 1_500, firstPauseMs: 50, pauseMaxMs: 200 };
const SHARE = { root: "/nas" as PathText, type: "nfs4" };

let folder: string;
let dead: string;
let changes: (string | null)[];
let share: ReturnType<typeof openShare>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hotgrade-share-"));
  dead = join(folder, "dead");
  changes = [];
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
  const program = { file: join(folder, "program.mjs"), words: [dead], env: process.env };
  share = openShare(SHARE, program, LIMITS, (away) => changes.push(away?.code ?? null));
});
afterEach(() => {
  share.leave();
  rmSync(folder, { recursive: true, force: true });
});

test("answers and errors come through; what takes long is no sign of death", async () => {
  expect(await share.call("disk stat", ["x"])).toBe("disk stat");
  await expect(share.call("disk stat", ["fail"])).rejects.toMatchObject({ code: "EACCES" });
  expect(await share.call("files sha256", ["slow"])).toBe("at last");
  expect(changes).toEqual([]);
});

test("one that says nothing is away: who waits is told, who asks hears at once, and it comes back by itself", async () => {
  expect(await share.call("disk stat", ["x"])).toBe("disk stat");
  writeFileSync(dead, "");
  const held = vi.fn();
  share.hold(held);
  await expect(share.call("disk stat", ["x"])).rejects.toMatchObject({ code: "share-away", retry: true });
  expect(held).toHaveBeenCalledTimes(1);
  const at = performance.now();
  await expect(share.call("disk stat", ["y"])).rejects.toMatchObject({ code: "share-away" });
  expect(performance.now() - at).toBeLessThan(100);
  rmSync(dead);
  await vi.waitUntil(() => changes.length === 2, { timeout: 20_000 });
  expect(changes).toEqual(["share-away", null]);
  expect(await share.call("disk stat", ["z"])).toBe("disk stat");
});

test("work that another process does on it is watched though nothing is asked", async () => {
  expect(await share.call("ping", [])).toBe("ping");
  const lost = new Promise((resolve) => share.hold(resolve));
  writeFileSync(dead, "");
  expect(await lost).toMatchObject({ code: "share-away" });
});

test("a process that dies costs what was asked of it, and the share is tried again", async () => {
  await expect(share.call("disk stat", ["die"])).rejects.toMatchObject({ code: "share-away" });
  await vi.waitUntil(() => changes.at(-1) === null, { timeout: 20_000 });
  expect(await share.call("disk stat", ["x"])).toBe("disk stat");
});

test("who leaves does not wait for it", async () => {
  writeFileSync(dead, "");
  const asked = share.call("disk stat", ["x"]);
  share.leave();
  await expect(asked).rejects.toMatchObject({ code: "interrupted" });
});
