/** Pixels as plain numbers, in and out: pictures that hold a look (HaldCLUT), and previews of one. */
import sharp from "sharp";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { RgbPicture } from "../../core/lut/hald.ts";
import type { RgbRequest } from "../../ports.ts";
import { told, writeNew } from "../files.ts";
import { threeChannels } from "./convert.ts";
import { decodePicture, openPicture } from "./decode.ts";
import { withChunks } from "./png.ts";

const PNG_LEVEL = 6;

export async function readRgb(file: PathText, pixelsMax: number): Promise<RgbPicture> {
  const { samples, channels, width, height } = await decodePicture(await openPicture(file, pixelsMax));
  const rgb = channels === 4 ? threeChannels(samples) : samples;
  // A plain array, whichever way it takes from here: between processes a Buffer would stay one.
  const plain = Buffer.isBuffer(rgb) ? new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.length) : rgb;
  return { width, height, samples: plain };
}

/** Neighbours in a HaldCLUT are alike, so rows are filtered before they are packed. */
export async function writeRgb({ picture, to }: RgbRequest): Promise<undefined> {
  const { width, height, samples } = picture;
  const image = sharp(samples, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  const deep = samples instanceof Uint16Array ? image.toColourspace("rgb16") : image;
  const encoded = await deep.png({ compressionLevel: PNG_LEVEL, adaptiveFiltering: true }).toBuffer();
  await told("write", to, () => writeNew(to, ...withChunks(encoded, [])));
}
