/** Contact sheets, by the real workers. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";

const folder = mkdtempSync(join(tmpdir(), "hotgrade-sheet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  delete process.env.FONTCONFIG_FILE;
});
const SAMPLES = join(import.meta.dirname, "../../samples");
const sample = (name: string) => join(SAMPLES, name) as PathText;
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
let sheets = 0;

/** A sheet of these cells, as pixels. */
async function drawn(cells: { before: PathText[]; after: PathText[]; name: string }[]) {
  const pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log });
  const to = join(folder, `${++sheets}.jpg`) as PathText;
  try {
    await pictures.contactSheet({ cells: cells.map((cell) => ({ ...cell, name: cell.name as PathText })), to });
  } finally {
    await pictures.close();
  }
  const { data, info } = await sharp(to).raw().toBuffer({ resolveWithObject: true });
  /** The brightest value 0 … 255 in a box. */
  const brightest = (left: number, top: number, width: number, height: number): number => {
    let most = 0;
    for (let y = top; y < top + height; y++)
      for (let x = left; x < left + width; x++) most = Math.max(most, data[3 * (y * info.width + x)]!);
    return most;
  };
  return { info, brightest };
}

const [bowl, dogs] = [sample("bowl-display-p3.jpg"), sample("dogs-rotated.jpg")];
const MARGIN = 24;
const BOX = { width: 280, height: 210 };

test("shows before and after, upright, and the name below, whatever is in it", async () => {
  const name = `<b>&"'\u0000\u{10ffff} ${"long ".repeat(60)}</text>`;
  const { info, brightest } = await drawn([{ before: [dogs], after: [bowl], name }]);
  expect([info.width, info.height]).toEqual([MARGIN + 562 + MARGIN, MARGIN + 210 + 28 + MARGIN]);
  // The dogs stand: left and right of them the ground is empty.
  expect(brightest(MARGIN, MARGIN, 60, BOX.height)).toBeLessThan(60);
  expect(brightest(MARGIN + 100, MARGIN, 80, BOX.height)).toBeGreaterThan(150);
  expect(brightest(MARGIN, MARGIN + BOX.height + 4, 300, 22)).toBeGreaterThan(150);
});

test("what cannot be read leaves an empty place that says so; the next file of the list stands for it", async () => {
  const broken = join(folder, "broken.jpg") as PathText;
  writeFileSync(broken, "not a picture");
  const { brightest } = await drawn([
    { before: [broken, "/nowhere.jpg" as PathText], after: [broken, bowl], name: "a.jpg" },
  ]);
  expect(brightest(MARGIN, MARGIN, BOX.width, BOX.height / 2 - 20)).toBeLessThan(70);
  expect(brightest(MARGIN + 50, MARGIN + BOX.height / 2 - 20, 180, 30)).toBeGreaterThan(100);
  expect(brightest(MARGIN + BOX.width + 2, MARGIN, BOX.width, BOX.height)).toBeGreaterThan(150);
});

test("on a machine without fonts there are no names rather than boxes", async () => {
  const file = join(folder, "fonts.conf");
  writeFileSync(file, `<?xml version="1.0"?><fontconfig><dir>${folder}/none</dir></fontconfig>`);
  process.env.FONTCONFIG_FILE = file;
  const { brightest } = await drawn([{ before: [bowl], after: [bowl], name: "IMG_1.jpg" }]);
  expect(brightest(MARGIN, MARGIN + BOX.height + 4, 500, 22)).toBeLessThan(50);
});
