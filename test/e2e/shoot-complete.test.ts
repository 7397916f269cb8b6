/** A folder that is complete is told of once, with contact sheets where they are wanted: the real program. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, type TestProject } from "../support/program.ts";
import { frame } from "../support/shoot.ts";
import { startWebhook, type Webhook } from "../support/webhook.ts";

let webhook: Webhook;
let project: TestProject;
const open = (keys = "") => {
  // The trash is the project's own.
  const env = (root: string) => ({ XDG_DATA_HOME: join(root, "data") });
  const config = `
log: { level: debug }
inboxes:
  - { path: inbox, outbox: graded, settle: 100ms, rescan: 1s, shootGap: 2s, hooks: { onShoot: { url: "${webhook.url}" } }${keys} }
`;
  project = makeProject(config, env);
};
const put = async (name: string, n = 0) => {
  mkdirSync(join(project.inbox, name, ".."), { recursive: true });
  writeFileSync(join(project.inbox, name), await frame(n));
};
const told = () => webhook.posted.map(({ body }) => body);
const filesOf = (folder: string, wanted: RegExp) =>
  existsSync(join(project.outbox, folder))
    ? readdirSync(join(project.outbox, folder)).filter((name) => wanted.test(name))
    : [];
const sheets = (folder: string) => filesOf(folder, /^contact-sheet-.*\.jpg$/).sort();

beforeEach(async () => {
  webhook = await startWebhook();
});
afterEach(async () => {
  project.remove();
  await webhook.close();
});

describe("a shoot that is complete", () => {
  test("is told of once, with a summary and contact sheets; what comes later is another one", async () => {
    open(", contactSheet: true");
    for (let n = 0; n < 3; n++) await put(`day/IMG_${n}.jpg`, n);
    await put("alone.jpg", 7);
    const daemon = await project.start();
    await daemon.until(() => webhook.posted.length === 2);
    const day = told().find(({ folder }) => folder === "day")!;
    expect(day).toMatchObject({ version: 1, event: "shoot", photos: 3, done: 3, failed: 0, held: 0, failures: [] });
    expect(told().find(({ folder }) => folder === "")).toMatchObject({ photos: 1, done: 1 });
    const [sheet] = sheets("day");
    expect(day.contactSheets).toEqual([join(project.outbox, "day", sheet!)]);
    const found = await sharp(join(project.outbox, "day", sheet!)).metadata();
    expect([found.format, found.space, found.width <= 3000, found.hasProfile]).toEqual(["jpeg", "srgb", true, true]);

    // Ours, also as a copy in the inbox.
    copyFileSync(join(project.outbox, "day", sheet!), join(project.inbox, "day", sheet!));
    await daemon.kill("SIGTERM");
    const again = await project.start();
    await put("day/late.jpg", 9);
    await again.until(() => webhook.posted.length === 3);
    expect(told()[2]).toMatchObject({ folder: "day", photos: 1, done: 1 });
    expect(sheets("day")).toHaveLength(2);
    const { jobs } = (await project.json("jobs")) as { jobs: { path: string }[] };
    expect(jobs.map(({ path }) => path).filter((path) => path.includes("contact"))).toEqual([]);
    await again.kill("SIGTERM");
  });

  test("shows originals that went to the trash by their plates, a copy's by the first one's", async () => {
    open(", contactSheet: true, original: { done: trash }");
    await put("day/IMG_1.jpg", 1);
    await put("day/IMG_2.jpg", 1);
    const daemon = await project.start();
    await daemon.until(() => webhook.posted.length === 1);
    expect(told()[0]).toMatchObject({ photos: 2, done: 2 });
    expect(readdirSync(join(project.inbox, "day"))).toEqual([]);
    expect(readdirSync(join(project.root, "data/Trash/files")).sort()).toEqual(["IMG_1.jpg", "IMG_2.jpg"]);
    const sheet = join(project.outbox, "day", sheets("day")[0]!);
    // The middle of each picture: before and after, of one photo and the other.
    const means: number[][] = [];
    for (const left of [24, 306, 610, 892]) {
      const middle = await sharp(sheet)
        .extract({ left: left + 60, top: 80, width: 160, height: 100 })
        .toBuffer();
      const { channels } = await sharp(middle).stats();
      expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(5);
      means.push(channels.map(({ mean }) => Math.round(mean)));
    }
    expect(means[0]).toEqual(means[2]);
    expect(means[0]).not.toEqual(means[1]);
    await daemon.kill("SIGTERM");
  });

  test("nobody who did not ask for sheets finds any", async () => {
    open();
    await put("day/a.jpg");
    const daemon = await project.start();
    await daemon.until(() => webhook.posted.length === 1);
    expect(told()[0]).toMatchObject({ photos: 1, contactSheets: [] });
    expect(sheets("day")).toEqual([]);
    await daemon.kill("SIGTERM");
  });

  test("42 photos have two sheets, under names that foreign files leave free", async () => {
    open(", contactSheet: true");
    const date = new Date().toISOString().slice(0, 10);
    mkdirSync(join(project.outbox, "day"), { recursive: true });
    const foreign = join(project.outbox, "day", `contact-sheet-${date}-1.jpg`);
    writeFileSync(foreign, "mine");
    for (let n = 0; n < 42; n++) await put(`day/IMG_${String(n).padStart(2, "0")}.jpg`, n);
    const daemon = await project.start();
    await daemon.until(() => webhook.posted.length === 1);
    expect(told()[0]).toMatchObject({ photos: 42, done: 42 });
    expect(told()[0]!.contactSheets).toHaveLength(2);
    expect(sheets("day")).toHaveLength(3);
    const [first, second] = await Promise.all(
      (told()[0]!.contactSheets as string[]).map((file) => sharp(file).metadata()),
    );
    expect([first!.width, second!.height < first!.height]).toEqual([2954, true]);
    await daemon.kill("SIGTERM");
  });

  test("whose contact sheet cannot be written says why in status, and once in the log, until it can be", async () => {
    open(", contactSheet: true");
    const file = join(project.root, "hotgrade.yaml");
    const config = readFileSync(file, "utf8");
    writeFileSync(file, config.replace("shootGap: 2s", "shootGap: 1h"));
    await put("day/IMG_1.jpg");
    expect((await project.run("once")).code).toBe(0);
    writeFileSync(file, config.replace("shootGap: 2s", "shootGap: 1s"));
    renameSync(join(project.outbox, "day"), join(project.root, "aside"));
    writeFileSync(join(project.outbox, "day"), "in the way");
    const daemon = await project.start();
    const waits = ({ message }: { message: string }) => message === "contact sheet waits";
    await daemon.line(waits);
    const status = async () => ((await project.json("status")) as { sheets: object[] }).sheets;
    expect(await status()).toMatchObject([{ folder: join(project.inbox, "day"), code: "outbox-unwritable" }]);
    expect((await project.run("status")).stdout).toMatch(
      /day: its contact sheet waits \[outbox-unwritable\] .*\n {2}hint: /,
    );
    rmSync(join(project.outbox, "day"));
    renameSync(join(project.root, "aside"), join(project.outbox, "day"));
    await daemon.until(() => webhook.posted.length === 1);
    expect([sheets("day").length, await status(), daemon.lines.filter(waits).length]).toEqual([1, [], 1]);
    await daemon.kill("SIGTERM");
  });

  test("killed while its sheets are made, it has each of them once, and is told of once", async () => {
    open(", contactSheet: true");
    for (let n = 0; n < 4; n++) await put(`day/IMG_${n}.jpg`, n);
    const daemon = await project.start();
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === 4);
    const isMade = () => filesOf("day", /^\.hotgrade-.{36}\.tmp$/).length > 0 || sheets("day").length > 0;
    while (!isMade()) await new Promise((resolve) => setImmediate(resolve));
    await daemon.kill("SIGKILL");
    const again = await project.start();
    await again.until(() => webhook.posted.some(({ body }) => body.event === "shoot"));
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
    expect(sheets("day")).toHaveLength(1);
    expect(filesOf("day", /\.tmp$/)).toEqual([]);
    await again.kill("SIGTERM");
  });

  test("killed while its sheets are made, it has them from whoever works next, on whatever photo", async () => {
    open(", contactSheet: true");
    for (let n = 0; n < 4; n++) await put(`day/IMG_${n}.jpg`, n);
    const daemon = await project.start();
    const isMade = () => filesOf("day", /^\.hotgrade-.{36}\.tmp$/).length > 0 || sheets("day").length > 0;
    while (!isMade()) await new Promise((resolve) => setImmediate(resolve));
    await daemon.kill("SIGKILL");
    const other = join(project.root, "other.jpg");
    writeFileSync(other, await frame(8));
    expect((await project.run("grade", other, "--out", join(project.root, "elsewhere"))).code).toBe(0);
    expect(sheets("day")).toHaveLength(1);
    expect(told().filter(({ event }) => event === "shoot")).toMatchObject([
      { folder: "day", contactSheets: [join(project.outbox, "day", sheets("day")[0]!)] },
    ]);
  });

  test("of a shared look is complete like any other; once tells of what has been quiet", async () => {
    open(", look: shoot");
    for (let n = 0; n < 3; n++) await put(`day/IMG_${n}.jpg`, n);
    await project.run("once");
    const daemon = await project.start();
    await daemon.until(() => webhook.posted.length === 1);
    expect(told()[0]).toMatchObject({ folder: "day", photos: 3, done: 3 });
    await daemon.kill("SIGTERM");
    await put("day/late.jpg", 9);
    while (webhook.posted.length < 2) await project.run("once");
    expect(told()[1]).toMatchObject({ folder: "day", photos: 1, done: 1 });
    await project.run("once");
    expect(webhook.posted).toHaveLength(2);
  });
});
