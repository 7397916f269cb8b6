/**
 * Saturation, and changes to the colours around single hues. Each step stays inside the RGB cube without clipping.
 *
 * Units   encoded R′G′B′. Where a hue lies is told in degrees of Oklab; turns are made in the hexagon of HSV, which never
 *         leaves the cube.
 */
import { toOklab, toOklch } from "./oklab.ts";
import { type Triple, toEncoded } from "./srgb.ts";

/** A change to the colours around one hue. Greys have no hue and stay. */
export type HueMove = {
  /** Centre and half width, degrees of the Oklab hue circle: red 29, orange 55, yellow 105, green 140, blue 260. */
  readonly hue: number;
  readonly width: number;
  /** ln of the chroma factor; stops; degrees of HSV by which the hue turns (60 from red to yellow). */
  readonly saturation: number;
  readonly lightness: number;
  readonly turn: number;
};

/** What a colour's hue asks for, all moves together. */
export type Selected = { readonly saturation: number; readonly lightness: number; readonly turn: number };

/** Below this chroma a hue is mostly noise, so hue moves fade out. */
const CHROMA_FLOOR = 0.06;
const DEGREE = Math.PI / 180;
/** The furthest many words together move one hue: beyond these the lattice would have creases. */
const SATURATION_MAX = 1;
const LIGHTNESS_MAX = 0.6;
const TURN_MAX = 42;
/** ln of the greatest chroma factor of `saturate`, 1.9. */
const BOOST_MAX = 0.65;
const UNTOUCHED: Selected = { saturation: 0, lightness: 0, turn: 0 };

/** Nearly linear at first, then levelling off below `most`. */
export function level(value: number, most: number): number {
  return most * Math.tanh(value / most);
}

/** Weighs every move by how near its hue is. */
export function selectMoves(colour: Triple, moves: readonly HueMove[]): Selected {
  if (moves.length === 0) return UNTOUCHED;
  const [, chroma, hue] = toOklch(toOklab(colour));
  const coloured = chroma ** 2 / (chroma ** 2 + CHROMA_FLOOR ** 2);
  const sum = { saturation: 0, lightness: 0, turn: 0 };
  for (const move of moves) {
    const near = coloured * Math.exp((Math.cos(hue - move.hue * DEGREE) - 1) / (move.width * DEGREE) ** 2);
    sum.saturation += near * move.saturation;
    sum.lightness += near * move.lightness;
    sum.turn += near * move.turn;
  }
  return {
    saturation: level(sum.saturation, SATURATION_MAX),
    lightness: level(sum.lightness, LIGHTNESS_MAX),
    turn: level(sum.turn, TURN_MAX),
  };
}

/** Turns the hue by `degrees` of HSV; the greatest and the smallest channel keep their values. */
export function turnHue(colour: Triple, degrees: number): Triple {
  if (degrees === 0) return colour;
  const high = Math.max(...colour);
  const low = Math.min(...colour);
  if (high === low) return colour;
  const turned = hexagonHue(colour, high, high - low) + degrees / 60;
  return [channelAt(turned + 5), channelAt(turned + 3), channelAt(turned + 1)];

  /** A. R. Smith's hexcone, as one formula for the three channels. */
  function channelAt(sector: number): number {
    const k = ((sector % 6) + 6) % 6;
    return high - (high - low) * Math.max(0, Math.min(k, 4 - k, 1));
  }
}

/** HSV hue in sixths of a turn: red 0, green 2, blue 4. */
function hexagonHue([r, g, b]: Triple, high: number, span: number): number {
  if (high === r) return (g - b) / span;
  return high === g ? 2 + (b - r) / span : 4 + (r - g) / span;
}

/**
 * Changes chroma by e^saturation, and that of pale colours by e^vibrance besides.
 *
 * Down, a colour moves to the grey of its own Oklab lightness. Up, it gets denser as on film: the greatest channel stays and
 * the others sink, so that light yellows, which have no room above, need no clipping. The factor falls to 1 at full colour:
 * nothing gets fuller than full, and no colour passes another.
 */
export function saturate(colour: Triple, saturation: number, vibrance: number): Triple {
  if (saturation === 0 && vibrance === 0) return colour;
  const high = Math.max(...colour);
  const fullness = high > 0 ? (high - Math.min(...colour)) / high : 0;
  const wanted = saturation + vibrance * (1 - fullness) ** 2;
  const factor = Math.exp(wanted > 0 ? level(wanted, BOOST_MAX) : wanted);
  if (factor <= 1) return spreadFrom(colour, greyOf(colour), factor);
  // fullness · (1 + (f − 1)(1 − fullness^p)) rises up to 1 as long as p·(f − 1) ≤ 1.
  const power = Math.min(2, 1 / (factor - 1));
  return spreadFrom(colour, high, 1 + (factor - 1) * (1 - fullness ** power));
}

function greyOf(colour: Triple): number {
  return Math.min(1, Math.max(0, toEncoded(Math.max(0, toOklab(colour)[0]) ** 3)));
}

function spreadFrom([r, g, b]: Triple, pivot: number, factor: number): Triple {
  return [pivot + factor * (r - pivot), pivot + factor * (g - pivot), pivot + factor * (b - pivot)];
}
