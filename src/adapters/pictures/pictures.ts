/**
 * All pixel work, in worker processes under a memory budget. This is the adapter's door.
 * The main thread reads headers only: what a task will need is known before it starts.
 */
import { extname } from "node:path";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { Log, Pictures } from "../../ports.ts";
import { type Anatomy, anatomyOf, infoOf, PIXELS_MAX, PREVIEW_PIXELS_MAX } from "./anatomy.ts";
import { openHere } from "./here.ts";
import { openPool, type Pool } from "./pool.ts";
import { bytesToDevelop } from "./raw/budget.ts";
import { rawKindOf } from "./raw/kind.ts";
import { withFile as fromDisk, type Source } from "./source.ts";
import type { TaskName, Tasks } from "./tasks.ts";

export type PicturesOptions = {
  /** Pieces of pixel work at once. */
  readonly workers: number;
  /** What they may need together. */
  readonly memoryBytes: number;
  readonly pixelsMax?: number;
  readonly log: Log;
  /** A file that the program itself must not open, such as one on a network share; undefined for any other. */
  readonly piecesOf?: (file: PathText) => Promise<Source | undefined>;
};

/** Longest piece of work: a 500 MP PNG takes minutes to compress. */
const LIMIT_MS = 20 * 60_000;
/** libheif's planes, its RGB, and the file once more. */
const HEIC_COPIES = 3;
/** What the encoder of AVIF keeps beside the pixels. */
const AVIF_COPIES = 3;
/** The ground of a contact sheet, its names, and the thumbnails. */
const SHEET_BYTES = 96 << 20;
/** A worker's own code, tables and buffers. */
const BASE_BYTES = 48 << 20;

export function openPictures(options: PicturesOptions): Pictures {
  const { workers, memoryBytes, pixelsMax = PIXELS_MAX, log, piecesOf } = options;
  const program = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);
  const count = Math.max(1, workers);
  const pool = openPool({ program, workers: count, memoryBytes, limitMs: LIMIT_MS, words: [String(pixelsMax)], log });
  return picturesOver(pool, count, pixelsMax, piecesOf);
}

/** For a command that does one picture: no workers. */
export const openPicturesHere = (pixelsMax: number): Pictures => picturesOver(openHere(pixelsMax), 1, pixelsMax);

function picturesOver(
  pool: Pool,
  workers: number,
  pixelsMax: number,
  piecesOf?: PicturesOptions["piecesOf"],
): Pictures {
  async function withFile<T>(file: PathText, use: (source: Source) => Promise<T>): Promise<T> {
    const pieces = await piecesOf?.(file);
    return pieces ? use(pieces) : fromDisk(file, use);
  }

  const anatomy = (file: PathText): Promise<Anatomy & { readonly sizeBytes: number }> =>
    withFile(file, async (source) => ({ ...(await anatomyOf(source, pixelsMax)), sizeBytes: source.size }));

  /** Bytes of the file and of its pixels, `copies` times. */
  async function needs(file: PathText, copies: number): Promise<number> {
    const { format, width, height, bitDepth, sizeBytes } = await anatomy(file);
    const all = copies + (format === "heic" ? HEIC_COPIES : 0);
    return BASE_BYTES + sizeBytes + Math.round(all * width * height * 4 * (bitDepth / 8));
  }
  const sizeOf = (file: PathText): Promise<number> => withFile(file, async ({ size }) => size);
  const run = <N extends TaskName>(name: N, asks: Tasks[N]["asks"], bytes: number, signal?: AbortSignal) =>
    pool.run(name, asks, { bytes, signal, ahead: name === "plate" }) as Promise<Tasks[N]["gives"]>;

  return {
    workers,
    async inspect(file, signal) {
      signal?.throwIfAborted();
      return infoOf(await anatomy(file));
    },
    fingerprint: (file, signal) => run("fingerprint", { file }, BASE_BYTES, signal),
    async rawKind(file, signal) {
      signal?.throwIfAborted();
      return withFile(file, rawKindOf);
    },
    inspectRaw: async (file, way, signal) =>
      run("inspectRaw", { file, way }, BASE_BYTES + (await sizeOf(file)), signal),
    async develop(request, signal) {
      const bytes = BASE_BYTES + (await withFile(request.original, (source) => bytesToDevelop(source, request.way)));
      return run("develop", request, bytes, signal);
    },
    plate: async (request, signal) => run("plate", request, await needs(request.original, 1), signal),
    async paint(request, signal) {
      await run("paint", request, await needs(request.plate, 2), signal);
    },
    async prove(request, signal) {
      const { width, height } = request.size;
      // What cannot be read is said by the proof itself.
      const pixels = await anatomy(request.file).then(
        (it) => it.width * it.height,
        () => width * height,
      );
      return run("prove", request, BASE_BYTES + 8 * (Math.min(PREVIEW_PIXELS_MAX, pixels) + width * height), signal);
    },
    async fit(request, signal) {
      let bytes = BASE_BYTES;
      for (const { before, after } of request.pairs) bytes += (await needs(before, 1)) + (await needs(after, 1));
      return run("fit", request, bytes, signal);
    },
    outside: async (request, signal) => run("outside", request, await needs(request.original, 1), signal),
    async exportLook(request, signal) {
      await run("exportLook", request, BASE_BYTES, signal);
    },
    // Pixels once, once more while they are turned upright or encoded, and those of an answer as large.
    async render(request, signal) {
      const { answer, bitDepth = 8, format } = request;
      const copies = 2 + (answer ? 1 : 0) + (bitDepth > 8 ? 2 : 0) + (format === "avif" ? AVIF_COPIES : 0);
      return run("render", request, await needs(request.original, copies), signal);
    },
    async verify(request, signal) {
      const bytes = (await needs(request.original, 1)) + (await needs(request.output, 1));
      return run("verify", request, bytes, signal);
    },
    readRgb: async (file, signal) => run("readRgb", { file }, await needs(file, 2), signal),
    async writeRgb(request, signal) {
      await run("writeRgb", request, BASE_BYTES + 2 * request.picture.samples.byteLength, signal);
    },
    async contactSheet(request, signal) {
      // One picture after the other: the largest counts, and what cannot be read does not.
      let bytes = 0;
      for (const file of request.cells.flatMap(({ before, after }) => [...before, ...after]))
        bytes = Math.max(bytes, await needs(file, 1).catch(() => 0));
      await run("contactSheet", request, BASE_BYTES + SHEET_BYTES + bytes, signal);
    },
    close: () => pool.close(),
  };
}
