/** retire on real files and a real ledger: what becomes of originals when folders are away, taken, or not ours. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFiles } from "../../src/adapters/files.ts";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { bringHome } from "../../src/app/bring-home.ts";
import { AppError } from "../../src/core/errors.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Disposition, Facts, Job, Originals } from "../../src/core/job/job.ts";
import type { Clock, Files, Ledger, Ports } from "../../src/ports.ts";
import type { Attempting } from "../../src/stages/define.ts";
import { retireStage } from "../../src/stages/retire.ts";
import { aJob, aRecipe } from "../support/jobs.ts";
import { silent } from "../support/photos.ts";

const LEAVE: Disposition = { kind: "leave" };
const into = (kind: "move" | "copy", folder: string): Disposition => ({ kind, folder: folder as PathText });
const own = openFiles({ home: tmpdir() });

let root: string;
let ledger: Ledger;
const at = (path: string) => join(root, "inbox", path) as PathText;
const there = (folder: string) => (existsSync(at(folder)) ? readdirSync(at(folder)).sort() : []);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "retire-"));
  mkdirSync(at("card"), { recursive: true });
  ledger = openLedger(join(root, "ledger.db") as PathText, 1);
});
afterEach(async () => {
  await ledger.close();
  rmSync(root, { recursive: true });
});

/** A photo of the inbox, lying at `place`. */
function photoAt(place: string, original: Partial<Originals>, changes: Partial<Job> = {}): Job {
  mkdirSync(dirname(at(place)), { recursive: true });
  writeFileSync(at(place), "a photo");
  const { size, mtimeNs, ino } = statSync(at(place), { bigint: true });
  const signature = { sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: String(ino) };
  const recipe = aRecipe({
    original: { done: LEAVE, failed: LEAVE, duplicate: LEAVE, unsupported: LEAVE, ...original },
  });
  const facts = { signature, ...changes.facts };
  return aJob({
    inbox: at(""),
    path: "card/a.jpg" as PathText,
    original: at(place),
    stage: "retire",
    recipe,
    ...changes,
    facts,
  });
}

/** Runs the stage; what it notes and gives is as the ledger would keep it. */
async function retire(job: Job, files: Files = own): Promise<Facts> {
  let facts = job.facts;
  const attempting = {
    note: async (more: Facts) => {
      facts = { ...facts, ...more };
    },
    signal: new AbortController().signal,
  };
  const ports = { files, ledger, clock: { now: () => 1 }, log: silent } as unknown as Ports;
  const outcome = await retireStage.run(job, ports, attempting as unknown as Attempting);
  if (outcome.kind !== "done") throw new Error(`it came to ${outcome.kind}`);
  return { ...facts, ...outcome.facts };
}

const HELD = { facts: { away: true } };

test("what was moved while it was held is copied and goes home; stopped in between, too", async () => {
  const copied = { done: into("copy", "kept"), held: into("move", "look at") };
  const job = photoAt("look at/card/a.jpg", copied, HELD);
  expect(await retire(job)).toMatchObject({ away: false, retiring: { kind: "move", to: at("card/a.jpg") } });
  expect([there("kept/card"), there("look at/card"), there("card")]).toEqual([["a.jpg"], [], ["a.jpg"]]);
  // Moved, and killed before that was kept.
  const stopped = {
    ...job,
    facts: { ...job.facts, retiring: { kind: "move", from: job.original, to: at("card/a.jpg") } } as Facts,
  };
  expect(await retire(stopped)).toMatchObject({ away: false });
  expect([there("kept/card"), there("card")]).toEqual([["a.jpg"], ["a.jpg"]]);
});

test("where something else has its name by now, it stays where it was put", async () => {
  const job = photoAt("failed/card/a.jpg", { failed: into("move", "failed") }, HELD);
  writeFileSync(at("card/a.jpg"), "another photo");
  const facts = await retire(job);
  expect(facts.away).toBe(true);
  expect([there("failed/card"), there("card")]).toEqual([["a.jpg"], ["a.jpg"]]);
});

test("while its disk is away it waits, and makes no folder on the bare mount point", async () => {
  const job = photoAt("card/a.jpg", { done: into("move", "done") });
  const sighting = { path: job.path, ...job.facts.signature!, state: "taken" as const, code: null, message: null };
  await ledger.sightings.put(at(""), [sighting], 1);
  renameSync(at("card"), join(root, "unmounted"));
  await expect(retire(job)).rejects.toMatchObject({ code: "folder-unreadable" });
  expect(there("")).toEqual([]);
  renameSync(join(root, "unmounted"), at("card"));
  await retire(job);
  expect(there("done/card")).toEqual(["a.jpg"]);
});

test("one that a person took away meanwhile is done with", async () => {
  const job = photoAt("card/a.jpg", { done: into("move", "done") });
  rmSync(at("card/a.jpg"));
  await retire(job);
  expect(existsSync(at("done"))).toBe(false);
});

test("of photos that are brought home, one that cannot be moved keeps none of the others", async () => {
  const failed = { status: "failed", facts: { away: true } } as const;
  const stuck = { ...photoAt("failed/card/b.jpg", {}, failed), id: "b", path: "card/b.jpg" as PathText };
  const jobs = [stuck, photoAt("failed/card/a.jpg", {}, failed)];
  const move: Files["move"] = async (from, to) => {
    if (from === stuck.original) throw new AppError("file-failed", "Cannot move it: EIO.");
    return own.move(from, to);
  };
  const warnings: string[] = [];
  const ports = { clock: { now: () => 1 } as Clock, files: { ...own, move }, ledger };
  expect(await bringHome(jobs, ports, (sentence) => warnings.push(sentence))).toEqual([jobs[1]!.id]);
  expect(warnings).toEqual([`card/b.jpg stays at ${stuck.original}: Cannot move it: EIO.`]);
  expect([there("card"), there("failed/card")]).toEqual([["a.jpg"], ["b.jpg"]]);
});

test("a folder that is not ours to remove stays, and the photo is put away", async () => {
  const job = photoAt("card/a.jpg", { done: into("move", "done"), removeEmptyFolders: true });
  const refuse = async () => {
    throw new AppError("file-failed", "Cannot remove it: EACCES.");
  };
  await retire(job, { ...own, removeFolder: refuse });
  expect([there("card"), there("done/card")]).toEqual([[], ["a.jpg"]]);
  expect(readFileSync(at("done/card/a.jpg"), "utf8")).toBe("a photo");
});
