/** An original on its way to another disk survives a kill at every step: it is whole, in a known place, and arrives once. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Disposition } from "../../src/core/job/job.ts";
import { aJob, aRecipe } from "../support/jobs.ts";
import { otherDiskThan } from "../support/other-disk.ts";
import type { RetireState } from "../support/retire-apart.ts";

const APART = join(import.meta.dirname, "../support/retire-apart.ts");
const PHOTO = Buffer.alloc(300_000, "the original ");

let here: string;
let there: string;
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), "hotgrade-retire-"));
  there = mkdtempSync(join(otherDiskThan(here), "hotgrade-retire-"));
});
afterEach(() => {
  for (const folder of [here, there]) rmSync(folder, { recursive: true });
});

/** A photo in an inbox of its own, whose job is about to retire it. */
function aCase(name: string, kind: "move" | "copy") {
  const inbox = join(here, name);
  const folder = join(there, name);
  const photo = join(inbox, "day/a.jpg");
  mkdirSync(join(inbox, "day"), { recursive: true });
  writeFileSync(photo, PHOTO);
  const { size, mtimeNs, ino } = statSync(photo, { bigint: true });
  const signature = { sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: String(ino) };
  const done: Disposition = { kind, folder: folder as PathText };
  const leave = { kind: "leave" } as const;
  const original = { done, failed: leave, duplicate: leave, unsupported: leave };
  const place = { inbox: inbox as PathText, path: "day/a.jpg" as PathText, original: photo as PathText };
  const job = aJob({ ...place, stage: "retire", facts: { signature }, recipe: aRecipe({ original }) });
  const file = join(here, `${name}.json`);
  writeFileSync(file, JSON.stringify({ job, home: here } satisfies RetireState));
  return { photo, target: join(folder, "day/a.jpg"), folder: join(folder, "day"), file };
}

const run = (...words: readonly string[]): Promise<NodeJS.Signals | null> =>
  new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [APART, ...words], (_error, _out, talk) => {
      if (child.signalCode === null && child.exitCode !== 0) reject(new Error(talk));
      else resolve(child.signalCode);
    });
  });
const stateOf = (file: string) => JSON.parse(readFileSync(file, "utf8")) as RetireState;
const isWhole = (file: string) => existsSync(file) && readFileSync(file).equals(PHOTO);

describe.each(["move", "copy"] as const)("%s to another disk", (kind) => {
  test("killed before each step and within the copy, then run again", async () => {
    const whole = aCase("whole", kind);
    expect(await run(whole.file)).toBeNull();
    const { steps = [] } = stateOf(whole.file);
    // What is on its way: noted, copied, synced, named, and only then is the source removed.
    const kept = ["note", "noted", "copyFile", "sync", "link", "unlink", "record"];
    expect(steps.filter((name) => kept.includes(name)).filter((name, at, all) => name !== all[at - 1])).toEqual(
      expect.arrayContaining(kept),
    );
    const kills = [
      ...steps.map((name, at) => ({ at, name, words: [String(at)] })),
      { at: steps.indexOf("copyFile"), name: "half", words: [String(steps.indexOf("copyFile")), "half"] },
    ];
    for (const { at, name, words } of kills) {
      const { photo, target, folder, file } = aCase(`${at}-${name}`, kind);
      expect([name, at, await run(file, ...words)]).toEqual([name, at, "SIGKILL"]);
      expect([name, at, isWhole(photo) || isWhole(target)]).toEqual([name, at, true]);
      // What has the final name is never a part of it.
      expect([name, at, !existsSync(target) || isWhole(target)]).toEqual([name, at, true]);
      expect([name, at, await run(file), stateOf(file).outcome]).toEqual([name, at, null, "done"]);
      expect([name, at, isWhole(target), isWhole(photo)]).toEqual([name, at, true, kind === "copy"]);
      expect([name, at, readdirSync(folder)]).toEqual([name, at, ["a.jpg"]]);
    }
  }, 120_000);
});
