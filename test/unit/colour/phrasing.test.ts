/** How a prompt is read: which words belong together, how strong they are, and what is not wanted. */
import { describe, expect, test } from "vitest";
import { readPrompt } from "../../../src/core/colour/words.ts";

const KEEP_STILL = "while maintaining the exact composition, framing and all details; keep everything else unchanged";

/** "warm 0.5, not sepia" in short. */
function heard(prompt: string): string {
  return readPrompt(prompt)
    .understood.map(
      ({ term, strength, negated }) =>
        `${negated ? "not " : ""}${term}${strength === 1 ? "" : ` ${+strength.toFixed(2)}`}`,
    )
    .join(", ");
}

describe("reading a prompt", () => {
  test("the default prompt is understood to the last word", () => {
    const reading = readPrompt(`Warm cinematic color grading, soft contrast, slightly lifted blacks, ${KEEP_STILL}`);
    expect(reading.unknown).toEqual([]);
    expect(reading.understood).toEqual([
      { term: "warm", strength: 1, negated: false },
      { term: "cinematic", strength: 1, negated: false },
      { term: "soft contrast", strength: 1, negated: false },
      { term: "lifted blacks", strength: 0.5, negated: false },
    ]);
  });

  test.each([
    // Several words win over one.
    ["soft contrast", "soft contrast"],
    ["day for night", "day for night"],
    ["Black & White, B/W, b&w, black-and-white", "black and white"],
    ["teal/orange at golden hour", "teal and orange, golden hour"],
    ["golden highlights, blue shadows", "golden highlights, blue shadows"],
    // A strength word is a term of its own where nothing follows.
    ["soft, warm light", "soft, warm"],
    ["soft warm light", "warm 0.5"],
    ["rich and warm", "rich, warm"],
    // Inflections and spellings.
    ["warmer, moodier, darkness, dreamily, cold-toned", "warm, moody, dark, dreamy, cool"],
    ["DRAMATIC Ｓｅｐｉａ", "dramatic, sepia"],
    // Strength.
    ["a touch of sepia", "sepia 0.5"],
    ["very strong teal and orange", "teal and orange 1.8"],
    ["very subtle vintage", "vintage 0.35"],
    ["a strong vignette and warm", "warm"],
    ["warm, strongly warm", "warm 1.6"],
    ["30% sepia, warmth 40%", "sepia 0.3, warm 0.4"],
    ["contrast +20, saturation: -15", "contrast 0.4, saturated -0.3"],
    ["contrast 9000%", "contrast 2"],
    ["less contrast, reduced saturation, less cinematic", "contrast -0.7, desaturated, not cinematic"],
    // Negation.
    ["no sepia or vignette, warm", "not sepia, warm"],
    ["no sepia, haze or blue shadows. Warm", "not sepia, not foggy, not blue shadows, warm"],
    ["warm, without sepia and vintage", "warm, not sepia, not vintage"],
    ["without warm tones", "not warm"],
    ["avoid: sepia, cool tones, high contrast. Moody", "not sepia, not cool, not high contrast, moody"],
    ["don't make it warm, make it cold", "not warm, cool"],
    ["don’t ever make it too warm but moody", "not warm, moody"],
    ["instead of warm, cool", "not warm, cool"],
    ["warm, never cold", "warm, not cool"],
    ["it isn't gloomy", "not gloomy"],
    ["not only warm but also moody", "warm, moody"],
    // Keep-still phrases are no negations of what follows.
    ["without changing the composition make it warm", "warm"],
    ["do not alter faces or details; golden hour", "golden hour"],
    ["keep everything else unchanged and make the shadows teal", "teal shadows"],
  ])("%s → %s", (prompt, expected) => {
    expect(heard(prompt)).toBe(expected);
  });

  test("unknown words are reported once, stop words never", () => {
    const { unknown } = readPrompt(
      "Please give the photo a zebra look with zebra colours, bokeh and the tones of a warm film preset",
    );
    expect(unknown).toEqual(["zebra", "bokeh"]);
  });

  test("what is said twice is not done twice", () => {
    expect(readPrompt("warm, warmer, warmth").grade).toEqual(readPrompt("warm").grade);
  });

  test("the parameters of different words add up", () => {
    const { grade } = readPrompt("warm, strong cool");
    expect(grade.temperature).toBeCloseTo(-0.6 * readPrompt("warm").grade.temperature);
  });

  test("nothing a person may paste makes it throw or slow", () => {
    for (const prompt of [
      "no ".repeat(5_000),
      "very ".repeat(5_000),
      "a,".repeat(5_000),
      "💥 ‮ \u0000",
      "+-%",
      "constructor __proto__",
    ])
      expect(readPrompt(prompt).understood).toEqual([]);
  });
});
