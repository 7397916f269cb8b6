/** The Files port on the real disk. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { diskError, openFiles } from "../../src/adapters/files.ts";
import { encodePath, joinPath, type PathText } from "../../src/core/inbox/path-text.ts";
import { otherDiskThan } from "../support/other-disk.ts";

const HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const NOW = new Date(2026, 2, 4, 5, 6, 7).getTime();
const root = mkdtempSync(join(tmpdir(), "hotgrade-files-"));
const uid = process.getuid?.() ?? 0;
const files = openFiles({ home: join(root, "home"), uid, now: () => NOW });
const plainFiles = openFiles({ home: join(root, "home"), uid, hardLinks: false });
let folder = "" as PathText;
let count = 0;

const at = (name: string): PathText => joinPath(folder, name);
const put = (name: string, text = "hello"): PathText => {
  writeFileSync(at(name), text);
  return at(name);
};
const text = (path: PathText): string => readFileSync(path, "utf8");

const otherDisk = otherDiskThan(root);

beforeEach(() => {
  folder = join(root, `${++count}`) as PathText;
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true }));

describe("names", () => {
  test("every name the system allows is read, written, listed and published as the same bytes", async () => {
    const names = [
      "plain",
      "snow \u2603 \u{1f4f7}",
      "e\u0301 and \u00e9",
      "line\nbreak",
      "quote's \"",
      "-dash",
      "n".repeat(255),
    ];
    const given = [...names.map((name) => Buffer.from(name)), Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x6a])];
    for (const bytes of given) {
      const path = joinPath(folder, encodePath(bytes));
      await files.writeAtomic(path, "hello");
      expect((await files.read(path, 100)).toString()).toBe("hello");
    }
    const listed = readdirSync(folder, { encoding: "buffer" });
    const sorted = (all: readonly Buffer[]) => all.map((name) => name.toString("hex")).sort();
    expect(sorted(listed)).toEqual(sorted(given));
    expect((await files.list(folder)).map(({ name }) => name).sort()).toEqual(given.map(encodePath).sort());
  });
});

describe("looking", () => {
  test("a file's signature changes with its bytes, its time and its inode", async () => {
    const path = put("a");
    const first = await files.stat(path);
    expect(first).toMatchObject({ kind: "file", sizeBytes: 5, inode: expect.stringMatching(/^\d+$/) });
    utimesSync(path, 1, 1.5);
    expect(await files.stat(path)).toMatchObject({ mtimeNs: "1500000000", mtimeMs: 1500, inode: first!.inode });
    // A time that was set says nothing of when.
    expect((await files.stat(path))!.changedMs).toBeGreaterThan(1_500_000_000_000);
    await files.writeAtomic(path, "hello");
    expect((await files.stat(path))!.inode).not.toBe(first!.inode);
  });

  test("what is not there is undefined, and a link is told as a link", async () => {
    symlinkSync(put("target"), at("link"));
    expect(await files.stat(at("nothing"))).toBeUndefined();
    expect(await files.stat(joinPath(put("file"), "below"))).toBeUndefined();
    expect(await files.real(at("nothing"))).toBeUndefined();
    expect((await files.stat(at("link")))!.kind).toBe("link");
    expect(await files.real(at("link"))).toBe(await files.real(at("target")));
    expect((await files.stat(folder))!.kind).toBe("folder");
  });

  test("folders are made with those above them, and refused where none can be", async () => {
    await files.makeFolder(at("a/b/c"));
    await files.makeFolder(at("a/b/c"));
    expect(statSync(at("a/b/c")).isDirectory()).toBe(true);
    put("file");
    await expect(files.makeFolder(at("file/under"))).rejects.toMatchObject({ code: "file-failed" });
    await expect(files.makeFolder("/proc/hotgrade" as PathText)).rejects.toMatchObject({ code: "file-failed" });
  });

  test("hashes are SHA-256 in lower-case hex, and reading has a bound", async () => {
    expect(await files.sha256(put("hash"))).toBe(HELLO_SHA256);
    await expect(files.read(at("hash"), 4)).rejects.toMatchObject({ code: "file-too-large" });
    await expect(files.read(at("nothing"), 4)).rejects.toMatchObject({
      code: "file-failed",
      data: { errno: "ENOENT" },
    });
  });
});

describe("writing", () => {
  test("an atomic write replaces the file and leaves no other", async () => {
    put("a", "old");
    await files.writeAtomic(at("a"), new Uint8Array([110, 101, 119]));
    expect(text(at("a"))).toBe("new");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("a write that fails leaves neither a temporary name nor a changed file", async () => {
    mkdirSync(at("a"));
    await expect(files.writeAtomic(at("a"), "x")).rejects.toMatchObject({ code: "file-failed" });
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("a full disk and a used-up quota are told as such, other refusals as they are", () => {
    const said = (code: string) => diskError(Object.assign(new Error(code), { code }), "write", at("a")).code;
    expect(["ENOSPC", "EDQUOT", "EROFS", "EIO"].map(said)).toEqual([
      "disk-full",
      "disk-full",
      "file-failed",
      "file-failed",
    ]);
  });

  test("a folder that can be written in is made and left empty", async () => {
    await files.proveWritable(at("new/deep"));
    expect(readdirSync(at("new/deep"))).toEqual([]);
  });

  test("what a killed proof left in a folder goes with the next one", async () => {
    await files.makeFolder(at("out"));
    put("out/.hotgrade-probe.tmp", "hotgr");
    await Promise.all(Array.from({ length: 8 }, () => files.proveWritable(at("out"))));
    expect(await files.list(at("out"))).toEqual([]);
  });

  test("a folder that cannot be written in says so", async () => {
    await expect(files.proveWritable(joinPath(put("file"), "below"))).rejects.toMatchObject({
      code: "outbox-unwritable",
    });
    if (uid === 0) return; // root may write everywhere
    mkdirSync(at("closed"));
    chmodSync(at("closed"), 0o500);
    await expect(files.proveWritable(at("closed"))).rejects.toMatchObject({ code: "outbox-unwritable" });
  });

  test("discarding what is not there is no error", async () => {
    await files.discard(at("nothing"));
    await files.discardFolder(at("nothing"));
    mkdirSync(at("full"));
    put("full/a");
    await files.discardFolder(at("full"));
    expect(existsSync(at("full"))).toBe(false);
  });
});

describe.each([
  ["by hard link", files],
  ["where there are no hard links", plainFiles],
])("publishing %s", (_way, disk) => {
  test("the temporary name becomes the final one", async () => {
    expect(await disk.publish(put("temp"), at("final"))).toBe("published");
    expect(readdirSync(folder)).toEqual(["final"]);
  });

  test("another file of that name is never replaced", async () => {
    put("final", "theirs");
    expect(await disk.publish(put("temp"), at("final"))).toBe("taken");
    expect([text(at("final")), text(at("temp"))]).toEqual(["theirs", "hello"]);
  });

  test("a file of the same bytes that is not ours is left alone", async () => {
    put("final");
    expect(await disk.publish(put("temp"), at("final"))).toBe("taken");
    expect(readdirSync(folder).sort()).toEqual(["final", "temp"]);
  });

  test("a run that ended between link and unlink is finished", async () => {
    linkSync(put("temp"), at("final"));
    expect(await disk.publish(at("temp"), at("final"))).toBe("published");
    expect(readdirSync(folder)).toEqual(["final"]);
  });
});

describe("moving and copying", () => {
  test("a move makes the folder, keeps the file itself and never replaces", async () => {
    const inode = statSync(put("a")).ino;
    expect(await files.move(at("a"), at("done/a"))).toBe("moved");
    expect(statSync(at("done/a")).ino).toBe(inode);
    expect(await files.move(at("a"), at("done/a"))).toBe("gone");
    expect(await files.move(put("a", "other"), at("done/a"))).toBe("taken");
    expect([text(at("a")), text(at("done/a"))]).toEqual(["other", "hello"]);
  });

  test("a copy has the same bytes and time, and the original stays", async () => {
    utimesSync(put("a"), 5, 5);
    expect(await files.copy(at("a"), at("copies/a"))).toBe("copied");
    expect(text(at("copies/a"))).toBe("hello");
    expect(statSync(at("copies/a")).mtimeMs).toBe(5_000);
    expect(await files.copy(at("a"), at("copies/a"))).toBe("copied");
    expect(await files.copy(put("b", "other"), at("copies/a"))).toBe("taken");
    expect(await files.copy(at("nothing"), at("copies/b"))).toBe("gone");
    expect(readdirSync(at("copies"))).toEqual(["a"]);
  });

  test("a move to another disk verifies the copy before the source goes", async () => {
    const other = mkdtempSync(join(otherDisk, "hotgrade-")) as PathText;
    try {
      expect(await files.move(put("a"), joinPath(other, "a"))).toBe("moved");
      expect(existsSync(at("a"))).toBe(false);
      expect(text(joinPath(other, "a"))).toBe("hello");
      expect(await files.move(put("a", "new"), joinPath(other, "a"))).toBe("taken");
      expect(text(at("a"))).toBe("new");
      expect(await files.move(put("b", "hello"), joinPath(other, "a"))).toBe("moved");
      expect(readdirSync(other)).toEqual(["a"]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

describe("the trash", () => {
  test("a file goes to the home trash with a note of where it was and when", async () => {
    const trashed = await files.trash(put("50% \u2603.jpg"));
    expect(trashed).toBe(join(root, "home/.local/share/Trash/files/50% \u2603.jpg"));
    expect(text(trashed)).toBe("hello");
    const info = readFileSync(join(root, "home/.local/share/Trash/info/50% \u2603.jpg.trashinfo"), "utf8");
    const path = `${folder}/50%25%20%E2%98%83.jpg`;
    expect(info).toBe(`[Trash Info]\nPath=${path}\nDeletionDate=2026-03-04T05:06:07\n`);
    expect(existsSync(at("50% \u2603.jpg"))).toBe(false);
  });

  test("the same name twice gets a number, and the first file stays", async () => {
    const one = await files.trash(put("twice.jpg", "one"));
    const two = await files.trash(put("twice.jpg", "two"));
    expect([text(one), text(two)]).toEqual(["one", "two"]);
    expect(two).toMatch(/twice 2\.jpg$/);
  });

  test("a name as long as the disk takes, in bytes that are no text, is trashed all the same", async () => {
    const name = Buffer.concat([Buffer.from([0xff]), Buffer.from("\u00e9".repeat(125)), Buffer.from(".jpg")]);
    const path = joinPath(folder, encodePath(name));
    await files.writeAtomic(path, "hello");
    const trashed = await files.trash(path);
    expect((await files.read(trashed, 10)).toString()).toBe("hello");
  });

  test("a file on another disk stays on it, in that disk's own trash", async () => {
    const other = mkdtempSync(join(otherDisk, "hotgrade-")) as PathText;
    const top = execFileSync("stat", ["-c", "%m", other], { encoding: "utf8" }).trim();
    writeFileSync(join(other, "far.jpg"), "hello");
    const trashed = await files.trash(joinPath(other, "far.jpg"));
    try {
      expect(trashed).toMatch(new RegExp(`^${top}/\\.Trash(-${uid}|/${uid})/files/far`));
      const info = readFileSync(trashed.replace("/files/", "/info/").concat(".trashinfo"), "utf8");
      expect(info).toContain(`Path=${other.slice(top.length + 1)}/far.jpg\n`);
    } finally {
      rmSync(trashed);
      rmSync(trashed.replace("/files/", "/info/").concat(".trashinfo"));
      rmSync(other, { recursive: true });
    }
  });

  test("what is not there is an error, and leaves no note", async () => {
    await expect(files.trash(at("nothing"))).rejects.toMatchObject({ code: "file-failed" });
    expect(existsSync(join(root, "home/.local/share/Trash/info/nothing.trashinfo"))).toBe(false);
  });
});
