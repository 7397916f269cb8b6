/**
 * An answer on a picture: the model's own pixels, made as large as what they show, in the picture's numbers, line by line.
 * Towards borders that the answer does not show it goes over softly into what those are.
 */
import sharp from "sharp";
import type { Answer } from "../../ports.ts";
import { readWhole, told } from "../files.ts";
import { PREVIEW_PIXELS_MAX } from "./anatomy.ts";
import type { Samples } from "./convert.ts";
import { FILE_BYTES_MAX, type Pixels } from "./decode.ts";
import { type ChangeLine, changeLines } from "./local.ts";
import { converters } from "./profile-lines.ts";

/** The stretch in which the answer goes over into the rest, in shares of its shorter side. */
const SOFT = 0.03;

/** In place. `rest` makes what lies outside of the answer; not asked where nothing does. */
export async function applyAnswer(
  pixels: Pixels,
  answer: Answer,
  strength: number,
  rest: () => ChangeLine,
): Promise<void> {
  const { channels, width, height } = pixels;
  const { crop } = answer;
  const samples = await enlarged(answer, pixels.samples instanceof Uint16Array);
  const soft = Math.max(1, SOFT * Math.min(crop.width, crop.height));
  const across = weights(width, crop.left, crop.width, soft);
  const down = weights(height, crop.top, crop.height, soft);
  const isWhole = crop.width === width && crop.height === height;
  const changeRest: ChangeLine = isWhole ? () => undefined : rest();
  const line = answerLine(pixels, samples, crop.width);
  const shown = new Uint16Array(3 * crop.width);
  const original = new Uint16Array(width * channels);
  changeLines(pixels, (y, row) => {
    original.set(row);
    changeRest(y, row);
    if (down[y] === 0) return;
    line(y - crop.top, shown);
    for (let x = crop.left, q = 0; q < shown.length; x++, q += 3) {
      const weight = across[x]! * down[y]!;
      const p = x * channels;
      for (let c = 0; c < 3; c++) {
        const from = original[p + c]!;
        const there = from + strength * (shown[q + c]! - from);
        row[p + c] = row[p + c]! + weight * (there - row[p + c]!) + 0.5;
      }
    }
  });
}

/** RGB of the size of what it shows, at the depth that is wanted: eight bits made larger would be steps in a deep picture. */
async function enlarged({ file, part, crop }: Answer, deep: boolean): Promise<Samples> {
  const bytes = await told("read", file, () => readWhole(file, FILE_BYTES_MAX));
  let image = sharp(bytes, { limitInputPixels: PREVIEW_PIXELS_MAX });
  if (deep) image = image.pipelineColourspace("rgb16").toColourspace("rgb16");
  image = image.removeAlpha().extract(part).resize(crop.width, crop.height, { fit: "fill", kernel: "lanczos3" });
  if (!deep) return image.raw().toBuffer();
  const words = await image.raw({ depth: "ushort" }).toBuffer();
  return new Uint16Array(Uint8Array.from(words).buffer);
}

/** How much of the answer each place takes: 1 within it and at the picture's own borders, falling to 0 at others. */
function weights(length: number, from: number, span: number, soft: number): Float64Array {
  const smooth = (share: number) => share * share * (3 - 2 * share);
  const upTo = (distance: number) => smooth(Math.min(1, Math.max(0, distance / soft)));
  return Float64Array.from({ length }, (_, at) => {
    if (at < from || at >= from + span) return 0;
    const before = from > 0 ? upTo(at + 0.5 - from) : 1;
    return from + span < length ? before * upTo(from + span - at - 0.5) : before;
  });
}

/** Line `y` of the answer as 16-bit codes of the picture's own numbers, 3 a pixel. */
function answerLine({ way }: Pixels, samples: Samples, width: number): (y: number, out: Uint16Array) => void {
  const scale = samples instanceof Uint16Array ? 1 : 257;
  const colours = new Float64Array(3 * width);
  const profile = way && converters(way);
  return (y, out) => {
    const from = y * out.length;
    for (let i = 0; i < out.length; i++) out[i] = scale * samples[from + i]!;
    if (!profile) return;
    for (let i = 0; i < out.length; i++) colours[i] = out[i]! / 65_535;
    profile.fromSrgb(colours, out, 3);
  };
}
