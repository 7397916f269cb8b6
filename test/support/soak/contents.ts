/** The bytes of each dropped file. A picture belongs to one drop alone, but for copies. */
import sharp from "sharp";
import { sceneImage } from "../photos.ts";
import { containerOf } from "../raws.ts";
import type { Drop, Kind } from "./plan.ts";

const WIDTH = 192;
const HEIGHT = 128;
const SEED_STEP = 10_000;
const EXTENSIONS: Partial<Record<Kind, string>> = {
  png: "png",
  tiff: "tif",
  webp: "webp",
  raw: "RAF",
  gif: "gif",
  temp: "jpg.part",
  notes: "txt",
};
/** Of a cut file, this share is there. */
const CUT = 0.6;

let rawBase: Promise<Buffer> | undefined;

/** `IMG_0012.JPG`, in the case that cameras and people use. */
export function nameOf({ nth, kind }: Drop): string {
  const extension = EXTENSIONS[kind] ?? (nth % 3 === 0 ? "JPG" : "jpg");
  return `IMG_${String(nth).padStart(4, "0")}.${extension}`;
}

/** What comes under the drop's own name; `version` 2 is the picture that replaces it. */
export async function contentOf(drop: Drop, seed: number, version = 1): Promise<Buffer> {
  const image = sceneImage(WIDTH, HEIGHT, SEED_STEP * seed + 2 * drop.nth + version - 1);
  const jpeg = () => image.jpeg({ quality: 92, chromaSubsampling: "4:4:4" }).toBuffer();
  switch (drop.kind) {
    case "png":
      return image.png({ compressionLevel: 3 }).toBuffer();
    case "tiff":
      return image.tiff({ compression: "lzw" }).toBuffer();
    case "webp":
      return image.webp({ quality: 95 }).toBuffer();
    case "gif":
      return sharp(await jpeg())
        .gif({ effort: 1 })
        .toBuffer();
    case "raw":
      return rawOf(drop);
    case "text":
    case "notes":
      return Buffer.from(`Notes of the second day, page ${drop.nth}.\n`.repeat(20));
    case "empty":
      return Buffer.alloc(0);
    case "cut": {
      const whole = await jpeg();
      return whole.subarray(0, Math.floor(CUT * whole.length));
    }
    default:
      return jpeg();
  }
}

/** The other half of a pair, or a RAW alone: noise of its own behind a maker's container. */
export async function rawOf({ nth }: Drop): Promise<Buffer> {
  rawBase ??= containerOf("RAF", { preview: [WIDTH, HEIGHT] });
  const raw = Buffer.from(await rawBase);
  raw.writeUInt32BE(0x5eed0000 + nth, raw.length - 8);
  return raw;
}
