import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { deltaE } from "../../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../../src/core/colour/srgb.ts";
import { VOCABULARY } from "../../../src/core/colour/vocabulary.ts";
import { gradeLattice, readPrompt } from "../../../src/core/colour/words.ts";
import { identity, type Lattice } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import { DIRECTIONS } from "./words-directions.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** A coarser lattice than the default keeps 160 words × 3 strengths quick. */
const SIZE = 17;
const KEEP_STILL = "while maintaining the exact composition, framing and all details; keep everything else unchanged";

async function pixelsOf(file: string, width: number): Promise<Triple[]> {
  const { data } = await sharp(join(ROOT, file))
    .resize(width)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Array.from({ length: data.length / 3 }, (_, i) => [
    data[3 * i]! / 255,
    data[3 * i + 1]! / 255,
    data[3 * i + 2]! / 255,
  ]);
}

const photo = await pixelsOf("test/fixtures/photo-small.jpg", 96);
const before = photo.map(toLab);
/** The mountains have no reds and few greens: a red bowl and a meadow have. */
const families = [
  ...photo,
  ...(await pixelsOf("samples/bowl-display-p3.jpg", 64)),
  ...(await pixelsOf("test/fixtures/meadow-small.jpg", 64)),
];
const familiesBefore = families.map(toLab);

/** CIELAB hue angles, degrees. */
const HUES: Readonly<Record<string, readonly [from: number, to: number]>> = {
  reds: [20, 48],
  oranges: [48, 78],
  yellows: [78, 105],
  greens: [105, 150],
  blues: [240, 300],
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const chroma = ([, a, b]: Triple): number => Math.hypot(a, b);
const shareAt = (labs: readonly Triple[], share: number): number =>
  labs.map(([l]) => l).sort((one, other) => one - other)[Math.round(share * (labs.length - 1))]!;

/** One number of a graded photo; shadows, highlights and families are the pixels that were so before. */
function measure(what: string, lattice: Lattice): number {
  const [name, family] = what.split(":");
  const source = family ? families : photo;
  const was = family ? familiesBefore : before;
  const labs = source.map((pixel) => toLab(sampleTetrahedral(lattice, pixel)));
  const where = (keep: (lab: Triple) => boolean): Triple[] => labs.filter((_, i) => keep(was[i]!));
  const shadows = () => where(([l]) => l < 35);
  const highlights = () => where(([l]) => l > 62);
  const average = mean(labs.map(([l]) => l));
  switch (name) {
    case "L":
      return average;
    case "std":
      return Math.sqrt(mean(labs.map(([l]) => (l - average) ** 2)));
    case "a":
      return mean(labs.map(([, a]) => a));
    case "b":
      return mean(labs.map(([, , b]) => b));
    case "black":
      return shareAt(labs, 0.02);
    case "white":
      return shareAt(labs, 0.98);
    case "sa":
      return mean(shadows().map(([, a]) => a));
    case "sb":
      return mean(shadows().map(([, , b]) => b));
    case "ha":
      return mean(highlights().map(([, a]) => a));
    case "hb":
      return mean(highlights().map(([, , b]) => b));
    case "C": {
      const [from, to] = family ? HUES[family]! : [-1, 361];
      const hue = ([, a, b]: Triple) => ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
      const inside = where((lab) => !family || (chroma(lab) > 15 && hue(lab) >= from && hue(lab) < to));
      expect(inside.length).toBeGreaterThan(30);
      return mean(inside.map(chroma));
    }
  }
  throw new Error(`no measure called ${what}`);
}

const latticeFor = (prompt: string, n = SIZE): Lattice => gradeLattice(readPrompt(prompt).grade, n);
/** Mean CIEDE2000 from the photo as it was. */
const moved = (lattice: Lattice): number =>
  mean(photo.map((pixel, i) => deltaE(before[i]!, toLab(sampleTetrahedral(lattice, pixel)))));
const still = identity(SIZE);

describe("every word of the vocabulary", () => {
  test("has a direction, and no direction is without its word", () => {
    expect(VOCABULARY.map(({ name }) => name).sort()).toEqual(Object.keys(DIRECTIONS).sort());
    expect(VOCABULARY.length).toBeGreaterThanOrEqual(100);
  });

  test("has its spellings to itself, and each is read as that word", () => {
    const spellings = VOCABULARY.flatMap(({ spellings }) => spellings);
    expect(new Set(spellings).size).toBe(spellings.length);
    for (const { name, spellings } of VOCABULARY)
      for (const spelling of spellings)
        expect(readPrompt(spelling), spelling).toMatchObject({
          understood: [{ term: name, strength: 1 }],
          unknown: [],
        });
  });

  for (const [term, directions] of Object.entries(DIRECTIONS))
    test(`${term}: ${directions}`, () => {
      const subtle = latticeFor(`subtle ${term}`);
      const plain = latticeFor(term);
      const strong = latticeFor(`strong ${term}`);
      for (const direction of directions.split(" ")) {
        if (direction === "C=0") {
          expect(measure("C", plain)).toBeLessThan(0.6);
          continue;
        }
        const what = direction.slice(0, -1);
        const sign = direction.endsWith("+") ? 1 : -1;
        const [none, little, some, much] = [still, subtle, plain, strong].map(
          (lattice) => sign * measure(what, lattice),
        );
        expect(some! - none!, `${what} moves visibly`).toBeGreaterThan(0.4);
        expect(little! - none!, `${what} moves a little when subtle`).toBeGreaterThan(0.1);
        expect(some!, `${what} moves less when subtle`).toBeGreaterThan(little!);
        expect(much!, `${what} moves more when strong`).toBeGreaterThan(some!);
      }
      const shifts = [subtle, plain, strong].map(moved);
      expect(shifts[0]!).toBeLessThan(shifts[1]!);
      expect(shifts[1]!).toBeLessThan(shifts[2]!);
      expect(moved(latticeFor(`no ${term}`))).toBeLessThan(0.5);
      expect(moved(latticeFor(`a photo without any ${term}`))).toBeLessThan(0.5);
    });

  test("less of a thing goes the other way", () => {
    expect(measure("std", latticeFor("less contrast"))).toBeLessThan(measure("std", still));
    expect(measure("black", latticeFor("less faded"))).toBeLessThan(measure("black", still));
    expect(measure("black", latticeFor("less crushed blacks"))).toBeGreaterThan(measure("black", still));
    expect(measure("b", latticeFor("less warm"))).toBeLessThan(measure("b", still));
  });
});

describe("the lattice of a grade", () => {
  const at = (n: number, r: number, g: number, b: number): number => 3 * (r + n * (g + n * b));

  /** The greatest second difference along an axis; a lattice of straight lines has 0. */
  function roughness({ n, values }: Lattice): number {
    let worst = 0;
    for (const step of [3, 3 * n, 3 * n * n])
      for (let i = 0; i < values.length; i++) {
        const index = Math.floor(i / step) % n;
        if (index === 0 || index === n - 1) continue;
        worst = Math.max(worst, Math.abs(values[i - step]! + values[i + step]! - 2 * values[i]!));
      }
    return worst;
  }

  function expectGoodManners(prompt: string, roughest = 0.08): void {
    const lattice = latticeFor(prompt, 33);
    expect(lattice.values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(roughness(lattice), `${prompt} is smooth`).toBeLessThan(roughest);
    for (let grey = 1; grey < 33; grey++)
      for (let c = 0; c < 3; c++) {
        const rise =
          lattice.values[at(33, grey, grey, grey) + c]! - lattice.values[at(33, grey - 1, grey - 1, grey - 1) + c]!;
        expect(rise, `${prompt} keeps greys in order`).toBeGreaterThan(0);
      }
  }

  test.each(VOCABULARY.map(({ name }) => name))("strong %s stays in 0 … 1, smooth, greys in order", (name) => {
    expectGoodManners(`strong ${name}`);
  });

  test("many words at once stay in 0 … 1, smooth, greys in order", () => {
    for (const group of new Set(VOCABULARY.map(({ group }) => group)))
      expectGoodManners(
        VOCABULARY.filter((term) => term.group === group)
          .map(({ name }) => name)
          .join(", "),
        0.15, // sixteen films at once are nobody's prompt
      );
    expectGoodManners("extremely dark, underexposed night, low key, deep shadows, gloomy");
    expectGoodManners("extremely bright, overexposed, airy, high key, washed out");
  });

  test("is the identity, exactly, when nothing was understood", () => {
    for (const prompt of ["", "  \n", "zebra, qwertz", "no sepia", KEEP_STILL])
      expect(gradeLattice(readPrompt(prompt).grade)).toEqual(identity(33));
  });

  test("is the same every time", () => {
    const prompt = "Moody teal and orange, Portra, muted greens, slightly faded";
    expect(latticeFor(prompt, 33)).toEqual(latticeFor(prompt, 33));
  });

  test("grey stays grey where no word speaks of colour", () => {
    const { values } = latticeFor(
      "bright, high contrast, crushed blacks, soft highlights, vivid, muted greens, saturated",
      33,
    );
    for (let grey = 0; grey < 33; grey++) {
      const [r, g, b] = values.slice(at(33, grey, grey, grey));
      expect(Math.max(Math.abs(r! - g!), Math.abs(g! - b!))).toBeLessThan(1e-6);
    }
  });
});
