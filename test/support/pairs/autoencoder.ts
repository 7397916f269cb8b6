/**
 * Autoencoder: image models see and return pictures through one, and it has colour errors of its own: smooth over the
 * colours, different for every picture. A workflow that also returns the plate as the autoencoder alone renders it
 * (`@baseline`) shows that error, for the plate's colours.
 *
 * Here the error is a smooth random warp of the colour cube. The edit suffers the same warp, and a part that the baseline does
 * not know. Autoencoders take turns: with one the warp goes by the edit's own colours, with the next by what the plate shows
 * at the place.
 */
import { fieldAt, fieldOf, marginOf } from "../../../src/core/lut/fit/grid.ts";
import { identity } from "../../../src/core/lut/lattice.ts";
import { chance } from "../pictures.ts";
import { type Field, normals } from "./fields.ts";

/** Colour error to add, on a lattice of SIZE³ nodes. */
type ColourWarp = Float64Array;

const SIZE = 17;
/** Deviation of the whole error in 8-bit codes, and which part of its square is a cast, a gain or a mix of channels. */
const CODES = 1.7;
const AFFINE_SHARE = 0.6;
/** The rest: waves over the cube of at most this many periods along each axis. */
const WAVES = 6;
const PERIODS_MAX = 0.8;
/** Correlation between the edit's warp and the baseline's. */
const SHARED = 0.9;

export type Autoencoder = {
  readonly plate: (picture: Field) => Field;
  readonly edit: (picture: Field, plate: Field) => Field;
};

/** The autoencoder as it treats one picture and its edit. */
export function autoencoderOf(seed: number): Autoencoder {
  const shared = warpOf(seed);
  const other = warpOf(seed + 500_009);
  const rest = Math.sqrt(1 - SHARED ** 2);
  const edits = shared.map((value, q) => SHARED * value + rest * other[q]!);
  const byPlace = Math.floor(seed / 2) % 2 === 1;
  return {
    plate: (picture) => warped(picture, shared, picture),
    edit: (picture, plate) => warped(picture, edits, byPlace ? plate : picture),
  };
}

/** Adds the error that the colours of `cause` bring. */
function warped(picture: Field, warp: ColourWarp, cause: Field): Field {
  const error = fieldAt(warp, SIZE, cause.values);
  return { ...picture, values: picture.values.map((value, q) => value + error[q]!) };
}

function warpOf(seed: number): ColourWarp {
  const random = chance(15_485_863 * seed + 3);
  const normal = normals(random);
  const affine = Array.from({ length: 12 }, normal);
  const waves = Array.from({ length: WAVES }, () => ({
    periods: Array.from({ length: 3 }, () => PERIODS_MAX * (2 * random() - 1)),
    phase: 2 * Math.PI * random(),
    height: [normal(), normal(), normal()],
  }));
  const straight = Math.sqrt(AFFINE_SHARE);
  const curved = Math.sqrt((2 * (1 - AFFINE_SHARE)) / WAVES);
  const warp = fieldOf(SIZE);
  const nodes = identity(SIZE).values;
  for (let q = 0, at = 3 * marginOf(SIZE); q < nodes.length; q += 3) {
    const colour = [nodes[q]!, nodes[q + 1]!, nodes[q + 2]!] as const;
    for (let c = 0; c < 3; c++, at++) {
      // A deviation of 1 over the cube: half of it the cast, half gains and mixes about middle grey (the mean square of one channel is 1/12).
      let sum = straight * Math.SQRT1_2 * affine[9 + c]!;
      for (let k = 0; k < 3; k++) sum += straight * Math.SQRT2 * affine[3 * c + k]! * (colour[k]! - 0.5);
      for (const { periods, phase, height } of waves) {
        const along = periods[0]! * colour[0] + periods[1]! * colour[1] + periods[2]! * colour[2];
        sum += curved * height[c]! * Math.cos(2 * Math.PI * along + phase);
      }
      warp[at] = (CODES / 255) * sum;
    }
  }
  return warp;
}
