/**
 * How a photo becomes a plate: which part of it, at which size.
 * A plate has exactly the size the workflow works at, so that the model scales nothing and its answer lies on the plate.
 */
import { AppError } from "../errors.ts";
import type { Graph } from "./graph.ts";

export type PlateRule =
  /** One of the 17 sizes FLUX.1 Kontext was trained at. */
  | { readonly kind: "kontext" }
  /** Any size whose sides are multiples of `of`, close to `pixelsMax` and not above. */
  | { readonly kind: "multiple"; readonly of: number; readonly pixelsMax: number }
  /** The photo's own size, made smaller only where it has more than `pixelsMax`. */
  | { readonly kind: "own"; readonly pixelsMax: number };

/**
 * `crop` fills the plate with the photo's centre: a look does not miss the borders. `pad` shows the whole photo and mirrors
 * its edges into what remains: for whatever needs an answer for every place.
 */
export type Framing = "crop" | "pad";

export type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** The same box in a picture that is so many times as large. */
export const scaled = ({ left, top, width, height }: Box, factor: number): Box => ({
  left: left * factor,
  top: top * factor,
  width: width * factor,
  height: height * factor,
});

export type Frame = {
  /** The part of the photo the plate shows, in whole pixels of the upright original. */
  readonly crop: Box;
  /** The plate's size. */
  readonly width: number;
  readonly height: number;
  /** Where in the plate that part lies, when mirrored edges surround it; all of the plate else. */
  readonly inner?: Box;
  /** The whole photo at another aspect: a look does not mind, and a crop would lose too much. */
  readonly squeeze: boolean;
};

type Size = { readonly width: number; readonly height: number };

export const MULTIPLE_OF = 16;
export const MULTIPLE_PIXELS_MAX = 1_048_576;
export const OWN_PIXELS_MAX = 1_000_000;
/** Longer shapes than this, either way, are squeezed rather than cropped. */
export const ASPECT_MAX = 2.6;
/** Longer shapes than this are squeezed even where others are padded: a strip of pixels tells nobody anything. */
export const PADDED_ASPECT_MAX = 8;
/** How far from the ideal side a `multiple` size may lie, in steps of `of`. */
const STEPS_AWAY = 4;

/** In ComfyUI's order, which decides ties (ComfyUI 0.3.42 … `comfy_extras/nodes_flux.py`, PREFERED_KONTEXT_RESOLUTIONS). */
export const KONTEXT_SIZES: readonly Size[] = (
  [
    [672, 1568],
    [688, 1504],
    [720, 1456],
    [752, 1392],
    [800, 1328],
    [832, 1248],
    [880, 1184],
    [944, 1104],
    [1024, 1024],
    [1104, 944],
    [1184, 880],
    [1248, 832],
    [1328, 800],
    [1392, 752],
    [1456, 720],
    [1504, 688],
    [1568, 672],
  ] as const
).map(([width, height]) => ({ width, height }));

/** What sizes a workflow works at; no graph means a backend that takes any. */
export function plateRule(graph: Graph | undefined): PlateRule {
  const classes = Object.values(graph?.nodes ?? {}).map(({ classType }) => classType);
  if (classes.includes("FluxKontextImageScale")) return { kind: "kontext" };
  // An autoencoder crops what is no multiple of its block, so the answer would not lie on the plate.
  const encodes = classes.some((name) => name === "EmptyFlux2LatentImage" || name.startsWith("VAEEncode"));
  if (encodes) return { kind: "multiple", of: MULTIPLE_OF, pixelsMax: MULTIPLE_PIXELS_MAX };
  return { kind: "own", pixelsMax: OWN_PIXELS_MAX };
}

/** The rule in words, for people. */
export function ruleText(rule: PlateRule): string {
  const megapixels = (pixels: number) => `${Number((pixels / 1e6).toFixed(2))} MP`;
  switch (rule.kind) {
    case "kontext":
      return `the nearest of Kontext's ${KONTEXT_SIZES.length} sizes, about 1 MP`;
    case "multiple":
      return `sides that are multiples of ${rule.of}, at most ${megapixels(rule.pixelsMax)}`;
    case "own":
      return `the photo's own shape, at most ${megapixels(rule.pixelsMax)}`;
  }
}

/** The plate of a photo of `width` × `height` upright pixels: 6000 × 4000 under `kontext` is all of it at 1248 × 832. */
export function frameFor(rule: PlateRule, width: number, height: number, framing: Framing = "crop"): Frame {
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0))
    throw new AppError("internal", `a photo of ${width} × ${height} has no plate`);
  const whole = { left: 0, top: 0, width, height };
  if (rule.kind === "own") return { crop: whole, ...ownSize(width, height, rule.pixelsMax), squeeze: false };

  const aspect = Math.min(ASPECT_MAX, Math.max(1 / ASPECT_MAX, width / height));
  const size = rule.kind === "kontext" ? kontextSize(aspect) : multipleSize(aspect, rule.of, rule.pixelsMax);
  const isPadded = framing === "pad" && Math.max(width / height, height / width) <= PADDED_ASPECT_MAX;
  if (isPadded) return { crop: whole, ...size, ...innerOf(width, height, size), squeeze: false };
  if (aspect !== width / height) return { crop: whole, ...size, squeeze: true };
  return { crop: centreCrop(width, height, size), ...size, squeeze: false };
}

/** The largest box of the photo's shape in the middle of a plate; none where it fills the plate to the pixel. */
function innerOf(width: number, height: number, size: Size): Pick<Frame, "inner"> {
  const scale = Math.min(size.width / width, size.height / height);
  const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  if (across === size.width && down === size.height) return {};
  const [left, top] = [Math.floor((size.width - across) / 2), Math.floor((size.height - down) / 2)];
  return { inner: { left, top, width: across, height: down } };
}

function centreCrop(width: number, height: number, size: Size): Frame["crop"] {
  const aspect = size.width / size.height;
  const wide = width / height > aspect;
  const cropWidth = wide ? Math.max(1, Math.round(height * aspect)) : width;
  const cropHeight = wide ? height : Math.max(1, Math.round(width / aspect));
  const [left, top] = [Math.floor((width - cropWidth) / 2), Math.floor((height - cropHeight) / 2)];
  return { left, top, width: cropWidth, height: cropHeight };
}

function kontextSize(aspect: number): Size {
  const away = (size: Size) => Math.abs(aspect - size.width / size.height);
  return KONTEXT_SIZES.reduce((best, size) => (away(size) < away(best) ? size : best));
}

/** The size near the pixel budget that crops least; a smaller plate counts a quarter as much as a lost edge. */
function multipleSize(aspect: number, of: number, pixelsMax: number): Size {
  const steps = Math.floor(Math.sqrt(pixelsMax * aspect) / of);
  let best: Size & { readonly worth: number } = { width: of, height: of, worth: 0 };
  for (let columns = Math.max(1, steps - STEPS_AWAY); columns <= steps + STEPS_AWAY; columns++) {
    const width = columns * of;
    const ideal = Math.round(width / aspect / of);
    for (let rows = Math.max(1, ideal - 1); rows <= ideal + 1; rows++) {
      const height = rows * of;
      const share = (width * height) / pixelsMax;
      const kept = Math.min(width / height / aspect, (aspect * height) / width);
      const worth = kept + share / 4;
      if (share <= 1 && worth > best.worth) best = { width, height, worth };
    }
  }
  return { width: best.width, height: best.height };
}

function ownSize(width: number, height: number, pixelsMax: number): Size {
  if (width * height <= pixelsMax) return { width, height };
  const scale = Math.sqrt(pixelsMax / (width * height));
  const across = Math.min(pixelsMax, Math.max(1, Math.round(width * scale)));
  const down = Math.max(1, Math.min(Math.round(height * scale), Math.floor(pixelsMax / across)));
  return { width: across, height: down };
}
