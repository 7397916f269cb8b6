/** What a look does, in numbers: greys, clipping, change. */
import { type Triple, toLab } from "../colour/srgb.ts";
import { coverageIn } from "./coverage.ts";
import type { Cube } from "./cube.ts";
import { sampleTetrahedral } from "./sample.ts";

/** Steps of grey that are looked at for reversals and casts, and those that are shown. */
export const GREY_STEPS = 1024;
const SHOWN = 8;
/** A step down smaller than this is rounding of six decimals, no reversal. */
const REVERSAL_MIN = 2e-6;

export type LookFacts = {
  readonly title: string | null;
  readonly kind: "1D" | "3D";
  readonly size: number;
  readonly domainMin: Triple;
  readonly domainMax: Triple;
  readonly clipping: {
    /** Share of the inner nodes' channel values that lie at or beyond 0, and 1. */
    readonly low: number;
    readonly high: number;
    /** Share of the inner nodes with any channel there: colours that lose their differences. */
    readonly colours: number;
  };
  /** Does a lighter grey never come out darker? Luma of 1025 greys. */
  readonly greysMonotone: boolean;
  readonly greyReversals: number;
  /** The mean change of a node's channel values. */
  readonly change: number;
  /** `cast` is C*ab: how far from neutral the grey comes out. */
  readonly neutral: readonly { readonly in: number; readonly out: Triple; readonly cast: number }[];
  /** The grey of 1025 that comes out with the strongest cast. */
  readonly greatestCast: { readonly in: number; readonly cast: number };
  /** Share of its picture's colours that the look was fitted to; there where the file's comments say so. */
  readonly coverage?: number;
};

/** Everything `look show` says, computed from the lattice as it is applied (over 0 … 1). */
export function lookFacts(cube: Cube): LookFacts {
  const coverage = coverageIn(cube.comments);
  const greys = greyFacts(cube);
  return {
    title: cube.title ?? null,
    kind: cube.kind,
    size: cube.size,
    domainMin: cube.domainMin,
    domainMax: cube.domainMax,
    ...nodeFacts(cube),
    ...greys,
    ...(coverage === undefined ? {} : { coverage }),
  };
}

function nodeFacts({ lattice: { n, values } }: Cube): Pick<LookFacts, "clipping" | "change"> {
  let [low, high, inner, moved, clipped, colours] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < values.length; at += 3) {
    const node = at / 3;
    const index = [node % n, Math.floor(node / n) % n, Math.floor(node / (n * n))] as const;
    let isClipped = false;
    for (const c of [0, 1, 2] as const) {
      const value = values[at + c]!;
      moved += Math.abs(value - index[c] / (n - 1));
      if (isEdge(index[c], n)) continue;
      inner++;
      if (value <= 0) low++;
      if (value >= 1) high++;
      isClipped ||= value <= 0 || value >= 1;
    }
    if (index.some((one) => isEdge(one, n))) continue;
    colours++;
    if (isClipped) clipped++;
  }
  const share = (count: number, of: number) => (of > 0 ? count / of : 0);
  const clipping = { low: share(low, inner), high: share(high, inner), colours: share(clipped, colours) };
  return { clipping, change: moved / values.length };
}

const isEdge = (index: number, n: number): boolean => index === 0 || index === n - 1;

function greyFacts(cube: Cube): Pick<LookFacts, "greysMonotone" | "greyReversals" | "neutral" | "greatestCast"> {
  let reversals = 0;
  let before = Number.NEGATIVE_INFINITY;
  let greatestCast = { in: 0, cast: -1 };
  for (let step = 0; step <= GREY_STEPS; step++) {
    const { in: grey, out, cast } = greyAt(cube, step / GREY_STEPS);
    const luma = 0.2126 * out[0] + 0.7152 * out[1] + 0.0722 * out[2];
    if (luma < before - REVERSAL_MIN) reversals++;
    before = luma;
    if (cast > greatestCast.cast) greatestCast = { in: grey, cast };
  }
  const neutral = Array.from({ length: SHOWN + 1 }, (_, step) => greyAt(cube, step / SHOWN));
  return { greysMonotone: reversals === 0, greyReversals: reversals, neutral, greatestCast };
}

function greyAt({ lattice }: Cube, grey: number): LookFacts["neutral"][number] {
  const out = sampleTetrahedral(lattice, [grey, grey, grey]);
  const [, a, b] = toLab(out);
  return { in: grey, out, cast: Math.round(100 * Math.hypot(a, b)) / 100 };
}
