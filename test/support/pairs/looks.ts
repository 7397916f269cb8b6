/**
 * Looks without number: each is composed of parametric pieces drawn by a seed. They are continuous functions in floating
 * point, so every colour has a true answer, not only the nodes of some lattice.
 *
 * Units   encoded R′G′B′ in 0 … 1; out 0 … 1, clipped once at the end.
 */
import type { Colour, Look } from "../looks.ts";
import { chance } from "../pictures.ts";

/** Pieces are changed in place: a megapixel goes through several. They may leave 0 … 1. */
type Rgb = [number, number, number];
type Piece = (colour: Rgb) => void;

export type DrawnLook = { readonly name: string; readonly look: Look };

const clip = (value: number) => Math.min(1, Math.max(0, value));
const lumaOf = ([r, g, b]: Colour) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const step = (value: number, from: number, to: number) => {
  const share = clip((value - from) / (to - from));
  return share * share * (3 - 2 * share);
};

/** A number between two bounds. */
type Between = (from: number, to: number) => number;

const PIECES = {
  /** A sigmoid about a pivot; strength 0 is nothing. */
  contrast(between, strength = between(0.5, 1.5)) {
    const pivot = between(0.4, 0.6);
    const [low, high] = [Math.tanh(-2 * strength * pivot), Math.tanh(2 * strength * (1 - pivot))];
    return each((value) => (Math.tanh(2 * strength * (value - pivot)) - low) / (high - low));
  },
  gamma(between) {
    const power = Math.exp(between(-0.35, 0.35));
    return each((value) => clip(value) ** power);
  },
  /** Black no longer black, white no longer white, each with a hint of colour. */
  fade(between) {
    const black = [between(0.03, 0.14), between(0.03, 0.14), between(0.03, 0.16)];
    const white = [between(0.86, 1), between(0.86, 1), between(0.82, 1)];
    return each((value, channel) => black[channel]! + (white[channel]! - black[channel]!) * value);
  },
  saturation(between, factor = between(0.5, 1.45)) {
    return (colour) => {
      const grey = lumaOf(colour);
      for (let c = 0; c < 3; c++) colour[c] = grey + factor * (colour[c]! - grey);
    };
  },
  /** One tint in the shadows, another in the highlights. */
  split(between) {
    const shadow = [between(-0.07, 0.04), between(-0.04, 0.04), between(-0.04, 0.09)];
    const light = [between(-0.03, 0.09), between(-0.04, 0.04), between(-0.09, 0.04)];
    return (colour) => {
      const luma = lumaOf(colour);
      const dark = 1 - step(luma, 0.05, 0.6);
      const bright = step(luma, 0.4, 0.95);
      for (let c = 0; c < 3; c++) colour[c]! += dark * shadow[c]! + bright * light[c]!;
    };
  },
  warmth(between) {
    const warm = between(-0.14, 0.14);
    const gain = [1 + warm, 1 + between(-0.03, 0.03), 1 - warm];
    return each((value, channel) => gain[channel]! * value);
  },
  /** A mix of channels whose rows sum to about one, so that greys stay nearly grey. */
  matrix(between) {
    const rows = Array.from({ length: 9 }, () => between(-0.12, 0.12));
    return (colour) => {
      const [r, g, b] = colour;
      for (let c = 0; c < 3; c++)
        colour[c]! += rows[3 * c]! * (r - g) + rows[3 * c + 1]! * (g - b) + 0.2 * rows[3 * c + 2]! * (b + r);
    };
  },
  /** Colours near one hue turn and gain or lose colour; weighted by chroma, so greys stay. */
  hue(between) {
    const centre = between(-Math.PI, Math.PI);
    const width = between(0.5, 1.1);
    const turn = between(-0.6, 0.6);
    const gain = between(-0.4, 0.4);
    return (colour) => {
      const grey = lumaOf(colour);
      const along = colour[0] - grey - 0.5 * (colour[1] + colour[2] - 2 * grey);
      const across = 0.866 * (colour[1] - colour[2]);
      const away = Math.atan2(across, along) - centre;
      const near = Math.exp((Math.cos(away) - 1) / (width * width)) * step(Math.hypot(along, across), 0, 0.25);
      rotate(colour, near * turn);
      for (let c = 0; c < 3; c++) colour[c] = grey + (1 + near * gain) * (colour[c]! - grey);
    };
  },
  /** Each channel with a sigmoid of its own, blue flattened: film in the wrong bath. */
  cross(between) {
    const strength = [between(0.9, 1.6), between(0.6, 1.2)];
    const low = between(0.06, 0.15);
    const span = between(0.7, 0.82);
    return each((value, channel) => (channel === 2 ? low + span * value : sigmoid(value, strength[channel]!)));
  },
  monochrome(between) {
    const [r, b] = [between(0.1, 0.6), between(0, 0.25)];
    const tone = [between(0, 0.08), 0, between(-0.08, 0.02)];
    return (colour) => {
      const grey = r * colour[0] + (1 - r - b) * colour[1] + b * colour[2];
      for (let c = 0; c < 3; c++) colour[c] = grey + tone[c]! * grey * (1 - grey) * 2;
    };
  },
  /** A toe, a shoulder, and colours that fade towards the light. */
  film(between) {
    const exposure = between(1.5, 2.3);
    const toe = between(1.05, 1.35);
    const bleach = between(0.2, 0.6);
    return (colour) => {
      const grey = step(lumaOf(colour), 0.5, 1.1);
      for (let c = 0; c < 3; c++)
        colour[c] = (1 - Math.exp(-exposure * clip(colour[c]!) ** toe)) / (1 - Math.exp(-exposure));
      fadeColour(colour, 1 - bleach * grey);
    };
  },
  /** Day for night: dark, pale and blue. */
  night(between) {
    const gain = [between(0.35, 0.55), between(0.45, 0.65), between(0.65, 0.9)];
    const power = between(1.2, 1.6);
    const pale = between(0.4, 0.7);
    return (colour) => {
      fadeColour(colour, pale);
      for (let c = 0; c < 3; c++) colour[c] = gain[c]! * clip(colour[c]!) ** power;
    };
  },
} as const satisfies Record<string, (between: Between, amount?: number) => Piece>;

type PieceName = keyof typeof PIECES;

/** What people ask for, as pieces in order. */
const RECIPES: Readonly<Record<string, readonly PieceName[]>> = {
  tealAndOrange: ["split", "saturation", "contrast"],
  fadedFilm: ["film", "split", "fade"],
  punchy: ["contrast", "saturation"],
  crossed: ["cross", "saturation"],
  monochrome: ["monochrome", "contrast"],
  tonedMonochrome: ["monochrome", "gamma", "fade"],
  night: ["night"],
  golden: ["warmth", "gamma", "split"],
  pastel: ["fade", "gamma", "saturation"],
  mixed: ["matrix", "contrast"],
  autumn: ["hue", "warmth", "saturation"],
  twoHues: ["hue", "hue", "contrast"],
  slide: ["film", "matrix", "saturation"],
  muted: ["hue", "fade", "split"],
};

/** The look of a seed: recipes take turns, their numbers are drawn. */
export function lookOfSeed(seed: number): DrawnLook {
  const random = chance(7919 * seed + 17);
  const between: Between = (from, to) => from + (to - from) * random();
  const names = Object.keys(RECIPES);
  const name = names[seed % names.length]!;
  const pieces = RECIPES[name]!.map((piece) => PIECES[piece](between));
  return {
    name,
    look([r, g, b]) {
      const colour: Rgb = [r, g, b];
      for (const piece of pieces) piece(colour);
      return [clip(colour[0]), clip(colour[1]), clip(colour[2])];
    },
  };
}

function each(change: (value: number, channel: number) => number): Piece {
  return (colour) => {
    for (let c = 0; c < 3; c++) colour[c] = change(colour[c]!, c);
  };
}

function sigmoid(value: number, strength: number): number {
  return (Math.tanh(2 * strength * (value - 0.5)) / Math.tanh(strength) + 1) / 2;
}

/** Towards grey: 1 leaves a colour, 0 takes all of it. */
function fadeColour(colour: Rgb, share: number): void {
  const grey = lumaOf(colour);
  for (let c = 0; c < 3; c++) colour[c] = grey + share * (colour[c]! - grey);
}

/** Turns a colour about the grey axis; radians. */
export function rotate(colour: Rgb, angle: number): void {
  const [r, g, b] = colour;
  const mean = ((1 - Math.cos(angle)) * (r + g + b)) / 3;
  const side = Math.sin(angle) / Math.sqrt(3);
  const cos = Math.cos(angle);
  colour[0] = cos * r + mean + side * (b - g);
  colour[1] = cos * g + mean + side * (r - b);
  colour[2] = cos * b + mean + side * (g - r);
}
