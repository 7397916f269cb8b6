/**
 * `SHA256.grid`: a bilateral grid as a file, beside the look it stands on. JSON, so that anyone can read it.
 *
 *     {"format": "hotgrade-grid", "version": 1, "look": "SHA-256 of that .cube", "columns": 12, "rows": 8, "levels": 6,
 *      "view": {"left": 0, "top": 0, "width": 1, "height": 1}, "values": [ … 12·6·8·12 numbers as grid.ts has them … ]}
 */
import { AppError } from "../errors.ts";
import { AFFINE, emptyGrid, type Grid, type View } from "./grid.ts";

/** 64³ nodes of 12 numbers would be more; what is written here has some 60 kB. */
export const GRID_LENGTH_MAX = 16 * 2 ** 20;
const SIDE_MAX = 64;
const DIGITS = 6;

/** `look` is the SHA-256 of the .cube it stands on: a grid belongs to no other. Equal grids give equal texts. */
export function formatGrid({ columns, rows, levels, view, values }: Grid, look: string): string {
  const numbers = Array.from(values, (value) => Number(value.toFixed(DIGITS)) + 0);
  const { left, top, width, height } = view;
  const seen = { left, top, width, height };
  const file = { format: "hotgrade-grid", version: 1, look, columns, rows, levels, view: seen, values: numbers };
  return `${JSON.stringify(file)}\n`;
}

/** Errors: `grid-invalid`, also where it belongs to another look than `look`. */
export function parseGrid(text: string, look: string): Grid {
  const { format, version, look: owner, columns, rows, levels, view, values } = objectIn(text);
  if (format !== "hotgrade-grid" || version !== 1) throw invalid("it is not one of this version");
  if (owner !== look) throw invalid("it belongs to another look");
  const sides = [columns, rows, levels];
  if (!sides.every((side) => Number.isInteger(side) && Number(side) >= 2 && Number(side) <= SIDE_MAX))
    throw invalid("its size is missing or out of bounds");
  const size = { columns: Number(columns), rows: Number(rows), levels: Number(levels) };
  const length = AFFINE * size.columns * size.rows * size.levels;
  if (!Array.isArray(values) || values.length !== length || !values.every((value) => Number.isFinite(value)))
    throw invalid(`it should hold ${length} numbers`);
  if (!isView(view)) throw invalid("its view is no part of a photo");
  return { ...emptyGrid(size, view), values: Float32Array.from(values as number[]) };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw invalid("it is no JSON", cause);
  }
  throw invalid("it is no JSON object");
}

function isView(value: unknown): value is View {
  if (typeof value !== "object" || value === null) return false;
  const { left, top, width, height } = value as Record<string, unknown>;
  const all = [left, top, width, height];
  return (
    all.every((share) => Number.isFinite(share) && Math.abs(Number(share)) <= 1) && Number(width) * Number(height) > 0
  );
}

const invalid = (why: string, cause?: unknown) =>
  new AppError("grid-invalid", `The .grid file cannot be read: ${why}.`, {}, cause);
