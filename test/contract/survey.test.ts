/** What lies in an inbox, where not all of it can be read. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Disk, systemDisk } from "../../src/adapters/inbox-disk.ts";
import { openSystemSurvey } from "../../src/adapters/inbox-survey.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { silent } from "../support/photos.ts";

let root: string;
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "survey-")));
  for (const folder of ["open", "closed"]) {
    fs.mkdirSync(join(root, folder));
    fs.writeFileSync(join(root, folder, "a.jpg"), "bytes");
  }
});
afterEach(() => fs.rmSync(root, { recursive: true }));

/** A disk that lists every folder but this one. */
const without = (closed: string): Disk => ({
  ...systemDisk,
  list: async (folder) => {
    if (folder === closed) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    return systemDisk.list(folder);
  },
});
const photosOn = async (disk: Disk) =>
  (await openSystemSurvey({ root: root as PathText, skip: [] }, silent, disk).photos())?.map(({ path }) => path);

test("a folder in it that cannot be read keeps the others from nothing", async () => {
  expect(await photosOn(without(join(root, "closed")))).toEqual(["open/a.jpg"]);
});

test("while the inbox itself cannot be read, nobody knows what lies there", async () => {
  expect(await photosOn(without(root))).toBeUndefined();
});
