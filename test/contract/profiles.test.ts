/** Colours outside sRGB: left alone by a look that does nothing, grey under a grey look, ramps that stay ramps. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { identity, latticeOf } from "../../src/core/lut/lattice.ts";
import type { Pictures } from "../../src/ports.ts";
import { pathOf, saved, savedCube, silent, strongLook } from "../support/photos.ts";
import { matrixProfile, type Primaries, taggedPng } from "../support/profiles.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-profiles-"));
let pictures: Pictures;
let plain: PathText;
let grey: PathText;
let strong: PathText;
let clipping: PathText;
let count = 0;

/** Contrast, warmth and colour without an end that clips: each channel still rises everywhere. */
const smoothLook = latticeOf(33, (r, g, b) => {
  const curve = (v: number) => 0.03 + 0.94 * (0.45 * v + 0.55 * v * v * (3 - 2 * v));
  const light = 0.25 * r + 0.65 * g + 0.1 * b;
  return [curve(0.9 * r + 0.1 * light) ** 0.85, curve(g), curve(0.7 * b + 0.3 * light) ** 1.15];
});

/** Columns are the primaries' XYZ under D50, as the profiles of these spaces have them. */
const P3: Primaries = [0.51512, 0.2412, -0.00105, 0.29198, 0.69225, 0.04189, 0.1571, 0.06657, 0.78407];
const ADOBE: Primaries = [0.60974, 0.31111, 0.01947, 0.20528, 0.62567, 0.06087, 0.14919, 0.06322, 0.74457];
const PROPHOTO: Primaries = [0.79767, 0.28804, 0, 0.13519, 0.71188, 0, 0.03134, 0.00009, 0.82491];
const SRGB: Primaries = [0.43607, 0.22249, 0.01393, 0.38515, 0.71687, 0.0971, 0.14307, 0.06061, 0.7141];
const CAMERA: Primaries = [0.69, 0.28, 0.01, 0.17, 0.69, 0.06, 0.1042, 0.03, 0.7549];

/** sRGB's curve as 1,024 numbers, as most profiles on disk have it. */
const srgbCurve = Array.from({ length: 1_024 }, (_, index) => {
  const x = index / 1_023;
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
});

const SPACES = [
  { name: "sRGB", primaries: SRGB, curves: [srgbCurve, srgbCurve, srgbCurve] },
  { name: "Display P3", primaries: P3, curves: [srgbCurve, srgbCurve, srgbCurve] },
  { name: "Adobe RGB", primaries: ADOBE, curves: [2.19921875, 2.19921875, 2.19921875] },
  { name: "ProPhoto RGB", primaries: PROPHOTO, curves: [1.8, 1.8, 1.8] },
  { name: "a camera's, each channel with its curve", primaries: CAMERA, curves: [1.9, 2.2, 2.05] },
  { name: "linear Rec. 2020-like", primaries: PROPHOTO, curves: [1, 1, 1] },
] as const;

beforeAll(() => {
  pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
  plain = savedCube(folder, identity(17), "plain.cube");
  const mix = (r: number, g: number, b: number) => 0.3 * r + 0.6 * g + 0.1 * b;
  grey = savedCube(
    folder,
    latticeOf(33, (r, g, b) => [mix(r, g, b), mix(r, g, b), mix(r, g, b)]),
    "grey.cube",
  );
  clipping = savedCube(folder, strongLook, "clipping.cube");
  strong = savedCube(folder, smoothLook, "strong.cube");
});

afterAll(async () => {
  await pictures.close();
  rmSync(folder, { recursive: true });
});

type Samples = Uint8Array | Uint16Array;

/** The file's own numbers before and after a look, and its profile after. */
async function through(cube: PathText, samples: Samples, width: number, profile: Buffer) {
  const height = samples.length / 3 / width;
  const original = await saved(folder, `in-${++count}.png`, await taggedPng(samples, width, height, profile));
  const file = pathOf(join(folder, `out-${count}.png`));
  const { notes } = await pictures.render({ original, cube, strength: 1, format: "png", quality: null, to: file });
  const bytes = readFileSync(file);
  const deep = samples instanceof Uint16Array;
  const image = sharp(bytes).keepIccProfile();
  const raw = await (deep ? image.toColourspace("rgb16") : image).raw({ depth: deep ? "ushort" : "uchar" }).toBuffer();
  const after = deep ? new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2) : new Uint8Array(raw);
  return { after, notes, profile: (await sharp(bytes).metadata()).icc };
}

/** Colours all through the cube, its corners and edges among them, and many darks. */
function cloud(bits: 8 | 16): Samples {
  const max = bits === 8 ? 255 : 65_535;
  const steps = [0, 0.003, 0.02, 0.11, 0.27, 0.5, 0.73, 0.94, 1];
  const codes = steps.flatMap((r) =>
    steps.flatMap((g) => steps.flatMap((b) => [r, g, b].map((v) => Math.round(v * max)))),
  );
  return bits === 8 ? Uint8Array.from(codes) : Uint16Array.from(codes);
}

describe.each(SPACES)("$name", ({ primaries, curves }) => {
  const { profile, lab } = matrixProfile("a test", primaries, curves);
  const isLinear = curves[0] === 1;

  test.each([8, 16] as const)("a look that does nothing returns %i-bit pixels, outside sRGB too", async (bits) => {
    const samples = cloud(bits);
    const out = await through(plain, samples, 81, profile);
    let off = 0;
    for (const [index, value] of samples.entries()) off = Math.max(off, Math.abs(value - out.after[index]!));
    expect(off).toBeLessThanOrEqual(isLinear && bits === 16 ? 2 : 0);
    expect(out.profile?.equals(profile)).toBe(true);
    expect(out.notes).toEqual([]);
  });

  test("a black-and-white look leaves no colour: C* below 0.5", async () => {
    const out = await through(grey, cloud(16), 81, profile);
    let most = 0;
    for (let at = 0; at < out.after.length; at += 3) {
      const [, a, b] = lab([0, 1, 2].map((c) => out.after[at + c]! / 65_535));
      most = Math.max(most, Math.hypot(a!, b!));
    }
    expect(most).toBeLessThan(0.5);
  });

  test.each([
    ["red", [1, 0, 0]],
    ["green", [0, 1, 0]],
    ["blue", [0, 0, 1]],
    ["cyan", [0, 1, 1]],
    ["yellow", [1, 1, 0.1]],
  ])("a ramp to pure %s stays a ramp through a strong look", async (name, end) => {
    const count = 1_024;
    const samples = Uint16Array.from(
      Array.from({ length: count }, (_, at) => end.map((v) => Math.round((v * 65_535 * at) / (count - 1)))).flat(),
    );
    for (const [cube, dropMax] of [
      // ProPhoto's blue is no colour at all: darker than black in green.
      [strong, name === "blue" ? 0.7 : 0.1],
      [clipping, 1.6],
    ] as const) {
      const { after } = await through(cube, samples, count, profile);
      const labs = Array.from({ length: count }, (_, at) => lab([0, 1, 2].map((c) => after[3 * at + c]! / 65_535)));
      let [top, drop, step] = [0, 0, 0];
      for (const [at, [lightness, ...chroma]] of labs.entries()) {
        top = Math.max(top, lightness!);
        drop = Math.max(drop, top - lightness!);
        const [before, ...chromaBefore] = labs[Math.max(0, at - 1)]!;
        const change = Math.hypot(lightness! - before!, chroma[0]! - chromaBefore[0]!, chroma[1]! - chromaBefore[1]!);
        if (at > 32) step = Math.max(step, change);
      }
      // It never grows darker again (a look that clips may give back a little), and no step would be seen as an edge.
      expect.soft(drop).toBeLessThan(dropMax);
      expect.soft(step).toBeLessThan(1);
    }
  });
});
