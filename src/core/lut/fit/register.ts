/**
 * Register: models move pictures by a pixel or zoom them by a few tenths of a percent. Find that motion, so that blocks
 * compare the same place.
 *
 * A provisional look makes the plate as bright as the model's answer; then a Lucas–Kanade alignment of lumas finds the
 * motion; then both once more, since a look fitted to aligned blocks is the better look.
 */
import { align } from "./align.ts";
import { blocksOf, type Pair } from "./blocks.ts";
import { lookAt } from "./mixing.ts";
import { halve, lumaOf, type Plane, shrink } from "./pyramid.ts";
import { ROUGH_PLAN, solve } from "./solve.ts";
import { isPlausible, STILL, type Warp } from "./warp.ts";

export type Registration = { readonly warp: Warp; readonly registered: boolean };

const ROUNDS = 2;
/** Planes of the pyramid; at a megapixel their pixels have sides of 2, 4 and 8. */
const LEVELS = 3;

/** `size` is the side of the blocks the look will be fitted on; the finest plane has half of it. */
export function register(pair: Pair, size: number): Registration {
  const finest = Math.max(1, size >> 1);
  const plate = shrink(pair.before, pair.beforeLevels, pair, finest);
  const moved = pyramidOf(lumaOf(shrink(pair.after, pair.afterLevels, pair, finest)));
  const full = [pair.width, pair.height] as const;
  let warp = STILL;
  for (let round = 0; round < ROUNDS; round++) {
    const look = solve(blocksOf(pair, 2 * size, warp), ROUGH_PLAN);
    const still = pyramidOf(lumaOf({ ...plate, values: lookAt(plate.values, look.prior, look.field, look.n) }));
    let next = warp;
    for (let level = (round === 0 ? LEVELS : 1) - 1; level >= 0; level--)
      next = align(still[level]!, moved[level]!, finest << level, full, next);
    if (!isPlausible(next, pair.width)) return { warp: STILL, registered: false };
    warp = next;
  }
  return { warp, registered: true };
}

/** Finest first. */
function pyramidOf(finest: Plane): readonly Plane[] {
  const planes = [finest];
  for (let level = 1; level < LEVELS; level++) planes.push(halve(planes[level - 1]!));
  return planes;
}
