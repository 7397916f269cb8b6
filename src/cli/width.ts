/** How many columns a text takes on a terminal, and padding and cutting by that measure. */

let opened: Intl.Segmenter | undefined;
/** Its tables take a tenth of a command's start to load, and most texts are ASCII. */
function graphemes(text: string): Intl.Segments {
  opened ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return opened.segment(text);
}

/** East Asian wide and fullwidth blocks. Source: Unicode 16, EastAsianWidth.txt, the ranges that matter for names. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const NOTHING = /^[\p{M}\p{Cc}\p{Cf}]+$/u;

/** `displayWidth("añ日👩‍🚀")` is 6: letters 1, marks 0, wide characters and emoji 2. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += NOTHING.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}

export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text))) + text;
}

/** At most `columns` wide; what is cut off is shown as one "…". */
export function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let out = "";
  let width = 0;
  for (const { segment } of graphemes(text)) {
    width += displayWidth(segment);
    if (width > columns - 1) break;
    out += segment;
  }
  return `${out}…`;
}

/** Words on lines of at most `columns`; a longer word stands alone. Line breaks in the text stay. */
export function wrap(text: string, columns: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line && displayWidth(line) + 1 + displayWidth(word) > columns) {
        lines.push(line);
        line = word;
      } else line = line ? `${line} ${word}` : word;
    }
    return [...lines, line];
  });
}
