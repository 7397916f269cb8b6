/**
 * Degrade: from a perfectly graded picture to what an image model would return.
 *
 * The model moves the picture (shift, zoom, a slow warp), softens it, adds noise where there is texture, noise of its
 * latents' grid and a slow drift of colour, repaints a part, and ComfyUI cuts codes off instead of rounding them.
 * *mild* is about what models return; *hard* is at least twice that.
 */
import { blurred, cubic, type Field, fieldLike, smoothField } from "./fields.ts";
import { rotate } from "./looks.ts";

export type Level = "clean" | "mild" | "hard";
export const LEVEL_NAMES: readonly Level[] = ["clean", "mild", "hard"];
export type Rounding = "rounded" | "truncated";

/** Pixels, factors, deviations in 8-bit codes, shares of the picture. */
export type Amounts = {
  readonly shiftPx: number;
  readonly zoom: number;
  readonly warpPx: number;
  readonly blurPx: number;
  readonly texture: number;
  readonly latent: number;
  readonly drift: number;
  /** The least and the greatest share of the picture that is repainted. */
  readonly repainted: readonly [number, number];
};

export const LEVELS: Readonly<Record<Level, Amounts>> = {
  clean: { shiftPx: 0, zoom: 0, warpPx: 0, blurPx: 0, texture: 0, latent: 0, drift: 0, repainted: [0, 0] },
  mild: {
    shiftPx: 1,
    zoom: 0.003,
    warpPx: 0.15,
    blurPx: 0.5,
    texture: 2,
    latent: 0.7,
    drift: 0.6,
    repainted: [0, 0.03],
  },
  hard: {
    shiftPx: 4,
    zoom: 0.01,
    warpPx: 0.4,
    blurPx: 0.8,
    texture: 4,
    latent: 1.4,
    drift: 1.4,
    repainted: [0.05, 0.1],
  },
};

/** Below this share a repainted spot is left out. */
const REPAINTED_MIN = 0.004;
const WARP_CELL = 160;
const LATENT_CELL = 8;
const DRIFT_CELL = 96;

/** The picture as the model returns it; `graded` holds three channels of encoded R′G′B′ 0 … 1. */
export function degrade(graded: Field, amounts: Amounts, random: () => number): Field {
  const [least, greatest] = amounts.repainted;
  const share = least + (greatest - least) * random();
  let picture = share > REPAINTED_MIN ? repaint(graded, share, random) : graded;
  if (amounts.shiftPx > 0) picture = move(picture, amounts, random);
  if (amounts.blurPx > 0) picture = blurred(picture, amounts.blurPx);
  return addNoises(picture, amounts, random);
}

/** To 8 bits, clipped; `truncated` cuts off what lies beyond the code, as ComfyUI does. */
export function toCodes({ values }: Field, rounding: Rounding): Uint8Array {
  const lift = rounding === "rounded" ? 0.5 : 0;
  const codes = new Uint8Array(values.length);
  for (let q = 0; q < codes.length; q++) codes[q] = Math.floor(255 * Math.min(1, Math.max(0, values[q]!)) + lift);
  return codes;
}

/** A blob of that share gets another hue, another light or another object. */
export function repaint(picture: Field, share: number, random: () => number): Field {
  const { width, height } = picture;
  const cell = Math.max(8, Math.min(width, height) >> 2);
  const heights = smoothField(picture, cell, 1, random).values;
  const some = heights.filter((_, i) => i % 13 === 0).sort();
  const limit = some[Math.floor((1 - share) * (some.length - 1))]!;
  const mask = blurred({ width, height, channels: 1, values: heights.map((value) => (value > limit ? 1 : 0)) }, 3);
  const kind = Math.floor(3 * random());
  const angle = (0.8 + 1.7 * random()) * (random() < 0.5 ? -1 : 1);
  const light = 1.25 + 0.35 * random();
  const paint = [0.1 + 0.8 * random(), 0.1 + 0.8 * random(), 0.1 + 0.8 * random()];
  const out: Field = { ...picture, values: Float32Array.from(picture.values) };
  for (let i = 0, q = 0; i < width * height; i++, q += 3) {
    const part = mask.values[i]!;
    if (part === 0) continue;
    const [r, g, b] = [picture.values[q]!, picture.values[q + 1]!, picture.values[q + 2]!];
    const changed: [number, number, number] = [r, g, b];
    if (kind === 0) rotate(changed, angle);
    else if (kind === 1) for (let c = 0; c < 3; c++) changed[c] = light * changed[c]! + [0.05, 0.03, 0][c]!;
    else for (let c = 0; c < 3; c++) changed[c] = 0.7 * paint[c]! + 0.3 * (0.2126 * r + 0.7152 * g + 0.0722 * b);
    for (let c = 0; c < 3; c++)
      out.values[q + c] = (1 - part) * picture.values[q + c]! + part * Math.min(1, Math.max(0, changed[c]!));
  }
  return out;
}

/** Shift, zoom and a slow warp, read bicubically; the border repeats by reflection. */
export function move(
  picture: Field,
  amounts: Pick<Amounts, "shiftPx" | "zoom" | "warpPx">,
  random: () => number,
): Field {
  const { width, height, values } = picture;
  const spread = () => 2 * random() - 1;
  const [shiftX, shiftY] = [amounts.shiftPx * spread(), amounts.shiftPx * spread()];
  const zoom = 1 + amounts.zoom * spread();
  const bend = smoothField(picture, WARP_CELL, 2, random).values;
  const out = fieldLike(picture, 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const u = (x - width / 2) / zoom + width / 2 - shiftX + amounts.warpPx * bend[2 * i]!;
      const v = (y - height / 2) / zoom + height / 2 - shiftY + amounts.warpPx * bend[2 * i + 1]!;
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const across = cubic(u - left);
      const down = cubic(v - top);
      for (let row = 0; row < 4; row++) {
        const line = width * mirrored(top - 1 + row, height);
        for (let column = 0; column < 4; column++) {
          const weight = down[row]! * across[column]!;
          const from = 3 * (line + mirrored(left - 1 + column, width));
          for (let c = 0; c < 3; c++) out.values[3 * i + c]! += weight * values[from + c]!;
        }
      }
    }
  return out;
}

function mirrored(at: number, length: number): number {
  if (at < 0) return Math.min(length - 1, -1 - at);
  return at < length ? at : Math.max(0, 2 * length - 1 - at);
}

/** Noise where there is texture (luma on two scales, colour on one), noise of the latents' grid, a slow drift of colour. */
export function addNoises(
  picture: Field,
  { texture, latent, drift }: Pick<Amounts, "texture" | "latent" | "drift">,
  random: () => number,
): Field {
  const out: Field = { ...picture, values: Float32Array.from(picture.values) };
  if (texture > 0) {
    const activity = activityOf(picture).values;
    const fine = smoothField(picture, 2, 1, random).values;
    const coarse = smoothField(picture, 4, 1, random).values;
    const colour = smoothField(picture, 4, 3, random).values;
    for (let i = 0, q = 0; i < activity.length; i++)
      for (let c = 0; c < 3; c++, q++)
        out.values[q]! += (texture / 255) * activity[i]! * (0.8 * fine[i]! + 0.6 * coarse[i]! + 0.35 * colour[q]!);
  }
  for (const [codes, cell] of [
    [latent, LATENT_CELL],
    [drift, DRIFT_CELL],
  ] as const)
    if (codes > 0) {
      const noise = smoothField(picture, cell, 3, random).values;
      for (let q = 0; q < noise.length; q++) out.values[q]! += (codes / 255) * noise[q]!;
    }
  return out;
}

/** How much texture there is around each pixel: 0.25 in flat parts, up to 2.5. */
function activityOf(picture: Field): Field {
  const smooth = blurred(picture, 2).values;
  const detail = fieldLike(picture, 1);
  for (let i = 0, q = 0; i < detail.values.length; i++, q += 3)
    for (let c = q; c < q + 3; c++) detail.values[i]! += Math.abs(picture.values[c]! - smooth[c]!) / 3;
  const around = blurred(detail, 4);
  return { ...around, values: around.values.map((value) => Math.min(2.5, Math.max(0.25, value / 0.02))) };
}
