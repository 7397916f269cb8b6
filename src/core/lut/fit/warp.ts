/**
 * A small motion between two pictures of the same size: where a point of one lies in the other.
 *
 * Units   pixels, from the centre of the picture (half of width and height); zooms are factors, the rotation is in radians.
 * Order   x′ = zoomX·x − rotation·y + shiftX,  y′ = rotation·x + zoomY·y + shiftY (a small angle is its own sine).
 * Both zooms are kept apart because a frame is cut and scaled in whole pixels: 1183 columns become 1184, 879 rows 880.
 */
export type Warp = {
  readonly zoomX: number;
  readonly zoomY: number;
  readonly rotation: number;
  readonly shiftX: number;
  readonly shiftY: number;
};

export const STILL: Warp = { zoomX: 1, zoomY: 1, rotation: 0, shiftX: 0, shiftY: 0 };

const ZOOM_MAX = 0.03;
const ROTATION_MAX = 0.02;
const SHIFT_MAX = 0.03;

/** Is this a motion that image models make? A larger one is a registration that went astray. */
export function isPlausible({ zoomX, zoomY, rotation, shiftX, shiftY }: Warp, width: number): boolean {
  return (
    Math.max(Math.abs(zoomX - 1), Math.abs(zoomY - 1)) <= ZOOM_MAX &&
    Math.abs(rotation) <= ROTATION_MAX &&
    Math.hypot(shiftX, shiftY) <= SHIFT_MAX * width
  );
}
