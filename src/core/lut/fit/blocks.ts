/**
 * Blocks: the pair of pictures as a short list of colour pairs.
 *
 * A mean over b × b pixels has a b-th of the noise of one pixel and hardly feels a shift of a fraction of a pixel; and
 * 65,000 pairs are as good as a million. Blocks with texture are trusted less: there a mean mixes colours, and a mean of
 * looks is not the look of a mean.
 */
import { loops } from "./loops/loops.ts";
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

/** Means over blocks of `size` pixels a side. `warp` says where a point of BEFORE lies in AFTER. */
export function blocksOf(pair: Pair, size: number, warp: Warp = STILL): Blocks {
  const columns = Math.floor(pair.width / size);
  const rows = Math.floor(pair.height / size);
  const count = columns * rows;
  const before = new Float32Array(3 * count);
  const after = new Float32Array(3 * count);
  const trust = new Float32Array(count);
  const quarters = new Float32Array(12 * count);
  const blocks = { columns, rows, count, before, after, trust, quarters };
  const counted = sumBefore(pair, size, blocks);
  sumAfter(pair, size, blocks, counted, warp);
  for (let i = 0; i < count; i++) {
    const scale = counted[i]! > 0 ? 1 / counted[i]! : 0;
    for (let q = 3 * i; q < 3 * i + 3; q++) after[q]! *= scale;
  }
  return blocks;
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
  { before, width, alpha, beforeLevels }: Pair,
  size: number,
  into: Omit<Blocks, "after">,
): Uint16Array {
  const { columns, rows, before: means, trust, quarters } = into;
  const counted = new Uint16Array(columns * rows);
  loops(
    { reads: [before, beforeLevels, alpha], writes: [means, trust, quarters, counted] },
    ({ sumBefore }, { at }) => {
      const pixels = [at(before), at(beforeLevels), at(alpha)] as const;
      sumBefore(...pixels, width, size, columns, rows, at(means), at(trust), at(quarters), at(counted));
    },
  );
  return counted;
}

/** Fills the sums of AFTER over the pixels that count; a block that `warp` leads outside loses its trust. */
function sumAfter(
  { after, width, height, alpha, afterLevels }: Pair,
  size: number,
  { columns, rows, after: sums, trust }: Blocks,
  counted: Uint16Array,
  warp: Warp,
): void {
  const { zoomX, zoomY, rotation, shiftX, shiftY } = warp;
  loops({ reads: [after, afterLevels, alpha], writes: [sums, trust, counted] }, ({ sumAfter, sumWarped }, { at }) => {
    const pixels = [at(after), at(afterLevels), at(alpha)] as const;
    const motion = [zoomX, zoomY, rotation, shiftX, shiftY] as const;
    if (warp === STILL) sumAfter(...pixels, width, size, columns, rows, at(sums));
    else sumWarped(...pixels, width, height, size, columns, rows, ...motion, at(sums), at(trust), at(counted));
  });
}
