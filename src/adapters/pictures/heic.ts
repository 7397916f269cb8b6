/**
 * From a HEIC's bytes to pixels. The library that opens everything else has no HEVC decoder; libheif, compiled to
 * WebAssembly, has one. It turns and mirrors the picture as irot and imir say, and leaves the profile's numbers alone.
 */
import { AppError } from "../../core/errors.ts";
import type { HeifHeader } from "./heif.ts";

export type HeicPixels = {
  /** Interleaved; 16-bit words where the file has more than 8 bits. */
  readonly samples: Uint8Array | Uint16Array;
  readonly channels: 3 | 4;
  readonly width: number;
  readonly height: number;
};

type Failure = { readonly code: unknown; readonly message: string };
type Handle = { readonly code?: undefined };
type Decoded = {
  readonly code?: undefined;
  readonly image: object;
  readonly channels: readonly {
    readonly stride: number;
    readonly data: Uint8Array;
    readonly width: number;
    readonly height: number;
    readonly bits_per_pixel: number;
  }[];
};

/** The calls of libheif-js that are made here. */
type Libheif = {
  heif_context_alloc(): object | null;
  heif_context_read_from_memory(
    context: object,
    bytes: Uint8Array,
  ): { readonly code: unknown; readonly message: string };
  heif_js_context_get_primary_image_handle(context: object): Handle | Failure;
  heif_js_decode_image2(handle: object, colours: unknown, chroma: unknown): Decoded | Failure;
  heif_image_release(image: object): void;
  heif_image_handle_release(handle: object): void;
  heif_context_free(context: object): void;
  readonly heif_error_code: { readonly heif_error_Ok: unknown };
  readonly heif_colorspace: { readonly heif_colorspace_RGB: unknown };
  readonly heif_chroma: Readonly<Record<string, unknown>>;
};

/** A new one each time: what a large picture took of its memory, the next could never give back. */
async function load(): Promise<Libheif> {
  const { default: open } = await import("libheif-js/libheif-wasm/libheif-bundle.js");
  return (open as () => Libheif)();
}

const damaged = (message: string) =>
  new AppError("picture-damaged", `The picture is damaged or cut short: ${message.replace(/\.$/, "")}.`);

export async function decodeHeic(bytes: Buffer, { bits, hasAlpha }: HeifHeader): Promise<HeicPixels> {
  const lib = await load();
  const context = lib.heif_context_alloc();
  if (!context) throw new AppError("internal", "libheif gave no context.");
  const read = lib.heif_context_read_from_memory(context, bytes);
  if (read.code !== lib.heif_error_code.heif_error_Ok) throw damaged(read.message);
  const handle = lib.heif_js_context_get_primary_image_handle(context);
  if (isFailure(handle)) throw damaged(handle.message);
  const letters = hasAlpha ? "RGBA" : "RGB";
  const kind = bits > 8 ? `${letters.replace(/./g, "$&$&")}_LE` : letters;
  const chroma = lib.heif_chroma[`heif_chroma_interleaved_${kind}`];
  const decoded = lib.heif_js_decode_image2(handle, lib.heif_colorspace.heif_colorspace_RGB, chroma);
  if (isFailure(decoded)) throw damaged(decoded.message);
  const pixels = packed(decoded, hasAlpha ? 4 : 3, bits > 8);
  lib.heif_image_release(decoded.image);
  lib.heif_image_handle_release(handle);
  lib.heif_context_free(context);
  return pixels;
}

const isFailure = (answer: Handle | Decoded | Failure): answer is Failure => answer.code !== undefined;

/** Rows without the gaps between them, 10 and 12 bits stretched to 16. */
function packed({ channels: [plane] }: Decoded, channels: 3 | 4, deep: boolean): HeicPixels {
  if (!plane) throw damaged("no pixels came out");
  const { data, stride, width, height, bits_per_pixel: bits } = plane;
  const row = width * channels;
  if (!deep) {
    const samples = new Uint8Array(row * height);
    for (let y = 0; y < height; y++) samples.set(data.subarray(y * stride, y * stride + row), y * row);
    return { samples, channels, width, height };
  }
  const samples = new Uint16Array(row * height);
  const scale = 65_535 / (2 ** bits - 1);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, at = y * stride; x < row; x++, at += 2)
      samples[to++] = Math.round((data[at]! | (data[at + 1]! << 8)) * scale);
  return { samples, channels, width, height };
}
