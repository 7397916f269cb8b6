/** Photos of every format through the real program: an inbox, other settings for what is done, single photos. */
import { copyFileSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, expect, test } from "vitest";
import { deepImage, savedCube, sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const configOf = (keys: string) =>
  `inboxes:\n  - path: inbox\n    settle: 100ms\n    prompt: warm\n    sidecars: []\n${keys}`;

let project: TestProject;
afterEach(() => project.remove());

const graded = () => readdirSync(project.outbox).sort();
const seen = (name: string) => sharp(join(project.outbox, name)).metadata();

test("HEIC, AVIF and deep TIFF are graded by what they are; other settings write them again with the look they have", async () => {
  project = makeProject(configOf(""));
  copyFileSync(join(FIXTURES, "dogs-turned.heic"), join(project.inbox, "dogs.HEIC"));
  await sceneImage(320, 240).avif({ effort: 0 }).toFile(join(project.inbox, "scene.avif"));
  await deepImage(320, 240).tiff({ compression: "lzw" }).toFile(join(project.inbox, "deep.tif"));
  await sceneImage(64, 48).gif().toFile(join(project.inbox, "still.gif"));
  const first = await project.run("once");
  expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining("This is a GIF, a format of animations.") });
  expect(first.stderr).toContain("The HEIC became a JPEG");
  expect(graded()).toEqual(["deep.tif", "dogs.jpg", "scene.avif"]);
  expect(await seen("dogs.jpg")).toMatchObject({ format: "jpeg", width: 250, height: 380 });
  expect(await seen("deep.tif")).toMatchObject({ depth: "ushort" });

  writeFileSync(join(project.root, "hotgrade.yaml"), configOf("    format: png\n    resize: 160\n    profile: p3\n"));
  expect(await project.run("retry", "--stale")).toMatchObject({ stderr: "3 photos will be tried again.\n" });
  expect(await project.run("once")).toMatchObject({ stderr: expect.stringContaining("3 graded") });
  for (const [name, width, height] of [
    ["dogs-2.png", 105, 160],
    ["scene-2.png", 160, 120],
    ["deep-2.png", 160, 120],
  ] as const)
    expect(await seen(name)).toMatchObject({ format: "png", width, height, hasProfile: true });
  const jobs = (await project.json("jobs")) as { readonly jobs: readonly { readonly id: string }[] };
  const again = (await project.json("job", jobs.jobs[0]!.id)) as { readonly attempts: readonly { stage: string }[] };
  expect(again.attempts.map(({ stage }) => stage)).toEqual(["write", "retire"]);
});

test("apply and grade write what is asked for, and refuse what no file can be before they touch anything", async () => {
  project = makeProject(configOf("    format: avif\n    bitDepth: 10\n"));
  const cube = savedCube(project.root);
  const photo = join(FIXTURES, "bowl-p3.heic");
  const apply = (...args: readonly string[]) => project.run("apply", photo, "--cube", cube, ...args);
  expect(await apply("--out", "graded", "--format", "webp", "--resize", "100")).toMatchObject({ code: 0 });
  expect(await seen("bowl-p3.webp")).toMatchObject({ format: "webp", width: 100, height: 68, hasProfile: true });
  for (const [args, sentence] of [
    [["--out", "a.jpg", "--bit-depth", "16"], "--bit-depth 16: JPEG holds 8 bits, not 16; TIFF and PNG do"],
    [["--out", "a.jpg", "--format", "png"], "--out a.jpg says JPEG and --format says png: leave one out"],
    [["--out", "a.heic"], "hotgrade writes no HEIC; name a .jpg or .avif"],
  ] as const)
    expect(await apply(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) });
  expect(existsSync(join(project.root, "a.jpg")) || existsSync(join(project.root, "a.heic"))).toBe(false);

  expect(await project.run("grade", photo, "--out", "graded", "--resize", "200")).toMatchObject({ code: 0 });
  expect(await seen("bowl-p3.avif")).toMatchObject({ width: 200, bitsPerSample: 10 });
  const tiff = ["grade", photo, "--out", "graded/deep.tif", "--bit-depth", "16", "--profile", "srgb"];
  expect(await project.run(...tiff)).toMatchObject({ code: 0 });
  expect(await seen("deep.tif")).toMatchObject({ format: "tiff", depth: "ushort", width: 320 });
});
