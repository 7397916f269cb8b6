/** A picture's numbers in another profile: sRGB or Display P3. Colours outside of it end at its edge. */
import { toLinear } from "../../core/colour/srgb.ts";
import { toProfileInPlace } from "./convert.ts";
import type { Pixels } from "./decode.ts";
import { readProfile } from "./icc.ts";
import { profileNamed } from "./profiles.ts";

export type Gamut = {
  /** To be embedded. */
  readonly icc: Buffer;
  readonly becameSrgb: boolean;
};

/** In place. */
export function intoGamut({ samples, channels, way }: Pixels, name: "srgb" | "p3"): Gamut {
  const icc = profileNamed(name);
  const to = readProfile(icc)!.way!;
  // Numbers that are in this profile already (null says sRGB) stay what they are, to the last one.
  const stays = name === "srgb" ? way === null : way !== null && isSame(way.matrix, to.matrix) && hasSrgbCurve(way);
  if (!stays) toProfileInPlace(samples, channels, way, to);
  return { icc, becameSrgb: name === "srgb" };
}

type Way = NonNullable<Pixels["way"]>;

const isSame = (one: Way["matrix"], other: Way["matrix"]): boolean =>
  one.flat().every((value, index) => Math.abs(value - other.flat()[index]!) < 0.001);

const hasSrgbCurve = ({ curves }: Way): boolean =>
  curves.every((curve) => [0.02, 0.1, 0.3, 0.7].every((x) => Math.abs(curve.decode(x) - toLinear(x)) < 0.0005));
