/** look show, blend and convert, through the real command line on real files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatCube, parseCube } from "../../src/core/lut/cube.ts";
import { blend, type Lattice, resample, weaken } from "../../src/core/lut/lattice.ts";
import { previewStrip } from "../../src/core/lut/strip.ts";
import { hotgrade } from "../support/command-line.ts";
import { readProfile } from "../support/lightroom.ts";
import { latticeNamed } from "../support/looks.ts";
import { deepImage, saved } from "../support/photos.ts";

const PHOTO = join(import.meta.dirname, "../fixtures/photo-small.jpg");
const TEAL = latticeNamed("tealOrange");
const NIGHT = latticeNamed("night", 17);
/** Six decimals of a .cube, rounded, and float32. */
const CUBE_STEP = 6e-7;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotgrade-look-"));
  const comments = ["Coverage: 0.93 of the fitted picture's colours."];
  await writeFile(join(folder, "teal.cube"), formatCube(TEAL, { title: "Teal", comments }));
  await writeFile(join(folder, "night.cube"), formatCube(NIGHT, { title: "Night" }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const cubeAt = async (name: string) => parseCube(await readFile(join(folder, name), "utf8"));
const ok = async (...args: readonly string[]) => {
  const ended = await hotgrade(folder, ...args);
  expect(ended).toMatchObject({ code: 0 });
  return ended;
};

function apart(one: Lattice, other: Lattice): number {
  expect(one.n).toBe(other.n);
  return one.values.reduce((most, value, q) => Math.max(most, Math.abs(value - other.values[q]!)), 0);
}

describe("look show", () => {
  test("says the neutral axis, the clipping and the coverage that the file carries", async () => {
    const { out } = await ok("look", "show", "teal.cube");
    expect(out).toMatch(/^clipping +\d+\.\d % of the colours; channels \d+\.\d % to black, \d+\.\d % to white$/m);
    expect(out).toMatch(/^cast +up to \d+\.\d C\* \(at grey \d\.\d{3}\)$/m);
    expect(out).toMatch(/^coverage +93\.0 % of the fitted picture's colours$/m);
    expect((await ok("look", "show", "night.cube")).out).not.toContain("coverage");
  });

  test("--preview draws the strip, and never over a file", async () => {
    const { out } = await ok("look", "show", "teal.cube", "--preview", "teal.png", "--json");
    expect(JSON.parse(out)).toMatchObject({ coverage: 0.93, preview: join(folder, "teal.png") });
    const { data, info } = await sharp(join(folder, "teal.png")).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([1024, 256, 3]);
    expect(data.equals(Buffer.from(previewStrip((await cubeAt("teal.cube")).lattice).samples))).toBe(true);

    await writeFile(join(folder, "mine.png"), "mine");
    const { code, talk } = await hotgrade(folder, "look", "show", "teal.cube", "--preview", "mine.png");
    expect([code, talk.includes("error[output-exists]")]).toEqual([2, true]);
    expect(await readFile(join(folder, "mine.png"), "utf8")).toBe("mine");
  });

  test("what hotgrade fits carries its coverage", async () => {
    const { coverage } = JSON.parse((await ok("fit", PHOTO, PHOTO, "--out", "fitted.cube", "--json")).out);
    expect(JSON.parse((await ok("look", "show", "fitted.cube", "--json")).out)).toMatchObject({ coverage });
  });
});

describe("look blend", () => {
  test("half a look is what apply --strength 0.5 applies", async () => {
    expect((await ok("look", "blend", "teal.cube", "--strength", "0.5", "--out", "half.cube")).out).toBe(
      `${join(folder, "half.cube")}\n`,
    );
    const half = await cubeAt("half.cube");
    expect(apart(half.lattice, weaken(TEAL, 0.5))).toBeLessThan(2 * CUBE_STEP);
    expect(half).toMatchObject({ title: "half", comments: expect.arrayContaining(["0.5 of teal."]) });

    await saved(folder, "deep.tif", deepImage(64, 48).tiff());
    await ok("apply", "deep.tif", "--cube", "teal.cube", "--strength", "0.5", "--out", "one.tif");
    await ok("apply", "deep.tif", "--cube", "half.cube", "--out", "other.tif");
    const words = async (name: string) =>
      sharp(join(folder, name)).toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer();
    const [one, other] = [
      new Uint16Array((await words("one.tif")).buffer),
      new Uint16Array((await words("other.tif")).buffer),
    ];
    expect(one.length).toBeGreaterThanOrEqual(3 * 64 * 48);
    expect(one.every((code, at) => Math.abs(code - other[at]!) <= 1)).toBe(true);
  });

  test("two looks are mixed on the finer lattice, from the first to the second", async () => {
    const { out } = await ok(
      "look",
      "blend",
      "night.cube",
      "teal.cube",
      "--strength",
      "0.3",
      "--out",
      "mix.cube",
      "--json",
    );
    expect(JSON.parse(out)).toMatchObject({ strength: 0.3, size: 33, output: join(folder, "mix.cube") });
    expect(apart((await cubeAt("mix.cube")).lattice, blend(NIGHT, TEAL, 0.3))).toBeLessThan(3 * CUBE_STEP);
  });
});

describe("look convert", () => {
  test("to another size", async () => {
    await ok("look", "convert", "teal.cube", "--out", "teal-65.cube", "--size", "65");
    const read = await cubeAt("teal-65.cube");
    expect(apart(read.lattice, resample(TEAL, 65))).toBeLessThan(2 * CUBE_STEP);
    expect(read).toMatchObject({ title: "Teal", comments: ["Coverage: 0.93 of the fitted picture's colours."] });
  });

  test("to a HaldCLUT of 512 × 512 and back, within half a 16-bit step", async () => {
    await ok("look", "convert", "teal.cube", "--out", "hald.png");
    const { width, height, depth, channels, hasProfile } = await sharp(join(folder, "hald.png")).metadata();
    expect({ width, height, depth, channels, hasProfile }).toMatchObject({
      width: 512,
      height: 512,
      depth: "ushort",
      channels: 3,
    });
    const { talk } = await ok("look", "convert", "hald.png", "--out", "back.cube");
    expect(talk).toBe("");
    expect(apart((await cubeAt("back.cube")).lattice, resample(TEAL, 64))).toBeLessThan(0.51 / 65_535 + 2 * CUBE_STEP);
    expect(JSON.parse((await ok("look", "show", "hald.png", "--json")).out)).toMatchObject({ kind: "3D", size: 64 });
  });

  test("to a small HaldCLUT of 8 bits, whose nodes are kept on the way back", async () => {
    await ok("look", "convert", "night.cube", "--out", "small.png", "--size", "25", "--bits", "8");
    expect(await sharp(join(folder, "small.png")).metadata()).toMatchObject({
      width: 125,
      height: 125,
      depth: "uchar",
    });
    await ok("look", "convert", "small.png", "--out", "small.cube");
    expect(apart((await cubeAt("small.cube")).lattice, resample(NIGHT, 25))).toBeLessThan(0.51 / 255);
  });

  test("a HaldCLUT with transparency, or tagged with a profile, gives its own numbers", async () => {
    await ok("look", "convert", "night.cube", "--out", "plain.png", "--size", "16", "--bits", "8");
    const tagged = await sharp(join(folder, "plain.png")).ensureAlpha().withIccProfile("p3").png().toBuffer();
    // The encoder converts to the profile it embeds; what counts is that reading converts nothing back.
    await writeFile(join(folder, "tagged.png"), tagged);
    const stored = await sharp(tagged).keepIccProfile().raw().toBuffer();
    await ok("look", "convert", "tagged.png", "--out", "tagged.cube");
    const { values } = (await cubeAt("tagged.cube")).lattice;
    for (let node = 0; node < 16 ** 3; node += 5)
      for (let c = 0; c < 3; c++)
        expect(Math.abs(255 * values[3 * node + c]! - stored[4 * node + c]!)).toBeLessThan(0.01);
  });

  test("to a Lightroom profile, named as the file, on 32 nodes, and said to be beta", async () => {
    const { talk, out } = await ok("look", "convert", "teal.cube", "--out", "Golden & evening.xmp", "--json");
    expect(JSON.parse(out)).toMatchObject({ format: "lightroom", size: 32 });
    expect(talk).toContain("beta");
    expect(talk).toContain("33 points a side became 32.");
    const profile = readProfile(await readFile(join(folder, "Golden & evening.xmp"), "utf8"));
    expect(profile).toMatchObject({ name: "Golden & evening", group: "hotgrade" });
    expect(apart(profile.lattice, resample(TEAL, 32))).toBeLessThan(0.51 / 65_535 + 2 * CUBE_STEP);
  });

  test.each([
    [["teal.cube", "--out", "x.lut"], 2, "--out x.lut must end in .cube or .png or .xmp"],
    [["teal.cube", "--out", "x.png", "--size", "33"], 2, "a HaldCLUT has 4, 9, 16"],
    [["teal.cube", "--out", "x.xmp", "--size", "33"], 2, "a Lightroom profile has at most 32 points a side, not 33"],
    [["teal.cube", "--out", "night.cube"], 2, "error[output-exists]"],
    [[PHOTO, "--out", "x.cube"], 1, "error[cube-invalid]"],
    [["photo.png", "--out", "x.cube"], 1, "error[hald-invalid]: The picture has 48 × 32 pixels"],
  ] as const)("%j is refused", async (args, expected, sentence) => {
    await saved(folder, "photo.png", deepImage(48, 32).png());
    const { code, out, talk } = await hotgrade(folder, "look", "convert", ...args);
    expect([code, out]).toEqual([expected, ""]);
    expect(talk).toContain(sentence);
    expect((await readdir(folder)).filter((name) => name.startsWith("x.") || name.endsWith(".tmp"))).toEqual([]);
  });
});
