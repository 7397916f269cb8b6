/**
 * The compiled loops of this folder and what they take. They are compiled ahead because a fit is most of the life of a short
 * program, and over before an optimiser knows which of its loops are hot.
 */
import { openLoops } from "../../../wasm.ts";
import { WASM } from "./index.wasm.ts";

/** Where an array lies in the loops' memory; 0 where there is none. */
type At = number;

export type FitLoops = {
  sumBefore(
    pixels: At,
    levels: At,
    alpha: At,
    width: number,
    size: number,
    columns: number,
    rows: number,
    means: At,
    trust: At,
    quarters: At,
    counted: At,
  ): void;
  sumAfter(
    pixels: At,
    levels: At,
    alpha: At,
    width: number,
    size: number,
    columns: number,
    rows: number,
    sums: At,
  ): void;
  sumWarped(
    pixels: At,
    levels: At,
    alpha: At,
    width: number,
    height: number,
    size: number,
    columns: number,
    rows: number,
    zoomX: number,
    zoomY: number,
    rotation: number,
    shiftX: number,
    shiftY: number,
    sums: At,
    trust: At,
    counted: At,
  ): void;
  shrink(pixels: At, levels: At, width: number, columns: number, rows: number, scale: number, values: At): void;
  luma(values: At, count: number, red: number, green: number, blue: number, out: At): void;
  halve(values: At, width: number, height: number, columns: number, rows: number, across: At, out: At): void;
  points(
    values: At,
    width: number,
    height: number,
    side: number,
    scale: number,
    halfWidth: number,
    halfHeight: number,
    xs: At,
    ys: At,
    slopesX: At,
    slopesY: At,
    lumas: At,
  ): number;
  compare(
    count: number,
    xs: At,
    ys: At,
    slopesX: At,
    slopesY: At,
    lumas: At,
    values: At,
    width: number,
    height: number,
    scale: number,
    zoomX: number,
    zoomY: number,
    rotation: number,
    right: number,
    down: number,
    difference: At,
  ): number;
  motion(
    count: number,
    xs: At,
    ys: At,
    slopesX: At,
    slopesY: At,
    lumas: At,
    difference: At,
    median: number,
    tolerance: number,
    sums: At,
  ): void;
  moments(count: number, before: At, after: At, weights: At, sums: At): void;
  affine(count: number, matrix: At, offset: At, colours: At, out: At): void;
  affineResiduals(count: number, matrix: At, offset: At, before: At, after: At, trust: At, residual: At): void;
  median(values: At, trust: At, count: number): number;
  lengths(signed: At, columns: number, rows: number, length: At, around: At, across: At, sums: At): void;
  biweight(count: number, length: At, around: At, reach: number, reachAround: number, least: number, weights: At): void;
  meanSquare(count: number, weights: At, values: At): number;
  leave(count: number, predicted: At, target: At, after: At, trust: At, clipped: number, aim: At, signed: At): void;
  gatherCells(
    left: At,
    trust: At,
    weights: At,
    columns: number,
    rows: number,
    cell: number,
    cellColumns: number,
    cells: At,
  ): void;
  spreadCells(
    cells: At,
    cellColumns: number,
    cellRows: number,
    cell: number,
    columns: number,
    rows: number,
    out: At,
  ): void;
  cellMeans(
    looked: At,
    after: At,
    trust: At,
    across: number,
    down: number,
    cell: number,
    columns: number,
    rows: number,
    colour: At,
    left: At,
    counted: At,
  ): void;
  blurLine(
    field: At,
    start: number,
    step: number,
    length: number,
    kernel: At,
    radius: number,
    total: number,
    line: At,
  ): void;
  places(colours: At, count: number, n: number, base: At, weights: At): void;
  readField(field: At, corners: At, margin: number, base: At, weights: At, count: number, out: At): void;
  fieldAt(field: At, margin: number, n: number, colours: At, count: number, out: At): void;
  look(matrix: At, offset: At, field: At, margin: number, n: number, colours: At, count: number, out: At): void;
  density(count: number, before: At, trust: At, cells: At, side: number, crowd: number, out: At): void;
  shares(count: number, before: At, trust: At, weights: At, sums: At, n: number, least: number, out: At): void;
  sumAtNodes(count: number, base: At, weights: At, values: At, corners: At, sums: At): void;
  gather(
    count: number,
    base: At,
    shares: At,
    weights: At,
    target: At,
    corners: At,
    between: At,
    margin: number,
    stencil: At,
    right: At,
  ): void;
  complete(stencil: At, nodes: number, bending: At, stiffness: number, anchor: number): void;
  multiply(stencil: At, nodes: number, neighbours: At, margin: number, field: At, out: At): void;
  conjugateGradients(
    stencil: At,
    nodes: number,
    neighbours: At,
    margin: number,
    right: At,
    field: At,
    residual: At,
    direction: At,
    image: At,
    inverse: At,
    stepsMax: number,
    tolerance: number,
  ): number;
};

export const loops = openLoops<FitLoops>(WASM);
