/**
 * Rows as nearly every program writes them: three plain decimals, one space between, and the end of the line. A table has
 * tens of thousands, and a parser that also understands all else takes several times as long over each.
 */

/** 10⁰ … 10¹⁵, all exact: a mantissa of up to 15 digits over one of these is the number that is written, rounded once. */
const POWERS = Float64Array.from({ length: 16 }, (_, digits) => 10 ** digits);
const DIGITS_MAX = 15;
const ZERO = 48;
const NINE = 57;
const POINT = 46;
const SPACE = 32;
const LF = 10;
const CR = 13;

/** Fills `rows` from `filled` on with the plain rows at `at`; stops before the first line that is anything else. */
export function readPlainRows(
  text: string,
  at: number,
  rows: Float32Array,
  filled: number,
): { readonly at: number; readonly filled: number } {
  let start = at;
  let next = filled;
  let p = at;
  while (next < rows.length) {
    for (let c = 0; c < 3; c++) {
      let mantissa = 0;
      let digits = 0;
      let whole = -1;
      for (let code = text.charCodeAt(p); ; code = text.charCodeAt(++p)) {
        if (code >= ZERO && code <= NINE) {
          mantissa = 10 * mantissa + (code - ZERO);
          digits++;
        } else if (code === POINT && whole < 0) whole = digits;
        else break;
      }
      if (digits === 0 || digits > DIGITS_MAX) return { at: start, filled: next };
      rows[next + c] = whole < 0 ? mantissa : mantissa / POWERS[digits - whole]!;
      if (c < 2 && text.charCodeAt(p++) !== SPACE) return { at: start, filled: next };
    }
    if (text.charCodeAt(p) === CR && text.charCodeAt(p + 1) === LF) p++;
    if (p < text.length && text.charCodeAt(p) !== LF) break;
    start = Math.min(++p, text.length);
    next += 3;
    if (p >= text.length) break;
  }
  return { at: start, filled: next };
}
