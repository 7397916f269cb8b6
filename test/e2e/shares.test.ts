/** A network share dies under the running program: its inbox alone stands still, and goes on where it stopped. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sceneImage } from "../support/photos.ts";
import { type Daemon, makeProject, type TestProject } from "../support/program.ts";

const CONFIG = `
log: { level: debug }
inboxes:
  - { path: nas/in, outbox: nas/out, settle: 200ms, shareRescan: 1s }
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s }
`;
const PRELOAD = pathToFileURL(join(import.meta.dirname, "../support/dead-share.ts")).href;
/** A hung call is found out after 13 s at most; the rest is the noise of a busy machine. */
const PATIENCE_MS = 120_000;
const STOP_MS = 8_000;

type Status = {
  inboxes: { inbox: string; statuses: Record<string, number>; away: { code: string; hint: string } | null }[];
};
type Jobs = { jobs: { path: string; status: string; attempt: number; generation: number; outputs: string[] }[] };

let project: TestProject;
let share: string;
let pipe: string;

beforeEach(() => {
  project = makeProject(CONFIG);
  share = join(project.root, "nas");
  pipe = join(project.root, "dead");
  mkdirSync(join(share, "in/sub"), { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  project.remove();
});

function dieAt(when: string, nth = 1): void {
  vi.stubEnv("NODE_OPTIONS", `--import ${PRELOAD}`);
  vi.stubEnv("DEAD_SHARE_ROOT", share);
  vi.stubEnv("DEAD_SHARE_PIPE", pipe);
  vi.stubEnv("DEAD_SHARE_TOLD", join(project.root, "told"));
  vi.stubEnv("DEAD_SHARE_WHEN", when);
  vi.stubEnv("DEAD_SHARE_NTH", String(nth));
}

const jpeg = (seed: number) => sceneImage(300, 200, seed).jpeg({ quality: 90 }).toBuffer();
const isDone = (name: string) => (line: { message: string; path?: unknown }) =>
  line.message === "photo done" && line.path === name;
const toldBy = (who: string) =>
  readFileSync(join(project.root, "told"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith(who));

/** The other inbox works while the share hangs, and `status` says which one does not and why. */
async function otherInboxWorks(daemon: Daemon): Promise<void> {
  await vi.waitUntil(() => existsSync(pipe), { timeout: PATIENCE_MS });
  writeFileSync(join(project.inbox, "here.jpg"), await jpeg(2));
  await daemon.line(isDone("here.jpg"));
  const { code, hint } = await daemon.line(({ message }) => message === "share is away");
  expect([code, hint]).toEqual(["share-away", expect.any(String)]);
  await daemon.until(async () => ((await project.json("status")) as Status).inboxes[0]?.away !== null);
  const { inboxes } = (await project.json("status")) as Status;
  expect(inboxes[0]?.away).toMatchObject({ code: "share-away", message: expect.stringContaining(share) });
  expect(inboxes[1]?.away).toBeNull();
  expect(existsSync(pipe)).toBe(true);
}

async function everythingIsGradedOnce(daemon: Daemon): Promise<void> {
  for (const name of ["a.jpg", "sub/b.jpg"]) await daemon.line(isDone(name));
  const { jobs } = (await project.json("jobs")) as Jobs;
  expect(jobs.map(({ status, attempt, generation }) => [status, attempt, generation])).toEqual(
    jobs.map(() => ["done", 0, 1]),
  );
  expect(jobs).toHaveLength(3);
  expect(daemon.lines.filter(({ message }) => message === "stage failed, trying again")).toEqual([]);
  const out = readdirSync(join(share, "out"), { recursive: true, encoding: "utf8" });
  expect(out.filter((name) => /\.(jpg|tmp)$/.test(name)).sort()).toEqual(["a.jpg", "sub/b.jpg"]);
  // What hangs is never asked by the program itself, which has no thread to spare.
  expect(toldBy("main")).toEqual([]);
}

async function putPhotos(): Promise<void> {
  writeFileSync(join(share, "in/a.jpg"), await jpeg(3));
  writeFileSync(join(share, "in/sub/b.jpg"), await jpeg(4));
}

describe("a network share that dies", () => {
  test.each([
    ["while it is scanned", "^share opendir .*/sub$", 1],
    ["while a photo is taken in", "^pictures open .*/b\\.jpg$", 1],
    ["while a plate is cut", "^pictures open .*/b\\.jpg$", 2],
    ["while an output is written", "^pictures open .*-photo\\.tmp$", 1],
    ["while an output is published", "^share link ", 2],
  ])("stops its own inbox alone: %s", { timeout: PATIENCE_MS }, async (_, when, nth) => {
    dieAt(when, nth);
    await putPhotos();
    const daemon = await project.start();
    await otherInboxWorks(daemon);
    rmSync(pipe);
    await daemon.line(({ message }) => message === "share answers again");
    await everythingIsGradedOnce(daemon);
    await daemon.kill("SIGTERM");
    expect(await daemon.ended).toBe(0);
  });

  test("does not keep the program from stopping, nor from starting", { timeout: PATIENCE_MS }, async () => {
    dieAt("^pictures open .*/b\\.jpg$", 2);
    await putPhotos();
    const first = await project.start();
    await vi.waitUntil(() => existsSync(pipe), { timeout: PATIENCE_MS });
    const at = performance.now();
    await first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    expect(performance.now() - at).toBeLessThan(STOP_MS);

    const second = await project.start();
    await otherInboxWorks(second);
    rmSync(pipe);
    await everythingIsGradedOnce(second);
    await second.kill("SIGTERM");
  });
});
