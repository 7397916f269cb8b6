/**
 * Oklab: a perceptual space in which lightness, chroma and hue may be moved one without the other.
 *
 * Units   L 0 … 1, a and b about −0.4 … 0.4; chroma in the units of a and b, hue in radians, −π … π.
 * Source  B. Ottosson, "A perceptual color space for image processing" (2020), with its corrected matrices of 2021.
 */
import { type Triple, toEncoded, toLinear } from "./srgb.ts";

/** Encoded R′G′B′ → Oklab: white gives (1, 0, 0), pure red (0.628, 0.225, 0.126). */
export function toOklab([red, green, blue]: Triple): Triple {
  const r = toLinear(red);
  const g = toLinear(green);
  const b = toLinear(blue);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Oklab → encoded R′G′B′; outside the gamut the numbers leave 0 … 1, nothing is clipped here. */
export function fromOklab([lightness, a, b]: Triple): Triple {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toEncoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toEncoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toEncoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Oklab → lightness, chroma, hue. */
export function toOklch([lightness, a, b]: Triple): Triple {
  return [lightness, Math.hypot(a, b), Math.atan2(b, a)];
}

/** Lightness, chroma, hue → Oklab. */
export function fromOklch([lightness, chroma, hue]: Triple): Triple {
  return [lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)];
}
