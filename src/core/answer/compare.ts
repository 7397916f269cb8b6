/**
 * What a model gave back, held against what it was given: measures only; judge.ts says what they mean.
 *
 * Units   8-bit codes, 0 … 255, RGB interleaved or one luma a pixel.
 */

/** A colour this far from its own of the plate is no rounding and no noise of an encoder. */
const OFF_CODES = 3;

/** The widest channel's greatest code less its least: 0 for a picture of one colour. */
export function spreadOf(rgb: Uint8Array): number {
  const least = [255, 255, 255];
  const greatest = [0, 0, 0];
  for (let at = 0; at < rgb.length; at += 3)
    for (let c = 0; c < 3; c++) {
      const value = rgb[at + c]!;
      if (value < least[c]!) least[c] = value;
      if (value > greatest[c]!) greatest[c] = value;
    }
  return Math.max(0, ...greatest.map((value, c) => value - least[c]!));
}

/** Standard deviation of the codes about their mean. */
export function deviationOf(codes: Uint8Array): number {
  let [sum, squares] = [0, 0];
  // By index: a million codes by an iterator take ten times as long.
  for (let at = 0; at < codes.length; at++) {
    const value = codes[at]!;
    sum += value;
    squares += value * value;
  }
  const mean = sum / Math.max(1, codes.length);
  return Math.sqrt(Math.max(0, squares / Math.max(1, codes.length) - mean * mean));
}

/** How far one picture is from another of its size: codes on average, and the share of codes that are clearly others. */
export type Distance = { readonly meanCodes: number; readonly offShare: number };

export function distanceOf(one: Uint8Array, other: Uint8Array): Distance {
  let [sum, off] = [0, 0];
  for (let at = 0; at < one.length; at++) {
    const away = Math.abs(one[at]! - other[at]!);
    sum += away;
    if (away > OFF_CODES) off++;
  }
  const count = Math.max(1, one.length);
  return { meanCodes: sum / count, offShare: off / count };
}

export type Luma = { readonly width: number; readonly height: number; readonly codes: Uint8Array };

/**
 * How alike two pictures of one size are in their edges, −1 … 1: 1 for a picture and itself, about 0 for two that have
 * nothing to do with each other; null where one of them has hardly any edges.
 *
 * Each edge counts by its strength and its axis, whichever side of it is the lighter one, so that no grade changes much, not
 * even a negative. What all edges of a picture have in common (a horizon, upright houses) is taken off first: it would make
 * strangers look alike.
 */
export function structureOf(one: Luma, other: Luma): number | null {
  const [a, b] = [edgesOf(one), edgesOf(other)];
  let [both, ofA, ofB] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    both += a[at]! * b[at]!;
    ofA += a[at]! ** 2;
    ofB += b[at]! ** 2;
  }
  const pixels = a.length / 2;
  if (Math.min(ofA, ofB) < EDGE_MIN * pixels) return null;
  return both / Math.sqrt(ofA * ofB);
}

/** Mean square of the edges, in codes, under which a picture is taken for smooth. */
const EDGE_MIN = 2;

/** Two numbers a pixel: the edge's strength along the doubled angle of its slope, less the picture's mean of both. */
function edgesOf({ width, height, codes }: Luma): Float64Array {
  const edges = new Float64Array(2 * width * height);
  const mean = [0, 0];
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const across = (codes[at + 1]! - codes[at - 1]!) / 2;
      const down = (codes[at + width]! - codes[at - width]!) / 2;
      const strength = Math.hypot(across, down);
      if (strength === 0) continue;
      edges[2 * at] = (across * across - down * down) / strength;
      edges[2 * at + 1] = (2 * across * down) / strength;
      mean[0]! += edges[2 * at]!;
      mean[1]! += edges[2 * at + 1]!;
    }
  const pixels = Math.max(1, width * height);
  for (let at = 0; at < edges.length; at++) edges[at]! -= mean[at % 2]! / pixels;
  return edges;
}
