/**
 * Linear systems whose unknowns only meet their near neighbours: symmetric, positive definite, of a narrow band.
 *
 * Shape   Float64Array of n·(reach + 1); row i holds the coefficients of columns i − reach … i, the diagonal last. What lies
 *         left of column 0 is not used. Right sides: `count` numbers an unknown, interleaved.
 * Source  Cholesky's factorisation inside the band (Golub & Van Loan, "Matrix Computations", 4.3.5).
 */
export type Band = { readonly n: number; readonly reach: number; readonly values: Float64Array };

export function bandOf(n: number, reach: number): Band {
  return { n, reach, values: new Float64Array(n * (reach + 1)) };
}

/** Solves in place: `band` becomes its factor, `right` the solution. */
export function solveBand({ n, reach, values }: Band, right: Float64Array, count: number): void {
  factor(n, reach, values);
  const width = reach + 1;
  for (let i = 0; i < n; i++) {
    const row = i * width + reach - i;
    const first = Math.max(0, i - reach);
    const scale = 1 / values[row + i]!;
    for (let c = 0; c < count; c++) {
      let sum = right[count * i + c]!;
      for (let k = first; k < i; k++) sum -= values[row + k]! * right[count * k + c]!;
      right[count * i + c] = sum * scale;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = i * width + reach - i;
    const first = Math.max(0, i - reach);
    const scale = 1 / values[row + i]!;
    for (let c = 0; c < count; c++) {
      const value = right[count * i + c]! * scale;
      right[count * i + c] = value;
      for (let k = first; k < i; k++) right[count * k + c]! -= values[row + k]! * value;
    }
  }
}

/** Row by row: entry (i, j) needs what rows i and j have in common before j. Four sums at a time keep the processor busy. */
function factor(n: number, reach: number, values: Float64Array): void {
  const width = reach + 1;
  for (let i = 0; i < n; i++) {
    const row = i * width + reach - i;
    const first = Math.max(0, i - reach);
    for (let j = first; j <= i; j++) {
      const other = j * width + reach - j;
      let k = Math.max(first, j - reach);
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (; k + 3 < j; k += 4) {
        s0 += values[row + k]! * values[other + k]!;
        s1 += values[row + k + 1]! * values[other + k + 1]!;
        s2 += values[row + k + 2]! * values[other + k + 2]!;
        s3 += values[row + k + 3]! * values[other + k + 3]!;
      }
      for (; k < j; k++) s0 += values[row + k]! * values[other + k]!;
      const sum = values[row + j]! - (s0 + s1 + s2 + s3);
      values[row + j] = j < i ? sum / values[other + j]! : Math.sqrt(Math.max(sum, 1e-12));
    }
  }
}
