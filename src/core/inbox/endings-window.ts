/** Reading for the ending parsers: a window over the file, a budget, and a way out of deep loops. */
import type { EndingKind } from "./settle.ts";

export type Ending = { readonly kind: EndingKind; readonly reason: string };

/** Gives up to `length` bytes from `offset`: fewer only where the file ends. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/** Ends a parser with a verdict; caught in `endingOf` and nowhere else. */
export class Stop extends Error {
  readonly ending: Ending;
  constructor(ending: Ending) {
    super(ending.reason);
    this.ending = ending;
  }
}

export function stop(kind: EndingKind, reason: string): never {
  throw new Stop({ kind, reason });
}

export type Window = {
  readonly sizeBytes: number;
  /** Exactly these bytes. Past the end of the file is proof that it is incomplete, for `pastEnd`. */
  need(offset: number, length: number, pastEnd?: string): Promise<Uint8Array>;
  /** As many bytes from `offset` as one reading gives: at least `least`, or what the file has left. */
  run(offset: number, least: number): Promise<Uint8Array>;
};

const SMALL_BYTES = 16 * 1024;
const LARGE_BYTES = 256 * 1024;
/** Above the size of the file: room for windows that overlap. */
const BUDGET_EXTRA_BYTES = 1024 * 1024;
/** So many zeros at the end of a format without an end marker may be space that is not filled yet. */
const TAIL_BYTES = 512;

/** Headers are read in small windows, long runs in large ones; what is held is not read again. */
export function windowOver(read: ReadAt, sizeBytes: number): Window {
  let start = 0;
  let held: Uint8Array = new Uint8Array(0);
  let budget = 2 * sizeBytes + BUDGET_EXTRA_BYTES;

  async function hold(offset: number, length: number): Promise<void> {
    const wanted = Math.min(length, sizeBytes - offset);
    budget -= wanted;
    if (budget < 0) stop("unknown", "the structure of the file is too tangled");
    held = await read(offset, wanted);
    start = offset;
  }

  return {
    sizeBytes,
    async need(offset, length, pastEnd = "the file stops before its end") {
      if (offset + length > sizeBytes) stop("incomplete", pastEnd);
      if (offset < start || offset + length > start + held.length) await hold(offset, Math.max(length, SMALL_BYTES));
      const bytes = held.subarray(offset - start, offset - start + length);
      return bytes.length === length ? bytes : stop("incomplete", "the file became shorter");
    },
    async run(offset, least) {
      const wanted = Math.min(least, sizeBytes - offset);
      if (offset < start || offset + wanted > start + held.length) await hold(offset, LARGE_BYTES);
      const bytes = held.subarray(offset - start);
      return bytes.length >= wanted ? bytes : stop("incomplete", "the file became shorter");
    },
  };
}

export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Complete by its lengths, unless the very end is all zeros: the length is often written before the content. */
export async function unlessZeroTail(window: Window, reason: string): Promise<Ending> {
  const length = Math.min(TAIL_BYTES, window.sizeBytes);
  if (isZero(await window.need(window.sizeBytes - length, length))) stop("unknown", "the file ends in zeros");
  return { kind: "complete", reason };
}
