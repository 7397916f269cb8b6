/**
 * sRGB: the transfer functions and the way to CIE XYZ and CIELAB.
 *
 * Units   encoded R′G′B′ and linear RGB 0 … 1; XYZ with Y = 1 for white; L* 0 … 100, a* and b* about −128 … 127.
 * White   D65, (0.95047, 1, 1.08883), the white of sRGB itself: no adaptation anywhere here.
 * Source  IEC 61966-2-1:1999 (transfer function, primaries); CIE 15:2004 (L*a*b*). The matrix is Lindbloom's.
 */

/** Three numbers of one colour, in the space its name says. */
export type Triple = readonly [number, number, number];

export const D65: Triple = [0.95047, 1, 1.08883];

/** One channel, encoded → linear: `toLinear(0.5)` is 0.21404. Below 0 it is odd-symmetric. */
export function toLinear(encoded: number): number {
  if (encoded < 0) return -toLinear(-encoded);
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

/** One channel, linear → encoded: `toEncoded(0.21404)` is 0.5. Below 0 it is odd-symmetric. */
export function toEncoded(linear: number): number {
  if (linear < 0) return -toEncoded(-linear);
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** Linear RGB → XYZ: white (1, 1, 1) gives D65. */
export function toXyz([r, g, b]: Triple): Triple {
  return [
    0.4124564 * r + 0.3575761 * g + 0.1804375 * b,
    0.2126729 * r + 0.7151522 * g + 0.072175 * b,
    0.0193339 * r + 0.119192 * g + 0.9503041 * b,
  ];
}

/** XYZ → linear RGB; outside the gamut the numbers leave 0 … 1. */
export function fromXyz([x, y, z]: Triple): Triple {
  return [
    3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
    -0.969266 * x + 1.8760108 * y + 0.041556 * z,
    0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
  ];
}

/** XYZ → CIELAB: D65 itself gives (100, 0, 0). */
export function xyzToLab([x, y, z]: Triple): Triple {
  const fx = labRoot(x / D65[0]);
  const fy = labRoot(y / D65[1]);
  const fz = labRoot(z / D65[2]);
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** Encoded R′G′B′ → CIELAB: pure red (1, 0, 0) gives (53.24, 80.09, 67.20). */
export function toLab([r, g, b]: Triple): Triple {
  return xyzToLab(toXyz([toLinear(r), toLinear(g), toLinear(b)]));
}

/** CIE's cube root with its straight foot: below (6/29)³ the curve goes on as a line. */
function labRoot(t: number): number {
  return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
}
