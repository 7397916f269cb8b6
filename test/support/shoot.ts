/** A shoot to test with: frames of one scene as a camera brings them home, and a model that never answers twice alike. */
import { join } from "node:path";
import sharp from "sharp";
import { deltaE } from "../../src/core/colour/delta-e.ts";
import { type Triple, toLab } from "../../src/core/colour/srgb.ts";
import { type Lattice, latticeOf } from "../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../src/core/lut/sample.ts";
import { type LookName, lookNamed } from "./looks.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
/** Golden ratio steps fill a range evenly, in no visible order. */
const STEP = 0.618034;
const spread = (n: number, from: number, to: number) => from + (to - from) * ((n * STEP) % 1);

/**
 * Frame `n` of a shoot, a JPEG of the given width at 3 : 2: another part of the scene, another distance, and with a variety
 * of 1 the half a stop and few hundred kelvin by which light changes within an hour.
 */
export async function frame(n: number, { scene = "mountains.jpg", width = 600, variety = 0.3 } = {}): Promise<Buffer> {
  const source = join(SAMPLES, scene);
  const upright = await sharp(source).autoOrient().toColourspace("srgb").toBuffer();
  const { width: full, height: tall } = await sharp(upright).metadata();
  const share = 1 - variety * spread(n, 0.05, 0.45);
  const cropWidth = Math.floor(share * Math.min(full, 1.5 * tall));
  const cropHeight = Math.floor(cropWidth / 1.5);
  const crop = {
    left: Math.floor(spread(3 * n + 1, 0, full - cropWidth)),
    top: Math.floor(spread(5 * n + 2, 0, tall - cropHeight)),
    width: cropWidth,
    height: cropHeight,
  };
  const [exposure, warmth] = [2 ** (variety * spread(n, -0.25, 0.25)), variety * spread(7 * n, -0.03, 0.03)];
  return sharp(upright)
    .extract(crop)
    .resize(width, Math.round(width / 1.5), { fit: "fill" })
    .linear([exposure * (1 + warmth), exposure, exposure * (1 - warmth)], [0, 0, 0])
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** What a model makes of the same words: near to `name`, and each seed a little brighter, warmer, harder than the last. */
export function moody(name: LookName): (prompt: string, seed: number) => Lattice {
  const look = lookNamed(name);
  const known = new Map<number, Lattice>();
  return (_prompt, seed) => {
    const [light, warmth, contrast] = [1, 2, 3].map((k) => spread((seed % 1_000_003) * k, -1, 1)) as [
      number,
      number,
      number,
    ];
    const lattice =
      known.get(seed) ??
      latticeOf(17, (r, g, b) => {
        const shown = look([r, g, b]);
        return shown.map((value, c) => {
          const curved = value + 0.12 * contrast * value * (1 - value) * (2 * value - 1);
          return Math.min(1, Math.max(0, curved * (1 + 0.05 * light) * (1 + 0.03 * warmth * (1 - c))));
        }) as unknown as Triple;
      });
    known.set(seed, lattice);
    return lattice;
  };
}

/** Mean CIEDE2000 between two looks over the colours of a photo. */
export async function lookDistance(one: Lattice, other: Lattice, photo: Buffer | string): Promise<number> {
  const pixels = await sharp(photo).removeAlpha().resize(96, 64, { fit: "fill" }).raw().toBuffer();
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 3) {
    const colour: Triple = [pixels[at]! / 255, pixels[at + 1]! / 255, pixels[at + 2]! / 255];
    sum += deltaE(toLab(clipped(sampleTetrahedral(one, colour))), toLab(clipped(sampleTetrahedral(other, colour))));
  }
  return sum / (pixels.length / 3);
}

const clipped = ([r, g, b]: readonly [number, number, number]): Triple => {
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return [clip(r), clip(g), clip(b)];
};
