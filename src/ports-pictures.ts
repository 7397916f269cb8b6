/** The Pictures port: all pixel work. Types only; one implementation in adapters/pictures. */
import type { Comparison } from "./core/answer/judge.ts";
import type { Grade } from "./core/colour/parametric.ts";
import type { PathText } from "./core/inbox/path-text.ts";
import type { LookFormat } from "./core/job/job.ts";
import type { BitDepth, OutputProfile, PictureInfo, RawWay, WrittenFormat } from "./core/job/picture.ts";
import type { View } from "./core/local/grid.ts";
import type { FitReport } from "./core/lut/fit/report.ts";
import type { RgbPicture } from "./core/lut/hald.ts";
import type { Box, Frame } from "./core/workflow/framing.ts";

export type { PictureFormat, PictureInfo, RawWay, WrittenFormat } from "./core/job/picture.ts";

export type Fingerprint = {
  /** SHA-256 of all bytes. */
  readonly contentSha256: string;
  /** SHA-256 of the picture alone (JPEG: without APPn and COM segments and what follows EOI; HEIC and AVIF: items of pixels alone; PNG and WebP: without chunks of metadata; else all bytes). */
  readonly pictureSha256: string;
};

export type PlateRequest = {
  readonly original: PathText;
  /** When given, the very bytes that are decoded must hold this picture, else `original-changed`. */
  readonly pictureSha256?: string;
  readonly frame: Frame;
  readonly to: PathText;
};

export type DevelopRequest = {
  readonly original: PathText;
  /** When given, the very bytes that are developed must hold this picture, else `original-changed`. */
  readonly pictureSha256?: string;
  readonly way: RawWay;
  /** An existing folder, where a program's files may lie meanwhile. */
  readonly folder: PathText;
  /** The picture; replaced atomically. */
  readonly to: PathText;
};

/** A plain picture file with the RAW's metadata: whoever wants the photo opens this one. */
export type DevelopReport = {
  readonly pictureSha256: string;
  readonly photo: PictureInfo;
  readonly notes: readonly string[];
};

export type PaintRequest = { readonly plate: PathText; readonly grade: Grade; readonly to: PathText };

export type OutsideRequest = Pick<PlateRequest, "original" | "pictureSha256"> & { readonly cubes: readonly PathText[] };

export type ProveRequest = {
  readonly file: PathText;
  /** The plate's size; the picture may be a whole number of times as large. */
  readonly size: { readonly width: number; readonly height: number };
  /** The plate to hold it against. */
  readonly plate?: PathText;
};

export type ProveReport = {
  /** How many times as large as the plate it is. */
  readonly factor: number;
  /** Null where no plate was given. */
  readonly comparison: Comparison | null;
};

export type PairRequest = {
  readonly before: PathText;
  readonly after: PathText;
  readonly baseline: PathText | null;
  /** The part that counts, in BEFORE's pixels; the others show the same, at their size. Without it, all of them. */
  readonly part?: Box;
  readonly rounding: "rounded" | "truncated";
};

export type FitRequest = {
  /** One look for all of them. */
  readonly pairs: readonly [PairRequest, ...PairRequest[]];
  readonly size: number;
  readonly title: string;
  readonly comments: readonly string[];
  readonly to: PathText;
  /** A bilateral grid besides, where the verdict calls for one; the report then says `localScore`. */
  readonly local?: LocalRequest;
  /** A PNG of where the look fails, in the pair it explains worst; written for the verdicts warn and spatial. */
  readonly heatmap?: PathText;
};

export type LocalRequest = {
  readonly to: PathText;
  /** `always` means for every verdict but global, where the look is all there is. */
  readonly when: "always" | "spatial";
  /** What BEFORE (its part) shows of the photo. */
  readonly view: View;
};

export type RenderRequest = {
  readonly original: PathText;
  /** When given, the very bytes that are decoded must hold this picture, else `original-changed`. */
  readonly pictureSha256?: string;
  /** A .cube of the look. */
  readonly cube: PathText;
  /** The .grid of what changes with the place, on top of this very look; another look's is `grid-invalid`. */
  readonly grid?: PathText;
  /** A picture to take instead, where it has one; look and grid are for the rest of the photo. */
  readonly answer?: Answer;
  /** 0 leaves the photo as it is, 1 applies the whole look. */
  readonly strength: number;
  readonly format: WrittenFormat;
  /** 1 … 100; null estimates the source's. */
  readonly quality: number | null;
  /** Bits a channel; without it the original's, as far as the format holds them. */
  readonly bitDepth?: BitDepth;
  /** Pixels of the long edge; never makes larger. */
  readonly resize?: number;
  /** Convert to it and embed it; without it the original's profile stays. */
  readonly profile?: OutputProfile;
  /** `keep` gives the new file the original's times. */
  readonly times?: "now" | "keep";
  /** The new file; made with fsync. Must not exist. */
  readonly to: PathText;
};

/** `part` of an sRGB picture shows `crop` of the photo, each in its own pixels. */
export type Answer = { readonly file: PathText; readonly part: Box; readonly crop: Box };

export type RenderReport = {
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  /** Sentences worth a user's attention, such as "CMYK became RGB". */
  readonly notes: readonly string[];
};

export type VerifyRequest = Pick<RenderRequest, "original" | "cube" | "grid" | "strength"> & {
  readonly output: PathText;
};

/** The output against the original through the .cube (and .grid), recomputed in double precision. NaN where sizes differ. */
export type VerifyReport = {
  readonly sameSize: boolean;
  /** The output is not the original again. */
  readonly changed: boolean;
  /** How many pixels were compared: all up to 3 MP, an even grid of larger pictures. */
  readonly pixels: number;
  /**
   * Greatest difference before encoding, in 8-bit codes, of the colours a .cube speaks of (those inside sRGB). Under 1 for
   * sRGB; under 2 where a wide profile is composed with the look into one lattice, which rounds the look's bends.
   */
  readonly maxCode: number;
  /** The same of a wide profile's colours outside sRGB, where we go on along the look's slope; 0 when there are none. */
  readonly beyondMaxCode: number;
  /** Differences of the written file, which its encoding adds to, in 8-bit codes. */
  readonly encodedMaxCode: number;
  readonly encodedMeanCode: number;
  /** Mean CIEDE2000 between original and output: how much the look changed. */
  readonly meanDeltaE: number;
};

export type ExportRequest = {
  readonly cube: PathText;
  /** 0 is the look that changes nothing, 1 the whole look. */
  readonly strength: number;
  readonly format: LookFormat;
  /** What programs that list looks call it. */
  readonly name: string;
  readonly to: PathText;
};

export type RgbRequest = {
  readonly picture: RgbPicture;
  /** The new PNG; made with fsync. Must not exist. */
  readonly to: PathText;
};

export type SheetRequest = {
  /** At most 40. The first file of each list that can be read is shown. */
  readonly cells: readonly {
    readonly before: readonly PathText[];
    readonly after: readonly PathText[];
    readonly name: PathText;
  }[];
  /** The new JPEG; made with fsync. Must not exist. */
  readonly to: PathText;
};

/** All pixel work, in worker processes under a memory budget. A dead worker throws `worker-died`. */
export type Pictures = {
  /** Errors: `file-unsupported`, `picture-damaged`, `picture-too-large`. Reads the header only. */
  inspect(file: PathText, signal?: AbortSignal): Promise<PictureInfo>;
  fingerprint(file: PathText, signal?: AbortSignal): Promise<Fingerprint>;
  /** The kind of a camera's RAW, such as "CR2", by its content; null for every other file. Reads the header only. */
  rawKind(file: PathText, signal?: AbortSignal): Promise<string | null>;
  /**
   * What is known of a RAW before it is developed. By its preview everything holds; else size and depth are the header's.
   * Errors: `file-unsupported` where there is no preview and one is wanted.
   */
  inspectRaw(file: PathText, way: RawWay, signal?: AbortSignal): Promise<PictureInfo>;
  /** Makes a picture of a RAW, which stays as it is. Errors: `raw-command-failed`, `picture-damaged`, `file-unsupported`. */
  develop(request: DevelopRequest, signal?: AbortSignal): Promise<DevelopReport>;
  /** The picture oriented, in sRGB, framed and scaled, as an 8-bit RGB PNG without metadata. */
  plate(request: PlateRequest, signal?: AbortSignal): Promise<{ readonly sha256: string; readonly sizeBytes: number }>;
  /** Paints a plate with a parametric grade (the builtin backend's whole work). */
  paint(request: PaintRequest, signal?: AbortSignal): Promise<void>;
  /**
   * Decodes every pixel of a PNG that came back. Errors: `picture-incomplete` when cut short, `picture-size` when it is neither
   * of that size nor of a whole multiple.
   */
  prove(request: ProveRequest, signal?: AbortSignal): Promise<ProveReport>;
  /** Fits the look between two pictures and writes the .cube (`to` is replaced atomically). Errors: `pair-mismatch`. */
  fit(request: FitRequest, signal?: AbortSignal): Promise<FitReport>;
  /**
   * For each look, the share 0 … 1 of the photo's pixels whose colours it does not rest on; 0 for a .cube that does not
   * say what it rests on.
   */
  outside(request: OutsideRequest, signal?: AbortSignal): Promise<readonly number[]>;
  /** Writes the look of a .cube as a file for other programs, at this strength. */
  exportLook(request: ExportRequest, signal?: AbortSignal): Promise<void>;
  /** The look on the full original, encoded, metadata kept, fsynced. */
  render(request: RenderRequest, signal?: AbortSignal): Promise<RenderReport>;
  /** Recomputes an output from its original, its .cube and its .grid, independently of the fast kernel. */
  verify(request: VerifyRequest, signal?: AbortSignal): Promise<VerifyReport>;
  /** The pixels of a picture in its own numbers, whatever its profile, at its own depth: a look stored as a picture. */
  readRgb(file: PathText, signal?: AbortSignal): Promise<RgbPicture>;
  /** Pixels as a PNG of their depth without metadata. */
  writeRgb(request: RgbRequest, signal?: AbortSignal): Promise<void>;
  /** Photos before and after, in small, on one JPEG in sRGB of at most 3000 pixels a side. */
  contactSheet(request: SheetRequest, signal?: AbortSignal): Promise<void>;
  /** How many pieces of pixel work run at once. */
  readonly workers: number;
  close(): Promise<void>;
};
