/**
 * Linear profiles: a lattice of even steps cannot follow the dark colours of numbers that are light itself. So they get
 * sRGB's curve before the look and lose it again after, in 16 bits; primaries and profile stay.
 *
 * Error   8-bit pictures come back exactly; 16-bit ones within 2 codes of 65,535 (the curve is steeper than 1 in the lights).
 */
import { toEncoded, toLinear } from "../../core/colour/srgb.ts";
import type { Samples } from "./convert.ts";
import { type Curve, type ProfileWay, wayFrom } from "./icc.ts";

const MAX = 65_535;
const CURVE: Curve = { decode: toLinear, encode: (linear) => toEncoded(Math.min(1, Math.max(0, linear))) };

export type Shaper = {
  /** Of the shaped numbers. */
  readonly way: ProfileWay;
  /** The picture's numbers under sRGB's curve, 16 bits. */
  shape(samples: Samples, channels: 3 | 4): Uint16Array;
  /** Back, in the depth that the picture had. */
  unshape(samples: Uint16Array, channels: 3 | 4): Samples;
};

export function shaperFor(way: ProfileWay, depth: 8 | 16): Shaper {
  const own = depth === 8 ? 255 : MAX;
  const there = way.curves.map((curve) =>
    Uint16Array.from({ length: own + 1 }, (_, code) => Math.round(MAX * CURVE.encode(curve.decode(code / own)))),
  );
  const alpha = (code: number, from: number, to: number) => Math.round((code * to) / from);
  return {
    way: wayFrom([CURVE, CURVE, CURVE], way.matrix),
    shape(samples, channels) {
      const shaped = samples instanceof Uint16Array ? samples : new Uint16Array(samples.length);
      for (let at = 0; at < samples.length; at += channels) {
        for (let c = 0; c < 3; c++) shaped[at + c] = there[c]![samples[at + c]!]!;
        if (channels === 4) shaped[at + 3] = alpha(samples[at + 3]!, own, MAX);
      }
      return shaped;
    },
    unshape(samples, channels) {
      const back = way.curves.map((curve) =>
        Uint16Array.from({ length: MAX + 1 }, (_, code) => Math.round(own * curve.encode(toLinear(code / MAX)))),
      );
      const plain = depth === 8 ? new Uint8Array(samples.length) : samples;
      for (let at = 0; at < samples.length; at += channels) {
        for (let c = 0; c < 3; c++) plain[at + c] = back[c]![samples[at + c]!]!;
        if (channels === 4) plain[at + 3] = alpha(samples[at + 3]!, MAX, own);
      }
      return plain;
    },
  };
}
