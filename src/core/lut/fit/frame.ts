/**
 * Frame: which part of BEFORE does AFTER show?
 *
 * A workflow that works at fixed sizes takes the centre of a picture, cut to the nearest shape it knows, and scales that.
 * So the two sizes tell the frame: where the shapes agree it is the whole picture, else its centre.
 */
import { AppError } from "../../errors.ts";

/** A box in whole pixels of BEFORE, to be scaled to AFTER's size. */
export type Frame = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Nothing is cut off. */
  readonly whole: boolean;
};

/** A picture with a shorter side tells too little about its colours. */
export const PAIR_SIDE_MIN = 16;

/** The least share of a side a centre crop keeps: a 3.2 : 1 panorama cut to the widest usual size, 2.33 : 1, keeps 0.73. */
export const KEPT_MIN = 0.5;

/**
 * The centre of BEFORE with AFTER's shape. Cut columns are counted as image models' nodes count them, the same number on
 * each side; what rounding leaves of it (under a pixel at the border) is the registration's to find.
 * `frameOf(6000, 4000, 1184, 880)` is a box of 5382 × 4000 at (309, 0).
 */
export function frameOf(beforeWidth: number, beforeHeight: number, afterWidth: number, afterHeight: number): Frame {
  const sizes = [beforeWidth, beforeHeight, afterWidth, afterHeight];
  const told = `${beforeWidth}×${beforeHeight} and ${afterWidth}×${afterHeight}`;
  if (!sizes.every((size) => Number.isInteger(size) && size >= PAIR_SIDE_MIN))
    throw new AppError(
      "pair-mismatch",
      `The sizes ${told} are not two pictures of at least ${PAIR_SIDE_MIN} pixels a side.`,
    );
  const keptWidth = beforeHeight * (afterWidth / afterHeight);
  const keptHeight = beforeWidth * (afterHeight / afterWidth);
  const left = cut(beforeWidth, keptWidth);
  const top = cut(beforeHeight, keptHeight);
  const width = beforeWidth - 2 * left;
  const height = beforeHeight - 2 * top;
  if (width < KEPT_MIN * beforeWidth || height < KEPT_MIN * beforeHeight)
    throw new AppError(
      "pair-mismatch",
      `One picture of ${told} cannot be the centre of the other: their shapes differ too much.`,
    );
  return { left, top, width, height, whole: left === 0 && top === 0 };
}

/** Pixels to cut from each end of a side so that `kept` remain; halves go to the even number, as Python rounds. */
function cut(side: number, kept: number): number {
  const each = (side - kept) / 2;
  if (each <= 0) return 0;
  const floor = Math.floor(each);
  const rest = each - floor;
  if (rest !== 0.5) return rest > 0.5 ? floor + 1 : floor;
  return floor % 2 === 0 ? floor : floor + 1;
}
