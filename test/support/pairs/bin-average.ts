/** The obvious way to a LUT, to compare with: bins of 33³, the mean edited colour of what fell in, the identity where nothing did. */
import { identity, type Lattice } from "../../../src/core/lut/lattice.ts";

export function binAverage(before: Uint8Array, after: Uint8Array): Lattice {
  const n = 33;
  const sums = new Float64Array(3 * n ** 3);
  const counts = new Uint32Array(n ** 3);
  const bin = (code: number) => Math.round((code / 255) * (n - 1));
  for (let p = 0; p < before.length; p += 3) {
    const node = bin(before[p]!) + n * (bin(before[p + 1]!) + n * bin(before[p + 2]!));
    counts[node]!++;
    for (let c = 0; c < 3; c++) sums[3 * node + c]! += after[p + c]! / 255;
  }
  const values = identity(n).values;
  for (let node = 0; node < n ** 3; node++)
    if (counts[node]! > 0) for (let c = 0; c < 3; c++) values[3 * node + c] = sums[3 * node + c]! / counts[node]!;
  return { n, values };
}
