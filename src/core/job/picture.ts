/** The formats of photos, and what is known of one without decoding its pixels. */

/** What is written. */
export const WRITTEN_FORMATS = ["jpeg", "tiff", "png", "webp", "avif"] as const;
export type WrittenFormat = (typeof WRITTEN_FORMATS)[number];

/** What is read: also HEIC, for which no free encoder is at hand. */
export type PictureFormat = WrittenFormat | "heic";

/** Bits a channel that each holds, the least first. */
export const DEPTHS: Readonly<Record<WrittenFormat, readonly BitDepth[]>> = {
  jpeg: [8],
  webp: [8],
  png: [8, 16],
  tiff: [8, 16],
  avif: [8, 10, 12],
};
export type BitDepth = 8 | 10 | 12 | 16;

/** What an output's colours may be converted to. */
export type OutputProfile = "srgb" | "p3";

/** The usual extension first. */
export const EXTENSIONS: Readonly<Record<WrittenFormat, readonly string[]>> = {
  jpeg: ["jpg", "jpeg", "jpe"],
  png: ["png"],
  tiff: ["tif", "tiff"],
  webp: ["webp"],
  avif: ["avif"],
};

/** What people call them. */
export const FORMAT_NAMES: Readonly<Record<PictureFormat, string>> = {
  jpeg: "JPEG",
  png: "PNG",
  tiff: "TIFF",
  webp: "WebP",
  avif: "AVIF",
  heic: "HEIC",
};

/** `formatOfExtension("tif")` is "tiff"; of what is never written, undefined. */
export function formatOfExtension(extension: string): WrittenFormat | undefined {
  return WRITTEN_FORMATS.find((format) => EXTENSIONS[format].includes(extension));
}

/** The format of an output: of a HEIC that is to stay the same, JPEG. */
export function writtenFormat(wanted: WrittenFormat | "same", original: PictureFormat): WrittenFormat {
  if (wanted !== "same") return wanted;
  return original === "heic" ? "jpeg" : original;
}

/** What a person is told of that. */
export function formatNotes(wanted: WrittenFormat | "same", original: PictureFormat): readonly string[] {
  return wanted === "same" && original === "heic" ? ["The HEIC became a JPEG: HEIC is read, and not written."] : [];
}

/** Why an output cannot be so, in one sentence; undefined when it can. A format of "same" is found out photo by photo. */
export function depthProblem(format: WrittenFormat | "same", depth: BitDepth | "same"): string | undefined {
  if (format === "same" || depth === "same" || DEPTHS[format].includes(depth)) return undefined;
  const held = DEPTHS[format].join(", ").replace(/, (?=\d+$)/, " or ");
  const others = WRITTEN_FORMATS.filter((one) => DEPTHS[one].includes(depth)).map((one) => FORMAT_NAMES[one]);
  return `${FORMAT_NAMES[format]} holds ${held} bits, not ${depth}; ${others.join(" and ")} ${others.length > 1 ? "do" : "does"}`;
}

export type PictureInfo = {
  readonly format: PictureFormat;
  /** As displayed, orientation applied. */
  readonly width: number;
  readonly height: number;
  /** EXIF orientation 1 … 8. */
  readonly orientation: number;
  readonly bitDepth: BitDepth;
  readonly hasAlpha: boolean;
  /** As stored. */
  readonly model: "rgb" | "grey" | "cmyk";
  /** Description of the embedded ICC profile, or null (sRGB is assumed). */
  readonly profile: string | null;
  readonly camera: string | null;
  /** EXIF DateTimeOriginal, "yyyy-mm-dd hh:mm:ss", or null. */
  readonly takenAt: string | null;
  /** The kind of a camera's RAW, such as "CR2"; `format` and the rest are then of the picture it becomes. */
  readonly raw?: string;
};

/** How a camera's RAW becomes a picture: by the JPEG in it, by our own developer, or by a program. */
export type RawWay =
  | { readonly kind: "preview" | "develop" }
  | { readonly kind: "command"; readonly command: readonly string[]; readonly limitMs: number };

/** What a recipe means that says nothing of RAW. */
export const RAW_PREVIEW: RawWay = { kind: "preview" };
