/**
 * The bilateral grid: what a model changed in one place and not in another, on top of the look.
 *
 * A look says what becomes of a colour, wherever it stands. A vignette or a light from the left needs the place as well; and
 * the brightness at that place, so that a window frame does not take on the change of the sky behind it. So: a coarse
 * lattice over x, y and luma, whose nodes each hold an affine change of colour. It is too coarse to hold any detail of the
 * model's picture: the photo keeps its own.
 *
 *     out = looked + A(x, y, luma of the original) · (looked, 1)
 *
 * Shape   Float32Array of 12·levels·rows·columns. Node (x, y, z) starts at 12·(z + levels·(y + rows·x)); its 12 numbers are
 *         by output channel: red's factors for R, G, B and its offset, then green's, then blue's.
 * Units   encoded R′G′B′ 0 … 1 in and out; x, y 0 … 1 over `view`, luma 0 … 1. All zeros change nothing.
 * Source  Chen, Paris, Durand: "Real-time Edge-Aware Image Processing with the Bilateral Grid" (2007); Chen, Adams, Wadhwa,
 *         Hasinoff: "Bilateral Guided Upsampling" (2016), here of the residual alone.
 */
import { AppError } from "../errors.ts";

/** Numbers of one node: 3 output channels by 3 factors and an offset. */
export const AFFINE = 12;

/** A part of the photo, in shares of its width and height: what the plate showed. */
export type View = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

export const WHOLE: View = { left: 0, top: 0, width: 1, height: 1 };

export type Grid = {
  readonly columns: number;
  readonly rows: number;
  readonly levels: number;
  readonly view: View;
  readonly values: Float32Array;
};

/** About 12 × 8 × 6 cells for a photo of 3 : 2: a cell is some 100 pixels of a megapixel wide. */
const PLACES = 96;
const SIDE_MIN = 4;
const SIDE_MAX = 24;
export const LEVELS = 6;

/** Nodes across, down and in luma for a plate of this size: `gridSize(1248, 832)` is 12, 8, 6. */
export function gridSize(width: number, height: number): Pick<Grid, "columns" | "rows" | "levels"> {
  const side = (share: number) => Math.min(SIDE_MAX, Math.max(SIDE_MIN, Math.round(Math.sqrt(PLACES * share))));
  return { columns: side(width / height), rows: side(height / width), levels: LEVELS };
}

/** The grid that changes nothing. */
export function emptyGrid({ columns, rows, levels }: Pick<Grid, "columns" | "rows" | "levels">, view = WHOLE): Grid {
  for (const side of [columns, rows, levels])
    if (!Number.isInteger(side) || side < 2 || side > 64)
      throw new AppError("internal", `a grid of ${columns} × ${rows} × ${levels} nodes`);
  return { columns, rows, levels, view, values: new Float32Array(AFFINE * columns * rows * levels) };
}

/** A share of the change: 0 leaves the look alone, 1 is all of it. */
export function weakenGrid(grid: Grid, strength: number): Grid {
  return strength === 1 ? grid : { ...grid, values: grid.values.map((value) => strength * value) };
}

/** Luma of encoded R′G′B′ (ITU-R BT.601): what a place's brightness is called here, 0.587 for pure green. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/** The view of a frame in a photo of this size. */
export function viewOf(
  { left, top, width, height }: View,
  photo: { readonly width: number; readonly height: number },
): View {
  return {
    left: left / photo.width,
    top: top / photo.height,
    width: width / photo.width,
    height: height / photo.height,
  };
}

/** A view of a view: the part `inner` of what `outer` shows. */
export function viewWithin(outer: View, inner: View): View {
  return {
    left: outer.left + inner.left * outer.width,
    top: outer.top + inner.top * outer.height,
    width: inner.width * outer.width,
    height: inner.height * outer.height,
  };
}

/** Share of the photo's area that the view leaves out. */
export const unseen = ({ width, height }: View): number => Math.max(0, 1 - width * height);
