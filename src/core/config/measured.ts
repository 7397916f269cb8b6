/** Durations, sizes and pixels as the grammar has them: texts with a unit, between two bounds. */
import { z } from "zod";
import { parseDuration, parsePixels, parseSize } from "./durations.ts";

/** Text in a pattern, read by `parse` and kept between two bounds; `expects` is what a person is told. */
const measured = (expects: string, parse: (text: string) => number | undefined, least: string, most: string) => {
  const sentence = `expected ${expects} between ${least} and ${most}`;
  const inside = (text: string) => {
    const value = parse(text);
    return value !== undefined && value >= parse(least)! && value <= parse(most)!;
  };
  return z.string({ error: sentence }).refine(inside, { error: sentence });
};
export const duration = (least: string, most: string) =>
  measured("a duration with its unit, such as 500ms, 2s or 15m,", parseDuration, least, most);
export const size = (least: string, most: string) =>
  measured("a size with its unit, such as 512MiB or 2GiB,", parseSize, least, most);
export const pixels = (least: string, most: string) =>
  measured("a number of megapixels, such as 500MP,", parsePixels, least, most);
