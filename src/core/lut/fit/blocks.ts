/**
 * Blocks: the pair of pictures as a short list of colour pairs.
 *
 * A mean over b × b pixels has a b-th of the noise of one pixel and hardly feels a shift of a fraction of a pixel; and
 * 65,000 pairs are as good as a million. Blocks with texture are trusted less: there a mean mixes colours, and a mean of
 * looks is not the look of a mean.
 */
import { STILL, type Warp } from "./warp.ts";

/**
 * Colour pairs on a grid of blocks, row by row from the top left.
 *
 * Shape   `before`, `after`: Float32Array of 3·count, R′G′B′ interleaved; `trust`: Float32Array of count.
 * Units   encoded R′G′B′ 0 … 1; trust 0 (no pixel of it counts) … 1 (flat).
 */
export type Blocks = {
  readonly columns: number;
  readonly rows: number;
  readonly count: number;
  readonly before: Float32Array;
  readonly after: Float32Array;
  readonly trust: Float32Array;
  /** Means of BEFORE over the four quarters of each block, 12·count. */
  readonly quarters: Float32Array;
};

/** Two pictures of one size, RGB interleaved, 8 bits; the tables turn their codes into encoded R′G′B′ 0 … 1. */
export type Pair = {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly beforeLevels: Float32Array;
  readonly afterLevels: Float32Array;
  /** 0 … 255 a pixel; pixels under half are left out. */
  readonly alpha?: Uint8Array | undefined;
};

/** Texture, as a standard deviation in 8-bit codes, at which a block counts half. */
const TEXTURE_HALF = 10;

/** Means over blocks of `size` pixels a side. `warp` says where a point of BEFORE lies in AFTER. */
export function blocksOf(pair: Pair, size: number, warp: Warp = STILL): Blocks {
  const columns = Math.floor(pair.width / size);
  const rows = Math.floor(pair.height / size);
  const count = columns * rows;
  const before = new Float32Array(3 * count);
  const after = new Float32Array(3 * count);
  const trust = new Float32Array(count);
  const quarters = new Float32Array(12 * count);
  const counted = sumBefore(pair, size, columns, rows, before, trust, quarters);
  if (warp === STILL) sumAfter(pair, size, columns, rows, after);
  else sumWarped(pair, size, columns, rows, after, counted, trust, warp);
  for (let i = 0; i < count; i++) {
    const scale = counted[i]! > 0 ? 1 / counted[i]! : 0;
    for (let q = 3 * i; q < 3 * i + 3; q++) after[q]! *= scale;
  }
  return { columns, rows, count, before, after, trust, quarters };
}

/** Rows between two pictures, so that neither a block's neighbourhood nor its drift holds anything of another picture. */
const GAP_ROWS = 24;

/** Several pictures as one, below each other; what lies beside the narrower ones has no trust. */
export function stackBlocks(list: readonly Blocks[]): Blocks {
  const [only] = list;
  if (list.length === 1 && only) return only;
  const columns = Math.max(...list.map((blocks) => blocks.columns));
  const rows = list.reduce((sum, blocks) => sum + blocks.rows + GAP_ROWS, 0);
  const count = columns * rows;
  const stack = {
    before: new Float32Array(3 * count),
    after: new Float32Array(3 * count),
    trust: new Float32Array(count),
    quarters: new Float32Array(12 * count),
  };
  let top = 0;
  for (const blocks of list) {
    for (let row = 0; row < blocks.rows; row++) {
      const from = row * blocks.columns;
      const to = (top + row) * columns;
      const copy = (name: keyof typeof stack, each: number) =>
        stack[name].set(blocks[name].subarray(each * from, each * (from + blocks.columns)), each * to);
      copy("before", 3);
      copy("after", 3);
      copy("trust", 1);
      copy("quarters", 12);
    }
    top += blocks.rows + GAP_ROWS;
  }
  return { columns, rows, count, ...stack };
}

/** Fills the means of BEFORE, by block and by quarter, and the trust; gives how many pixels of each block count. */
function sumBefore(
  { before: pixels, width, alpha, beforeLevels: levels }: Pair,
  size: number,
  columns: number,
  rows: number,
  means: Float32Array,
  trust: Float32Array,
  quarters: Float32Array,
): Uint16Array {
  const counted = new Uint16Array(columns * rows);
  const half = size >> 1;
  const sums = new Float64Array(QUARTER);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++) {
      sums.fill(0);
      for (let quarter = 0; quarter < 4; quarter++) {
        const left = column * size + (quarter & 1) * half;
        const right = quarter & 1 ? (column + 1) * size : left + half;
        const top = row * size + (quarter >> 1) * half;
        const bottom = quarter >> 1 ? (row + 1) * size : top + half;
        let n = 0;
        let r = 0;
        let g = 0;
        let b = 0;
        let rr = 0;
        let gg = 0;
        let bb = 0;
        for (let y = top; y < bottom; y++)
          for (let at = y * width + left; at < y * width + right; at++) {
            if (alpha !== undefined && alpha[at]! < 128) continue;
            const red = levels[pixels[3 * at]!]!;
            const green = levels[pixels[3 * at + 1]!]!;
            const blue = levels[pixels[3 * at + 2]!]!;
            n++;
            r += red;
            g += green;
            b += blue;
            rr += red * red;
            gg += green * green;
            bb += blue * blue;
          }
        const share = n > 0 ? 1 / n : 0;
        const q = 12 * i + 3 * quarter;
        quarters[q] = n > 0 ? r * share : -1;
        quarters[q + 1] = g * share;
        quarters[q + 2] = b * share;
        addTo(sums, n, r, g, b, rr, gg, bb);
      }
      counted[i] = sums[0]!;
      if (sums[0] === 0) continue;
      trust[i] = closeBlock(sums, means, 3 * i) * (sums[0]! / (size * size));
      fillQuarters(quarters, 12 * i, means, 3 * i);
    }
  return counted;
}

/** Numbers summed over a quarter: pixels, three channels, their squares. */
const QUARTER = 7;

function addTo(
  sums: Float64Array,
  n: number,
  r: number,
  g: number,
  b: number,
  rr: number,
  gg: number,
  bb: number,
): void {
  sums[0]! += n;
  sums[1]! += r;
  sums[2]! += g;
  sums[3]! += b;
  sums[4]! += rr;
  sums[5]! += gg;
  sums[6]! += bb;
}

/** Writes a block's mean colour; gives its trust by texture alone. */
function closeBlock(sums: Float64Array, means: Float32Array, at: number): number {
  let texture = 0;
  for (let c = 0; c < 3; c++) {
    const mean = sums[1 + c]! / sums[0]!;
    means[at + c] = mean;
    texture += deviation(sums[4 + c]! / sums[0]! - mean * mean);
  }
  return 1 / (1 + ((255 * texture) / 3 / TEXTURE_HALF) ** 2);
}

/** A quarter without pixels that count shows what its block shows. */
function fillQuarters(quarters: Float32Array, at: number, means: Float32Array, from: number): void {
  for (let q = at; q < at + 12; q += 3)
    if (quarters[q]! < 0) for (let c = 0; c < 3; c++) quarters[q + c] = means[from + c]!;
}

const deviation = (variance: number): number => Math.sqrt(Math.max(0, variance));

/** Sums of AFTER over the pixels that count, where nothing moved. */
function sumAfter(
  { after: pixels, width, alpha, afterLevels: levels }: Pair,
  size: number,
  columns: number,
  rows: number,
  sums: Float32Array,
): void {
  for (let y = 0; y < rows * size; y++) {
    const row = Math.floor(y / size) * columns;
    for (let x = 0; x < columns * size; x++) {
      const at = y * width + x;
      if (alpha !== undefined && alpha[at]! < 128) continue;
      const q = 3 * (row + Math.floor(x / size));
      sums[q]! += levels[pixels[3 * at]!]!;
      sums[q + 1]! += levels[pixels[3 * at + 1]!]!;
      sums[q + 2]! += levels[pixels[3 * at + 2]!]!;
    }
  }
}

/** Sums of AFTER read bilinearly where the warp points; blocks that reach outside it lose their trust. */
function sumWarped(
  { after: pixels, width, height, alpha, afterLevels: levels }: Pair,
  size: number,
  columns: number,
  rows: number,
  sums: Float32Array,
  counted: Uint16Array,
  trust: Float32Array,
  { zoomX, zoomY, rotation, shiftX, shiftY }: Warp,
): void {
  const right = width / 2 - 0.5;
  const down = height / 2 - 0.5;
  const line = 3 * width;
  for (let y = 0; y < rows * size; y++) {
    const block = Math.floor(y / size) * columns;
    const fromX = -rotation * (y - down) + shiftX + right;
    const fromY = zoomY * (y - down) + shiftY + down;
    for (let x = 0; x < columns * size; x++) {
      if (alpha !== undefined && alpha[y * width + x]! < 128) continue;
      const u = zoomX * (x - right) + fromX;
      const v = rotation * (x - right) + fromY;
      const i = block + Math.floor(x / size);
      if (!(u >= 0 && v >= 0 && u < width - 1 && v < height - 1)) {
        counted[i] = 0;
        trust[i] = 0;
        continue;
      }
      const left = u | 0;
      const top = v | 0;
      const fx = u - left;
      const fy = v - top;
      const at = top * line + 3 * left;
      const w00 = (1 - fx) * (1 - fy);
      const w10 = fx * (1 - fy);
      const w01 = (1 - fx) * fy;
      const w11 = fx * fy;
      for (let c = 0; c < 3; c++) {
        const p = at + c;
        sums[3 * i + c]! +=
          w00 * levels[pixels[p]!]! +
          w10 * levels[pixels[p + 3]!]! +
          w01 * levels[pixels[p + line]!]! +
          w11 * levels[pixels[p + line + 3]!]!;
      }
    }
  }
}
