/** Finish direct through the Pictures port: the model's own pixels, as large as the photo, in the photo's own numbers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { type Box, frameFor } from "../../src/core/workflow/framing.ts";
import type { Pictures, RenderRequest } from "../../src/ports.ts";
import { deepImage, pathOf, saved, savedCube, sceneImage, sheerImage, silent } from "../support/photos.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-direct-"));
const [WIDTH, HEIGHT] = [300, 200];
const WHOLE: Box = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
let pictures: Pictures;
let cube: PathText;
let count = 0;
const fresh = (ending: string): PathText => pathOf(join(folder, `out-${++count}.${ending}`));

beforeAll(() => {
  pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
  cube = savedCube(folder);
});
afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

/** Another scene, so that nothing of the original may be mistaken for it. */
const answerOf = (width: number, height: number) => sceneImage(width, height, 9);

async function direct(original: PathText, besides: Partial<RenderRequest> & Pick<RenderRequest, "answer">) {
  const to = fresh("tif");
  const report = await pictures.render({
    ...{ original, cube, strength: 1, format: "tiff", quality: null, to },
    ...besides,
  });
  return { to, report };
}

/** As 8-bit sRGB, whatever it is stored as. */
const srgbOf = (file: PathText | Buffer) => sharp(file).removeAlpha().toColourspace("srgb").raw().toBuffer();

function meanOff(one: ArrayLike<number>, other: ArrayLike<number>): number {
  expect(one.length).toBe(other.length);
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += Math.abs(one[at]! - other[at]!);
  return sum / one.length;
}

test.each([
  ["8 bits", () => sceneImage(WIDTH, HEIGHT).png(), 0.01],
  ["16 bits", () => deepImage(WIDTH, HEIGHT).tiff({ compression: "lzw" }), 0.6],
  ["alpha", () => sheerImage(WIDTH, HEIGHT).png(), 0.01],
  ["Display P3", () => sceneImage(WIDTH, HEIGHT).withIccProfile("p3").png(), 1],
] as const)(
  "an answer of half the size takes the whole photo's place, in its depth and profile: %s",
  async (what, image, offMax) => {
    const original = await saved(folder, `whole-${what.replace(/\W/g, "")}.img`, image());
    const small = answerOf(WIDTH / 2, HEIGHT / 2);
    const file = await saved(folder, `answer-${what.replace(/\W/g, "")}.png`, small.png());
    const part = { left: 0, top: 0, width: WIDTH / 2, height: HEIGHT / 2 };
    const { to, report } = await direct(original, { answer: { file, part, crop: WHOLE } });
    expect(report).toMatchObject({ width: WIDTH, height: HEIGHT });
    const [was, is] = [await sharp(original).metadata(), await sharp(to).metadata()];
    expect([is.depth, is.hasAlpha, is.icc?.length]).toEqual([was.depth, was.hasAlpha, was.icc?.length]);
    const expected = await sharp(file).resize(WIDTH, HEIGHT, { fit: "fill", kernel: "lanczos3" }).png().toBuffer();
    expect(meanOff(await srgbOf(to), await srgbOf(expected))).toBeLessThan(offMax);
    if (!was.hasAlpha) return;
    const alpha = (path: PathText) => sharp(path).extractChannel(3).raw().toBuffer();
    expect(await alpha(to)).toEqual(await alpha(original));
  },
);

test("the mirrored edges of a plate are left out of the photo again", async () => {
  const original = await saved(folder, "padded.png", sceneImage(WIDTH, HEIGHT).png());
  const frame = frameFor({ kind: "multiple", of: 64, pixelsMax: 65_536 }, WIDTH, HEIGHT, "pad");
  const plate = fresh("png");
  await pictures.plate({ original, frame, to: plate });
  const { to } = await direct(original, { answer: { file: plate, part: frame.inner!, crop: frame.crop } });
  const { width, height } = frame.inner!;
  const smaller = await sharp(original).resize(width, height, { fit: "fill" }).png().toBuffer();
  const expected = await sharp(smaller).resize(WIDTH, HEIGHT, { fit: "fill" }).png().toBuffer();
  expect(meanOff(await srgbOf(to), await srgbOf(expected))).toBeLessThan(0.2);
});

test("borders that the answer does not show are the photo with its look, and nothing jumps on the way there", async () => {
  const original = await saved(folder, "borders.png", sceneImage(WIDTH, HEIGHT).png());
  const crop = { left: 40, top: 0, width: 220, height: HEIGHT };
  const file = await saved(folder, "middle.png", answerOf(crop.width, crop.height).png());
  const part = { left: 0, top: 0, width: crop.width, height: crop.height };
  const { to } = await direct(original, { answer: { file, part, crop } });
  const looked = fresh("tif");
  await pictures.render({ original, cube, strength: 1, format: "tiff", quality: null, to: looked });
  const [is, look, answer] = await Promise.all(
    [to, looked, file].map((path) => sharp(path).removeAlpha().raw().toBuffer()),
  );
  const at = (pixels: Buffer, x: number, y: number, width: number) => [
    ...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
  ];
  for (const y of [0, 99, 199]) {
    for (const x of [0, 20, 39, 260, 299]) expect(at(is!, x, y, WIDTH)).toEqual(at(look!, x, y, WIDTH));
    for (const x of [48, 150, 251]) expect(at(is!, x, y, WIDTH)).toEqual(at(answer!, x - crop.left, y, crop.width));
  }
});

test("a strength below 1 leaves as much of the original", async () => {
  const original = await saved(folder, "half.png", sceneImage(WIDTH, HEIGHT).png());
  const file = await saved(folder, "half-answer.png", answerOf(WIDTH, HEIGHT).png());
  const { to } = await direct(original, { answer: { file, part: WHOLE, crop: WHOLE }, strength: 0.5 });
  const [was, answer] = [await srgbOf(original), await srgbOf(file)];
  expect(
    meanOff(
      await srgbOf(to),
      was.map((value, i) => (value + answer[i]!) / 2),
    ),
  ).toBeLessThan(0.5);
});
