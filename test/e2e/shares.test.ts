/** A network share dies under the running program: its inbox alone stands still, and goes on where it stopped. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
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

type Rig = { readonly project: TestProject; readonly share: string; readonly pipe: string };

const rigs: Rig[] = [];
afterAll(() => {
  for (const { project } of rigs) project.remove();
});

/** A share with two photos that dies at the nth call of this kind; each test has one of its own, so that they may run side by side. */
async function dyingAt(when: string, nth: number): Promise<Rig> {
  const project = makeProject(CONFIG, (root) => ({
    NODE_OPTIONS: `--import ${PRELOAD}`,
    DEAD_SHARE_ROOT: join(root, "nas"),
    DEAD_SHARE_PIPE: join(root, "dead"),
    DEAD_SHARE_TOLD: join(root, "told"),
    DEAD_SHARE_WHEN: when,
    DEAD_SHARE_NTH: String(nth),
  }));
  const rig = { project, share: join(project.root, "nas"), pipe: join(project.root, "dead") };
  rigs.push(rig);
  mkdirSync(join(rig.share, "in/sub"), { recursive: true });
  writeFileSync(join(rig.share, "in/a.jpg"), await jpeg(3));
  writeFileSync(join(rig.share, "in/sub/b.jpg"), await jpeg(4));
  return rig;
}

const jpeg = (seed: number) => sceneImage(300, 200, seed).jpeg({ quality: 90 }).toBuffer();
const isDone = (name: string) => (line: { message: string; path?: unknown }) =>
  line.message === "photo done" && line.path === name;
const toldBy = (who: string, { project }: Rig) =>
  readFileSync(join(project.root, "told"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith(who));

/** The other inbox works while the share hangs, and `status` says which one does not and why. */
async function otherInboxWorks(daemon: Daemon, { project, share, pipe }: Rig): Promise<void> {
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

async function everythingIsGradedOnce(daemon: Daemon, rig: Rig): Promise<void> {
  const { project, share } = rig;
  for (const name of ["a.jpg", "sub/b.jpg"]) await daemon.line(isDone(name));
  const { jobs } = (await project.json("jobs")) as Jobs;
  expect(jobs.map(({ status, attempt, generation }) => [status, attempt, generation])).toEqual(
    jobs.map(() => ["done", 0, 1]),
  );
  expect(jobs).toHaveLength(3);
  expect(daemon.lines.filter(({ message }) => message === "stage failed, trying again")).toEqual([]);
  const out = readdirSync(join(share, "out"), { recursive: true, encoding: "utf8" });
  expect(out.filter((name) => /\.(jpg|tmp)$/.test(name)).sort()).toEqual(["a.jpg", "sub/b.jpg"]);
  // What a killed worker leaves has a name the job knows, so that its next attempt removes it.
  const written = readFileSync(join(project.root, "told"), "utf8").matchAll(
    / open \S*\/out\/(?:sub\/)?(\.hotgrade-\S+)/g,
  );
  const strangers = [...written]
    .map(([, name]) => name)
    .filter((name) => !/-(photo|cube|report|probe)\.tmp$/.test(name!));
  expect(strangers).toEqual([]);
  // What hangs is never asked by the program itself, which has no thread to spare.
  expect(toldBy("main", rig)).toEqual([]);
}

describe.concurrent("a network share that dies", () => {
  test.each([
    ["while it is scanned", "^share opendir .*/sub$", 1],
    ["while a photo is taken in", "^pictures open .*/b\\.jpg$", 1],
    ["while a plate is cut", "^pictures open .*/b\\.jpg$", 2],
    ["while an output is written", "^pictures open .*-photo\\.tmp$", 1],
    ["while an output is published", "^share link ", 2],
  ])("stops its own inbox alone: %s", { timeout: PATIENCE_MS }, async (_, when, nth) => {
    const rig = await dyingAt(when, nth);
    const { project, pipe } = rig;
    const daemon = await project.start();
    await otherInboxWorks(daemon, rig);
    rmSync(pipe);
    await daemon.line(({ message }) => message === "share answers again");
    await everythingIsGradedOnce(daemon, rig);
    await daemon.kill("SIGTERM");
    expect(await daemon.ended).toBe(0);
  });

  test("is told by a dry run, which reads the other inboxes all the same", { timeout: PATIENCE_MS }, async () => {
    const rig = await dyingAt("^never", 1);
    const { project, pipe } = rig;
    writeFileSync(join(project.inbox, "here.jpg"), await jpeg(2));
    const fates = async () => {
      const { files } = (await project.json("start", "--dry-run")) as { files: { path: string; fate: string }[] };
      return files.map(({ path, fate }) => [path, fate]);
    };
    expect(await fates()).toEqual([
      ["a.jpg", "take"],
      ["sub/b.jpg", "take"],
      ["here.jpg", "take"],
    ]);
    expect(toldBy("main", rig)).toEqual([]);
    execFileSync("mkfifo", [pipe]);
    expect(await fates()).toEqual([
      [".", "unread"],
      ["here.jpg", "take"],
    ]);
  });

  test("does not keep the program from stopping, nor from starting", { timeout: PATIENCE_MS }, async () => {
    const rig = await dyingAt("^pictures open .*/b\\.jpg$", 2);
    const { project, pipe } = rig;
    const first = await project.start();
    await vi.waitUntil(() => existsSync(pipe), { timeout: PATIENCE_MS });
    const at = performance.now();
    await first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    expect(performance.now() - at).toBeLessThan(STOP_MS);

    const second = await project.start();
    await otherInboxWorks(second, rig);
    rmSync(pipe);
    await everythingIsGradedOnce(second, rig);
    await second.kill("SIGTERM");
  });
});
