/**
 * A parametric colour grade, and the lattice it makes: what the builtin backend paints with. Plain arithmetic, no model.
 *
 * Units   encoded R′G′B′ 0 … 1 in and out. Every parameter is 0 for "changes nothing", so grades add up.
 * Order   gains (exposure, balance, cast) → tone curve → hue moves → saturation → monochrome → toning → fade.
 * Range   each step maps 0 … 1 into 0 … 1 by itself, smoothly, so nothing is clipped at the end and nothing bands;
 *         tone steps never reverse two greys.
 */
import { identity, type Lattice, latticeOf } from "../lut/lattice.ts";
import { toOklab } from "./oklab.ts";
import { type HueMove, level, saturate, selectMoves, turnHue } from "./selective.ts";
import { type Triple, toEncoded, toLinear } from "./srgb.ts";

export type Grade = {
  /** Stops, in linear light; black and (going up) white stay where they are. */
  readonly exposure: number;
  /** White balance: 1 is about as far as a warming filter goes; negative is cool. */
  readonly temperature: number;
  /** Positive is magenta, negative green. */
  readonly tint: number;
  /** A colour over everything: log2 gains of R, G, B. */
  readonly cast: Triple;
  /** Slope of the S-curve: 1 + contrast / 2 at its middle. */
  readonly contrast: number;
  /** How far a dark (0.25) or light (0.75) tone moves, in encoded units. */
  readonly shadows: number;
  readonly highlights: number;
  /** Width of the toe that sinks into black. */
  readonly blacks: number;
  /** ln of the chroma factor: of all colours; of the pale ones. */
  readonly saturation: number;
  readonly vibrance: number;
  readonly hues: readonly HueMove[];
  /** 1 is black and white. */
  readonly monochrome: number;
  /** The filter before a black-and-white film: 1 deep red, −0.45 green. */
  readonly filter: number;
  /** Toning, after monochrome: log2 gains of R, G, B. */
  readonly shadowTint: Triple;
  readonly highlightTint: Triple;
  /** Where black ends up, and how far white sinks; both take a little of the toning. */
  readonly lift: number;
  readonly roll: number;
};

const NONE: Triple = [0, 0, 0];

/** The grade that changes nothing. */
export const NEUTRAL: Grade = {
  exposure: 0,
  temperature: 0,
  tint: 0,
  cast: NONE,
  contrast: 0,
  shadows: 0,
  highlights: 0,
  blacks: 0,
  saturation: 0,
  vibrance: 0,
  hues: [],
  monochrome: 0,
  filter: 0,
  shadowTint: NONE,
  highlightTint: NONE,
  lift: 0,
  roll: 0,
};

/** log2 gains of R, G, B at temperature 1 and tint 1; each leaves the luminance of grey about where it was. */
const TEMPERATURE: Triple = [0.26, -0.04, -0.4];
const TINT: Triple = [0.14, -0.14, 0.14];
const LUMINANCE: Triple = [0.2126, 0.7152, 0.0722];

/** log2 gains towards a hue (degrees: 0 red, 60 yellow, 120 green, 180 cyan, 240 blue) at constant luminance. */
export function tintOf(hue: number, amount: number): Triple {
  const gains = [0, 120, 240].map((primary) => amount * Math.cos(((hue - primary) * Math.PI) / 180));
  const luminance = gains.reduce((sum, gain, i) => sum + gain * LUMINANCE[i]!, 0);
  return [gains[0]! - luminance, gains[1]! - luminance, gains[2]! - luminance];
}

/** The sum of grades, each times its weight: plain numbers and tints add, hue moves stand side by side. */
export function sumGrades(parts: readonly { readonly grade: Partial<Grade>; readonly weight: number }[]): Grade {
  const sum: Record<string, unknown> = { ...NEUTRAL };
  for (const { grade, weight } of parts)
    for (const [key, value] of Object.entries(grade)) {
      const before = sum[key];
      if (key === "hues")
        sum[key] = [...(before as HueMove[]), ...(value as HueMove[]).map((move) => scaleMove(move, weight))];
      else if (typeof value === "number") sum[key] = (before as number) + weight * value;
      else sum[key] = (before as Triple).map((part, i) => part + weight * (value as Triple)[i]!);
    }
  return sum as Grade;
}

function scaleMove({ hue, width, saturation, lightness, turn }: HueMove, by: number): HueMove {
  return { hue, width, saturation: saturation * by, lightness: lightness * by, turn: turn * by };
}

/** Whether a grade changes nothing. */
export function isNeutral(grade: Grade): boolean {
  return Object.values(grade)
    .flat()
    .every((value) => value === 0 || (typeof value === "object" && isStill(value)));
}

const isStill = (move: HueMove): boolean => move.saturation === 0 && move.lightness === 0 && move.turn === 0;

/** The lattice of a grade; the neutral grade gives the identity, exactly. */
export function gradeLattice(grade: Grade, n = 33): Lattice {
  if (isNeutral(grade)) return identity(n);
  const colour = colourOf(withinLimits(grade));
  return latticeOf(n, (r, g, b) => colour([r, g, b]));
}

/** Keeps a sum of many words in the range where each step is monotone. */
function withinLimits(grade: Grade): Grade {
  const tints = (tint: Triple, most: number): Triple => [
    level(tint[0], most),
    level(tint[1], most),
    level(tint[2], most),
  ];
  return {
    exposure: level(grade.exposure, 2.2),
    temperature: level(grade.temperature, 2),
    tint: level(grade.tint, 2),
    cast: tints(grade.cast, 1.4),
    contrast: level(grade.contrast, grade.contrast > 0 ? 0.95 : 1.4),
    shadows: level(grade.shadows, grade.shadows > 0 ? 0.3 : 0.09),
    highlights: level(grade.highlights, grade.highlights > 0 ? 0.09 : 0.3),
    // A lift below nothing sinks the blacks, and the other way round: "less faded" has to go somewhere.
    blacks: level(Math.max(0, grade.blacks) + Math.max(0, -grade.lift), 0.3),
    saturation: level(grade.saturation, grade.saturation > 0 ? 0.6 : 3),
    vibrance: level(grade.vibrance, 0.8),
    hues: grade.hues,
    monochrome: Math.min(1, Math.max(0, grade.monochrome)),
    filter: Math.min(1, Math.max(-0.45, grade.filter)),
    shadowTint: tints(grade.shadowTint, 1.5),
    highlightTint: tints(grade.highlightTint, 1.1),
    lift: level(Math.max(0, grade.lift) + Math.max(0, -0.5 * grade.blacks), 0.25),
    roll: level(Math.max(0, grade.roll), 0.25),
  };
}

function colourOf(grade: Grade): (rgb: Triple) => Triple {
  const balance = triple((i) => grade.temperature * TEMPERATURE[i]! + grade.tint * TINT[i]! + grade.cast[i]!);
  const gains = triple((i) => 2 ** (grade.exposure + balance[i]!));
  const mix = filterMix(grade.filter);
  // A cast on a black-and-white photo is what its owner would call the tone of the print.
  const print = triple((i) => 0.6 * grade.monochrome * balance[i]!);
  // Three times a lift or a roll is the steepest its curve falls: below a third, greys keep their order.
  const lifts = triple((i) => level(grade.lift * 2 ** (1.5 * grade.shadowTint[i]! + 0.8 * balance[i]!), 0.3));
  const rolls = triple((i) => level(grade.roll * 2 ** (-1.5 * grade.highlightTint[i]!), 0.3));

  return (rgb) => {
    let colour = triple((i) => toneCurve(gain(rgb[i]!, gains[i]!), grade));
    const selected = selectMoves(colour, grade.hues);
    colour = turnHue(colour, selected.turn);
    if (selected.lightness !== 0) colour = triple((i) => gain(colour[i]!, 2 ** selected.lightness));
    colour = saturate(colour, grade.saturation + selected.saturation, grade.vibrance);
    colour = develop(colour, mix, grade.monochrome);
    colour = tone(colour, grade, print);
    return triple((i) => {
      const x = colour[i]!;
      return Math.min(1, Math.max(0, x + lifts[i]! * (1 - x) ** 3 - rolls[i]! * x ** 3));
    });
  };
}

function triple(at: (i: number) => number): Triple {
  return [at(0), at(1), at(2)];
}

/** How much of a gain below 1 white itself takes: the rest bends, so that lights stay light. */
const WHITE_SHARE = 0.5;

/** Multiplies one encoded channel by k in linear light, bending near white instead of clipping: 0 → 0, 1 → at most 1. */
function gain(encoded: number, k: number): number {
  if (k === 1) return encoded;
  const white = k < 1 ? k ** WHITE_SHARE : 1;
  const slope = k / white;
  const x = toLinear(encoded);
  return toEncoded((white * slope * x) / (1 + (slope - 1) * x));
}

/** Contrast, then shadows, highlights and blacks, on one encoded channel. 0 and 1 stay; rising throughout. */
function toneCurve(x: number, { contrast, shadows, highlights, blacks }: Grade): number {
  let y = x + contrast * x * (1 - x) * (2 * x - 1);
  // x·(1−x)³ has its top, 0.1055, at x = 0.25.
  y += (shadows / 0.1055) * y * (1 - y) ** 3;
  y += (highlights / 0.1055) * (1 - y) * y ** 3;
  return blacks === 0 ? y : (y * y * (1 + blacks)) / (y + blacks);
}

/** Weights of linear R, G, B for grey; their sum is 1. */
function filterMix(filter: number): Triple {
  const [r, g, b] = LUMINANCE;
  return [Math.max(0, r + 0.45 * filter), g - 0.38 * filter, Math.max(0, b - 0.07 * filter)];
}

function develop(colour: Triple, mix: Triple, monochrome: number): Triple {
  if (monochrome === 0) return colour;
  const grey = toEncoded(triple((i) => mix[i]! * toLinear(colour[i]!)).reduce((sum, part) => sum + part, 0));
  return triple((i) => colour[i]! + monochrome * (grey - colour[i]!));
}

/** Split toning: the tints fade into each other over lightness; black stays black and white nearly white. */
function tone(colour: Triple, { shadowTint, highlightTint }: Grade, print: Triple): Triple {
  const lightness = Math.min(1, Math.max(0, toOklab(colour)[0]));
  const dark = (1 - lightness) ** 2 * (1 + 2 * lightness);
  const gains = triple((i) => shadowTint[i]! * dark + highlightTint[i]! * (1 - dark) + print[i]!);
  return gains.every((stops) => stops === 0) ? colour : triple((i) => gain(colour[i]!, 2 ** gains[i]!));
}
