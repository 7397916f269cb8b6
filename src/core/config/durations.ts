/** Durations, sizes and pixel counts as people write them: `2s`, `15m`, `2GiB`, `500MP`. */

const NUMBER = String.raw`\d{1,12}(?:\.\d{1,6})?`;

export const DURATION = new RegExp(`^(${NUMBER}) ?(ms|s|m|h|d)$`);
export const SIZE = new RegExp(`^(${NUMBER}) ?([kKMGT]i?)?B$`);
export const PIXELS = new RegExp(`^(${NUMBER}) ?MP$`);

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `parseDuration("1.5s")` is 1500 ms; undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match ? Math.round(Number(match[1]) * MS[match[2] as keyof typeof MS]) : undefined;
}

/** `parseSize("2GiB")` is 2147483648 bytes, `parseSize("2GB")` 2000000000; undefined when the text is no size. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (!match) return undefined;
  const unit = match[2] ?? "";
  const power = unit === "" ? 0 : "kmgt".indexOf(unit[0]!.toLowerCase()) + 1;
  return Math.round(Number(match[1]) * (unit.endsWith("i") ? 1024 : 1000) ** power);
}

/** `parsePixels("500MP")` is 500000000; undefined when the text is no pixel count. */
export function parsePixels(text: string): number | undefined {
  const match = PIXELS.exec(text);
  return match ? Math.round(Number(match[1]) * 1e6) : undefined;
}
