/**
 * Measure: how far a fitted lattice is from the true look.
 *
 * Units   ΔE₀₀; shares 0 … 1; grey reversals are steps of a ramp of 1024 greys that get darker.
 */
import { deltaE } from "../../../src/core/colour/delta-e.ts";
import { toLab } from "../../../src/core/colour/srgb.ts";
import type { Lattice } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import type { Colour, Look } from "../looks.ts";
import type { Pixels } from "./photos.ts";

export type Measured = {
  readonly mean: number;
  readonly p95: number;
  /** Of the pixels where the true picture runs smoothly along its row: those with a bend of 4 codes or more. */
  readonly banding: number;
  readonly reversals: number;
};

const ROWS = 16;
const GREYS = 1024;
/** A grey is darker than the one before it when it loses this much luma, in 8-bit codes. */
const DARKER = 0.04;
const SMOOTH = 1.01;
const BENT = 4;

/** Over rows of the photo at full size, evenly down the picture. */
export function measure(lattice: Lattice, look: Look, photo: Pixels): Measured {
  const differences: number[] = [];
  let smooth = 0;
  let bent = 0;
  for (let k = 0; k < ROWS; k++) {
    const row = colours(photo, Math.floor(((k + 0.5) * photo.height) / ROWS));
    const truth = row.map(look);
    const found = row.map((colour) => sampleTetrahedral(lattice, colour));
    for (let x = 0; x < row.length; x += 2) differences.push(deltaE(toLab(truth[x]!), toLab(found[x]!)));
    for (let x = 1; x + 1 < row.length; x++) {
      if (bendAt(truth, x) > SMOOTH) continue;
      smooth++;
      if (bendAt(found, x) >= BENT) bent++;
    }
  }
  differences.sort((one, other) => one - other);
  return {
    mean: mean(differences),
    p95: differences[Math.floor(0.95 * (differences.length - 1))]!,
    banding: smooth > 0 ? bent / smooth : 0,
    reversals: greyReversals(lattice),
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

export function greyReversals(lattice: Lattice): number {
  let before = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (let k = 0; k < GREYS; k++) {
    const grey = k / (GREYS - 1);
    const [r, g, b] = sampleTetrahedral(lattice, [grey, grey, grey]);
    const luma = 255 * (0.2126 * r + 0.7152 * g + 0.0722 * b);
    if (luma < before - DARKER) count++;
    before = luma;
  }
  return count;
}

function colours({ width, rgb }: Pixels, y: number): Colour[] {
  return Array.from({ length: width }, (_, x) => {
    const at = 3 * (y * width + x);
    return [rgb[at]! / 255, rgb[at + 1]! / 255, rgb[at + 2]! / 255];
  });
}

/** The greatest second difference of a channel, in 8-bit codes. */
function bendAt(row: readonly Colour[], x: number): number {
  let most = 0;
  for (let c = 0; c < 3; c++) most = Math.max(most, Math.abs(row[x - 1]![c]! - 2 * row[x]![c]! + row[x + 1]![c]!));
  return 255 * most;
}
