/** The inbox over real folders: every way a file comes in, and every way a folder goes away. Only the clock is fake. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type InboxPorts, openInbox } from "../../src/adapters/inbox.ts";
import { type Disk, systemDisk } from "../../src/adapters/inbox-disk.ts";
import { AppError } from "../../src/core/errors.ts";
import { encodePath, type PathText } from "../../src/core/inbox/path-text.ts";
import type { Clock, Inbox, InboxEvents, InboxOptions, Log, Settled, Sighting } from "../../src/ports.ts";

const SETTLE = 2_000;
const path = (text: string): PathText => text as PathText;
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

let jpeg: Buffer;
let other: Buffer;
let png: Buffer;
let folder: string;
let root: string;
const open: Inbox[] = [];

beforeAll(async () => {
  const plain = (colour: string) => sharp({ create: { width: 64, height: 48, channels: 3, background: colour } });
  jpeg = await plain("teal").jpeg().toBuffer();
  other = await plain("maroon").jpeg().toBuffer();
  png = await plain("teal").png().toBuffer();
});

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "inbox-")));
  root = join(folder, "inbox");
  fs.mkdirSync(root);
});

afterEach(async () => {
  for (const inbox of open.splice(0)) await inbox.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

type Answer = Awaited<ReturnType<InboxEvents["settled"]>>;
const TAKEN: Answer = { state: "taken", code: null, message: null };

/** An inbox whose clock stands until told otherwise, and all that it said. */
function rig(changes: Partial<InboxOptions> & { answer?: (file: Settled) => Promise<Answer>; disk?: Disk } = {}) {
  const { answer = async () => TAKEN, disk, ...options } = changes;
  let now = 1_000_000;
  const clock: Clock = { now: () => now, sleep: async () => {} };
  const settled: Settled[] = [];
  const sighted: Sighting[] = [];
  const gone: string[] = [];
  const troubles: [string, string | null][] = [];
  const inbox = openInbox(
    { root: path(root), settleMs: SETTLE, rescanMs: 60_000, order: "name", skip: [], known: [], ...options },
    {
      async settled(file, before) {
        const answering = answer(file);
        await before;
        settled.push(file);
        return answering;
      },
      async sighted(some) {
        sighted.push(...some);
      },
      async gone(paths) {
        gone.push(...paths);
      },
      trouble: (where, message) => void troubles.push([where, message]),
    },
    { clock, log: quiet, disk },
  );
  open.push(inbox);
  return {
    inbox,
    settled,
    sighted,
    gone,
    troubles,
    paths: (): string[] => settled.map((file) => file.path),
    /** What the ledger would remember now. */
    remembered: (): Sighting[] =>
      [...new Map(sighted.map((each) => [each.path, each])).values()].filter(({ path }) => !gone.includes(path)),
    stateOf: (name: string) => sighted.findLast((each) => each.path === name)?.state,
    pass(ms: number): void {
      now += ms;
    },
    scan: async () => ({ settling: (await inbox.scan()).settling }),
    /** Looks every half settle time for so long; gives how many still settle. */
    async over(ms: number): Promise<number> {
      let { settling } = await inbox.scan();
      for (let passed = 0; passed < ms; passed += SETTLE / 2) {
        now += SETTLE / 2;
        ({ settling } = await inbox.scan());
      }
      return settling;
    },
  };
}

const write = (name: string, bytes: Uint8Array | string = jpeg): void => {
  fs.mkdirSync(join(root, name, ".."), { recursive: true });
  fs.writeFileSync(join(root, name), bytes);
};

describe("settling", () => {
  test("a whole file is taken after three looks, settle apart, and only once", async () => {
    write("a.jpg");
    const { scan, pass, paths, stateOf, over } = rig();
    expect(await scan()).toEqual({ settling: 1 });
    pass(1_000);
    expect(await scan()).toEqual({ settling: 1 });
    expect(paths()).toEqual([]);
    pass(1_000);
    expect(await scan()).toEqual({ settling: 0 });
    expect(paths()).toEqual(["a.jpg"]);
    expect(stateOf("a.jpg")).toBe("taken");
    await over(10_000);
    expect(paths()).toEqual(["a.jpg"]);
  });

  test("time alone is not enough: two looks far apart are two looks", async () => {
    write("a.jpg");
    const { scan, pass, paths } = rig();
    await scan();
    pass(3_600_000);
    await scan();
    expect(paths()).toEqual([]);
    await scan();
    expect(paths()).toEqual(["a.jpg"]);
  });

  test("a slow writer with pauses is waited for", async () => {
    const { over, paths, scan, stateOf } = rig();
    const half = Math.floor(jpeg.length / 2);
    write("a.jpg", jpeg.subarray(0, half));
    expect(await over(5_000)).toBe(1);
    fs.appendFileSync(join(root, "a.jpg"), jpeg.subarray(half, half + 20));
    expect(await over(5_000)).toBe(1);
    expect(paths()).toEqual([]);
    fs.appendFileSync(join(root, "a.jpg"), jpeg.subarray(half + 20));
    expect(await over(SETTLE)).toBe(0);
    expect(paths()).toEqual(["a.jpg"]);
    await scan();
    expect(stateOf("a.jpg")).toBe("taken");
  });

  test("a cut file is shown as truncated, counts no more, and is taken when it completes", async () => {
    write("a.jpg", jpeg.subarray(0, -20));
    const { over, paths, sighted, scan, stateOf } = rig();
    expect(await over(3 * SETTLE)).toBe(0);
    expect(stateOf("a.jpg")).toBe("truncated");
    expect(sighted.at(-1)).toMatchObject({ code: "file-truncated", message: "The JPEG stops before its end." });
    const told = sighted.length;
    await over(60_000);
    expect(sighted).toHaveLength(told);
    expect(paths()).toEqual([]);
    write("a.jpg");
    expect(await scan()).toEqual({ settling: 1 });
    expect(await over(SETTLE)).toBe(0);
    expect(paths()).toEqual(["a.jpg"]);
  });

  test("an empty file is never complete", async () => {
    write("a.jpg", "");
    const { over, paths, sighted } = rig();
    expect(await over(60_000)).toBe(0);
    expect(paths()).toEqual([]);
    expect(sighted.at(-1)).toMatchObject({ state: "truncated", message: "The file is empty." });
  });

  test("space reserved first and filled later is waited for", async () => {
    for (const [name, bytes] of [
      ["a.jpg", jpeg],
      ["b.png", png],
    ] as const)
      write(name, new Uint8Array(bytes.length));
    const { over, paths } = rig();
    await over(4_000);
    const fill = (name: string, bytes: Uint8Array): void => {
      const file = fs.openSync(join(root, name), "r+");
      fs.writeSync(file, bytes);
      fs.closeSync(file);
    };
    fill("a.jpg", jpeg.subarray(0, 200));
    fill("b.png", png.subarray(0, 60));
    await over(4_000);
    expect(paths()).toEqual([]);
    fill("a.jpg", jpeg);
    fill("b.png", png);
    await over(SETTLE);
    expect(paths()).toEqual(["a.jpg", "b.png"]);
  });

  test("a text file named .jpg is handed in after three quiet times; a README is not seen", async () => {
    write("notes.jpg", "These are not pixels, though the name says so.");
    write("README.txt", "Nothing to see.");
    write("photo.xmp", "<x/>");
    const { over, paths, sighted, stateOf } = rig({
      answer: async () => ({ state: "refused", code: "file-unsupported", message: "Not a picture." }),
    });
    await over(3 * SETTLE - 1_000);
    expect(paths()).toEqual([]);
    await over(1_000);
    expect(paths()).toEqual(["notes.jpg"]);
    expect(stateOf("notes.jpg")).toBe("refused");
    expect(new Set(sighted.map((each) => each.path))).toEqual(new Set(["notes.jpg"]));
  });

  test("a file that is deleted before it settled is forgotten", async () => {
    write("a.jpg");
    const { scan, over, gone, paths } = rig();
    await scan();
    fs.rmSync(join(root, "a.jpg"));
    expect(await over(SETTLE)).toBe(0);
    expect(gone).toEqual(["a.jpg"]);
    expect(paths()).toEqual([]);
  });

  test("a hand-in that throws is tried again, and does not keep a single pass from ending", async () => {
    write("a.jpg");
    let failing = 4;
    const { over, paths, stateOf, sighted } = rig({
      answer: async () => {
        if (failing-- > 0) throw new AppError("disk-full", "No room.");
        return TAKEN;
      },
    });
    expect(await over(SETTLE)).toBe(1);
    expect(sighted.at(-1)).toMatchObject({ state: "settling", code: "disk-full", message: "No room." });
    expect(await over(8 * SETTLE)).toBe(0);
    expect(stateOf("a.jpg")).toBe("settling");
    await over(60_000);
    expect(paths()).toHaveLength(5);
    expect(stateOf("a.jpg")).toBe("taken");
  });
});

describe("ways a file comes in", () => {
  test("renamed into place, hard-linked, in a folder moved in", async () => {
    const { over, paths } = rig();
    await over(1_000);
    write("a.jpg.part");
    await over(5_000);
    expect(paths()).toEqual([]);
    fs.renameSync(join(root, "a.jpg.part"), join(root, "a.jpg"));
    fs.writeFileSync(join(folder, "b"), other);
    fs.linkSync(join(folder, "b"), join(root, "b.jpg"));
    fs.mkdirSync(join(folder, "shoot/raw"), { recursive: true });
    fs.writeFileSync(join(folder, "shoot/raw/c.jpg"), jpeg);
    fs.renameSync(join(folder, "shoot"), join(root, "shoot"));
    await over(SETTLE);
    expect(paths().sort()).toEqual(["a.jpg", "b.jpg", "shoot/raw/c.jpg"]);
  });

  test("one that cannot be taken yet is asked about ever more rarely, says why, and lets a single pass end", async () => {
    write("a.jpg");
    const message = "Its photo is under way.";
    const later: Answer = { state: "settling", code: null, message };
    let answer = later;
    const { over, paths, sighted, stateOf } = rig({ answer: async () => answer });
    expect(await over(60_000)).toBe(0);
    expect(paths().length).toBeLessThan(8);
    expect(sighted.at(-1)).toMatchObject({ path: "a.jpg", state: "settling", message });
    answer = TAKEN;
    await over(120_000);
    expect(stateOf("a.jpg")).toBe("taken");
  });

  test("a file replaced atomically is handed in again, though size and date are the same", async () => {
    write("a.jpg");
    const date = new Date(1_700_000_000_000);
    fs.utimesSync(join(root, "a.jpg"), date, date);
    const { over, pass, scan, settled } = rig();
    await over(SETTLE);
    fs.writeFileSync(join(folder, "new"), jpeg);
    fs.utimesSync(join(folder, "new"), date, date);
    fs.renameSync(join(folder, "new"), join(root, "a.jpg"));
    for (let minute = 0; minute < 60; minute++) {
      pass(60_000);
      await scan();
    }
    await over(SETTLE);
    expect(settled).toHaveLength(2);
    expect(settled[1]!.signature).toMatchObject({ sizeBytes: jpeg.length, mtimeNs: settled[0]!.signature.mtimeNs });
    expect(settled[1]!.signature.inode).not.toBe(settled[0]!.signature.inode);
  });

  test("a taken file is looked at again within the hour, a share in each scan", async () => {
    for (let index = 0; index < 60; index++) write(`${index}.jpg`);
    let stats = 0;
    const disk: Disk = {
      ...systemDisk,
      stat: (file) => {
        if (file.endsWith(".jpg")) stats++;
        return systemDisk.stat(file);
      },
    };
    const { over, pass, scan, paths } = rig({ disk });
    await over(SETTLE);
    expect(paths()).toHaveLength(60);
    for (let index = 0; index < 60; index++) write(`${index}.jpg`, other);
    const counts: number[] = [];
    for (let minute = 0; minute < 60; minute++) {
      pass(60_000);
      stats = 0;
      await scan();
      counts.push(stats);
    }
    await over(SETTLE);
    expect(paths()).toHaveLength(120);
    expect(Math.max(...counts)).toBeLessThan(20);
  });

  test("RAW and JPEG of one picture both come; which one counts is for intake to say", async () => {
    write("a.jpg");
    write("a.nef", "nothing like a camera file");
    const { over, paths } = rig();
    await over(3 * SETTLE);
    expect(paths()).toEqual(["a.jpg", "a.nef"]);
  });

  test("a whole picture of each format is proven by its end: none waits longer than the settle time", async () => {
    const noise = {
      create: {
        width: 300,
        height: 200,
        channels: 3 as const,
        noise: { type: "gaussian" as const, mean: 128, sigma: 30 },
      },
    };
    const picture = () => sharp({ ...noise, create: { ...noise.create, background: "grey" } });
    write("a.jpg", await picture().jpeg({ progressive: true, mozjpeg: true }).toBuffer());
    write("b.png", await picture().png({ palette: true }).toBuffer());
    write("c.tif", await picture().tiff({ compression: "none" }).toBuffer());
    write("d.tif", await picture().tiff({ compression: "lzw", tile: true }).toBuffer());
    write(
      "e.tif",
      await picture().toColourspace("rgb16").tiff({ compression: "deflate", pyramid: true, tile: true }).toBuffer(),
    );
    write("f.webp", await picture().webp().toBuffer());
    write("g.webp", await picture().webp({ lossless: true }).toBuffer());
    write("h.avif", await picture().avif().toBuffer());
    const { over, paths } = rig();
    expect(await over(SETTLE)).toBe(0);
    expect(paths()).toHaveLength(8);
  });

  test("names of every kind come in as they are", async () => {
    const names = [
      "🌅 dawn 👨‍👩‍👧.jpg",
      "caf\u00e9.jpg",
      "cafe\u0301.jpg",
      `it's "quoted" \`ls\` $(id).jpg`,
      "new\nline\ttab.jpg",
      "-rf --.jpg",
      `${"é".repeat(125)}x.jpg`,
    ];
    const raw = Buffer.concat([
      Buffer.from("inv\u00e4lid-"),
      Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
      Buffer.from(".jpg"),
    ]);
    for (const name of names) write(name);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), raw]), jpeg);
    expect(Buffer.byteLength(names.at(-1)!)).toBe(255);
    const { over, paths, gone } = rig();
    await over(SETTLE);
    expect(new Set(paths())).toEqual(new Set([...names, encodePath(raw)]));
    fs.rmSync(Buffer.concat([Buffer.from(`${root}/`), raw]) as unknown as string);
    await over(0);
    expect(gone).toEqual([encodePath(raw)]);
  });

  test("files that settle in the same scan come in the order asked for", async () => {
    for (const [index, name] of ["b.jpg", "c.jpg", "a.jpg"].entries()) {
      write(name);
      fs.utimesSync(join(root, name), 1_000 + index, 1_000 + index);
    }
    const orders = { name: ["a", "b", "c"], oldest: ["b", "c", "a"], newest: ["a", "c", "b"] } as const;
    for (const order of ["name", "oldest", "newest"] as const) {
      const { over, paths } = rig({ order });
      await over(SETTLE);
      expect(paths()).toEqual(orders[order].map((name) => `${name}.jpg`));
    }
  });

  test("20,000 files at once: all come, four at a time, while the event loop goes on", async () => {
    fs.writeFileSync(join(folder, "one"), "\xff\xd8\xff\xd9", "latin1");
    for (let index = 0; index < 20_000; index++) fs.linkSync(join(folder, "one"), join(root, `IMG_${index}.jpg`));
    let running = 0;
    let most = 0;
    const { over, paths, remembered } = rig({
      answer: async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return TAKEN;
      },
    });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const settling = await over(SETTLE);
    clearInterval(timer);
    expect(settling).toBe(0);
    expect(new Set(paths()).size).toBe(20_000);
    expect(most).toBe(4);
    expect(ticks).toBeGreaterThan(50);
    expect(remembered()).toHaveLength(20_000);
  });
});

describe("memory", () => {
  test("what the ledger remembers is not handed in again after a restart; what changed since is", async () => {
    for (const name of ["a.jpg", "b.jpg", "deep/c.jpg"]) write(name);
    const first = rig();
    await first.over(SETTLE);
    expect(first.paths()).toHaveLength(3);
    write("b.jpg", other);
    fs.rmSync(join(root, "deep"), { recursive: true });
    const second = rig({ known: first.remembered() });
    await second.over(SETTLE);
    expect(second.paths()).toEqual(["b.jpg"]);
    expect(second.gone).toEqual(["deep/c.jpg"]);
    expect(second.sighted.every(({ path }) => path === "b.jpg")).toBe(true);
  });

  test("sightings are told on change only", async () => {
    write("a.jpg");
    const { over, sighted } = rig({ answer: async () => ({ state: "own", code: null, message: null }) });
    await over(60_000);
    expect(sighted.map(({ state }) => state)).toEqual(["settling", "own"]);
  });

  test("a store that fails is told again", async () => {
    write("a.jpg");
    const stored: Sighting[] = [];
    let failing = true;
    const inbox = openInbox(
      { root: path(root), settleMs: SETTLE, rescanMs: 60_000, order: "name", skip: [], known: [] },
      {
        settled: async () => TAKEN,
        async sighted(some) {
          if (failing) throw new AppError("ledger-locked", "Busy.");
          stored.push(...some);
        },
        gone: async () => {},
        trouble() {},
      },
      { clock: { now: () => 0, sleep: async () => {} }, log: quiet },
    );
    await inbox.scan();
    failing = false;
    await inbox.scan();
    expect(stored.map(({ path, state }) => [path, state])).toEqual([["a.jpg", "settling"]]);
  });
});

describe("folders", () => {
  test("a root that is away takes nothing with it and recovers by itself", async () => {
    write("a.jpg");
    write("deep/b.jpg");
    const { over, gone, troubles, paths } = rig();
    await over(SETTLE);
    fs.renameSync(root, `${root}-away`);
    await over(SETTLE);
    expect(troubles).toEqual([[root, `The folder ${root} is not there.`]]);
    fs.renameSync(`${root}-away`, root);
    await over(SETTLE);
    expect(troubles.at(-1)).toEqual([root, null]);
    expect([gone, paths()]).toEqual([[], ["a.jpg", "deep/b.jpg"]]);
  });

  test("an empty folder in its place is an unmounted disk: nothing is gone, nothing comes twice", async () => {
    write("a.jpg");
    write("deep/b.jpg");
    const first = rig();
    await first.over(SETTLE);
    fs.renameSync(root, `${root}-away`);
    fs.mkdirSync(root);
    for (const { over, troubles, gone } of [first, rig({ known: first.remembered() })]) {
      await over(SETTLE);
      expect(troubles).toEqual([[root, "The folder is empty, though 2 of its files are known. Is its disk mounted?"]]);
      expect(gone).toEqual([]);
    }
    // A stray file in the mountpoint is taken, and proves nothing about the others.
    write("stray.jpg");
    await first.over(SETTLE);
    expect([first.gone, first.paths()]).toEqual([[], ["a.jpg", "deep/b.jpg", "stray.jpg"]]);
    fs.rmSync(root, { recursive: true });
    fs.renameSync(`${root}-away`, root);
    await first.over(SETTLE);
    expect(first.troubles.at(-1)).toEqual([root, null]);
    expect(first.gone).toEqual(["stray.jpg"]);
    expect(first.paths()).toHaveLength(3);
  });

  test("what changed while the disk was away is seen when it is back, though nothing told of it", async () => {
    for (const inItsPlace of ["nothing", "an empty folder"]) {
      write("a.jpg");
      write("deep/b.jpg");
      const { over, paths, inbox } = rig();
      await over(SETTLE);
      fs.renameSync(root, `${root}-away`);
      if (inItsPlace !== "nothing") fs.mkdirSync(root);
      await over(SETTLE);
      fs.writeFileSync(`${root}-away/deep/b.jpg`, Buffer.concat([jpeg, Buffer.from("more")]));
      fs.rmSync(root, { recursive: true, force: true });
      fs.renameSync(`${root}-away`, root);
      await over(SETTLE);
      expect(paths()).toEqual(["a.jpg", "deep/b.jpg", "deep/b.jpg"]);
      await inbox.stop();
    }
  });

  test("files that were settling when their disk went away keep no single pass from ending", async () => {
    write("a.jpg");
    const { scan, over, paths, gone } = rig();
    expect(await scan()).toEqual({ settling: 1 });
    fs.renameSync(root, `${root}-away`);
    expect(await scan()).toEqual({ settling: 0 });
    fs.mkdirSync(root);
    expect(await over(60_000)).toBe(0);
    fs.rmdirSync(root);
    fs.renameSync(`${root}-away`, root);
    expect(await over(SETTLE)).toBe(0);
    expect([paths(), gone]).toEqual([["a.jpg"], []]);
  });

  test("a root that goes away in the middle of a walk takes nothing with it", async () => {
    write("deep/b.jpg");
    let away = false;
    const disk: Disk = {
      ...systemDisk,
      list: async (where) => {
        const names = await systemDisk.list(where);
        if (!away) return names;
        fs.rmSync(join(root, "deep/b.jpg"));
        fs.renameSync(root, `${root}-away`);
        return [];
      },
    };
    const { over, scan, gone, pass } = rig({ disk });
    await over(SETTLE);
    away = true;
    pass(1_000);
    await scan();
    expect(gone).toEqual([]);
  });

  test("emptying the inbox is no trouble", async () => {
    write("a.jpg");
    const { over, gone, troubles } = rig();
    await over(SETTLE);
    fs.rmSync(join(root, "a.jpg"));
    await over(SETTLE);
    expect([gone, troubles]).toEqual([["a.jpg"], []]);
  });

  test("a folder that cannot be read is reported, once, and loses nothing", async () => {
    write("shut/a.jpg");
    write("b.jpg");
    let isShut = false;
    const refused = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    const disk: Disk = {
      ...systemDisk,
      // Who shuts a folder changes its entry, though not its names.
      async stat(where) {
        const seen = await systemDisk.stat(where);
        return seen && isShut && where.endsWith("/shut") ? { ...seen, ctimeNs: "1" } : seen;
      },
      list: (where) => (isShut && where.endsWith("/shut") ? Promise.reject(refused) : systemDisk.list(where)),
    };
    const { over, gone, troubles } = rig({ disk });
    await over(SETTLE);
    isShut = true;
    await over(60_000);
    expect(troubles).toEqual([[join(root, "shut"), "The folder cannot be read: EACCES."]]);
    isShut = false;
    await over(0);
    expect(troubles.at(-1)).toEqual([join(root, "shut"), null]);
    expect(gone).toEqual([]);
  });

  test("the names of a folder are read again only when it has changed, and once an hour", async () => {
    write("quiet/a.jpg");
    const listed: string[] = [];
    const disk: Disk = {
      ...systemDisk,
      async list(where) {
        listed.push(where.slice(root.length));
        return systemDisk.list(where);
      },
    };
    const { over, pass, paths, scan } = rig({ disk });
    await over(10_000);
    listed.length = 0;
    await over(10_000);
    expect(listed).toEqual([]);
    write("quiet/b.jpg");
    await over(10_000);
    expect(paths()).toEqual(["quiet/a.jpg", "quiet/b.jpg"]);
    expect(new Set(listed)).toEqual(new Set(["/quiet"]));
    await over(10_000);
    listed.length = 0;
    pass(3_600_000);
    await scan();
    expect(new Set(listed)).toEqual(new Set(["", "/quiet"]));
  });

  test("a folder whose files cannot be looked at is reported until they can", async () => {
    write("shut/a.jpg");
    let isShut = true;
    const refused = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    const disk: Disk = {
      ...systemDisk,
      stat: (where) => (isShut && where.endsWith("/a.jpg") ? Promise.reject(refused) : systemDisk.stat(where)),
    };
    const { over, paths, troubles } = rig({ disk });
    expect(await over(10_000)).toBe(0);
    expect(troubles).toEqual([[join(root, "shut"), "A file in it cannot be looked at: EACCES."]]);
    isShut = false;
    await over(SETTLE);
    expect(troubles.at(-1)).toEqual([join(root, "shut"), null]);
    expect(paths()).toEqual(["shut/a.jpg"]);
  });

  test("a disk in the inbox that is unmounted takes nothing with it", async () => {
    write("card/a.jpg");
    write("card/DCIM/b.jpg");
    let isMounted = true;
    const disk: Disk = {
      ...systemDisk,
      async stat(where) {
        const seen = await systemDisk.stat(where);
        return seen && where.includes("/card") && isMounted ? { ...seen, device: "card" } : seen;
      },
      list: async (where) => (where.endsWith("/card") && !isMounted ? [] : systemDisk.list(where)),
    };
    const { over, gone, troubles, paths } = rig({ disk });
    await over(SETTLE);
    isMounted = false;
    await over(SETTLE);
    const message = "The folder is empty since its disk changed. Is it still mounted?";
    expect(troubles).toEqual([[join(root, "card"), message]]);
    isMounted = true;
    await over(SETTLE);
    expect(troubles.at(-1)).toEqual([join(root, "card"), null]);
    expect([gone, paths()]).toEqual([[], ["card/a.jpg", "card/DCIM/b.jpg"]]);
  });

  test("on a network mount inodes say nothing", async () => {
    write("a.jpg");
    const disk: Disk = { ...systemDisk, mount: async () => ({ watchable: false, inodes: false }) };
    const { over, settled, remembered } = rig({ disk });
    await over(SETTLE);
    expect(settled[0]!.signature.inode).toBe("");
    // Remembered from when it was local, or the other way round: the same file still.
    const second = rig({ known: remembered() });
    await second.over(SETTLE);
    expect(second.paths()).toEqual([]);
  });

  test("outboxes, system folders and temp names are never entered or taken", async () => {
    const names = [
      "graded/a.jpg",
      "done/b.jpg",
      "@eaDir/c.jpg",
      ".hidden/d.jpg",
      "#recycle/e.jpg",
      "._f.jpg",
      ".g.jpg",
      "done2/h.jpg",
    ];
    for (const name of names) write(name);
    const { over, paths } = rig({ skip: [path(join(root, "graded")), path(join(root, "done"))] });
    await over(SETTLE);
    expect(paths()).toEqual(["done2/h.jpg"]);
  });

  test("links are followed inside the inbox only, and never in circles", async () => {
    write("real/a.jpg");
    write("graded/out.jpg");
    fs.writeFileSync(join(folder, "secret.jpg"), jpeg);
    fs.mkdirSync(join(folder, "outside"));
    fs.writeFileSync(join(folder, "outside/c.jpg"), jpeg);
    const links = {
      "in.jpg": "real/a.jpg",
      "out.jpg": "../secret.jpg",
      "own.jpg": "graded/out.jpg",
      "nowhere.jpg": "gone.jpg",
      album: "real",
      away: "../outside",
      "real/up": "..",
      "real/self": ".",
    };
    for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, join(root, name));
    const { over, paths, sighted } = rig({ skip: [path(join(root, "graded"))] });
    await over(SETTLE);
    expect(paths().sort()).toEqual(["album/a.jpg", "in.jpg", "real/a.jpg"]);
    const refused = sighted.filter(({ code }) => code === "link-outside").map((each) => each.path);
    expect(refused.sort()).toEqual(["out.jpg", "own.jpg"]);
    fs.rmSync(join(root, "out.jpg"));
    write("out.jpg", other);
    await over(SETTLE);
    expect(paths()).toContain("out.jpg");
  });

  test("a pipe named like a photo is left alone", async () => {
    execFileSync("mkfifo", [join(root, "a.jpg")]);
    const { over, paths } = rig();
    expect(await over(10_000)).toBe(0);
    expect(paths()).toEqual([]);
  });
});

describe("recipe files", () => {
  test("photos wait while prompt.txt of their folder, or of one above, is being written", async () => {
    write("a.jpg");
    write("shoot/b.jpg");
    write("shoot/deep/c.jpg");
    const { over, scan, pass, paths } = rig();
    await scan();
    pass(1_000);
    await scan();
    write("shoot/prompt.txt", "Warm");
    pass(1_000);
    expect(await scan()).toEqual({ settling: 2 });
    expect(paths()).toEqual(["a.jpg"]);
    pass(1_000);
    await scan();
    write("shoot/prompt.txt", "Warmer, with deep shadows");
    pass(1_000);
    expect(await over(1_000)).toBe(2);
    expect(await over(1_000)).toBe(0);
    expect(paths()).toEqual(["a.jpg", "shoot/b.jpg", "shoot/deep/c.jpg"]);
  });

  test("a look.cube that vanishes is about to be replaced; an old one costs no time", async () => {
    write("look.cube", "LUT_3D_SIZE 2");
    write("a.jpg");
    const { over, scan, pass, paths } = rig();
    await over(SETTLE);
    expect(paths()).toEqual(["a.jpg"]);
    write("b.jpg");
    await over(SETTLE - 1_000);
    fs.rmSync(join(root, "look.cube"));
    pass(1_000);
    expect(await scan()).toEqual({ settling: 1 });
    expect(await over(SETTLE)).toBe(0);
    expect(paths()).toEqual(["a.jpg", "b.jpg"]);
  });
});

describe("by itself", () => {
  /** With the real clock: starts, and gives a promise of the next file. */
  type Watch = Partial<Pick<InboxPorts, "watch"> & Pick<InboxEvents, "watched">>;
  function running(rescanMs: number, disk?: Disk, { watch, watched }: Watch = {}) {
    const seen: string[] = [];
    let notice = (): void => {};
    const sleep: Clock["sleep"] = (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal?.addEventListener("abort", done);
        if (signal?.aborted) done();
      });
    const inbox = openInbox(
      { root: path(root), settleMs: 100, rescanMs, order: "name", skip: [], known: [] },
      {
        async settled(file) {
          seen.push(file.path);
          notice();
          return TAKEN;
        },
        sighted: async () => {},
        gone: async () => {},
        trouble() {},
        ...(watched && { watched }),
      },
      { clock: { now: () => Date.now(), sleep }, log: quiet, monotonic: () => performance.now(), disk, watch },
    );
    open.push(inbox);
    const next = (act: () => void): Promise<void> => {
      const noticed = new Promise<void>((resolve) => {
        notice = resolve;
      });
      act();
      return noticed;
    };
    return { inbox, seen, next };
  }

  test("a new file is noticed long before the next scan is due: in the root, in a new folder, in place of another", async () => {
    const { inbox, seen, next } = running(3_600_000);
    write("first.jpg");
    await next(() => inbox.start());
    await next(() => write("second.jpg"));
    await next(() => write("new/folder/third.jpg"));
    await next(() => {
      fs.writeFileSync(join(folder, "x"), other);
      fs.renameSync(join(folder, "x"), join(root, "second.jpg"));
    });
    await inbox.stop();
    expect(seen).toEqual(["first.jpg", "second.jpg", "new/folder/third.jpg", "second.jpg"]);
  });

  test("what is told while a scan is due anyway is not forgotten over it", async () => {
    const { inbox, seen, next } = running(1);
    write("first.jpg");
    await next(() => inbox.start());
    for (const bytes of [other, jpeg, other]) await next(() => write("first.jpg", bytes));
    await inbox.stop();
    expect(seen).toEqual(["first.jpg", "first.jpg", "first.jpg", "first.jpg"]);
  });

  test("what changed after the first look and before the watch stood is seen, though nothing told of it", async () => {
    let stands = (): void => {};
    const { inbox, seen, next } = running(3_600_000, undefined, {
      watch(_root, _skip, events) {
        stands = events.stands;
        return { close: async () => {} };
      },
    });
    write("first.jpg");
    await next(() => inbox.start());
    await next(() => {
      write("first.jpg", other);
      stands();
    });
    await inbox.stop();
    expect(seen).toEqual(["first.jpg", "first.jpg"]);
  });

  test("where folders cannot be watched it scans", async () => {
    const disk: Disk = { ...systemDisk, mount: () => Promise.reject(new Error("ENOSYS")) };
    const { inbox, seen, next } = running(50, disk);
    await next(() => {
      write("first.jpg");
      inbox.start();
    });
    await next(() => write("new/second.jpg"));
    await inbox.stop();
    expect(seen).toEqual(["first.jpg", "new/second.jpg"]);
  });

  test.each(["ENOSPC", "EMFILE"])("where the system refuses a watch (%s) it scans, and says so once", async (errno) => {
    const told: (string | null)[] = [];
    const { inbox, seen, next } = running(50, undefined, {
      watch(_root, _skip, { failed }) {
        queueMicrotask(() => failed(errno));
        return { close: async () => {} };
      },
      watched: (failure) => told.push(failure),
    });
    await next(() => {
      write("first.jpg");
      inbox.start();
    });
    await next(() => write("new/second.jpg"));
    await inbox.stop();
    expect(seen).toEqual(["first.jpg", "new/second.jpg"]);
    expect(told).toEqual([null, expect.stringContaining("sudo sysctl fs.inotify.")]);
  });

  test("a stopped inbox looks no more", async () => {
    write("first.jpg");
    const { inbox, seen } = running(10);
    inbox.start();
    await inbox.stop();
    await inbox.scan();
    expect(seen).toEqual([]);
  });
});
