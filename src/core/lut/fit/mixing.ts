/**
 * Mixing: what a block's mean hides.
 *
 * The mean of a contrast curve over light and dark pixels is not the curve at their mean. A provisional look tells how large
 * that gap is in each block, from the means of its quarters; taken out of the target, textured blocks teach the look
 * what flat ones do, and the look keeps its full contrast.
 *
 * Source  Jensen (1906): E f(x) − f(E x) is ½·tr(f″·cov x) and more; here it is summed rather than expanded.
 */
import type { Blocks } from "./blocks.ts";
import { marginOf } from "./grid.ts";
import { loops } from "./loops/loops.ts";
import type { Affine } from "./prior.ts";

/** For each block, mean of look(quarter) − look(mean). Shape: Float32Array of 3·count. */
export function mixingGaps(blocks: Blocks, prior: Affine, field: Float64Array, n: number): Float32Array {
  const gaps = lookAt(blocks.before, prior, field, n);
  const quarters = lookAt(blocks.quarters, prior, field, n);
  for (let i = 0, q = 0, p = 0; i < blocks.count; i++, p += 9)
    for (let c = 0; c < 3; c++, q++, p++) {
      const mean = (quarters[p]! + quarters[p + 3]! + quarters[p + 6]! + quarters[p + 9]!) / 4;
      gaps[q] = mean - gaps[q]!;
    }
  return gaps;
}

/** clamp(prior + field) at colours; interleaved R′G′B′ in and out. */
export function lookAt(colours: Float32Array, prior: Affine, field: Float64Array, n: number): Float32Array {
  const look = new Float32Array(colours.length);
  const { matrix, offset } = prior;
  loops({ reads: [matrix, offset, field, colours], gives: [look] }, (loop, { at }) => {
    const from = [at(matrix), at(offset), at(field), marginOf(n), n] as const;
    loop.look(...from, at(colours), colours.length / 3, at(look));
  });
  return look;
}
