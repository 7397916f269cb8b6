import { expect, test } from "vitest";
import type { PathText } from "../../../src/core/inbox/path-text.ts";
import { exampleName } from "../../../src/core/job/example-name.ts";
import type { OutputRecipe } from "../../../src/core/job/job.ts";
import { type Nameable, namingOf } from "../../../src/core/job/output-names.ts";
import type { PictureInfo } from "../../../src/core/job/picture.ts";
import { aJob, aRecipe } from "../../support/jobs.ts";

const PHOTO: PictureInfo = {
  ...{ format: "jpeg", width: 3, height: 2, orientation: 1, bitDepth: 8, hasAlpha: false },
  ...{ model: "rgb", profile: null, camera: null, takenAt: "2026-03-04 05:06:07" },
};
const GRADE = { lookName: null, seed: null, number: 7 };
const outputWith = (changes: Partial<OutputRecipe>): OutputRecipe => ({ ...aRecipe().output, ...changes });
const nameOf = (name: string, changes: Partial<Nameable>) =>
  namingOf({ ...aJob(), ...changes, recipe: { output: outputWith({ name }) } }, PHOTO, GRADE, 1).stems[0];

test("date and time of a name are those of the taking, six digits without a colon", () => {
  expect(nameOf("{date}_{time}_{name}.{ext}", { facts: { photo: PHOTO } })).toBe("2026-03-04_050607_a");
});

test("a photo that says no time has that of its job, in UTC, at every run the same", () => {
  const createdAt = Date.parse("2026-11-23T04:05:06.789Z");
  for (const facts of [{}, { photo: { ...PHOTO, takenAt: null } }])
    expect(nameOf("{date} {time}.{ext}", { facts, createdAt })).toBe("2026-11-23 040506");
});

test("an example shows what a template makes of a camera's file", () => {
  const now = Date.parse("2026-11-23T04:05:06Z");
  const inbox = { path: "/photos/wedding" as PathText, look: { kind: "each" }, seed: "random" } as const;
  const example = (changes: Partial<OutputRecipe>, more = {}) =>
    exampleName({ ...inbox, ...more, output: outputWith(changes) }, now);
  expect(example({ suffix: "-graded" })).toBe("IMG_0001.JPG → IMG_0001-graded.JPG");
  expect(example({ name: "{date}_{time}_{n}.{ext}", format: "png" })).toBe("IMG_0001.JPG → 2026-11-23_040506_0001.png");
  expect(example({ name: "{look} {seed} {inbox}.{ext}" }, { look: { kind: "named", name: "gold" }, seed: 42 })).toBe(
    "IMG_0001.JPG → gold 42 wedding.JPG",
  );
});
