/**
 * Align: the small motion that brings one luma plane onto another (Lucas–Kanade, coarse to fine steps by the caller).
 *
 * Slopes are taken from the clean picture (our own plate through the provisional look), not from the model's: noise in the
 * slopes would shorten every step, and so they need computing only once.
 *
 * Source  Lucas & Kanade (1981); Baker & Matthews, "Lucas-Kanade 20 years on" (2004), with robust weights.
 */
import type { Desk } from "../../wasm.ts";
import { type FitLoops, loops } from "./loops/loops.ts";
import type { Plane } from "./pyramid.ts";
import { solveSmall } from "./small.ts";
import type { Warp } from "./warp.ts";

const STEPS_MAX = 8;
/** A step that moves no corner by this many pixels is the last. */
const STILL_PX = 0.005;
/** Luma difference at which a pixel's weight has fallen to a quarter. */
const TOLERANCE = 0.06;
/** Planes with more pixels than this give one point in each 2 × 2, the steepest. */
const POINTS_MAX = 100_000;
/** Zoom across, zoom down, rotation, shift across, shift down. */
const UNKNOWNS = 5;
/**
 * What we expect before looking: zooms and rotation of about 0.01, shifts of about 8 px. It decides only where the picture
 * does not, as along the stripes of a striped picture.
 */
const EXPECTED = [0.01, 0.01, 0.01, 8, 8];
/** Improves a warp until `moved` at the warped places looks like `still`. `scale` is the pixels a plane's pixel covers. */
export function align(still: Plane, moved: Plane, scale: number, size: readonly [number, number], start: Warp): Warp {
  return loops({ reads: [still.values, moved.values] }, (loop, desk) => {
    const points = pointsIn(loop, desk, still, scale, size);
    let warp = start;
    for (let step = 0; step < STEPS_MAX; step++) {
      const [zoomX, zoomY, turn, x, y] = motion(loop, desk, points, moved, scale, size, warp);
      warp = {
        zoomX: warp.zoomX + zoomX,
        zoomY: warp.zoomY + zoomY,
        rotation: warp.rotation + turn,
        shiftX: warp.shiftX + x,
        shiftY: warp.shiftY + y,
      };
      const corner = Math.max(...size) / 2;
      if (Math.abs(x) + Math.abs(y) + corner * (Math.abs(zoomX) + Math.abs(zoomY) + Math.abs(turn)) < STILL_PX) break;
    }
    return warp;
  });
}

/** Where the still picture is compared: `count` points of x, y (pixels from its centre), slopes a pixel, luma, difference. */
type Points = {
  readonly count: number;
  readonly places: readonly [x: number, y: number, slopeX: number, slopeY: number, luma: number];
  readonly difference: number;
};

/** Points with a slope, by central differences; one of each 2 × 2 where the plane is large. */
function pointsIn(
  loop: FitLoops,
  { at, room }: Desk,
  { width, height, values }: Plane,
  scale: number,
  [fullWidth, fullHeight]: readonly [number, number],
): Points {
  const side = values.length > POINTS_MAX ? 2 : 1;
  const bytes = 4 * Math.ceil(width / side) * Math.ceil(height / side);
  const places = [room(bytes), room(bytes), room(bytes), room(bytes), room(bytes)] as const;
  const count = loop.points(at(values), width, height, side, scale, fullWidth / 2, fullHeight / 2, ...places);
  return { count, places, difference: room(4 * count) };
}

/** One Gauss–Newton step: what still − moved at the warped places, less its median, says of the five unknowns. */
function motion(
  loop: FitLoops,
  { at, room, doubles }: Desk,
  { count, places, difference }: Points,
  { width, height, values }: Plane,
  scale: number,
  [fullWidth, fullHeight]: readonly [number, number],
  warp: Warp,
): [number, number, number, number, number] {
  const { zoomX, zoomY, rotation, shiftX, shiftY } = warp;
  const right = (shiftX + fullWidth / 2) / scale - 0.5;
  const down = (shiftY + fullHeight / 2) / scale - 0.5;
  const there = [zoomX, zoomY, rotation, right, down] as const;
  const median = loop.compare(count, ...places, at(values), width, height, scale, ...there, difference);
  const sums = room(8 * UNKNOWNS * (UNKNOWNS + 1));
  loop.motion(count, ...places, difference, median, TOLERANCE, sums);
  const [matrix, goal] = [doubles(sums, UNKNOWNS ** 2), doubles(sums + 8 * UNKNOWNS ** 2, UNKNOWNS)];
  const soFar = [zoomX - 1, zoomY - 1, rotation, shiftX, shiftY];
  for (let a = 0; a < UNKNOWNS; a++) {
    for (let b = 0; b < a; b++) matrix[UNKNOWNS * a + b] = matrix[UNKNOWNS * b + a]!;
    const pull = (TOLERANCE / EXPECTED[a]!) ** 2;
    matrix[(UNKNOWNS + 1) * a]! += pull;
    goal[a]! -= pull * soFar[a]!;
  }
  const step = solveSmall(matrix, goal, UNKNOWNS, 1);
  return [step[0]!, step[1]!, step[2]!, step[3]!, step[4]!];
}
