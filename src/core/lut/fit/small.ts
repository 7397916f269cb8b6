/** Small dense linear systems: a handful of unknowns, as the prior and the registration have them. */

/**
 * Solves A·X = B by Gauss–Jordan elimination with row pivots. A is n × n, B is n × m, both by rows; neither is changed.
 * A column without a pivot gives zeros: an unknown the equations do not speak of stays where it is.
 */
export function solveSmall(A: Float64Array, B: Float64Array, n: number, m: number): Float64Array {
  const a = Float64Array.from(A);
  const x = Float64Array.from(B);
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let j = i + 1; j < n; j++) if (Math.abs(a[j * n + i]!) > Math.abs(a[pivot * n + i]!)) pivot = j;
    swapRows(a, i, pivot, n);
    swapRows(x, i, pivot, m);
    const head = a[i * n + i]!;
    const scale = Math.abs(head) > 1e-300 ? 1 / head : 0;
    for (let k = 0; k < n; k++) a[i * n + k]! *= scale;
    for (let k = 0; k < m; k++) x[i * m + k]! *= scale;
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const factor = a[j * n + i]!;
      for (let k = 0; k < n; k++) a[j * n + k]! -= factor * a[i * n + k]!;
      for (let k = 0; k < m; k++) x[j * m + k]! -= factor * x[i * m + k]!;
    }
  }
  return x;
}

function swapRows(rows: Float64Array, one: number, other: number, length: number): void {
  if (one === other) return;
  for (let k = 0; k < length; k++) {
    const kept = rows[one * length + k]!;
    rows[one * length + k] = rows[other * length + k]!;
    rows[other * length + k] = kept;
  }
}
