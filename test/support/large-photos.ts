/** Photos as large as cameras make them: a sample enlarged and sharpened, with a sensor's noise on it. */
import { join } from "node:path";
import sharp from "sharp";
import { chance } from "./pictures.ts";

const SAMPLE = join(import.meta.dirname, "../../samples/mountains.jpg");

/** Noise in codes, alike in the three channels and by itself in each. */
const GREY_NOISE = 8;
const COLOUR_NOISE = 3;

/** RGB, 8 bits. */
export async function largePhoto(width: number, height: number): Promise<Buffer> {
  const image = sharp(SAMPLE).resize(width, height, { fit: "cover" }).sharpen({ sigma: 2, m1: 1, m2: 3 });
  const pixels = await image.toColourspace("srgb").raw().toBuffer();
  const random = chance(24);
  // A row of noise is drawn once and shifted from line to line: drawing it all takes longer than what is measured.
  const noise = Int8Array.from({ length: 3 * 65_521 }, (_, at) =>
    Math.round((at % 3 === 0 ? GREY_NOISE : COLOUR_NOISE) * (random() + random() - 1)),
  );
  for (let at = 0; at < pixels.length; at++) {
    const value = pixels[at]! + noise[at % noise.length]! + noise[(3 * Math.floor(at / 3)) % noise.length]!;
    pixels[at] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
  return pixels;
}

/** A baseline JPEG of quality 92 with halved chroma and EXIF, as cameras write them. */
export async function largeJpeg(file: string, width: number, height: number): Promise<void> {
  await sharp(await largePhoto(width, height), { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { Make: "Canon", Model: "EOS R6" }, IFD2: { ExposureTime: "1/200" } })
    .jpeg({ quality: 92 })
    .toFile(file);
}

/** A TIFF of 16 bits, in strips, not compressed. */
export async function largeTiff(file: string, width: number, height: number): Promise<void> {
  const bytes = await largePhoto(width, height);
  const words = new Uint16Array(bytes.length);
  for (let at = 0; at < words.length; at++) words[at] = 257 * bytes[at]! + ((at * 37) & 127);
  await sharp(words, { raw: { width, height, channels: 3 } })
    .toColourspace("rgb16")
    .tiff({ compression: "none" })
    .toFile(file);
}
