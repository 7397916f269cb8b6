/**
 * Align: the small motion that brings one luma plane onto another (Lucas–Kanade, coarse to fine steps by the caller).
 *
 * Slopes are taken from the clean picture (our own plate through the provisional look), not from the model's: noise in the
 * slopes would shorten every step, and so they need computing only once.
 *
 * Source  Lucas & Kanade (1981); Baker & Matthews, "Lucas-Kanade 20 years on" (2004), with robust weights.
 */
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
const BINS = 4096;

/** Where the still picture is compared: places in pixels from its centre, slopes a pixel, luma; `count` of each. */
type Points = {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly slopeX: Float32Array;
  readonly slopeY: Float32Array;
  readonly luma: Float32Array;
};

/** Improves a warp until `moved` at the warped places looks like `still`. `scale` is the pixels a plane's pixel covers. */
export function align(still: Plane, moved: Plane, scale: number, size: readonly [number, number], start: Warp): Warp {
  const points = pointsOf(still, scale, size);
  const difference = new Float32Array(points.count);
  let warp = start;
  for (let step = 0; step < STEPS_MAX; step++) {
    compare(points, moved, scale, size, warp, difference);
    const [zoomX, zoomY, turn, x, y] = motion(points, difference, warp);
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
}

/** Points with a slope, by central differences; one of each 2 × 2 where the plane is large. */
function pointsOf(
  { width, height, values }: Plane,
  scale: number,
  [fullWidth, fullHeight]: readonly [number, number],
): Points {
  const side = values.length > POINTS_MAX ? 2 : 1;
  const room = Math.ceil(width / side) * Math.ceil(height / side);
  const points = Array.from({ length: 5 }, () => new Float32Array(room));
  const [xs, ys, slopesX, slopesY, lumas] = points as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const perPixel = 1 / (2 * scale);
  let count = 0;
  for (let top = 1; top + side < height; top += side)
    for (let left = 1; left + side < width; left += side) {
      let steepest = 0;
      for (let row = top; row < top + side; row++)
        for (let column = left; column < left + side; column++) {
          const i = row * width + column;
          const slopeX = perPixel * (values[i + 1]! - values[i - 1]!);
          const slopeY = perPixel * (values[i + width]! - values[i - width]!);
          const steepness = slopeX * slopeX + slopeY * slopeY;
          if (steepness <= steepest) continue;
          steepest = steepness;
          xs[count] = (column + 0.5) * scale - fullWidth / 2;
          ys[count] = (row + 0.5) * scale - fullHeight / 2;
          slopesX[count] = slopeX;
          slopesY[count] = slopeY;
          lumas[count] = values[i]!;
        }
      if (steepest > 0) count++;
    }
  return { count, x: xs, y: ys, slopeX: slopesX, slopeY: slopesY, luma: lumas };
}

/** still − moved at the warped places, less its median; NaN where the warp leaves the picture. */
function compare(
  { count, x: xs, y: ys, luma }: Points,
  { width, height, values }: Plane,
  scale: number,
  [fullWidth, fullHeight]: readonly [number, number],
  { zoomX, zoomY, rotation, shiftX, shiftY }: Warp,
  difference: Float32Array,
): void {
  const bins = new Uint32Array(BINS + 1);
  const right = (shiftX + fullWidth / 2) / scale - 0.5;
  const down = (shiftY + fullHeight / 2) / scale - 0.5;
  let counted = 0;
  for (let i = 0; i < count; i++) {
    const u = (zoomX * xs[i]! - rotation * ys[i]!) / scale + right;
    const v = (rotation * xs[i]! + zoomY * ys[i]!) / scale + down;
    if (!(u >= 0 && v >= 0 && u < width - 1 && v < height - 1)) {
      difference[i] = Number.NaN;
      continue;
    }
    const left = u | 0;
    const top = v | 0;
    const at = top * width + left;
    const upper = values[at]! + (u - left) * (values[at + 1]! - values[at]!);
    const lower = values[at + width]! + (u - left) * (values[at + width + 1]! - values[at + width]!);
    const d = luma[i]! - upper - (v - top) * (lower - upper);
    difference[i] = d;
    bins[((d + 1) * (BINS / 2) + 0.5) | 0]!++;
    counted++;
  }
  let below = 0;
  let bin = 0;
  while (bin < BINS && below + bins[bin]! < counted / 2) below += bins[bin++]!;
  const inside = bins[bin]! > 0 ? (counted / 2 - below) / bins[bin]! - 0.5 : 0;
  const median = (bin + inside) / (BINS / 2) - 1;
  for (let i = 0; i < count; i++) difference[i]! -= median;
}

/** One Gauss–Newton step: what the differences say of the five unknowns. */
function motion(points: Points, difference: Float32Array, warp: Warp): [number, number, number, number, number] {
  const matrix = new Float64Array(UNKNOWNS * UNKNOWNS);
  const right = new Float64Array(UNKNOWNS);
  const slope = new Float64Array(UNKNOWNS);
  for (let i = 0; i < points.count; i++) {
    const d = difference[i]!;
    if (Number.isNaN(d)) continue;
    const gx = points.slopeX[i]!;
    const gy = points.slopeY[i]!;
    slope[0] = gx * points.x[i]!;
    slope[1] = gy * points.y[i]!;
    slope[2] = gy * points.x[i]! - gx * points.y[i]!;
    slope[3] = gx;
    slope[4] = gy;
    const near = 1 / (1 + (d / TOLERANCE) ** 2);
    for (let a = 0; a < UNKNOWNS; a++) {
      const w = near * near * slope[a]!;
      right[a]! += w * d;
      for (let b = a; b < UNKNOWNS; b++) matrix[UNKNOWNS * a + b]! += w * slope[b]!;
    }
  }
  const soFar = [warp.zoomX - 1, warp.zoomY - 1, warp.rotation, warp.shiftX, warp.shiftY];
  for (let a = 0; a < UNKNOWNS; a++) {
    for (let b = 0; b < a; b++) matrix[UNKNOWNS * a + b] = matrix[UNKNOWNS * b + a]!;
    const pull = (TOLERANCE / EXPECTED[a]!) ** 2;
    matrix[(UNKNOWNS + 1) * a]! += pull;
    right[a]! -= pull * soFar[a]!;
  }
  const step = solveSmall(matrix, right, UNKNOWNS, 1);
  return [step[0]!, step[1]!, step[2]!, step[3]!, step[4]!];
}
