/** Sweeps by schedule, hours of the GPU, and what lay there before: the real program with the builtin backend. */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { containerOf } from "../support/raws.ts";

let project: TestProject;
afterEach(() => project.remove());

const configWith = (keys: string): string => `
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s, ${keys} }
`;
const MINUTE_MS = 60_000;
const clockWords = (at: number): string => new Date(at).toISOString().slice(11, 16);

type Jobs = { jobs: { id: string; path: string; status: string; generation: number }[] };
type Status = {
  inboxes: { statuses: Record<string, number>; leftAlone: number; waiting: { photos: number; until: string } | null }[];
  pauses: { what: string }[];
};
type DryRun = { files: { path: string; fate: string; why: string; output: string | null; waitsFor: string | null }[] };
type JobData = {
  status: string;
  waitsUntil: string | null;
  attempts: { stage: string; kind: string; startedAt: number }[];
};

async function drop(...names: readonly string[]): Promise<void> {
  for (const [seed, name] of names.entries())
    writeFileSync(
      join(project.inbox, name),
      await sceneImage(300, 200, seed + name.length)
        .jpeg()
        .toBuffer(),
    );
}
const jobs = async (): Promise<Jobs["jobs"]> => ((await project.json("jobs")) as Jobs).jobs;
const status = async (): Promise<Status> => (await project.json("status")) as Status;
const outputs = (): readonly string[] =>
  readdirSync(project.outbox)
    .filter((name) => name.endsWith(".jpg"))
    .sort();

/** Every file below the project with its size and time. */
const everything = (): readonly string[] =>
  readdirSync(project.root, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const { size, mtimeMs } = statSync(join(project.root, name));
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort();

function setLastRun(at: number): void {
  const ledger = openLedger(join(project.root, "var/ledger.db"), Date.now());
  void ledger.switches.set(`schedule:inbox:${project.inbox}`, String(at), Date.now());
  void ledger.close();
}

describe("schedule", () => {
  test("the folder is swept at its times, again and again, and never twice at once", async () => {
    project = makeProject(configWith('schedule: "*/2 * * * * *"'));
    await drop("a.jpg");
    const daemon = await project.start();
    await daemon.line(({ message, path }) => message === "photo done" && path === "a.jpg");
    await drop("b.jpg");
    await daemon.line(({ message, path }) => message === "photo done" && path === "b.jpg");
    const sweeps = daemon.lines.filter(({ message }) => message.startsWith("sweep ")).map(({ message }) => message);
    for (const [at, message] of sweeps.entries()) expect(message.startsWith("sweep begins")).toBe(at % 2 === 0);
    await daemon.kill("SIGTERM");
    expect(outputs()).toEqual(["a.jpg", "b.jpg"]);
  }, 60_000);

  test("between two runs nothing is taken; a person's `once` takes it", async () => {
    project = makeProject(configWith('schedule: "0 0 1 1 *"'));
    await drop("a.jpg");
    const daemon = await project.start();
    expect(await daemon.line(({ message }) => message === "inbox waits for its schedule")).toMatchObject({
      next: expect.any(String),
    });
    expect(await jobs()).toEqual([]);
    expect((await project.run("once")).code).toBe(0);
    expect(outputs()).toEqual(["a.jpg"]);
  }, 60_000);

  test.each([
    ["once", "sweep begins", 1],
    ["skip", "missed runs are left out", 0],
  ])(
    "catchUp: %s after a time without a daemon: %s",
    async (catchUp, message, photos) => {
      project = makeProject(configWith(`schedule: "0 * * * *", catchUp: ${catchUp}`));
      const first = await project.start();
      await first.line(({ message: said }) => said === "inbox waits for its schedule");
      await first.kill("SIGKILL");
      setLastRun(Date.now() - 5 * 3_600_000);
      await drop("a.jpg");
      const daemon = await project.start();
      await daemon.line((line) => line.message === message);
      await daemon.until(async () => (await status()).inboxes[0]!.statuses.done === photos);
      await daemon.line(({ message: said }) => said === "inbox waits for its schedule");
      expect(daemon.lines.filter((line) => line.message === "sweep begins")).toHaveLength(photos);
    },
    60_000,
  );
});

describe("hours", () => {
  test("photos are taken in and wait, over a kill too, and go out within a second of the hour", async () => {
    const now = Date.now();
    // A full minute at least twelve seconds away: time to start twice.
    const opensAt = Math.ceil((now + 12_000) / MINUTE_MS) * MINUTE_MS;
    const words = clockWords(opensAt);
    project = makeProject(configWith(`hours: "${words}-${clockWords(opensAt + 30 * MINUTE_MS)}", timezone: UTC`));
    await drop("a.jpg");
    const first = await project.start();
    await first.until(async () => (await status()).inboxes[0]!.waiting?.photos === 1);
    await first.kill("SIGKILL");
    const daemon = await project.start();
    expect((await status()).inboxes[0]!.waiting).toEqual({ photos: 1, until: words });
    const [{ id }] = (await jobs()) as [Jobs["jobs"][0]];
    expect((await project.run("status")).stdout).toContain(`1 photo waits until ${words}`);
    expect((await project.run("job", id)).stdout).toContain(`waits until ${words}`);
    expect(await project.json("job", id)).toMatchObject({ status: "ready", waitsUntil: words });
    await daemon.line(({ message }) => message === "photo done");
    const { attempts } = (await project.json("job", id)) as JobData;
    const wentOut = attempts.find(({ stage }) => stage === "upload")!.startedAt - opensAt;
    expect(wentOut).toBeGreaterThanOrEqual(0);
    expect(wentOut).toBeLessThan(1_000);
  }, 120_000);

  test("what runs when they end is finished, the rest waits; a person's pause outlasts their beginning", async () => {
    const comfyui = await startComfyui({ renderMs: 5 });
    try {
      comfyui.hold();
      // They end at a full minute, with time to start before it, and begin again a minute later.
      const closesAt = Math.ceil((Date.now() + 12_000) / MINUTE_MS) * MINUTE_MS;
      const words = clockWords(closesAt + MINUTE_MS);
      const periods = [
        `${clockWords(closesAt - 30 * MINUTE_MS)}-${clockWords(closesAt)}`,
        `${words}-${clockWords(closesAt + 30 * MINUTE_MS)}`,
      ];
      project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}", depth: 2 }]
${configWith(`hours: ${JSON.stringify(periods)}, timezone: UTC`)}`);
      await drop("a.jpg", "bb.jpg", "ccc.jpg", "dddd.jpg");
      const daemon = await project.start();
      await daemon.until(() => comfyui.remaining() === 2);
      await daemon.line(({ message }) => message === "photos wait for the hours");
      // One is on the GPU; the one that only waited behind it is taken back.
      while (comfyui.remaining() > 1) await new Promise((turn) => setImmediate(turn));
      comfyui.release();
      await daemon.line(({ message }) => message === "photo done");
      const renders = () => comfyui.renders.filter(({ inputName }) => !inputName.includes("/probe/")).length;
      const waits = { photos: 3, until: words };
      expect([renders(), outputs().length, (await status()).inboxes[0]!.waiting]).toEqual([1, 1, waits]);

      // A resume ends no hours.
      await project.run("pause");
      await project.run("resume");
      expect([(await status()).pauses, (await status()).inboxes[0]!.waiting]).toEqual([[], waits]);
      await project.run("pause");
      const begun = () => daemon.lines.filter(({ message }) => message === "hours have begun").length;
      await daemon.until(() => begun() === 2);
      const paused = await status();
      expect([paused.pauses.length, paused.inboxes[0]!.waiting, renders()]).toEqual([1, null, 1]);
      const resumedAt = Date.now();
      expect((await project.run("resume")).stderr).toContain("Nothing is paused");
      await daemon.until(async () => (await status()).inboxes[0]!.statuses.done === 4);
      for (const { id } of await jobs()) {
        const { attempts } = (await project.json("job", id)) as JobData;
        const sent = attempts.filter(({ stage, kind }) => stage === "queue" && kind === "done");
        for (const { startedAt } of sent) expect(startedAt < closesAt || startedAt >= resumedAt).toBe(true);
      }
      expect([renders(), outputs()]).toEqual([4, ["a.jpg", "bb.jpg", "ccc.jpg", "dddd.jpg"]]);
    } finally {
      await comfyui.close();
    }
  }, 300_000);

  test("`once` says until when and exits 3; `grade` is a person asking now", async () => {
    const from = Date.now() + 3 * 3_600_000;
    const words = clockWords(from);
    project = makeProject(configWith(`hours: "${words}-${clockWords(from + MINUTE_MS)}", timezone: UTC`));
    await drop("a.jpg", "bb.jpg");
    const { code, stderr } = await project.run("once");
    expect(code).toBe(3);
    expect(stderr).toContain(`2 photos wait until ${words}`);
    const graded = await project.run("grade", join(project.inbox, "a.jpg"), "--out", join(project.root, "out"));
    expect(graded.code).toBe(0);
    expect((await jobs()).filter(({ status: how }) => how === "ready")).toHaveLength(2);
  }, 60_000);
});

describe("once for cron", () => {
  test("started twice at the same moment, both end, and no photo is graded twice", async () => {
    project = makeProject(configWith("existing: process"));
    const names = Array.from({ length: 12 }, (_none, at) => `photo-${at}.jpg`).sort();
    await drop(...names);
    const [one, other] = await Promise.all([project.run("once"), project.run("once")]);
    expect([one!.code, other!.code]).toEqual([0, 0]);
    expect(`${one!.stderr}${other!.stderr}`).toContain("Another hotgrade is at work on this ledger");
    expect(outputs()).toEqual(names);
    expect((await jobs()).map(({ status: how, generation }) => `${how} ${generation}`)).toEqual(
      names.map(() => "done 1"),
    );
  }, 60_000);
});

describe("what lay there before", () => {
  test("ignored photos stay until they change, or a person wants them", async () => {
    project = makeProject(configWith("existing: ignore"));
    await drop("a.jpg", "bb.jpg", "ccc.jpg");
    const daemon = await project.start();
    await drop("new-one.jpg");
    await daemon.line(({ message, path }) => message === "photo done" && path === "new-one.jpg");
    writeFileSync(join(project.inbox, "a.jpg"), await sceneImage(320, 200, 99).jpeg().toBuffer());
    await daemon.line(({ message, path }) => message === "photo done" && path === "a.jpg");
    expect((await jobs()).map(({ path }) => path).sort()).toEqual(["a.jpg", "new-one.jpg"]);
    expect((await project.run("status")).stdout).toContain("2 left alone since they were there before");
    await daemon.kill("SIGKILL");
    const again = await project.start();
    expect((await project.run("retry", "--existing")).stderr).toContain("2 photos left alone before will be taken");
    await again.until(async () => (await status()).inboxes[0]!.statuses.done === 4);
    expect((await status()).inboxes[0]!.leftAlone).toBe(0);
  }, 60_000);

  test("asked about, they wait for `resume`", async () => {
    project = makeProject(configWith("existing: ask"));
    await drop("a.jpg", "bb.jpg");
    writeFileSync(join(project.inbox, "a.CR2"), await containerOf("CR2")); // the other half of a.jpg
    expect(await project.run("once")).toMatchObject({ code: 3, stderr: expect.stringContaining("2 photos lay in") });
    expect((await project.run("status")).stdout).toMatch(
      /2 photos lay in .*before the first start.*hotgrade resume --inbox/,
    );
    expect((await project.run("resume", "--inbox", "inbox")).code).toBe(0);
    expect((await project.run("once")).code).toBe(0);
    expect(outputs()).toEqual(["a.jpg", "bb.jpg"]);
    await drop("later.jpg");
    expect((await project.run("once")).code).toBe(0);
  }, 60_000);

  test("many are told before the first goes out", async () => {
    project = makeProject(configWith("existing: process"));
    const image = await sceneImage(40, 30, 1).jpeg().toBuffer();
    for (let at = 0; at < 120; at++)
      writeFileSync(join(project.inbox, `${at}.jpg`), Buffer.concat([image, Buffer.from(`${at}`)]));
    const daemon = await project.start();
    const told = await daemon.line(({ message }) => message === "many photos were found");
    const sentence = "120 photos found in inbox, to be graded on here; `hotgrade pause` stops it.";
    expect(told).toMatchObject({ photos: 120, say: sentence });
  }, 60_000);
});

describe("--dry-run", () => {
  test("tells the halves of a pair, and grades the RAW of a JPEG that cannot be", async () => {
    project = makeProject(configWith("existing: process"));
    await drop("IMG_1.jpg");
    for (const orientation of [1, 2, 3])
      writeFileSync(join(project.inbox, `IMG_${orientation}.CR2`), await containerOf("CR2", { orientation }));
    writeFileSync(join(project.inbox, "IMG_2.JPG"), "this is a text and no picture at all");
    const { files } = (await project.json("start", "--dry-run")) as DryRun;
    const told = files.map(({ path, fate, why }) => [path, fate, fate === "leave" ? why : ""]);
    expect(told.sort()).toEqual([
      ["IMG_1.CR2", "leave", "Belongs to IMG_1.jpg."],
      ["IMG_1.jpg", "take", ""],
      ["IMG_2.CR2", "take", ""],
      ["IMG_2.JPG", "refuse", ""],
      ["IMG_3.CR2", "take", ""],
    ]);
  }, 60_000);

  test("says what would happen to every file, and changes nothing, before the first start and after", async () => {
    project = makeProject(configWith("existing: process"));
    await drop("a.jpg", "bb.jpg");
    const whole = await sceneImage(300, 200, 5).jpeg().toBuffer();
    writeFileSync(join(project.inbox, "cut.jpg"), whole.subarray(0, 2_000));
    writeFileSync(join(project.inbox, "c.jpg.part"), whole);
    writeFileSync(join(project.inbox, "text.jpg"), "this is a text and no picture at all");
    const fates = async () => {
      const { files } = (await project.json("start", "--dry-run")) as DryRun;
      return Object.fromEntries(files.map(({ path, fate }) => [path, fate]));
    };
    const before = everything();
    const rest = { "c.jpg.part": "leave", "cut.jpg": "wait", "text.jpg": "refuse" };
    expect(await fates()).toEqual({ "a.jpg": "take", "bb.jpg": "take", ...rest });
    const { files } = (await project.json("once", "--dry-run")) as DryRun;
    expect(files.find(({ path }) => path === "a.jpg")).toMatchObject({
      output: join(project.outbox, "a.jpg"),
      waitsFor: null,
    });
    expect(everything()).toEqual(before);

    await project.run("once");
    await drop("later.jpg");
    const after = everything();
    expect(await fates()).toEqual({ "a.jpg": "known", "bb.jpg": "known", "later.jpg": "take", ...rest });
    expect(everything()).toEqual(after);
  }, 60_000);
});
