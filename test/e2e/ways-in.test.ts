/** Every way a file comes into a hot folder: the real daemon, real files, writers that are processes of their own. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { sceneImage } from "../support/photos.ts";
import { type Daemon, makeProject, type TestProject } from "../support/program.ts";
import { parts, writeApart } from "../support/writers.ts";

const SETTLE_MS = 200;
const CONFIG = `
log: { level: debug }
inboxes:
  - { path: inbox, outbox: graded, settle: ${SETTLE_MS}ms, rescan: 2s, sidecars: [] }
`;
/** Longer than the settle time: only the end of its format tells that such a file is not whole. */
const PAUSE_MS = 3 * SETTLE_MS;

type Status = {
  inboxes: { statuses: Record<string, number> }[];
  files: { path: string; state: string; code: string | null; message: string | null; hint: string | null }[];
};

let project: TestProject;
afterEach(() => project.remove());

const jpeg = (seed: number) => sceneImage(300, 200, seed).jpeg({ quality: 90 }).toBuffer();
const doneLines = ({ lines }: Daemon) => lines.filter(({ message }) => message === "photo done");
const isDone = (path: string) => (line: { message: string; path?: unknown }) =>
  line.message === "photo done" && line.path === path;

/** A photo that lies beside the inbox, on the same disk. */
async function beside(name: string, seed: number): Promise<{ readonly file: string; readonly bytes: Buffer }> {
  const bytes = await jpeg(seed);
  const file = join(project.root, name);
  writeFileSync(file, bytes);
  return { file, bytes };
}

/** Names of the files in a folder and below, byte for byte. */
function namesBelow(folder: Buffer): string[] {
  return readdirSync(folder, { encoding: "buffer" }).flatMap((name) => {
    const path = Buffer.concat([folder, Buffer.from("/"), name]);
    return statSync(path).isDirectory() ? namesBelow(path) : [name.toString("latin1")];
  });
}

/**
 * The outbox holds these photos and nothing else, each graded once. A photo that is dropped last and comes out shows that
 * every look before it is over.
 */
async function expectOnly(daemon: Daemon, names: readonly (string | Buffer)[]): Promise<void> {
  writeFileSync(join(project.inbox, "zz-last.jpg"), await jpeg(99));
  await daemon.line(isDone("zz-last.jpg"));
  const found = namesBelow(Buffer.from(project.outbox));
  const wanted = [...names, "zz-last.jpg"].map((name) => Buffer.from(name as string).toString("latin1"));
  expect(found.sort()).toEqual(wanted.sort());
  expect(doneLines(daemon)).toHaveLength(wanted.length);
  const status = (await project.json("status")) as Status;
  expect(status.inboxes[0]!.statuses).toMatchObject({ ready: 0, leased: 0, failed: 0, held: 0 });
}

describe("a file that is written", () => {
  test("slowly, with pauses longer than the settle time, is graded when it is whole", async () => {
    project = makeProject(CONFIG);
    const { file, bytes } = await beside("slow-source.jpg", 1);
    const daemon = await project.start();
    const steps = parts(bytes.length, 4).map((part) => ({ do: "append" as const, ...part }));
    const endedAt = await writeApart(join(project.inbox, "slow.jpg"), file, steps, PAUSE_MS);
    await daemon.line(isDone("slow.jpg"));
    expect(statSync(join(project.outbox, "slow.jpg")).ctimeMs).toBeGreaterThan(endedAt - PAUSE_MS);
    await expectOnly(daemon, ["slow.jpg"]);
  });

  test("into space reserved for it beforehand is graded when the last part is filled", async () => {
    project = makeProject(CONFIG);
    const { file, bytes } = await beside("reserved-source.jpg", 2);
    const daemon = await project.start();
    const fills = parts(bytes.length, 3).map((part) => ({ do: "fill" as const, ...part }));
    await writeApart(
      join(project.inbox, "reserved.jpg"),
      file,
      [{ do: "reserve", bytes: bytes.length }, ...fills],
      PAUSE_MS,
    );
    await daemon.line(isDone("reserved.jpg"));
    await expectOnly(daemon, ["reserved.jpg"]);
  });

  test("under a temporary name is graded once it has its own", async () => {
    project = makeProject(CONFIG);
    const { file, bytes } = await beside("renamed-source.jpg", 3);
    const daemon = await project.start();
    const final = join(project.inbox, "renamed.jpg");
    await writeApart(
      `${final}.part`,
      file,
      [
        { do: "append", from: 0, to: bytes.length },
        { do: "rename", as: final },
      ],
      PAUSE_MS,
    );
    await daemon.line(isDone("renamed.jpg"));
    await expectOnly(daemon, ["renamed.jpg"]);
  });

  test("and deleted before it is whole leaves nothing behind", async () => {
    project = makeProject(CONFIG);
    const { file, bytes } = await beside("gone-source.jpg", 4);
    const daemon = await project.start();
    const half = Math.floor(bytes.length / 2);
    await writeApart(
      join(project.inbox, "gone.jpg"),
      file,
      [{ do: "append", from: 0, to: half }, { do: "delete" }],
      PAUSE_MS,
    );
    await expectOnly(daemon, []);
    expect(((await project.json("status")) as Status).files).toEqual([]);
  });

  test("not at all has 0 bytes and waits, until it is filled", async () => {
    project = makeProject(CONFIG);
    const { file, bytes } = await beside("empty-source.jpg", 5);
    const daemon = await project.start();
    writeFileSync(join(project.inbox, "empty.jpg"), "");
    writeFileSync(join(project.inbox, "filled.jpg"), "");
    await daemon.until(async () => ((await project.json("status")) as Status).files.length === 2);
    await writeApart(join(project.inbox, "filled.jpg"), file, [{ do: "append", from: 0, to: bytes.length }], 0);
    await daemon.line(isDone("filled.jpg"));
    await expectOnly(daemon, ["filled.jpg"]);
    const { files } = (await project.json("status")) as Status;
    expect(files.map(({ path, state }) => [path, state])).toEqual([[join(project.inbox, "empty.jpg"), "settling"]]);
  });

  test("in part and left is shown as truncated, and taken soon after it is completed", async () => {
    project = makeProject(CONFIG);
    const { file, bytes } = await beside("cut-source.jpg", 6);
    const half = Math.floor(bytes.length / 2);
    writeFileSync(join(project.inbox, "cut.jpg"), bytes.subarray(0, half));
    await project.run("once");
    const { stdout } = await project.run("status");
    expect(stdout).toMatch(/cut\.jpg: truncated \[file-truncated\]/);
    expect(stdout).toMatch(/hint: /);
    expect(existsSync(join(project.outbox, "cut.jpg"))).toBe(false);
    const daemon = await project.start();
    await daemon.line(({ message }) => message === "first look done");
    const step = { do: "append" as const, from: half, to: bytes.length };
    const endedAt = await writeApart(join(project.inbox, "cut.jpg"), file, [step], 0);
    await daemon.line(isDone("cut.jpg"));
    // Generous to a busy machine, and far from the minute after which a file that stands still is read again.
    expect(Date.now() - endedAt).toBeLessThan(20_000);
    expect(((await project.json("status")) as Status).files).toEqual([]);
    await expectOnly(daemon, ["cut.jpg"]);
  });
});

describe("a file that is there at once", () => {
  test("in a folder that is moved in, with folders in it", async () => {
    project = makeProject(CONFIG);
    const daemon = await project.start();
    mkdirSync(join(project.root, "trip/day 1"), { recursive: true });
    writeFileSync(join(project.root, "trip/a.jpg"), await jpeg(7));
    writeFileSync(join(project.root, "trip/day 1/b.jpg"), await jpeg(8));
    renameSync(join(project.root, "trip"), join(project.inbox, "trip"));
    await daemon.line(isDone("trip/day 1/b.jpg"));
    await expectOnly(daemon, ["a.jpg", "b.jpg"]);
    expect(existsSync(join(project.outbox, "trip/day 1/b.jpg"))).toBe(true);
  });

  test("replaced in one step is graded as the new picture, beside the old one's result", async () => {
    project = makeProject(CONFIG);
    const { file } = await beside("second.jpg", 10);
    writeFileSync(join(project.inbox, "a.jpg"), await jpeg(9));
    const daemon = await project.start();
    await daemon.line(isDone("a.jpg"));
    renameSync(file, join(project.inbox, "a.jpg"));
    await daemon.until(() => doneLines(daemon).length === 2);
    const outputs = readdirSync(project.outbox).filter((name) => name.endsWith(".jpg"));
    await expectOnly(daemon, outputs);
    expect(new Set(outputs.map((name) => readFileSync(join(project.outbox, name)).toString("base64"))).size).toBe(2);
  });

  test("by a hard link; a link that leads out of the inbox is refused, and status says so", async () => {
    project = makeProject(CONFIG);
    const { file } = await beside("linked.jpg", 11);
    const daemon = await project.start();
    linkSync(file, join(project.inbox, "hard.jpg"));
    symlinkSync(file, join(project.inbox, "soft.jpg"));
    await daemon.line(isDone("hard.jpg"));
    await expectOnly(daemon, ["hard.jpg"]);
    const { stdout } = await project.run("status");
    expect(stdout).toMatch(/soft\.jpg: refused \[link-outside\].*out of the inbox/);
  });

  test("with names that are no text, or as long as a name can be", async () => {
    project = makeProject(CONFIG);
    const daemon = await project.start();
    const odd = Buffer.from([0x61, 0xff, 0xfe, ...Buffer.from(".jpg")]);
    const long = `${"n".repeat(251)}.jpg`;
    writeFileSync(Buffer.concat([Buffer.from(`${project.inbox}/`), odd]), await jpeg(12));
    writeFileSync(join(project.inbox, long), await jpeg(13));
    await daemon.until(() => doneLines(daemon).length === 2);
    const outputs = readdirSync(project.outbox, { encoding: "buffer" });
    expect(outputs).toHaveLength(2);
    expect(outputs.some((name) => name.equals(odd))).toBe(true);
    expect(outputs.every((name) => name.length <= 255)).toBe(true);
    await expectOnly(daemon, outputs);
  });
});

describe("the inbox itself", () => {
  test("moved away and back is no loss: nothing comes twice, what is new in it comes", async () => {
    project = makeProject(CONFIG);
    writeFileSync(join(project.inbox, "a.jpg"), await jpeg(14));
    const daemon = await project.start();
    await daemon.line(isDone("a.jpg"));
    renameSync(project.inbox, `${project.inbox}-away`);
    await daemon.line(({ message }) => message === "folder cannot be read");
    writeFileSync(join(`${project.inbox}-away`, "b.jpg"), await jpeg(15));
    renameSync(`${project.inbox}-away`, project.inbox);
    await daemon.line(isDone("b.jpg"));
    await expectOnly(daemon, ["a.jpg", "b.jpg"]);
  });

  test("on another device under the same path: a disk with the same files is the same inbox", async () => {
    project = makeProject(CONFIG);
    const store = join(project.root, "store");
    mkdirSync(store);
    if (!canMount(store)) return expect(process.getuid?.()).not.toBe(0);
    try {
      writeFileSync(join(store, "a.jpg"), await jpeg(16));
      execFileSync("mount", ["--bind", store, project.inbox]);
      const daemon = await project.start();
      await daemon.line(isDone("a.jpg"));
      execFileSync("umount", ["-l", project.inbox]);
      await daemon.line(
        ({ message, reason }) => message === "folder cannot be read" && String(reason).includes("mounted"),
      );
      writeFileSync(join(store, "b.jpg"), await jpeg(17));
      execFileSync("mount", ["--bind", store, project.inbox]);
      await daemon.line(isDone("b.jpg"));
      await expectOnly(daemon, ["a.jpg", "b.jpg"]);
    } finally {
      for (const folder of [project.inbox, store]) unmount(folder);
    }
  });
});

/** A disk of its own at this folder, where this account may do that. */
function canMount(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "none", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false; // not root, or a container without the right: the case above stands in for it
  }
}

function unmount(folder: string): void {
  try {
    execFileSync("umount", ["-l", folder], { stdio: "ignore" });
  } catch {
    // it was not mounted any more
  }
}
