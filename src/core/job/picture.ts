/** What is known of a photo without decoding its pixels. */
export type PictureFormat = "jpeg" | "png" | "tiff" | "webp";

export type PictureInfo = {
  readonly format: PictureFormat;
  /** As displayed, orientation applied. */
  readonly width: number;
  readonly height: number;
  /** EXIF orientation 1 … 8. */
  readonly orientation: number;
  readonly bitDepth: 8 | 16;
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
