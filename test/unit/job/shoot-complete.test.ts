import { expect, test } from "vitest";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import { completeShoots, type OpenPhoto, shootBody } from "../../../src/core/job/shoot-complete.ts";
import { aJob } from "../../support/jobs.ts";

const HOUR = 3_600_000;
const photo = (id: string, path: string, createdAt: number, changes: Partial<OpenPhoto> = {}): OpenPhoto => ({
  id,
  path: path as PathText,
  status: "done",
  waitsOn: null,
  firstStatus: null,
  createdAt,
  endedAt: null,
  failure: null,
  ...changes,
});
const complete = (photos: OpenPhoto[], now: number, arriving: string[] = []) =>
  completeShoots(photos, { now, gapMs: 1_000, arriving: new Set(arriving) }).map(
    (shoot) => `${shoot.folder}: ${shoot.photos.map(({ id }) => id).join(" ")}`,
  );

test("a folder is complete when nothing came for the gap and every photo has ended, however it did", () => {
  const photos = [
    photo("1", "day/a", 0),
    photo("2", "day/b", 500, { status: "failed" }),
    photo("3", "day/c", 600, { status: "cancelled" }),
  ];
  expect(complete(photos, 1_599)).toEqual([]);
  expect(complete(photos, 1_600)).toEqual(["day: 1 2 3"]);
  expect(complete(photos, 1_600, ["day"])).toEqual([]);
  for (const status of ["ready", "leased"] as const)
    expect(complete([...photos, photo("4", "day/d", 700, { status })], 48 * HOUR)).toEqual([]);
});

test("folders are shoots of their own, whatever the pauses; in the inbox itself a pause parts two", () => {
  const photos = [
    photo("1", "a", 0),
    photo("2", "day/x", 100),
    photo("3", "b", 1_000),
    photo("4", "c", 2_001),
    photo("5", "day/y", 5_000),
    photo("6", "day/deep/z", 0),
  ];
  expect(complete(photos, 9_000)).toEqual([": 1 3", "day: 2 5", ": 4", "day/deep: 6"]);
  // The first of two is told of while the second goes on.
  expect(complete([photo("1", "a", 0), photo("2", "b", 5_000, { status: "leased" })], 9_000)).toEqual([": 1"]);
});

test("what is held for a person, and what waits for that, keeps a shoot for a day and no longer", () => {
  const photos = [
    photo("1", "day/a", 0),
    photo("2", "day/b", 0, { status: "held" }),
    photo("3", "day/c", 0, { status: "ready", waitsOn: "shoot:7" }),
  ];
  expect(complete(photos, 24 * HOUR - 1)).toEqual([]);
  expect(complete(photos, 24 * HOUR)).toEqual(["day: 1 2 3"]);
});

test("a copy of a photo that is held, here or in another folder, waits for that person too; one of a slow photo is at work", () => {
  const copy = (firstStatus: OpenPhoto["status"]) => [
    photo("1", "day/a", 0),
    photo("2", "day/b", 0, { status: "ready", waitsOn: "copy:7", firstStatus }),
  ];
  expect(complete(copy("held"), 24 * HOUR - 1)).toEqual([]);
  expect(complete(copy("held"), 24 * HOUR)).toEqual(["day: 1 2"]);
  expect(complete(copy("leased"), 48 * HOUR)).toEqual([]);
});

test("the summary counts, times and says why", () => {
  const failure = { code: "picture-damaged", message: "It is cut short.", stage: "lut" } as const;
  const jobs = [
    aJob({ status: "done", createdAt: 1_000, endedAt: 4_000 }),
    aJob({ status: "failed", path: "day/b.jpg" as PathText, failure, createdAt: 2_000, endedAt: 9_000 }),
    aJob({ status: "held", createdAt: 3_000 }),
    aJob({ status: "superseded", createdAt: 3_000, endedAt: 3_500 }),
  ];
  expect(shootBody("/in" as PathText, "day" as PathText, jobs, 10_000)).toMatchObject({
    inbox: "/in",
    folder: "day",
    photos: 4,
    done: 1,
    failed: 1,
    held: 1,
    cancelled: 1,
    startedAt: "1970-01-01T00:00:01.000Z",
    endedAt: "1970-01-01T00:00:09.000Z",
    ms: 8_000,
    failures: [{ path: "day/b.jpg", code: "picture-damaged", sentence: "It is cut short." }],
  });
});
