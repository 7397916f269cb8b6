/**
 * CIEDE2000: how different two colours look. About 1 is the least difference a trained eye sees side by side.
 *
 * Units   CIELAB in (see srgb.ts); a difference of 0 or more out. kL = kC = kH = 1.
 * Source  Sharma, Wu, Dalal: "The CIEDE2000 Color-Difference Formula" (2005), whose 34 pairs are the unit test.
 */
import type { Triple } from "./srgb.ts";

const TURN = 2 * Math.PI;
const DEGREE = Math.PI / 180;
const POW25_7 = 25 ** 7;

/** `deltaE([50, 2.6772, -79.7751], [50, 0, -82.7485])` is 2.0425. Symmetric in its arguments. */
export function deltaE([L1, a1, b1]: Triple, [L2, a2, b2]: Triple): number {
  // Greys are turned a little towards red, because hue means less there.
  const greyness = 0.5 * (1 - root7((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2));
  const reddened1 = a1 * (1 + greyness);
  const reddened2 = a2 * (1 + greyness);
  const chroma1 = Math.hypot(reddened1, b1);
  const chroma2 = Math.hypot(reddened2, b2);
  const hue1 = hueOf(reddened1, b1);
  const hue2 = hueOf(reddened2, b2);
  const grey = chroma1 * chroma2 === 0;

  const lightness = (L1 + L2) / 2;
  const chroma = (chroma1 + chroma2) / 2;
  const hue = grey ? hue1 + hue2 : meanHue(hue1, hue2);
  const apart = grey ? 0 : shortestTurn(hue2 - hue1);

  const deltaL = L2 - L1;
  const deltaC = chroma2 - chroma1;
  const deltaH = 2 * Math.sqrt(chroma1 * chroma2) * Math.sin(apart / 2);

  const spread = (lightness - 50) ** 2;
  const scaleL = 1 + (0.015 * spread) / Math.sqrt(20 + spread);
  const scaleC = 1 + 0.045 * chroma;
  const scaleH = 1 + 0.015 * chroma * hueWeight(hue);
  const blue = 30 * DEGREE * Math.exp(-(((hue / DEGREE - 275) / 25) ** 2));
  const rotation = -Math.sin(2 * blue) * 2 * root7(chroma);

  const l = deltaL / scaleL;
  const c = deltaC / scaleC;
  const h = deltaH / scaleH;
  return Math.sqrt(Math.max(0, l * l + c * c + h * h + rotation * c * h));
}

/** √(C⁷ / (C⁷ + 25⁷)): 0 for greys, nearly 1 from a chroma of 50 on. */
function root7(chroma: number): number {
  const power = chroma ** 7;
  return Math.sqrt(power / (power + POW25_7));
}

/** Hue angle 0 … 2π; 0 for a grey. */
function hueOf(a: number, b: number): number {
  if (a === 0 && b === 0) return 0;
  const angle = Math.atan2(b, a);
  return angle < 0 ? angle + TURN : angle;
}

function shortestTurn(angle: number): number {
  if (angle > Math.PI) return angle - TURN;
  return angle < -Math.PI ? angle + TURN : angle;
}

/** The hue halfway between two, along the shorter arc. */
function meanHue(hue1: number, hue2: number): number {
  const sum = hue1 + hue2;
  if (Math.abs(hue1 - hue2) <= Math.PI) return sum / 2;
  return sum < TURN ? (sum + TURN) / 2 : (sum - TURN) / 2;
}

/** T of the paper: how strongly a turn of hue is seen, by hue. */
function hueWeight(hue: number): number {
  return (
    1 -
    0.17 * Math.cos(hue - 30 * DEGREE) +
    0.24 * Math.cos(2 * hue) +
    0.32 * Math.cos(3 * hue + 6 * DEGREE) -
    0.2 * Math.cos(4 * hue - 63 * DEGREE)
  );
}
