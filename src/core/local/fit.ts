/**
 * Fit: the bilateral grid that turns the look's picture into the model's.
 *
 * Minimises Σ wᵢ·|Aᵢ·(lᵢ, 1) − (yᵢ − lᵢ)|² + smoothness·(differences between neighbours)² + ridge·|A|² over the same blocks
 * as the look, lᵢ being what the look makes of block i and yᵢ what the model made of it. The ridge is a prior: where nothing
 * is known, nothing is changed. Nodes meet only the 26 around them, so the equations are a narrow band and are solved at once.
 *
 * Source  see grid.ts; robust weights as in lut/fit/robust.ts (Beaton & Tukey, 1974).
 */
import { medianOf } from "../lut/fit/robust.ts";
import { type Band, bandOf, solveBand } from "./band.ts";
import { AFFINE, emptyGrid, type Grid, gridSize, LUMA, type View } from "./grid.ts";

/** The blocks a grid is fitted to: what each showed, what the look makes of it, and what the model made of it. */
export type Residue = {
  readonly columns: number;
  readonly rows: number;
  readonly count: number;
  /** Block i's centre lies at ((i mod columns) + ½)·stepX across the plate, stepY down; shares of its width and height. */
  readonly stepX: number;
  readonly stepY: number;
  /** Float32Arrays of 3·count, encoded R′G′B′ 0 … 1. */
  readonly before: Float32Array;
  readonly looked: Float32Array;
  readonly after: Float32Array;
  /** 0 … 1 a block. */
  readonly trust: Float32Array;
};

/** One round: the price of a difference between neighbours, and how far the weights reach (none: all count alike). */
export type Round = { readonly smoothness: number; readonly looseness: number | null };

/** Of a node of the mean number of blocks, per block. */
const RIDGE = 1e-3;
/** A node has so many blocks in reach. */
const CORNERS = 8;
/** Residuals beyond this many deviations have no say. */
const REACH = 4;
const SPREAD_MIN = 2 / 255;
const WEIGHT_MIN = 1e-3;
const CLIPPED = 0.5 / 255;
/** Unknowns of a node for one output channel; the channels share the matrix. */
const UNKNOWNS = 4;

export type Fitted = {
  readonly grid: Grid;
  /** What the grid adds at each block; 3·count numbers. */
  readonly change: Float32Array;
};

/** `start` is a change to begin with, from which the first weights follow. */
export function fitGrid(residue: Residue, view: View, rounds: readonly Round[], start?: Float32Array): Fitted {
  const grid = emptyGrid(gridSize(1 / residue.stepX, 1 / residue.stepY), view);
  const places = placesOf(residue, grid);
  const weights = Float32Array.from(residue.trust);
  const target = new Float32Array(3 * residue.count);
  const change = start ? Float32Array.from(start) : new Float32Array(3 * residue.count);
  for (const { smoothness, looseness } of rounds) {
    const length = aim(residue, change, target);
    if (looseness !== null) weigh(residue, length, looseness, weights);
    const { band, right } = equations(residue, grid, places, weights, target);
    price(band, grid, residue.count, smoothness);
    solveBand(band, right, 3);
    take(grid, right, places.order);
    readGrid(residue, grid, places, change);
  }
  return { grid, change };
}

/** `base` is the node at the lower corner of a block's cell, `shares` the trilinear weights of its 8 corners. */
type Places = { readonly base: Int32Array; readonly shares: Float32Array; readonly order: Order };

/** How nodes are numbered in the equations: the longer side slowest, since it decides how wide the band is. */
type Order = { readonly x: number; readonly y: number; readonly z: number };

const orderOf = ({ columns, rows, levels }: Grid): Order =>
  columns >= rows ? { x: levels * rows, y: levels, z: 1 } : { x: levels, y: levels * columns, z: 1 };

function placesOf({ columns, count, stepX, stepY, before }: Residue, grid: Grid): Places {
  const order = orderOf(grid);
  const base = new Int32Array(count);
  const shares = new Float32Array(8 * count);
  const [spanX, spanY, spanZ] = [grid.columns - 1, grid.rows - 1, grid.levels - 1];
  for (let i = 0; i < count; i++) {
    const x = Math.min(1, ((i % columns) + 0.5) * stepX) * spanX;
    const y = Math.min(1, (Math.floor(i / columns) + 0.5) * stepY) * spanY;
    const q = 3 * i;
    const luma = LUMA[0] * before[q]! + LUMA[1] * before[q + 1]! + LUMA[2] * before[q + 2]!;
    const z = Math.min(1, Math.max(0, luma)) * spanZ;
    const [x0, y0, z0] = [Math.min(spanX - 1, x | 0), Math.min(spanY - 1, y | 0), Math.min(spanZ - 1, z | 0)];
    base[i] = x0 * order.x + y0 * order.y + z0 * order.z;
    const [fx, fy, fz] = [x - x0, y - y0, z - z0];
    for (let corner = 0; corner < 8; corner++)
      shares[8 * i + corner] = (corner & 1 ? fx : 1 - fx) * (corner & 2 ? fy : 1 - fy) * (corner & 4 ? fz : 1 - fz);
  }
  return { base, shares, order };
}

/** Node numbers of a cell's corners, from its lower one. */
const cornersOf = ({ x, y, z }: Order): readonly number[] =>
  Array.from({ length: 8 }, (_, corner) => (corner & 1 ? x : 0) + (corner & 2 ? y : 0) + (corner & 4 ? z : 0));

/**
 * What the grid should add: model − look. A channel that the model shows at 0 or 1 was clipped there: a change that goes
 * beyond is right already. Gives the length of what is left over, one a block.
 */
function aim({ count, looked, after, trust }: Residue, change: Float32Array, target: Float32Array): Float32Array {
  const length = new Float32Array(count);
  for (let i = 0, q = 0; i < count; i++) {
    let squares = 0;
    for (const end = q + 3; q < end; q++) {
      const shown = after[q]!;
      const now = looked[q]! + change[q]!;
      const beyond = (shown <= CLIPPED && now < shown) || (shown >= 1 - CLIPPED && now > shown);
      target[q] = beyond ? change[q]! : shown - looked[q]!;
      squares += (target[q]! - change[q]!) ** 2;
    }
    length[i] = trust[i]! > 0 ? Math.sqrt(squares) : 0;
  }
  return length;
}

function weigh({ count, trust }: Residue, length: Float32Array, looseness: number, weights: Float32Array): void {
  const reach = REACH * looseness * Math.max(SPREAD_MIN, 1.4826 * medianOf(length, trust));
  for (let i = 0; i < count; i++) {
    const kept = 1 - (length[i]! / reach) ** 2;
    weights[i] = trust[i]! * (kept > 0 ? Math.max(WEIGHT_MIN, kept * kept) : WEIGHT_MIN);
  }
}

function equations(
  { count, looked }: Residue,
  grid: Grid,
  { base, shares, order }: Places,
  weights: Float32Array,
  target: Float32Array,
): { readonly band: Band; readonly right: Float64Array } {
  const corners = cornersOf(order);
  const n = UNKNOWNS * grid.columns * grid.rows * grid.levels;
  const band = bandOf(n, UNKNOWNS * (corners[7]! + 1) - 1);
  const right = new Float64Array(3 * n);
  const { values, reach } = band;
  const products = new Float64Array(16);
  const colour = new Float64Array([0, 0, 0, 1]);
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (weight < 1e-6) continue;
    const q = 3 * i;
    for (let c = 0; c < 3; c++) colour[c] = looked[q + c]!;
    for (let a = 0; a < 4; a++) for (let b = 0; b < 4; b++) products[4 * a + b] = colour[a]! * colour[b]!;
    for (let one = 0; one < 8; one++) {
      const w = weight * shares[8 * i + one]!;
      if (w === 0) continue;
      const node = UNKNOWNS * (base[i]! + corners[one]!);
      for (let a = 0; a < 4; a++) {
        const by = w * colour[a]!;
        for (let c = 0; c < 3; c++) right[3 * (node + a) + c]! += by * target[q + c]!;
      }
      for (let other = 0; other < 8; other++) {
        if (corners[other]! > corners[one]!) continue;
        const both = w * shares[8 * i + other]!;
        const column = UNKNOWNS * (base[i]! + corners[other]!);
        for (let a = 0; a < 4; a++) {
          // Within a node only the part up to the diagonal; the band has no more.
          const row = (node + a) * (reach + 1) + reach - (node + a) + column;
          const end = column === node ? a : 3;
          for (let b = 0; b <= end; b++) values[row + b]! += both * products[4 * a + b]!;
        }
      }
    }
  }
  return { band, right };
}

/** Adds what differences between neighbours and the size of the change cost. */
function price({ reach, values }: Band, grid: Grid, count: number, smoothness: number): void {
  const order = orderOf(grid);
  const sides = [grid.columns, grid.rows, grid.levels] as const;
  const strides = [order.x, order.y, order.z] as const;
  const share = count / (grid.columns * grid.rows * grid.levels);
  const price = CORNERS * smoothness * share;
  const width = reach + 1;
  const at: [number, number, number] = [0, 0, 0];
  for (at[0] = 0; at[0] < sides[0]; at[0]++)
    for (at[1] = 0; at[1] < sides[1]; at[1]++)
      for (at[2] = 0; at[2] < sides[2]; at[2]++) {
        const node = at[0] * order.x + at[1] * order.y + at[2] * order.z;
        for (let a = 0; a < UNKNOWNS; a++) {
          const i = UNKNOWNS * node + a;
          values[i * width + reach]! += RIDGE * share;
          for (let axis = 0; axis < 3; axis++) {
            if (at[axis]! + 1 >= sides[axis]!) continue;
            const j = i + UNKNOWNS * strides[axis]!;
            values[i * width + reach]! += price;
            values[j * width + reach]! += price;
            values[j * width + reach - j + i]! -= price;
          }
        }
      }
}

/** From the solution's order to the grid's: by place, output channel, factor. */
function take({ columns, rows, levels, values }: Grid, solution: Float64Array, order: Order): void {
  let to = 0;
  for (let x = 0; x < columns; x++)
    for (let y = 0; y < rows; y++)
      for (let z = 0; z < levels; z++, to += AFFINE) {
        const from = 3 * UNKNOWNS * (x * order.x + y * order.y + z * order.z);
        for (let c = 0; c < 3; c++)
          for (let a = 0; a < UNKNOWNS; a++) values[to + UNKNOWNS * c + a] = solution[from + 3 * a + c]!;
      }
}

function readGrid({ count, looked }: Residue, grid: Grid, { base, shares, order }: Places, change: Float32Array): void {
  const numbers = numbering(grid, order);
  const corners = cornersOf(order);
  const affine = new Float64Array(AFFINE);
  for (let i = 0; i < count; i++) {
    affine.fill(0);
    for (let corner = 0; corner < 8; corner++) {
      const from = AFFINE * numbers[base[i]! + corners[corner]!]!;
      const share = shares[8 * i + corner]!;
      for (let k = 0; k < AFFINE; k++) affine[k]! += share * grid.values[from + k]!;
    }
    const q = 3 * i;
    const [r, g, b] = [looked[q]!, looked[q + 1]!, looked[q + 2]!];
    for (let c = 0; c < 3; c++)
      change[q + c] = affine[4 * c]! * r + affine[4 * c + 1]! * g + affine[4 * c + 2]! * b + affine[4 * c + 3]!;
  }
}

/** The grid's own node number of each node of the equations. */
function numbering({ columns, rows, levels }: Grid, order: Order): Int32Array {
  const numbers = new Int32Array(columns * rows * levels);
  for (let x = 0, node = 0; x < columns; x++)
    for (let y = 0; y < rows; y++)
      for (let z = 0; z < levels; z++, node++) numbers[x * order.x + y * order.y + z * order.z] = node;
  return numbers;
}
