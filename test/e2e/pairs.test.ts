/** RAW and JPEG pairs through the whole program: each setting, both orders, late halves, lost halves, and a kill. */
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { saved, sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { containerOf } from "../support/raws.ts";

let project: TestProject;
afterEach(() => project.remove());

const config = (more = "") => `backends: [{ name: here, kind: builtin }]
inboxes:
  - { path: inbox, outbox: graded, prompt: warm, settle: 100ms, rescan: 1s, sidecars: [report]${more} }
`;

type File = { readonly path: string; readonly state: string };
type Seen = {
  readonly inboxes: readonly { readonly belonging: number; readonly statuses: Readonly<Record<string, number>> }[];
  readonly files: readonly File[];
};
const seen = async () => (await project.json("status")) as Seen;
const photos = (): readonly string[] =>
  readdirSync(project.outbox)
    .filter((name) => /\.jpg$/i.test(name))
    .sort();
/** The originals that were graded. */
async function graded(): Promise<readonly string[]> {
  const { jobs } = (await project.json("jobs")) as { jobs: readonly { path: string; status: string }[] };
  return jobs
    .filter(({ status }) => status === "done")
    .map(({ path }) => path)
    .sort();
}
const raw = () => containerOf("CR2");
const jpeg = () => sceneImage(96, 64).jpeg();

/** Puts a half in as a whole, when the program runs. */
async function drop(name: string, bytes: Buffer): Promise<void> {
  const apart = join(project.root, `apart-${name}`);
  writeFileSync(apart, bytes);
  renameSync(apart, join(project.inbox, name));
}

describe("a single pass", () => {
  test("grades the JPEG, and says in numbers that the RAW belongs to it", async () => {
    project = makeProject(config());
    await saved(project.inbox, "IMG_1.CR2", await raw());
    await saved(project.inbox, "img_1.JPG", jpeg());
    await saved(project.inbox, "IMG_1-2.CR2", await containerOf("CR2", { orientation: 6 }));
    const { code, stderr } = await project.run("once");
    expect([code, stderr.includes("IMG_1.CR2")]).toEqual([0, false]);
    expect(await graded()).toEqual(["IMG_1-2.CR2", "img_1.JPG"]);
    expect(await seen()).toMatchObject({ inboxes: [{ belonging: 1 }], files: [] });
    expect((await project.run("status")).stdout).toContain("1 belongs to another (RAW and JPEG pairs)");
    // Nothing is asked again, nothing graded, at the next pass.
    expect((await project.run("once")).code).toBe(0);
    expect(await graded()).toEqual(["IMG_1-2.CR2", "img_1.JPG"]);
  });

  test("grades the RAW with pairs: raw, and both with pairs: both under two names", async () => {
    project = makeProject(config(", pairs: raw, pairWait: 1s"));
    await saved(project.inbox, "IMG_1.CR2", await raw());
    await saved(project.inbox, "IMG_1.JPG", jpeg());
    await saved(project.inbox, "alone.jpg", sceneImage(80, 64).jpeg());
    expect((await project.run("once")).code).toBe(0);
    expect(await graded()).toEqual(["IMG_1.CR2", "alone.jpg"]);

    writeFileSync(join(project.root, "hotgrade.yaml"), config(", pairs: both"));
    expect((await project.run("once")).code).toBe(0);
    expect(await graded()).toEqual(["IMG_1.CR2", "IMG_1.JPG", "alone.jpg"]);
    expect(photos()).toEqual(["IMG_1-2.JPG", "IMG_1.jpg", "alone.jpg"]);
  });

  test("grades a RAW whose JPEG is cut short or damaged", async () => {
    project = makeProject(config(", pairWait: 1s"));
    await saved(project.inbox, "IMG_1.CR2", await raw());
    const whole = await jpeg().toBuffer();
    writeFileSync(join(project.inbox, "IMG_1.JPG"), whole.subarray(0, whole.length - 200));
    await saved(project.inbox, "IMG_2.CR2", await containerOf("CR2", { orientation: 6 }));
    writeFileSync(join(project.inbox, "IMG_2.JPG"), Buffer.from([0xff, 0xd8, 0xff, 0xd9]));
    await project.run("once");
    expect(await graded()).toEqual(["IMG_1.CR2", "IMG_2.CR2"]);
  });

  test("grades, in the same pass, the JPEG of a RAW that cannot be developed", async () => {
    project = makeProject(`limits: { attempts: 1 }
${config(', pairs: raw, raw: command, rawCommand: ["false", "{in}", "{out}"]')}`);
    await saved(project.inbox, "IMG_1.CR2", await raw());
    await saved(project.inbox, "IMG_1.JPG", jpeg());
    await project.run("once");
    expect(await graded()).toEqual(["IMG_1.JPG"]);
  });

  test("grades a half that is edited where both had been graded", async () => {
    project = makeProject(config(", pairs: both"));
    await saved(project.inbox, "IMG_1.CR2", await raw());
    await saved(project.inbox, "IMG_1.JPG", jpeg());
    expect((await project.run("once")).code).toBe(0);
    writeFileSync(join(project.root, "hotgrade.yaml"), config(", pairs: raw"));
    await drop("IMG_1.JPG", await sceneImage(96, 64, 2).jpeg().toBuffer());
    expect((await project.run("once")).code).toBe(0);
    expect(await graded()).toEqual(["IMG_1.CR2", "IMG_1.JPG", "IMG_1.JPG"]);
    expect((await seen()).inboxes[0]!.belonging).toBe(0);
  });

  test("refuses to grade the RAW of pairs and to leave RAW alone at once", async () => {
    project = makeProject(config(", pairs: raw, raw: skip"));
    const { code, stderr } = await project.run("once");
    expect(code).toBe(2);
    expect(stderr).toContain("pairs: raw grades the RAW of a pair, and raw: skip leaves RAW files alone");
  });
});

describe("the daemon", () => {
  const done = (name: string) => async () => (await graded()).includes(name);

  test("waits for a JPEG that comes later, also across a kill, and grades no RAW for it", async () => {
    project = makeProject(config(", pairWait: 1h"));
    const first = await project.start();
    await drop("IMG_1.CR2", await raw());
    await drop("b.jpg", await sceneImage(80, 64).jpeg().toBuffer());
    await first.until(done("b.jpg"));
    await first.kill("SIGKILL");
    const second = await project.start();
    await drop("IMG_1.JPG", await jpeg().toBuffer());
    await expect.poll(async () => (await seen()).inboxes[0]!.belonging, { timeout: 30_000 }).toBe(1);
    await expect.poll(graded, { timeout: 30_000 }).toEqual(["IMG_1.JPG", "b.jpg"]);
    await second.kill("SIGTERM");
  });

  test("a JPEG that comes after its RAW was graded belongs to the RAW", async () => {
    project = makeProject(config(", pairWait: 0s"));
    const daemon = await project.start();
    await drop("IMG_1.CR2", await raw());
    await daemon.until(done("IMG_1.CR2"));
    await drop("IMG_1.JPG", await jpeg().toBuffer());
    await expect.poll(async () => (await seen()).inboxes[0]!.belonging, { timeout: 30_000 }).toBe(1);
    expect(await graded()).toEqual(["IMG_1.CR2"]);
    await daemon.kill("SIGTERM");
  });

  test("a JPEG that is deleted before it was graded leaves its RAW to be graded", async () => {
    project = makeProject(config(", pairWait: 1s"));
    expect((await project.run("pause")).code).toBe(0);
    const daemon = await project.start();
    await drop("IMG_1.CR2", await raw());
    await drop("IMG_1.JPG", await jpeg().toBuffer());
    await expect.poll(async () => (await seen()).inboxes[0]!.belonging, { timeout: 30_000 }).toBe(1);
    rmSync(join(project.inbox, "IMG_1.JPG"));
    expect((await project.run("resume")).code).toBe(0);
    await expect.poll(graded, { timeout: 60_000 }).toEqual(["IMG_1.CR2"]);
    await daemon.kill("SIGTERM");
  });
});
