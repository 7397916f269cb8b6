/** Contact sheets: each photo before and after, its name below, on one JPEG in sRGB of at most 3000 pixels a side. */
import sharp, { type OverlayOptions } from "sharp";
import { type PathText, showPath } from "../../core/inbox/path-text.ts";
import type { SheetRequest } from "../../ports-pictures.ts";
import { told, writeNew } from "../files.ts";
import { infoOf } from "./anatomy.ts";
import { decodeSrgb, openPicture } from "./decode.ts";

const COLUMNS = 5;
/** Of one thumbnail; the two of a photo stand side by side. */
const BOX = { width: 280, height: 210 } as const;
const GAP = 2;
const MARGIN = 24;
const CAPTION = 28;
const FONT = 17;
/** What fits under two thumbnails. */
const NAME_MAX = 56;
const CELL = { width: 2 * BOX.width + GAP + MARGIN, height: BOX.height + CAPTION + MARGIN } as const;
const GROUND = "#1c1c1c";
const NO_PICTURE = "#303030";
const INK = "#d0d0d0";
const FAINT_INK = "#8a8a8a";
const QUALITY = 88;

export async function contactSheet(
  { cells, to }: SheetRequest,
  pixelsMax: number,
  signal: AbortSignal,
): Promise<undefined> {
  const columns = Math.min(COLUMNS, cells.length);
  const width = MARGIN + columns * CELL.width;
  const height = MARGIN + Math.ceil(cells.length / columns) * CELL.height;
  const parts: OverlayOptions[] = [];
  const names: string[] = [];
  for (const [n, { before, after, name }] of cells.entries()) {
    signal.throwIfAborted();
    const left = MARGIN + (n % columns) * CELL.width;
    const top = MARGIN + Math.floor(n / columns) * CELL.height;
    for (const [files, at, gone] of [
      [before, left, "the original is gone"],
      [after, left + BOX.width + GAP, "the output is gone"],
    ] as const) {
      const shown = await thumbnail(files, at, top, pixelsMax);
      parts.push(shown ?? emptyPlace(at, top));
      if (!shown) names.push(inTheMiddle(gone, at, top));
    }
    names.push(`<text x="${left}" y="${top + BOX.height + FONT + 3}">${escaped(shortened(name))}</text>`);
  }
  if (await hasFonts()) parts.push({ input: svg(width, height, names.join("")), left: 0, top: 0 });
  const ground = { width, height, channels: 3, background: GROUND } as const;
  const jpeg = await sharp({ create: ground })
    .composite(parts)
    .removeAlpha()
    .withIccProfile("srgb")
    .jpeg({ quality: QUALITY })
    .toBuffer();
  await told("write", to, () => writeNew(to, jpeg));
}

/** The first of the files that can be read, inside its box; undefined where none can. */
async function thumbnail(
  files: readonly PathText[],
  left: number,
  top: number,
  pixelsMax: number,
): Promise<OverlayOptions | undefined> {
  for (const file of files) {
    const shown = await smallOf(file, pixelsMax).catch(() => undefined); // the next one may do
    if (!shown) continue;
    const { rgb, width, height } = shown;
    const at = { left: left + Math.floor((BOX.width - width) / 2), top: top + Math.floor((BOX.height - height) / 2) };
    return { input: Buffer.from(rgb.buffer, rgb.byteOffset, rgb.length), raw: { width, height, channels: 3 }, ...at };
  }
  return undefined;
}

const emptyPlace = (left: number, top: number): OverlayOptions => ({
  input: { create: { ...BOX, channels: 3, background: NO_PICTURE } },
  left,
  top,
});

const inTheMiddle = (words: string, left: number, top: number): string =>
  `<text x="${left + BOX.width / 2}" y="${top + BOX.height / 2}" text-anchor="middle" fill="${FAINT_INK}">${words}</text>`;

async function smallOf(file: PathText, pixelsMax: number) {
  const opened = await openPicture(file, pixelsMax);
  const { width, height } = infoOf(opened.anatomy);
  const scale = Math.min(BOX.width / width, BOX.height / height);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const crop = { left: 0, top: 0, width, height };
  return decodeSrgb(opened, { crop, width: side(width), height: side(height) });
}

const svg = (width: number, height: number, inside: string): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="${FONT}" fill="${INK}">${inside}</svg>`,
  );

/** Start and end of a name tell photos apart. */
function shortened(name: PathText): string {
  const letters = [...showPath(name)];
  if (letters.length <= NAME_MAX) return letters.join("");
  const half = Math.floor((NAME_MAX - 1) / 2);
  return `${letters.slice(0, half).join("")}…${letters.slice(-half).join("")}`;
}

/** As XML takes it: what it forbids is left out. */
function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, "").replace(/[&<>"]/g, (mark) => marks[mark]!);
}

let fonts: Promise<boolean> | undefined;

/** A machine without fonts draws the same box for every letter: better no names than boxes. */
function hasFonts(): Promise<boolean> {
  const drawn = async (letter: string) =>
    sharp(svg(64, 32, `<text y="20">${letter}</text>`))
      .raw()
      .toBuffer();
  fonts ??= (async () => !(await drawn("i")).equals(await drawn("W")))();
  return fonts;
}
