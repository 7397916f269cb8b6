/**
 * Places in a photo as its file stores it, and where they are once it is upright and maybe of another size.
 * Cameras note faces and focus points in stored pixels; the graded file has the orientation in its pixels.
 *
 * Source  Exif 3.0, Orientation (tag 274): what 1 … 8 do to rows and columns.
 */

export type Turn = {
  /** 1 … 8, of the original. */
  readonly orientation: number;
  /** As stored in the original. */
  readonly width: number;
  readonly height: number;
  /** Of the graded picture in pixels, to one of the upright original. */
  readonly scale: number;
};

/** Rows became columns: width and height, and resolutions across and down, change places. */
export const isSideways = ({ orientation }: Pick<Turn, "orientation">): boolean => orientation >= 5;

/** A place in parts of width and height, upright: `turnedShare(6, 0.1, 0.2)` is [0.8, 0.1]. */
export function turnedShare(orientation: number, x: number, y: number): readonly [number, number] {
  switch (orientation) {
    case 2:
      return [1 - x, y];
    case 3:
      return [1 - x, 1 - y];
    case 4:
      return [x, 1 - y];
    case 5:
      return [y, x];
    case 6:
      return [1 - y, x];
    case 7:
      return [1 - y, 1 - x];
    case 8:
      return [y, 1 - x];
    default:
      return [x, y];
  }
}

/** A place in pixels of the graded picture. */
export function turnedPixel(turn: Turn, x: number, y: number): readonly [number, number] {
  const [across, down] = turnedShare(turn.orientation, x / turn.width, y / turn.height);
  const [width, height] = isSideways(turn) ? [turn.height, turn.width] : [turn.width, turn.height];
  return [Math.round(across * width * turn.scale), Math.round(down * height * turn.scale)];
}

/** A box by its middle, in pixels of the graded picture: x, y, width, height. */
export function turnedBox(turn: Turn, box: readonly [number, number, number, number]): readonly number[] {
  const [x, y, width, height] = box;
  const sides = isSideways(turn) ? [height, width] : [width, height];
  return [...turnedPixel(turn, x, y), ...sides.map((side) => Math.round(side * turn.scale))];
}
