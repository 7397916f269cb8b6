/** Finish local through the Pictures port: real photos, real encoder, look and grid at full size against the truth. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { deltaE } from "../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../src/core/colour/srgb.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { formatGrid } from "../../src/core/local/file.ts";
import { emptyGrid, gridSize, viewOf, WHOLE } from "../../src/core/local/grid.ts";
import type { Pictures } from "../../src/ports.ts";
import { LIGHT_NAMES, LIGHTS, type Light } from "../support/light.ts";
import { type Look, lookNamed } from "../support/looks.ts";
import { deepImage, pathOf, saved, savedCube, sceneImage, sheerImage, silent } from "../support/photos.ts";
import { chance } from "../support/pictures.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const folder = mkdtempSync(join(tmpdir(), "hotgrade-local-"));
let pictures: Pictures;
let count = 0;
const fresh = (ending: string): PathText => pathOf(join(folder, `out-${++count}.${ending}`));

beforeAll(() => {
  pictures = openPictures({ workers: 2, memoryBytes: 1 << 30, log: silent });
});
afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

type Pixels = { readonly data: Uint8Array; readonly width: number; readonly height: number };

async function pixelsOf(file: string, width?: number): Promise<Pixels> {
  const image = sharp(file).autoOrient().resize(width).removeAlpha().raw();
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

function changed({ data, width, height }: Pixels, look: Look, light: Light): Pixels {
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const pixel = at / 3;
    const graded = look([data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255]);
    const lit = light(graded, ((pixel % width) + 0.5) / width, (Math.floor(pixel / width) + 0.5) / height);
    for (let c = 0; c < 3; c++) out[at + c] = Math.round(255 * Math.min(1, Math.max(0, lit[c]!)));
  }
  return { data: out, width, height };
}

const imageOf = ({ data, width, height }: Pixels) => sharp(data, { raw: { width, height, channels: 3 } });

function meanError(one: Pixels, other: Pixels): number {
  const colour = ({ data }: Pixels, at: number): Triple => [data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255];
  let sum = 0;
  let n = 0;
  for (let at = 0; at < one.data.length; at += 3 * 101, n++)
    sum += deltaE(toLab(colour(one, at)), toLab(colour(other, at)));
  return sum / n;
}

/** The photo through plate, model, fit and render; `crop` is what the model saw of it. */
async function transferred(photo: Pixels, truth: Pixels, crop = { left: 0, top: 0, ...sizeOf(photo) }) {
  const scale = Math.sqrt(1e6 / (crop.width * crop.height));
  const small = (pixels: Pixels) =>
    imageOf(pixels)
      .extract(crop)
      .resize(Math.round(scale * crop.width), Math.round(scale * crop.height), { fit: "fill" });
  const [before, after] = [fresh("png"), fresh("png")];
  await small(photo).png().toFile(before);
  await small(truth).png().toFile(after);
  const [cube, grid, heatmap, original] = [fresh("cube"), fresh("grid"), fresh("png"), fresh("png")];
  await imageOf(photo).png({ compressionLevel: 1 }).toFile(original);
  const local = { to: grid, when: "always", view: viewOf(crop, photo) } as const;
  const pairs = [{ before, after, baseline: null, rounding: "rounded" }] as const;
  const report = await pictures.fit({ pairs, size: 33, title: "t", comments: [], to: cube, local, heatmap });
  const render = async (besides: { readonly grid?: PathText }) => {
    const to = fresh("png");
    await pictures.render({ original, cube, strength: 1, format: "png", quality: null, to, ...besides });
    if (besides.grid) {
      const proof = await pictures.verify({ original, cube, strength: 1, output: to, ...besides });
      // Straight lines between refined nodes leave the curve by two codes where it bends most.
      expect(proof.encodedMaxCode).toBeLessThan(2.5);
      expect(proof.encodedMeanCode).toBeLessThan(0.4);
    }
    return meanError(await pixelsOf(to), truth);
  };
  return { report, heatmap, grid, alone: await render({}), both: existsSync(grid) ? await render({ grid }) : null };
}

const sizeOf = ({ width, height }: Pixels) => ({ width, height });

/** Larger than a plate of it, and no larger than that takes. */
const sample = (name: string) => pixelsOf(join(SAMPLES, name), 1800);

describe.each(["mountains.jpg", "sunset.webp"])("%s", (name) => {
  test.each(LIGHT_NAMES)("%s comes through at full size", async (light) => {
    const photo = await sample(name);
    const truth = changed(photo, lookNamed("warm"), LIGHTS[light]);
    const { alone, both, report, heatmap } = await transferred(photo, truth);
    expect(both ?? alone).toBeLessThan(1.5);
    if (report.verdict === "global") return;
    expect(both!).toBeLessThan(0.85 * alone);
    expect(report.localScore!).toBeLessThan(report.score);
    expect(await sharp(heatmap).metadata()).toMatchObject({ format: "png", channels: 3 });
  });
});

test("a plain grade gets neither grid nor heat map", async () => {
  const photo = await sample("sunset.webp");
  const truth = changed(photo, lookNamed("tealOrange"), (colour) => colour);
  const { both, heatmap, alone } = await transferred(photo, truth);
  expect([both, existsSync(heatmap)]).toEqual([null, false]);
  expect(alone).toBeLessThan(0.6);
});

test("what the model did not see goes on as it was at the border, without an edge", async () => {
  const photo = await sample("mountains.jpg");
  const truth = changed(photo, lookNamed("warm"), LIGHTS.sideLight);
  const crop = { left: 180, top: 0, width: photo.width - 360, height: photo.height };
  const { alone, both } = await transferred(photo, truth, crop);
  expect(both!).toBeLessThan(0.6 * alone);
});

describe("render with a grid", () => {
  /** Changes nothing, but goes all the way through the slices. */
  const still = pathOf(join(folder, "still.grid"));
  const dark = pathOf(join(folder, "dark.grid"));
  const strange = pathOf(join(folder, "strange.grid"));
  const uneven = pathOf(join(folder, "uneven.grid"));
  let cube: PathText;
  beforeAll(() => {
    const empty = emptyGrid(gridSize(300, 200), WHOLE);
    cube = savedCube(folder);
    const look = createHash("sha256").update(readFileSync(cube)).digest("hex");
    writeFileSync(still, formatGrid(empty, look));
    const values = empty.values.map((_, at) => (at % 12 === 0 || at % 12 === 5 || at % 12 === 10 ? -0.5 : 0));
    writeFileSync(dark, formatGrid({ ...empty, values }, look));
    const random = chance(3);
    writeFileSync(uneven, formatGrid({ ...empty, values: values.map(() => 0.05 * (random() - 0.5)) }, look));
    writeFileSync(strange, formatGrid(empty, look.replace(/^./, "x")));
  });

  /** The file's own numbers: 8 bits as bytes, 16 bits as words. */
  async function samplesOf(file: PathText): Promise<Uint8Array | Uint16Array> {
    const image = sharp(file).keepIccProfile();
    if ((await image.metadata()).depth === "uchar") return new Uint8Array(await image.raw().toBuffer());
    const words = await image.toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer();
    return new Uint16Array(Uint8Array.from(words).buffer);
  }
  async function rendered(original: PathText, grid?: PathText, strength = 1) {
    const to = fresh("tif");
    const besides = grid ? { grid } : {};
    await pictures.render({ original, cube, strength, format: "tiff", quality: null, to, ...besides });
    return samplesOf(to);
  }
  function farthest(one: ArrayLike<number>, other: ArrayLike<number>): number {
    let most = 0;
    for (let at = 0; at < one.length; at++) most = Math.max(most, Math.abs(one[at]! - other[at]!));
    return most;
  }

  test.each([
    ["8 bits", () => sceneImage(300, 200).png()],
    ["16 bits", () => deepImage(300, 200).tiff({ compression: "lzw" })],
    ["alpha", () => sheerImage(300, 200).png()],
    ["Display P3", () => sceneImage(300, 200).withIccProfile("p3").png()],
  ] as const)("a grid that changes nothing leaves the look as it is: %s", async (what, image) => {
    const file = await saved(folder, `still-${what.replace(/\W/g, "")}.img`, image());
    expect(farthest(await rendered(file, still), await rendered(file))).toBeLessThanOrEqual(1);
  });

  test.each([
    ["8 bits", () => sceneImage(300, 200).png(), 2],
    ["16 bits", () => deepImage(300, 200).tiff({ compression: "lzw" }), 2],
    ["Display P3", () => sceneImage(300, 200).withIccProfile("p3").png(), 4],
  ] as const)("look and grid are what double precision makes of them: %s", async (what, image, most) => {
    const original = await saved(folder, `proof-${what.replace(/\W/g, "")}.img`, image());
    const to = fresh("tif");
    const both = { original, cube, grid: uneven, strength: 1 };
    await pictures.render({ ...both, format: "tiff", quality: null, to });
    const proof = await pictures.verify({ ...both, output: to });
    expect(proof).toMatchObject({ sameSize: true, changed: true });
    expect(proof.maxCode).toBeLessThan(most);
    expect(proof.encodedMeanCode).toBeLessThan(0.5);
    await expect(pictures.verify({ ...both, grid: strange, output: to })).rejects.toMatchObject({
      code: "grid-invalid",
    });
  });

  test("half of every colour is half of every colour, and at strength 0 nothing is done", async () => {
    const file = await saved(folder, "half.tif", deepImage(300, 200).tiff({ compression: "lzw" }));
    const [whole, half] = [await rendered(file), await rendered(file, dark)];
    expect(
      farthest(
        half,
        whole.map((value) => Math.round(value / 2)),
      ),
    ).toBeLessThanOrEqual(1);
    expect(farthest(await rendered(file, dark, 0), await rendered(file, undefined, 0))).toBe(0);
  });

  test("a grid that was fitted with another look is refused", async () => {
    const file = await saved(folder, "strange.png", sceneImage(30, 20).png());
    await expect(rendered(file, strange)).rejects.toMatchObject({
      code: "grid-invalid",
      message: expect.stringContaining("belongs to another look"),
    });
  });

  test("a grid file cut short is refused by its code", async () => {
    const cut = pathOf(join(folder, "cut.grid"));
    writeFileSync(cut, readFileSync(dark).subarray(0, 400));
    const file = await saved(folder, "cut.png", sceneImage(30, 20).png());
    await expect(rendered(file, cut)).rejects.toMatchObject({ code: "grid-invalid" });
  });
});
