/**
 * Slice: the grid over a picture of full size, one line after the other.
 *
 * Straight interpolation between a dozen nodes would bend at every node, and an eye sees such bends in a sky. So the grid is
 * first refined by a smooth curve through its nodes (Catmull & Rom, 1974: its slope is continuous); between the many nodes
 * there are then, straight lines do, since their bends are below a code. Memory is one refined grid and one line, whatever
 * the picture's size.
 *
 * Outside the view, which the model never saw, the change stays what it is at the view's border; it comes to rest softly.
 */
import { AFFINE, type Grid } from "./grid.ts";

/** Steps between two nodes of the grid, across and down, and in luma. */
const FINE_PLACE = 6;
const FINE_LUMA = 8;
/** How far inside and outside the border of a view a coordinate comes to rest, in shares of the view. */
const EASE = 0.04;

export type Slicer = {
  /**
   * Changes line `y` in place. `looked` holds the look's colours as 16-bit codes, `channels` a pixel, the fourth left alone;
   * `luma` what the original had there, 0 … 1.
   */
  readonly codes: (y: number, luma: Float32Array, looked: Uint16Array, channels: number) => void;
  /** The same for colours as numbers, 3 a pixel, nominally 0 … 1, neither rounded nor clipped. */
  readonly numbers: (y: number, luma: Float32Array, looked: Float64Array) => void;
};

/** A grid with nodes so close that straight lines between them will do. */
type Fine = {
  readonly columns: number;
  readonly rows: number;
  readonly levels: number;
  readonly values: Float32Array;
};

export function prepareSlicer(grid: Grid, width: number, height: number): Slicer {
  const fine = refine(grid);
  const across = coordinates(width, grid.view.left, grid.view.width, fine.columns);
  const down = coordinates(height, grid.view.top, grid.view.height, fine.rows);
  const plane = new Float64Array(AFFINE * fine.columns * fine.levels);
  const lay = (y: number) => layPlane(fine, down[y]!, plane);
  return {
    codes(y, luma, looked, channels) {
      lay(y);
      changeCodes(plane, fine.levels, across, luma, looked, channels);
    },
    numbers(y, luma, looked) {
      lay(y);
      changeNumbers(plane, fine.levels, across, luma, looked);
    },
  };
}

/** Where each pixel's centre falls among `nodes`, 0 … nodes − 1 exclusive of the last, so that a next one is always there. */
export function coordinates(pixels: number, from: number, span: number, nodes: number): Float64Array {
  const last = nodes - 1 - 1e-9;
  return Float64Array.from({ length: pixels }, (_, at) => {
    const share = ((at + 0.5) / pixels - from) / span;
    // A pixel or two that rounding left out are no border.
    const eased = span < 0.995 ? rest(share) : share;
    return Math.min(last, Math.max(0, eased * (nodes - 1)));
  });
}

/** A coordinate that comes to rest at 0 and at 1 over a stretch of twice EASE, its slope without a jump. */
function rest(share: number): number {
  if (share > 0.5) return 1 - rest(1 - share);
  if (share >= EASE) return share;
  return share <= -EASE ? 0 : (share + EASE) ** 2 / (4 * EASE);
}

function refine({ columns, rows, levels, values }: Grid): Fine {
  const deep = refineAxis(values, columns * rows, levels, AFFINE, FINE_LUMA);
  const [fineColumns, fineRows, fineLevels] = [
    FINE_PLACE * (columns - 1) + 1,
    FINE_PLACE * (rows - 1) + 1,
    FINE_LUMA * (levels - 1) + 1,
  ];
  const tall = refineAxis(deep, columns, rows, AFFINE * fineLevels, FINE_PLACE);
  const wide = refineAxis(tall, 1, columns, AFFINE * fineLevels * fineRows, FINE_PLACE);
  return { columns: fineColumns, rows: fineRows, levels: fineLevels, values: wide };
}

/**
 * `steps` nodes for every one along one axis, by Catmull–Rom; the outermost nodes go on in a straight line.
 * Shape   outer × nodes × inner in, outer × (steps·(nodes − 1) + 1) × inner out.
 */
export function refineAxis(
  values: Float32Array,
  outer: number,
  nodes: number,
  inner: number,
  steps: number,
): Float32Array {
  const many = steps * (nodes - 1) + 1;
  const out = new Float32Array(outer * many * inner);
  for (let at = 0; at < many; at++) {
    const { node, shares } = curveAt(at / steps, nodes);
    for (let o = 0; o < outer; o++) {
      const to = (o * many + at) * inner;
      for (let k = 0; k < 4; k++) {
        const share = shares[k]!;
        if (share === 0) continue;
        const from = (o * nodes + node + k - 1) * inner;
        for (let i = 0; i < inner; i++) out[to + i]! += share * values[from + i]!;
      }
    }
  }
  return out;
}

type Weights = [number, number, number, number];

/** The curve through evenly set nodes at `at`, 0 … nodes − 1: shares of nodes `node − 1` … `node + 2`. */
export function curveAt(at: number, nodes: number): { readonly node: number; readonly shares: Weights } {
  const node = Math.min(nodes - 2, Math.floor(at));
  const t = at - node;
  const weights: Weights = [
    -0.5 * t * (1 - t) ** 2,
    1 + t * t * (1.5 * t - 2.5),
    t * (0.5 + t * (2 - 1.5 * t)),
    -0.5 * t * t * (1 - t),
  ];
  return { node, shares: ends(weights, node, nodes) };
}

/** A node that is not there lies on the line through the two next to it. */
function ends([w0, w1, w2, w3]: Weights, node: number, nodes: number): Weights {
  const left: Weights = node === 0 ? [0, w1 + 2 * w0, w2 - w0, w3] : [w0, w1, w2, w3];
  return node === nodes - 2 ? [left[0], left[1] - left[3], left[2] + 2 * left[3], 0] : left;
}

/** The two rows of nodes around a line, mixed: what every pixel of the line reads. */
function layPlane({ columns, rows, levels, values }: Fine, at: number, plane: Float64Array): void {
  const row = at | 0;
  const share = at - row;
  const length = AFFINE * levels;
  for (let x = 0, to = 0; x < columns; x++) {
    const upper = (x * rows + row) * length;
    for (let from = upper; from < upper + length; from++, to++) {
      const value = values[from]!;
      plane[to] = value + share * (values[from + length]! - value);
    }
  }
}

function changeCodes(
  plane: Float64Array,
  levels: number,
  across: Float64Array,
  luma: Float32Array,
  looked: Uint16Array,
  channels: number,
): void {
  const next = AFFINE * levels;
  for (let x = 0, p = 0; x < across.length; x++, p += channels) {
    const u = across[x]!;
    const column = u | 0;
    const z = luma[x]! * (levels - 1);
    const level = z < 0 ? 0 : z < levels - 1 ? z | 0 : levels - 2;
    const right = u - column;
    const up = z - level;
    const w3 = right * up;
    const w2 = right - w3;
    const w1 = up - w3;
    const w0 = 1 - right - w1;
    const a = column * next + level * AFFINE;
    const b = a + next;
    const red = looked[p]!;
    const green = looked[p + 1]!;
    const blue = looked[p + 2]!;
    const r =
      red +
      (w0 * plane[a]! + w1 * plane[a + 12]! + w2 * plane[b]! + w3 * plane[b + 12]!) * red +
      (w0 * plane[a + 1]! + w1 * plane[a + 13]! + w2 * plane[b + 1]! + w3 * plane[b + 13]!) * green +
      (w0 * plane[a + 2]! + w1 * plane[a + 14]! + w2 * plane[b + 2]! + w3 * plane[b + 14]!) * blue +
      (w0 * plane[a + 3]! + w1 * plane[a + 15]! + w2 * plane[b + 3]! + w3 * plane[b + 15]!) * 65_535;
    const g =
      green +
      (w0 * plane[a + 4]! + w1 * plane[a + 16]! + w2 * plane[b + 4]! + w3 * plane[b + 16]!) * red +
      (w0 * plane[a + 5]! + w1 * plane[a + 17]! + w2 * plane[b + 5]! + w3 * plane[b + 17]!) * green +
      (w0 * plane[a + 6]! + w1 * plane[a + 18]! + w2 * plane[b + 6]! + w3 * plane[b + 18]!) * blue +
      (w0 * plane[a + 7]! + w1 * plane[a + 19]! + w2 * plane[b + 7]! + w3 * plane[b + 19]!) * 65_535;
    const v =
      blue +
      (w0 * plane[a + 8]! + w1 * plane[a + 20]! + w2 * plane[b + 8]! + w3 * plane[b + 20]!) * red +
      (w0 * plane[a + 9]! + w1 * plane[a + 21]! + w2 * plane[b + 9]! + w3 * plane[b + 21]!) * green +
      (w0 * plane[a + 10]! + w1 * plane[a + 22]! + w2 * plane[b + 10]! + w3 * plane[b + 22]!) * blue +
      (w0 * plane[a + 11]! + w1 * plane[a + 23]! + w2 * plane[b + 11]! + w3 * plane[b + 23]!) * 65_535;
    looked[p] = r > 0 ? (r < 65_535 ? r + 0.5 : 65_535) : 0;
    looked[p + 1] = g > 0 ? (g < 65_535 ? g + 0.5 : 65_535) : 0;
    looked[p + 2] = v > 0 ? (v < 65_535 ? v + 0.5 : 65_535) : 0;
  }
}

function changeNumbers(
  plane: Float64Array,
  levels: number,
  across: Float64Array,
  luma: Float32Array,
  looked: Float64Array,
): void {
  const next = AFFINE * levels;
  const affine = new Float64Array(AFFINE);
  for (let x = 0, p = 0; x < across.length; x++, p += 3) {
    const column = across[x]! | 0;
    const right = across[x]! - column;
    const z = Math.min(1, Math.max(0, luma[x]!)) * (levels - 1);
    const level = Math.min(levels - 2, z | 0);
    const up = z - level;
    const a = column * next + level * AFFINE;
    for (let k = 0; k < AFFINE; k++) {
      const low = plane[a + k]! + up * (plane[a + AFFINE + k]! - plane[a + k]!);
      const high = plane[a + next + k]! + up * (plane[a + next + AFFINE + k]! - plane[a + next + k]!);
      affine[k] = low + right * (high - low);
    }
    const [r, g, b] = [looked[p]!, looked[p + 1]!, looked[p + 2]!];
    for (let c = 0; c < 3; c++)
      looked[p + c]! += affine[4 * c]! * r + affine[4 * c + 1]! * g + affine[4 * c + 2]! * b + affine[4 * c + 3]!;
  }
}
